"""The language of formulas: what operators and built-ins give."""

import math

import pytest

from tests.unit.core.formula.builders import failure_of, refused, value_of

RANKS = {
    "-2 ^ 2": -4.0,
    "2 ^ 3 ^ 2": 512.0,
    "2 ^ -1": 0.5,
    "2 * 3 ?? 4 + 1": 7.0,
    "-a ?? b": -3.0,
    "1 + 2 * 3": 7.0,
    "10 - 3 - 2": 5.0,
    "(1 < a < 10) ? 1 : 0": 1.0,
    "not (a > 1) ? 7 : 2": 2.0,
    "a not in [3] ? 1 : 0": 0.0,
    "a > 5 ? 10 : a > 2 ? 5 : 1": 5.0,
    "[1, 2] | map(# * 2) | sum()": 6.0,
    "1 + 2 | max(5)": 5.0,
    "if a > 5 { 1 } else if a > 2 { 2 } else { 3 }": 2.0,
    "let x = a + b; let y = x * 2; y + 1": 16.0,
    "(a; b)": 4.5,
    "1..3 | len()": 3.0,
    "a ?? b > 1": None,
}

NUMBERS = {
    "7 % 3": 1.0,
    "-7 % 3": -1.0,
    "7 % -3": 1.0,
    "7 / 2": 3.5,
    "9223372036854775807 + 1": -(2.0**63),
    "0x10 + 0b11 + 0o17 + 1_000": 1034.0,
    ".5 + 5.": 5.5,
    "round(-2.5)": -3.0,
    "round(0.5)": 1.0,
    "floor(-0.5)": -1.0,
    "int(-7.9)": -7.0,
    "abs(-3)": 3.0,
    "int(1 / (a - a))": -(2.0**63),
    "0 ^ 0": 1.0,
    "bitand(6, 3) + bitor(4, 1) + bitxor(7, 2)": 12.0,
    "bitnand(7, 2) + bitnot(0)": 4.0,
    "bitshl(1, 4) + bitshr(-8, 1) + bitushr(16, 2)": 16.0,
    "bitshl(1, 64)": 0.0,
    "max(1, [2, [9]], a)": 9.0,
    "min(a, b)": 3.0,
    "mean(1, [2, 3])": 2.0,
    "median([1, 2, 3, 4])": 2.5,
    "mean([]) + median([])": 0.0,
}

LISTS = {
    "[a, b, c][-1]": 10.0,
    "[1, 2, 3][1:][0]": 2.0,
    "len([1, 2, 3][:2])": 2.0,
    "all([a, b], # > 2) ? 1 : 0": 1.0,
    "none([a, b], # > 9) ? 1 : 0": 1.0,
    "any([a, b], # > 4) ? 1 : 0": 1.0,
    "one([a, b], # > 4) ? 1 : 0": 1.0,
    "count([a, b, c], {# > 4})": 2.0,
    "count([true, false])": 1.0,
    "find([a, b], # > 9) ?? 7": 7.0,
    "findIndex([a, b, c], # > 4) ?? 9": 1.0,
    "findLast([a, b, c], # > 2) ?? 9": 10.0,
    "findLastIndex([a, b, c], # < 9)": 1.0,
    "sum([a, b], # * 2)": 15.0,
    "reduce([a, b, c], #acc + # * #index, 0)": 24.5,
    "reduce([1, 2, 3], #acc + #)": 6.0,
    "sort([c, a, b])[0]": 3.0,
    'sort([c, a, b], "desc")[0]': 10.0,
    "sortBy([a, b, c], -#)[0]": 10.0,
    "len(groupBy([a, b, c], # > 4))": 2.0,
    "len(uniq([1, 1.0, 2]))": 2.0,
    "flatten([[1], [[2, 3]]])[2]": 3.0,
    "concat([1], [2])[1]": 2.0,
    "reverse([1, 2])[0]": 2.0,
    "first([a, b]) + last([a, b])": 7.5,
    "first([]) ?? 5": 5.0,
    "take([1, 2, 3], 2)[1]": 2.0,
    "get([a], 5) ?? 1": 1.0,
    '{"x": a}.x + {"x": b}["x"]': 7.5,
    '{"x": a}.y ?? 1': 1.0,
    '{"x": {"y": a}}?.x.y': 3.0,
    '{"x": a}.y?.z.w ?? 2': 2.0,
    'fromPairs([["k", a]]).k': 3.0,
    'toPairs({"k": a})[0][1]': 3.0,
    'len(keys({"k": a})) + values({"k": b})[0]': 5.5,
    'filter([{"n": 1}, {"n": 5}], .n > 2)[0].n': 5.0,
    "3 in 1..5 ? 1 : 0": 1.0,
    '"a" in $env ? 1 : 0': 1.0,
    "$env.a + $env['b']": 7.5,
    "$env?.zz ?? 5": 5.0,
    "[1, [2]] == [1.0, [2]] ? 1 : 0": 1.0,
}

TEXTS = {
    'float("1e3") + float("0x1p4")': 1016.0,
    "'5' + \"6\"": 56.0,
    "string(1000000.0) == '1e+06' ? 1 : 0": 1.0,
    "string([a, true, nil]) == '[3 true <nil>]' ? 1 : 0": 1.0,
    'len("héllo")': 5.0,
    'indexOf("héllo", "l")': 3.0,
    'lastIndexOf("abca", "a")': 3.0,
    'len(split("a,b,c", ",", 2))': 2.0,
    'len(splitAfter("1,2", ",")[0])': 2.0,
    'replace("1x1x", "x", "0", 1) == "101x" ? 1 : 0': 1.0,
    'join(["1", "2"], ".")': 1.2,
    'repeat("1", 3)': 111.0,
    'trim(" 5 ")': 5.0,
    'trim("xx5x", "x")': 5.0,
    'trimPrefix("x5", "x")': 5.0,
    'trimSuffix("5x", "x")': 5.0,
    'upper("a") == "A" and lower("A") == "a" ? 1 : 0': 1.0,
    'hasPrefix("abc", "a") and hasSuffix("abc", "c") ? 1 : 0': 1.0,
    '"abc" contains "b" and "abc" startsWith "a" and "abc" endsWith "c" ? 1 : 0': 1.0,
    '"item-42" matches "^item-[0-9]+$" ? 1 : 0': 1.0,
    "len(toJSON([a]))": 7.0,
    'fromJSON("{\\"x\\": [1, 2]}").x[1]': 2.0,
    'fromBase64(toBase64("5"))': 5.0,
    '"\\u0035"': 5.0,
    "`5`": 5.0,
    'len("abc"[1:])': 2.0,
    'type(1) == "int" and type(a) == "float" and type([]) == "array" ? 1 : 0': 1.0,
}

TIMES = {
    'duration("1h30m").Minutes()': 90.0,
    'duration("1h") > duration("1m") ? 1 : 0': 1.0,
    '(duration("1h") + duration("30m")).Hours()': 1.5,
    'date("2024-01-02").Year()': 2024.0,
    'date("02/01/2024", "02/01/2006").Day()': 2.0,
    '(date("2024-03-01") - date("2024-02-01")).Hours()': 696.0,
    '(date("2024-01-31") + duration("24h")).Day()': 1.0,
    "int(now().Weekday())": 0.0,
    'now().In(timezone("Asia/Tokyo")).Hour()': 17.0,
    'string(duration("90m")) == "1h30m0s" ? 1 : 0': 1.0,
    'date("2024-01-02").Format("2006-01-02") == "2024-01-02" ? 1 : 0': 1.0,
    'date("2024-01-31").AddDate(0, 1, 0).Day()': 2.0,
    'type(now()) == "time.Time" ? 1 : 0': 1.0,
}


@pytest.mark.parametrize(("text", "result"), [*NUMBERS.items(), *LISTS.items(), *TEXTS.items(), *TIMES.items()])
def test_builtins_and_operators(text, result):
    """Operators and built-ins give what expr gives."""
    assert value_of(text) == result


@pytest.mark.parametrize(("text", "result"), RANKS.items())
def test_operators_bind_as_in_expr(text, result):
    """Ranks, associativity and chains of comparisons are expr's; ?? cannot be followed by another operator."""
    if result is None:
        assert refused(text)[0] == "compile"
    else:
        assert value_of(text) == result


@pytest.mark.parametrize(("text", "result"), [("1 / (a - a)", math.inf), ("-1 / (a - a)", -math.inf)])
def test_division_by_zero_is_infinite(text, result):
    """Division by zero gives an infinity, no failure."""
    assert value_of(text) == result


@pytest.mark.parametrize("text", ["(a - a) / (a - a)", "(0 - 1) ^ 0.5", "max(0 / (a - a), 5)", "round(0 / (a - a))"])
def test_nan_stays(text):
    """NaN goes through what it meets first."""
    assert math.isnan(value_of(text))


def test_a_sum_that_is_written_out_is_added_from_its_end():
    """The order of addition shows in the last bit, and is expr's."""
    assert value_of("sum([a, 2, b])", a=37.787, b=7.187) == 37.787 + (2 + 7.187)


@pytest.mark.parametrize(
    ("text", "column"),
    [("a + b", 3), ("1 + (a > 2 ? 5 : 0)", 8), ("max(a, b)", 1), ("[1, 2][int(b)] + 1", 8)],
)
def test_a_failure_points_at_its_column(text, column):
    """A run-time failure names the column of the operator or function that failed."""
    assert failure_of(text, a=None).column == column


@pytest.mark.parametrize("name", ["max", "count", "null", "トリガ", "a$b", "_x"])
def test_names_may_be_those_of_builtins(name):
    """A trigger may be called as a built-in is; its name then means the trigger."""
    assert value_of(f"{name} + 1", **{name: 7.5}) == 8.5


def test_any_name_is_reached_through_env():
    """What is no identifier is reached by $env."""
    assert value_of('$env["my-trig"] + 1', **{"my-trig": 7.5}) == 8.5
