"""What holds for the tests themselves, read off their syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LONGEST = 300
MAY_SLEEP = ("tests/e2e/", "tests/servers/", "tests/contract/")  # real processes take real time
MAY_SKIP = {"tests/conftest.py"}  # a server that this machine lacks; with CI=true that is a failure


def files() -> Iterator[tuple[str, str]]:
    """Every file of the tests with its text."""
    for path in sorted((CHECKOUT / "tests").rglob("*.py")):
        yield path.relative_to(CHECKOUT).as_posix(), path.read_text(encoding="utf-8")


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for name, text in files():
        for node in ast.walk(ast.parse(text)):
            yield name, node


def test_every_test_states_its_rule():
    """The docstring of a test is a sentence that a user could read."""
    silent = {
        f"{name}:{node.name}"
        for name, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    }
    assert silent == set()


def test_nothing_is_mocked_or_patched():
    """A need to patch means a missing port; fakes speak the real protocol."""

    def is_patched(node: ast.AST) -> bool:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            return any("mock" in word for word in (*names, getattr(node, "module", None) or ""))
        return isinstance(node, ast.arg) and node.arg in ("monkeypatch", "mocker")

    assert {name for name, node in nodes() if is_patched(node)} == set()


def test_no_test_is_left_out():
    """Nothing is skipped or expected to fail, but for servers that this machine lacks."""
    words = ("pytest.skip", "pytest.xfail", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail")
    found = {name for name, node in nodes() if isinstance(node, ast.Attribute) and ast.unparse(node) in words}
    assert found == MAY_SKIP


def test_nobody_sleeps_but_beside_real_processes():
    """Time is a value; what waits for a task gives way without waiting (``sleep(0)``)."""

    def is_asleep(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith(".sleep"):
            return False
        return not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)

    assert {name for name, node in nodes() if is_asleep(node) and not name.startswith(MAY_SLEEP)} == set()


def test_every_file_is_one_idea_under_300_lines():
    """A file of tests that outgrows its limit is two ideas."""
    sizes = {name: len(text.splitlines()) for name, text in files()}
    assert {name: size for name, size in sizes.items() if size >= LONGEST} == {}
