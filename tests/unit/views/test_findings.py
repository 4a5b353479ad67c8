import re
from pathlib import Path

import pytest

from autoscaler.views.findings import PAGES

SOURCES = Path(__file__).parents[3] / "autoscaler"


def test_every_code_that_is_used_has_a_page():
    """A finding without a page would send people to an explanation that is not there."""
    used = {code for path in SOURCES.rglob("*.py") for code in re.findall(r'"([EWI]\d{3})"', path.read_text())}
    assert used - set(PAGES) == set()


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
