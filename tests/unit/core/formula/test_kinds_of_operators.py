"""What operators, predicates and methods give, known before a formula runs, and what is refused."""

import pytest

from tests.unit.core.formula.builders import kind_of, refusal, refused
from tests.unit.core.formula.kinds import (
    BOOL,
    FLOAT,
    INSTANT,
    INT,
    LIST,
    MAP,
    NIL,
    NUMBERS,
    SOME,
    SPAN,
    TEXT,
    UNKNOWN,
)

ELEMENTS = {
    "[1, 2][0]": INT,
    "[1, a][0]": UNKNOWN,
    "[][0]": UNKNOWN,
    '["x"][-1:][0]': TEXT,
    '"x"[:1]': TEXT,
    'split("a", "b")[0]': TEXT,
    'splitAfter("a", "b")[0]': TEXT,
    "(1..3)[0]": INT,
    "keys({})[0]": UNKNOWN,
    '{"k": 1}.k': UNKNOWN,
    "$env": UNKNOWN,
    "$env.a": FLOAT,
    'get($env, "a")': FLOAT,
    'get($env, "nosuch")': UNKNOWN,
    "$env?.nosuch": UNKNOWN,
    "map([1], #index)": LIST,
    "get([1], 0)": INT,
    'get({"k": 1}, "k")': UNKNOWN,
    "get(first([1]), 0)": UNKNOWN,
    "fromPairs([]).x": UNKNOWN,
    "groupBy([a], # > 1)": MAP,
    "groupBy([a], # > 1)[true]": LIST,
    "max(1, a)": INT,
    "min(a, 1)": FLOAT,
    "mean(1)": INT,
    "median(a)": FLOAT,
    "max([1])": UNKNOWN,
    "max(1, first([1]))": UNKNOWN,
    "abs(a)": FLOAT,
    "abs(-1)": INT,
    "take([a], 1)[0]": UNKNOWN,
    "all([a], # > 1)": BOOL,
    "none([a], # > 1)": BOOL,
    "any([a], # > 1)": BOOL,
    "one([a], # > 1)": BOOL,
    "filter([a], # > 1)[0]": FLOAT,
    "map([a], string(#))[0]": TEXT,
    "count([a], # > 1)": INT,
    "count([true])": INT,
    "find([a], # > 1)": FLOAT,
    "findLast([a], # > 1)": FLOAT,
    "findIndex([a], # > 1)": INT,
    "findLastIndex([a], # > 1)": INT,
    "sum([1])": INT,
    "sum([1], # * a)": FLOAT,
    "sortBy([1], #)[0]": INT,
    "reduce([1], #acc)": UNKNOWN,
    "reduce([1], #index)": INT,
    "reduce([1], string(#), 1)": TEXT,
    "reduce(first([[1]]), #, 1)": UNKNOWN,
    "a > 1 ? 1 : 2": INT,
    "a > 1 ? 1 : a": UNKNOWN,
    "a > 1 ? nil : a": FLOAT,
    'a > 1 ? "x" : nil': TEXT,
    "let x = 1; x": INT,
    "(a; 1)": INT,
    "nil ?? 1": INT,
    "1 ?? nil": INT,
    "a ?? b": FLOAT,
    "a ?? 1": UNKNOWN,
    "-a": FLOAT,
    "+1": INT,
    "-first([1])": UNKNOWN,
    "not first([true])": BOOL,
    "not true": BOOL,
    "now().Year()": INT,
    "now().UTC()": INSTANT,
    "now().Add(duration('1s'))": INSTANT,
    "now().In(timezone('UTC'))": INSTANT,
    "now().AddDate(1, 2, 3)": INSTANT,
    "now().Sub(now())": SPAN,
    "now().Before(now())": BOOL,
    "now().After(now())": BOOL,
    "now().Equal(now())": BOOL,
    "now().Compare(now())": INT,
    "now().Format('x')": TEXT,
    "now().String()": TEXT,
    'duration("1s").Hours()': FLOAT,
    'duration("1s").Nanoseconds()': INT,
    'duration("1s").Abs()': SPAN,
    'duration("1s").Truncate(duration("1s"))': SPAN,
    'duration("1s").Round(duration("1s"))': SPAN,
    'duration("1s").String()': TEXT,
    'timezone("UTC").String()': TEXT,
    "first([1]).Anything(1, 2)": UNKNOWN,
}

ORDERED = (*NUMBERS, TEXT, INSTANT, SPAN)
MEETING = {
    "+": {
        **{(one, other): FLOAT for one in NUMBERS for other in NUMBERS},
        (INT, INT): INT,
        (TEXT, TEXT): TEXT,
        (SPAN, SPAN): SPAN,
        (INSTANT, SPAN): INSTANT,
        (SPAN, INSTANT): INSTANT,
        **{pair: UNKNOWN for kind in ORDERED for pair in ((kind, UNKNOWN), (UNKNOWN, kind))},
    },
    "-": {
        **{(one, other): FLOAT for one in NUMBERS for other in NUMBERS},
        (INT, INT): INT,
        (SPAN, SPAN): SPAN,
        (INSTANT, INSTANT): SPAN,
        (INSTANT, SPAN): INSTANT,
        **{pair: UNKNOWN for kind in (*NUMBERS, INSTANT, SPAN) for pair in ((kind, UNKNOWN), (UNKNOWN, kind))},
    },
    "*": {
        **{(one, other): FLOAT for one in NUMBERS for other in NUMBERS},
        (INT, INT): INT,
        **{pair: SPAN for kind in (*NUMBERS, SPAN) for pair in ((kind, SPAN), (SPAN, kind))},
        **{pair: UNKNOWN for kind in (*NUMBERS, SPAN) for pair in ((kind, UNKNOWN), (UNKNOWN, kind))},
    },
    "/": {(one, other): FLOAT for one in (*NUMBERS, UNKNOWN) for other in (*NUMBERS, UNKNOWN)},
    "^": {(one, other): FLOAT for one in (*NUMBERS, UNKNOWN) for other in (*NUMBERS, UNKNOWN)},
    "%": {(one, other): INT for one in (INT, UNKNOWN) for other in (INT, UNKNOWN)},
    "..": {(one, other): LIST for one in (INT, UNKNOWN) for other in (INT, UNKNOWN)},
    "and": {(one, other): BOOL for one in (BOOL, UNKNOWN) for other in (BOOL, UNKNOWN)},
    "or": {(one, other): BOOL for one in (BOOL, UNKNOWN) for other in (BOOL, UNKNOWN)},
    "contains": {(one, other): BOOL for one in (TEXT, UNKNOWN) for other in (TEXT, UNKNOWN)},
    "startsWith": {(one, other): BOOL for one in (TEXT, UNKNOWN) for other in (TEXT, UNKNOWN)},
    "endsWith": {(one, other): BOOL for one in (TEXT, UNKNOWN) for other in (TEXT, UNKNOWN)},
    "matches": {(one, other): BOOL for one in (TEXT, UNKNOWN) for other in (TEXT, UNKNOWN)},
    "<": {
        **{(one, other): BOOL for one in NUMBERS for other in NUMBERS},
        **{pair: BOOL for kind in ORDERED for pair in ((kind, kind), (kind, UNKNOWN), (UNKNOWN, kind))},
    },
    "==": {
        **{(one, other): BOOL for one in NUMBERS for other in NUMBERS},
        **{(kind, kind): BOOL for kind in SOME},
        **{pair: BOOL for kind in SOME for free in (NIL, UNKNOWN) for pair in ((kind, free), (free, kind))},
    },
    "in": {
        **{(kind, UNKNOWN): BOOL for kind in SOME},
        **{(kind, LIST): BOOL for kind in (*NUMBERS, NIL, UNKNOWN)},
        **{(kind, MAP): BOOL for kind in (TEXT, UNKNOWN)},
        (UNKNOWN, TEXT): BOOL,
    },
}
"""What each operator makes of the two kinds at its sides; what does not stand here is refused."""
SAME = {"**": "^", "!=": "==", "<=": "<", ">": "<", ">=": "<"}
for word in ("+", "-", "*"):
    MEETING[word][UNKNOWN, UNKNOWN] = UNKNOWN
for word in ("<", "==", "in"):
    MEETING[word][UNKNOWN, UNKNOWN] = BOOL
SIDES = {**SOME, UNKNOWN: "first([1])"}


@pytest.mark.parametrize(("text", "kind"), ELEMENTS.items())
def test_what_comes_back_is_known(text, kind):
    """Elements, branches, predicates and methods give a kind that is known before the formula runs."""
    assert kind_of(text) == kind


@pytest.mark.parametrize("word", [*MEETING, *SAME])
def test_what_operators_take(word):
    """An operator is refused between kinds that cannot meet, and else its result is known."""
    table = MEETING[SAME.get(word, word)]
    got = {
        (one, other): kind_of(f"({left}) {word} ({right})")
        for one, left in SIDES.items()
        for other, right in SIDES.items()
    }
    assert got == {pair: table.get(pair) for pair in got}


REFUSED = {
    "1 ? 2 : 3": (1, "a condition must be true or false, this is a whole number"),
    '{"k": 1}[1]': (10, "a map's keys are texts, this is a whole number"),
    'get({"k": 1}, 1)': (1, "get cannot take a map and a whole number"),
    'get([1], "x")': (1, "get cannot take a list and a text"),
    "get(1, 1)": (1, "get cannot take a whole number and a whole number"),
    '[1]["x"]': (5, "nothing can be taken out of a list with a text"),
    "(1)[0]": (5, "nothing can be taken out of a whole number with a whole number"),
    "(1)[0:]": (2, "only texts and lists have slices, this is a whole number"),
    '[1]["x":]': (2, "a slice's bounds are whole numbers, this is a text"),
    '[1][:"x"]': (2, "a slice's bounds are whole numbers, this is a text"),
    "map(1, #)": (5, "map takes a list, this is a whole number"),
    "map([1], nil)": (10, "what map evaluates gives nil"),
    "filter([1], 1)": (13, "what filter evaluates must be true or false, this is a whole number"),
    "sortBy([1], #, 1)": (16, "a sort's order is a text, this is a whole number"),
    "map([1], #acc)": (10, "#acc means nothing here"),
    "filter([1], #index > 0)": (13, "#index means nothing here"),
    '$env["nosuch"]': (6, 'there is no trigger named "nosuch"'),
    "$env.a()": (6, '"a" is a value and cannot be called'),
    "now().Month() == 1": (15, "== cannot be used on a month and a whole number"),
    "now().Weekday() + 1": (17, "+ cannot be used on a day of the week and a whole number"),
    "let a = 1; a": (5, '"a" has a meaning already: choose another name'),
    "let len = 1; a": (5, '"len" has a meaning already: choose another name'),
    "let map = 1; a": (5, '"map" has a meaning already: choose another name'),
    "let x = 1; let x = 2; x": (16, '"x" has a meaning already: choose another name'),
    "a(1)": (1, '"a" is a value and cannot be called'),
    "let x = 1; x(1)": (12, '"x" is a value and cannot be called'),
    "nosuch(1)": (1, 'there is no function "nosuch"'),
    "-true": (1, "- cannot be used on a boolean"),
    "+nil": (1, "+ cannot be used on nil"),
    "not 1": (1, "not cannot be used on a whole number"),
    "len + 1": (5, "+ cannot be used on a function and a whole number"),
    "map + 1": (5, "+ cannot be used on a function and a whole number"),
    "(2 - 1) % (3 - 3)": (9, "integer divide by zero"),
    "1 % (0 * 5)": (3, "integer divide by zero"),
    "1 % -0": (3, "integer divide by zero"),
    "1 % (1 + -1)": (3, "integer divide by zero"),
    '"x" matches "("': (13, "the pattern is not valid"),
    "now().Foo()": (7, "an instant has no method Foo"),
    "(1).Foo()": (5, "a whole number has no method Foo"),
    "now().Year(1)": (7, "Year takes 0 arguments, found 1"),
    "now().AddDate(1)": (7, "AddDate takes 3 arguments, found 1"),
    "upper(1)": (1, "upper cannot take a whole number"),
    "1 + replace(1)": (5, "replace takes 3 to 4 arguments, found 1"),
    "1 + upper(1)": (5, "upper cannot take a whole number"),
    "1 + max()": (5, "max needs an argument"),
    '1 + max("x")': (5, "max cannot take a text"),
    "1 + concat()": (5, "concat needs an argument"),
    "1 + concat(1)": (5, "concat cannot take a whole number"),
    "1 + date()": (5, "date takes 1 to 4 arguments, found 0"),
    "1 + get(1)": (5, "get takes 2 arguments, found 1"),
}


@pytest.mark.parametrize(("text", "column", "message"), [(text, *fault) for text, fault in REFUSED.items()])
def test_what_cannot_work_says_why(text, column, message):
    """A formula that cannot work is refused with the kinds that do not fit, at the place of what takes them."""
    assert refused(text)[1] == column
    assert refusal(text).startswith(message)


TESTS = ("all", "none", "any", "one", "filter", "find", "findIndex", "findLast", "findLastIndex", "count")


@pytest.mark.parametrize("name", TESTS)
def test_a_test_is_true_or_false(name):
    """What a predicate built-in asks of an element must be true, false or not known yet."""
    message = f"what {name} evaluates must be true or false, this is a whole number"
    assert refusal(f"{name}([1], 1)").startswith(message)
    assert kind_of(f"{name}([1], first([true]))") is not None
