"""What a formula costs of its budget: two steps for a node, one for an element made, more for dearer work (S11)."""

import pytest

from autoscaler.core.formula.machine import Machine
from autoscaler.core.formula.tree import MAX_STEPS
from autoscaler.core.formula.values import FormulaError, Instant
from tests.unit.core.formula.builders import AT, VALUES, failure_of, parsed, refusal, value_of

COSTS = {
    "1": 2,
    "a + b": 6,
    "[1, 2, 3]": 11,
    '{"k": 1}': 6,
    "1..10": 16,
    "$env": 5,
    "$env.a": 4,
    '"x" + "y"': 6,
    '"0123456789abcdef" + "x"': 8,
    '"x" contains "0123456789abcdef"': 8,
    '"x" matches "xyz"': 59,
    "[1, 2] == [3, 4]": 22,
    '{"k": [1]} == {"k": [1]}': 24,
    "1 in [1, 2, 3]": 18,
    '"k" in {"k": 1}': 11,
    "[1, 2, 3][1:]": 19,
    "[1, 2, 3][2:1]": 17,
    '"0123456789abcdef"[1:]': 23,
    "now().Year()": 14,
    'duration("1s").Hours()': 16,
    'timezone("UTC")': 104,
    'date("2024-01-01")': 804,
    'date("2024-01-01", "2006-01-02")': 106,
    "map(1..4, 1)": 24,
    "filter(1..4, true)": 20,
    "all(1..4, # < 3)": 30,
    "count(1..4, true)": 20,
    "count([true])": 8,
    "find(1..4, # > 1)": 24,
    "findIndex(1..4, # > 1)": 24,
    "findLast(1..4, # > 1)": 22,
    "findLastIndex(1..4, # > 1)": 22,
    "sum(1..4)": 16,
    "sum([1, 2])": 12,
    "sum(1..4, 1)": 24,
    "groupBy(1..4, 1)": 24,
    "sortBy(1..4, 1)": 24,
    "sortBy(1..40, 1)": 248,
    "sort(1..4)": 16,
    "sort(1..40)": 168,
    "reduce(1..4, 1)": 18,
    "reduce(1..4, 1, 0)": 22,
    "first(1..4)": 12,
    "take(1..4, 2)": 16,
    "take(1..4, 9)": 18,
    'keys({"k": 1, "l": 2})': 14,
    'values({"k": 1, "l": 2})': 14,
    'toPairs({"k": 1, "l": 2})': 18,
    'fromPairs([["k", 1]])': 14,
    "reverse(1..4)": 16,
    "uniq([1, 2, 1])": 19,
    'uniq(["0123456789abcdef", "0123456789abcdef"])': 14,
    "uniq([[1, 2], [3, 4]])": 26,
    "concat(1..4, 1..2)": 26,
    "flatten([1, [2, 3]])": 20,
    "max(1..4)": 17,
    "max(1, 2, 3)": 11,
    "mean(1..4)": 17,
    "median(1..4)": 17,
    'string("0123456789abcdef")': 8,
    "string([1, 2])": 12,
    'string({"k": 1})': 10,
    'upper("0123456789abcdef")': 6,
    'trim("0123456789abcdef")': 6,
    'split("a,b,c", ",")': 9,
    'split("abc", "")': 9,
    'split("0123456789abcdef", ",")': 9,
    'splitAfter("a,b,c", ",")': 9,
    'replace("0123456789abcdef", "0", "01234567")': 11,
    'replace("0000000000000000", "0", "01", 1)': 12,
    'repeat("01234567", 4)': 10,
    'join(["01234567", "01234567"])': 14,
    'join(["01234567", "01234567"], "01234567")': 18,
    'indexOf("0123456789abcdef", "x")': 8,
    'lastIndexOf("0123456789abcdef", "x")': 8,
    'toJSON("0123456789abcdef")': 6,
    "toJSON([1, [2]])": 19,
    'toJSON({"k": 1})': 10,
    'fromJSON("[1, 2]")': 10,
    'toBase64("01234567")': 6,
    'fromBase64("MDEyMzQ1Njc=")': 5,
}


def cost_of(text: str) -> int:
    """The steps of a formula, without those of what makes a number of it: two calls, a list and its element."""
    machine = Machine(dict(VALUES), Instant(at=AT))
    machine.run(parsed(f"len([{text}])").root)
    return MAX_STEPS - machine.steps - 7


@pytest.mark.parametrize(("text", "steps"), COSTS.items())
def test_each_part_has_its_price(text, steps):
    """A node costs two steps, an element one, eight characters one; methods, patterns and dates cost their own."""
    assert cost_of(text) == steps


@pytest.mark.parametrize("steps", [0, 1, 3, 5])
def test_the_budget_ends_a_formula(steps):
    """The node that no step is left for fails, at its column, and the last step may be used."""
    machine = Machine(dict(VALUES), Instant(at=AT))
    machine.steps = steps
    with pytest.raises(FormulaError, match=r"^the formula takes more than 10000 steps$") as caught:
        machine.run(parsed("float(a + b)").root)
    assert caught.value.column == {0: 1, 1: 1, 3: 9, 5: 7}[steps]
    machine.steps = 8
    assert machine.run(parsed("float(a + b)").root) == 7.5


def test_elements_are_paid_before_they_are_made():
    """A range beyond the budget fails before a list of that length is made."""
    assert failure_of("a > 0 ? len(1..9223372036854775807) : 0").message == "the formula takes more than 10000 steps"
    machine = Machine({}, Instant(at=AT))
    machine.spend(MAX_STEPS)
    with pytest.raises(FormulaError, match=r"^the formula takes more than 10000 steps$"):
        machine.spend(1)


@pytest.mark.parametrize(
    ("call", "deepest", "message"),
    [
        ("x == x ? 1 : 0", 63, "lists nested too deep to compare"),
        ("len(string(x))", 63, "lists nested too deep to show"),
        ("len(toJSON(x))", 63, "lists nested too deep for toJSON"),
        ("max(x)", 63, "lists nested too deep for max"),
        ("mean(x)", 63, "lists nested too deep for mean"),
        ("len(flatten(x))", 64, "lists nested too deep to flatten"),
    ],
)
def test_what_goes_into_depth_ends_at_a_depth(call, deepest, message):
    """Lists that a formula puts into each other while it runs are followed 64 levels deep."""
    assert value_of(f"let x = reduce(1..{deepest}, [#acc], [a]); {call}") > 0
    assert message in refusal(f"let x = reduce(1..{deepest + 1}, [#acc], [a]); {call}")
