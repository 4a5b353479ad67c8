"""What a formula costs of its budget: three steps for a node, one for an element made, more for dearer work (S11)."""

import pytest

from autoscaler.core.formula.builtins import FUNCTIONS
from autoscaler.core.formula.machine import Machine
from autoscaler.core.formula.prices import CALL, CALLS, NODE
from autoscaler.core.formula.tree import MAX_STEPS
from autoscaler.core.formula.values import FormulaError, Instant
from tests.unit.core.formula.builders import AT, VALUES, failure_of, parsed, refusal, value_of

COSTS = {
    "1": 3,
    "a + b": 9,
    "[1, 2, 3]": 15,
    '{"k": 1}': 9,
    "1..10": 19,
    "$env": 6,
    "$env.a": 6,
    '"x" + "y"': 12,
    '"0123456789abcdef" + "x"': 14,
    '"x" contains "0123456789abcdef"': 14,
    '"x" matches "xyz"': 65,
    "[1, 2] == [3, 4]": 32,
    '{"k": [1]} == {"k": [1]}': 36,
    "1 in [1, 2, 3]": 30,
    '"k" in {"k": 1}': 19,
    "[1, 2, 3][1:]": 26,
    "[1, 2, 3][2:1]": 24,
    '"0123456789abcdef"[1:]': 27,
    "now() - now()": 55,
    "now().Year()": 29,
    'duration("1s").Hours()': 59,
    'timezone("UTC")': 109,
    'date("2024-01-01")': 709,
    'date("2024-01-01", "2006-01-02")': 192,
    'now().Format("2006")': 64,
    "2 ^ 3": 29,
    "2 ** 2.5": 129,
    "map(1..4, 1)": 32,
    "filter(1..4, true)": 28,
    "all(1..4, # < 3)": 43,
    "count(1..4, true)": 28,
    "count([true])": 11,
    "find(1..4, # > 1)": 34,
    "findIndex(1..4, # > 1)": 34,
    "findLast(1..4, # > 1)": 29,
    "findLastIndex(1..4, # > 1)": 29,
    "sum(1..4)": 24,
    "sum([1, 2])": 18,
    "sum(1..4, 1)": 36,
    "groupBy(1..4, 1)": 32,
    "sortBy(1..4, 1)": 32,
    "sortBy(1..40, 1)": 292,
    "sort(1..4)": 23,
    "sort(1..40)": 175,
    "reduce(1..4, 1)": 25,
    "reduce(1..4, 1, 0)": 31,
    "first(1..4)": 19,
    "take(1..4, 2)": 24,
    "take(1..4, 9)": 26,
    'keys({"k": 1, "l": 2})': 23,
    'values({"k": 1, "l": 2})': 23,
    'toPairs({"k": 1, "l": 2})': 27,
    'fromPairs([["k", 1]])': 22,
    "reverse(1..4)": 23,
    "uniq([1, 2, 1])": 30,
    'uniq(["0123456789abcdef", "0123456789abcdef"])': 22,
    "uniq([[1, 2], [3, 4]])": 38,
    "concat(1..4, 1..2)": 36,
    "flatten([1, [2, 3]])": 29,
    "max(1..4)": 36,
    "max(1, 2, 3)": 28,
    "mean(1..4)": 36,
    "median(1..4)": 36,
    'int("5")': 16,
    'float("5")': 16,
    'string("0123456789abcdef")': 29,
    "string([1, 2])": 32,
    'string({"k": 1})': 31,
    'upper("0123456789abcdef")': 13,
    'trim("0123456789abcdef")': 11,
    'split("a,b,c", ",")': 15,
    'split("abc", "")': 15,
    'split("0123456789abcdef", ",")': 15,
    'splitAfter("a,b,c", ",")': 15,
    'replace("0123456789abcdef", "0", "01234567")': 18,
    'replace("0000000000000000", "0", "01", 1)': 20,
    'repeat("01234567", 4)': 16,
    'join(["01234567", "01234567"])': 21,
    'join(["01234567", "01234567"], "01234567")': 26,
    'indexOf("0123456789abcdef", "x")': 21,
    'lastIndexOf("0123456789abcdef", "x")': 21,
    'toJSON("0125456789abcdef")': 25,
    "toJSON([1, [2]])": 39,
    'toJSON({"k": 1})': 29,
    'fromJSON("[1, 2]")': 42,
    'toBase64("01234567")': 18,
    'fromBase64("MDEyMzQ1Njc=")': 17,
}


_AROUND = 3 * NODE + 1 + CALL + CALLS["float"]
"""What makes a number of any value: two calls, a list and its element."""


def cost_of(text: str) -> int:
    """The steps of a formula, without those of what makes a number of it."""
    machine = Machine(dict(VALUES), Instant(at=AT))
    machine.run(parsed(f"len([{text}])").root)
    return MAX_STEPS - machine.steps - _AROUND


@pytest.mark.parametrize(("text", "steps"), COSTS.items())
def test_each_part_has_its_price(text, steps):
    """A node costs three steps, an element one, eight characters one; calls, patterns and dates cost their own."""
    assert cost_of(text) == steps


@pytest.mark.parametrize("steps", [0, 2, 5, 8, 11])
def test_the_budget_ends_a_formula(steps):
    """The node that no step is left for fails, at its column, and the last step may be used."""
    machine = Machine(dict(VALUES), Instant(at=AT))
    machine.steps = steps
    with pytest.raises(FormulaError, match=r"^the formula takes more than 10000 steps$") as caught:
        machine.run(parsed("float(a + b)").root)
    assert caught.value.column == {0: 1, 2: 1, 5: 9, 8: 7, 11: 11}[steps]
    machine.steps = 4 * NODE + CALLS["float"]
    assert machine.run(parsed("float(a + b)").root) == 7.5


def test_texts_are_paid_before_they_are_quoted():
    """JSON that repeats one text is given up after as many of its letters as the budget holds."""
    machine = Machine(dict(VALUES), Instant(at=AT))
    with pytest.raises(FormulaError, match="steps"):
        FUNCTIONS["toJSON"](machine, ["<" * 30_000] * 5_000)


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
