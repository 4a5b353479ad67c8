"""What an author reads of a formula that does not work: the place in his own text, and what to write instead."""

import pytest

from autoscaler.cli.output import columns
from autoscaler.manifests.formula import parse_formula
from autoscaler.model.faults import Fault
from tests.unit.manifests.builders import judge
from tests.unit.manifests.test_modifiers import modified

NAMES = ("a", "b", "trig_one", "queue-len")


def fault_of(text: str, *others: str) -> Fault:
    fault = parse_formula(text, NAMES, path="f", others=others)
    assert isinstance(fault, Fault), fault
    return fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "the formula ends too early (column 4 of the formula)"),
        ("(a + b", 'the formula ends too early: ")" is missing (column 7 of the formula)'),
        ("[a, b", 'the formula ends too early: "]" is missing (column 6 of the formula)'),
        ("a + b)", '")" is not expected here (column 6 of the formula)'),
        ("a ?? ", "the formula ends too early (column 6 of the formula)"),
        ('"x', 'this text is never closed: end it with " (column 1 of the formula)'),
        ("a; b", '";" is not expected here (column 2 of the formula)'),
    ],
)
def test_what_keda_adds_is_never_shown(text, message):
    """The bracket that KEDA puts at the end is none of the author's, so no message speaks of it or points behind it."""
    assert fault_of(text).message == message


def test_a_comment_at_the_end_is_named():
    """It comments out the bracket that KEDA adds: the message says so at the comment."""
    fault = fault_of("a + b // sum")
    assert 'KEDA adds a ")" at the end, which this comment swallows' in fault.message
    assert fault.column == 7


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("queue-len * 2", 'write $env["queue-len"]'),
        ("trig-one * 2", 'did you mean "trig_one"?'),
        ("Trig_One", 'did you mean "trig_one"?'),
        ("avg([a, b])", "here it is mean"),
        ("maximum(a, 1)", "here it is max"),
        ("minimum(a, 1)", "here it is min"),
        ("flor(a)", 'did you mean "floor"?'),
        ("a % 2", "such as int(a)"),
        ("a && b", "such as a > 0"),
        ("a > b", "the formula must give a number, and it gives a boolean; write CONDITION ? 1 : 0"),
        ("c * 2", 'the trigger "c" has no variable: cpu and memory take no part in a formula'),
    ],
)
def test_the_fix_is_named(text, fix):
    """What authors often write has its correction in the message."""
    assert fix in fault_of(text, "c").message


def test_without_any_name_the_way_to_one_is_said():
    """Who names no trigger has no variables."""
    fault = parse_formula("a", (), path="f")
    assert isinstance(fault, Fault)
    assert "no trigger has a name: give them one (triggers[].name)" in fault.message


def test_a_text_of_several_lines_is_pointed_at_by_line_and_column():
    """In a block the column counts in its own line."""
    fault = fault_of("a > 1\n  ? b\n  : nope\n")
    assert fault.message.endswith("(line 3, column 5 of the formula)")
    assert (fault.excerpt, fault.caret) == ("  : nope", 4)


def test_a_long_line_is_shown_around_the_place():
    """However long the line is, the caret stands under what is meant."""
    fault = fault_of(f"sum([{'a, ' * 200}nope])")
    assert fault.excerpt is not None
    assert fault.caret is not None
    assert fault.excerpt[fault.caret :] == "nope])"
    assert len(fault.excerpt) < 100


def test_escapes_before_the_place_move_the_caret():
    """What is shown as an escape takes more room than in the text."""
    fault = fault_of("\ta @ b")
    assert fault.excerpt is not None
    assert fault.caret is not None
    assert fault.excerpt[fault.caret] == "@"


def test_wide_signs_take_two_columns():
    """A caret is put under what a terminal shows, not under what a text counts."""
    assert [columns(text) for text in ("abc", "日本", "e\u0301", "😀")] == [3, 4, 1, 2]


def test_what_is_no_text_is_not_also_missing():
    """A number as formula is told once."""
    judged = judge(modified(formula="load", target="5").replace("'load'", "5"))
    assert [(one.code, one.path) for one in judged.faults] == [("E101", "spec.advanced.scalingModifiers.formula")]
