"""Fewer elements are looked at, as expr's optimizer has it: one that would fail may never be asked."""

import pytest

from tests.unit.core.formula.builders import refused, value_of

NEVER_ASKED = {
    'filter([1, "x"], # > 0)[0]': 1.0,
    'filter([1, "x"], # > 0)[2 - 2]': 1.0,
    'filter(["x", 1], # > 0)[-1]': 1.0,
    'first(filter([1, "x"], # > 0))': 1.0,
    'last(filter(["x", 1], # > 0))': 1.0,
    'map(filter([1, "x"], # > 0), # * 2)[0]': 2.0,
    'map(filter(["x", 1], # > 0), # * 2)[-1]': 2.0,
    'first(map(filter([1, "x"], # > 0), # * 2))': 2.0,
    'last(map(filter(["x", 1], # > 0), # * 2))': 2.0,
    "len(map(filter([1, 2], # > 0), # % 0))": 2.0,
    'len(filter([1, "x"], # > 0)) > 0 ? 1 : 0': 1.0,
    'count([1, "x"], # > 0) > 0 ? 1 : 0': 1.0,
    'count([1, "x"], # > 0) >= 1 ? 1 : 0': 1.0,
    'count([1, 2, "x"], # > 0) > 3 - 2 ? 1 : 0': 1.0,
    'count([1, 2, "x"], # > 0) < 2 ? 1 : 0': 0.0,
    'count([1, 2, "x"], # > 0) <= 1 ? 1 : 0': 0.0,
    'any([1, "x"], # > 5) or any([1, "x"], # > 0) ? 1 : 0': 1.0,
    'all([1, "x"], # > 0) and all([1, "x"], # > 5) ? 1 : 0': 0.0,
    'none([1, "x"], # > 5) and none([1, "x"], # > 0) ? 1 : 0': 0.0,
    'first([1]) > "x" and false ? 1 : 0': 0.0,
    'first([1]) > "x" or not false ? 1 : 0': 1.0,
    'first([1]) > "x" and 1 + 1 == 3 ? 1 : 0': 0.0,
    'first([1]) > "x" and "a" == "b" ? 1 : 0': 0.0,
}


@pytest.mark.parametrize(("text", "result"), NEVER_ASKED.items())
def test_what_is_decided_asks_no_further(text, result):
    """The x is never compared with a number. Source: expr-lang optimizer/, seen with 1.17.8."""
    assert value_of(text) == result


ASKED = (
    'filter([1, "x"], # > 0)?.[0]',
    'filter(["x", 1], # > 0)[1]',
    'let f = filter([1, "x"], # > 0); f[0]',
    'last(filter([1, "x"], # > 0))',
    'map(filter([1, "x"], # > 0), #index)[0]',
    'len(filter([1, "x"], # > 0))',
    '0 < count([1, "x"], # > 0) ? 1 : 0',
    'count([1, "x"], # > 0) == 0 ? 1 : 0',
    'count([1, "x"], # > 0) < 1 ? 1 : 0',
    'count([1, "x"], # > 0) >= 0 ? 1 : 0',
    'count([1, "x"], # > 0) > 0.5 ? 1 : 0',
    'take(filter([1, "x"], # > 0), 1)[0]',
    'first([1]) > "x" and 1 > 2 ? 1 : 0',
    'first([1]) > "x" and 1.0 == 2.0 ? 1 : 0',
    'any([1, "x"], # > 5) or any([1, "x", 2], # > 0) ? 1 : 0',
)


@pytest.mark.parametrize("text", ASKED)
def test_what_is_not_decided_asks_all(text):
    """Every other form looks at each element, and fails at the x."""
    assert refused(text)[0] == "dummy_run"


@pytest.mark.parametrize(
    ("text", "column"), [("filter([0], # > 0)[0]", 20), ("map(filter([0], # > 0), # + 1)[-1]", 32)]
)
def test_where_nothing_passes_there_is_no_first(text, column):
    """The first of no elements is out of range; ``first`` gives nil."""
    assert refused(text) == ("dummy_run", column)
    assert value_of("first(filter([0], # > 0)) ?? 5") == 5.0


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("sum(filter([1, 2, 3], # > 1))", 5.0),
        ("sum(map(filter([1, 2, 3], # > 1), # * 2))", 10.0),
        ("sum(map(filter([1, 2, 3], # > 1), #index))", 1.0),
        ("count([1, 2, 3], # > 1) > 5 ? 1 : 0", 0.0),
        ("last(filter([1, 2, 3], # < 3))", 2.0),
        ("all([1, 2], # > 0) and all([1, 2], # > 1) ? 1 : 0", 0.0),
    ],
)
def test_results_stay_as_they_are(text, result):
    """What is looked at changes, what comes of it does not."""
    assert value_of(text) == result
