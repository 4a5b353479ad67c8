import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscaler.views.findings import PAGES

SOURCES = Path(__file__).parents[3] / "autoscaler"


def test_every_code_that_is_used_has_a_page():
    """A finding without a page would send people to an explanation that is not there."""
    used = {code for path in SOURCES.rglob("*.py") for code in re.findall(r'"([EWI]\d{3})"', path.read_text())}
    assert used - set(PAGES) == set()


def made() -> Iterator[tuple[str, str, str]]:
    """Give place, code and severity of every fault that the code makes with a code of its own."""
    named = {"error": "ERROR", "warning": "WARNING", "note": "NOTE", "fault": "ERROR", "_made": "ERROR"}
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            name = ast.unparse(node.func).rpartition(".")[2]
            code = given.get("code") if name == "Fault" else ast.unparse(node.args[0]) if node.args else None
            severity = given.get("severity", "").rpartition(".")[2] if name == "Fault" else named.get(name)
            if severity and code and re.fullmatch(r"'[EWI]\d{3}'", code):
                yield f"{path.relative_to(SOURCES)}:{node.lineno}", code.strip("'"), severity


def test_a_code_says_how_much_its_finding_weighs():
    """E is an error, W a warning and I a note: an E that ends with status 0 would be taken for a mistake of ours."""
    faults = list(made())
    assert len(faults) > 60
    weights = {"E": "ERROR", "W": "WARNING", "I": "NOTE"}
    assert [one for one in faults if weights[one[1][0]] != one[2]] == []


@pytest.mark.parametrize("code", PAGES)
def test_a_page_says_what_why_and_how(code):
    """Every page has a title without full stop, sentences with one, and an example of at most 100 columns."""
    page = PAGES[code]
    assert page.code == code
    assert not page.title.endswith(".")
    assert page.why.endswith(".")
    assert page.fix.endswith(".")
    assert page.example
    assert max(len(line) for line in page.example.splitlines()) <= 100
