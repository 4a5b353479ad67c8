"""What built-ins take and give, known before a formula runs."""

import pytest

from tests.unit.core.formula.builders import kind_of, refusal
from tests.unit.core.formula.kinds import (
    BOOL,
    FLOAT,
    INSTANT,
    INT,
    LIST,
    MAP,
    NUMBERS,
    SOME,
    SPAN,
    TEXT,
    UNKNOWN,
    ZONE,
)

MEASURED = (TEXT, LIST, MAP)
COUNTED = (*NUMBERS, SPAN)
"""What Go holds as a number; that a duration is none for ceil shows when it runs."""
READ = (*COUNTED, TEXT)

ONE = {
    "len": (MEASURED, INT),
    "type": (tuple(SOME), TEXT),
    "ceil": (COUNTED, FLOAT),
    "floor": (COUNTED, FLOAT),
    "round": (COUNTED, FLOAT),
    "int": (READ, INT),
    "float": (READ, FLOAT),
    "string": (tuple(SOME), TEXT),
    "trim": ((TEXT,), TEXT),
    "trimPrefix": ((TEXT,), TEXT),
    "trimSuffix": ((TEXT,), TEXT),
    "upper": ((TEXT,), TEXT),
    "lower": ((TEXT,), TEXT),
    "toJSON": (tuple(SOME), TEXT),
    "fromJSON": ((TEXT,), UNKNOWN),
    "toBase64": ((TEXT,), TEXT),
    "fromBase64": ((TEXT,), TEXT),
    "now": ((ZONE,), INSTANT),
    "duration": ((TEXT,), SPAN),
    "timezone": ((TEXT,), ZONE),
    "join": ((LIST,), TEXT),
    "first": ((LIST,), UNKNOWN),
    "last": ((LIST,), UNKNOWN),
    "keys": ((MAP,), LIST),
    "values": ((MAP,), LIST),
    "toPairs": ((MAP,), LIST),
    "fromPairs": ((LIST,), MAP),
    "reverse": ((LIST,), LIST),
    "uniq": ((LIST,), LIST),
    "flatten": ((LIST,), LIST),
    "sort": ((LIST,), LIST),
    "concat": ((LIST,), LIST),
    "bitnot": ((INT,), INT),
}
"""Built-ins of one argument: what it may be, and what comes back."""

MORE = {
    ("trim", TEXT, TEXT): TEXT,
    ("trimPrefix", TEXT, TEXT): TEXT,
    ("trimSuffix", TEXT, TEXT): TEXT,
    ("split", TEXT, TEXT): LIST,
    ("split", TEXT, TEXT, INT): LIST,
    ("splitAfter", TEXT, TEXT): LIST,
    ("splitAfter", TEXT, TEXT, INT): LIST,
    ("replace", TEXT, TEXT, TEXT): TEXT,
    ("replace", TEXT, TEXT, TEXT, INT): TEXT,
    ("repeat", TEXT, INT): TEXT,
    ("join", LIST, TEXT): TEXT,
    ("indexOf", TEXT, TEXT): INT,
    ("lastIndexOf", TEXT, TEXT): INT,
    ("hasPrefix", TEXT, TEXT): BOOL,
    ("hasSuffix", TEXT, TEXT): BOOL,
    ("take", LIST, INT): LIST,
    ("sort", LIST, TEXT): LIST,
    ("bitand", INT, INT): INT,
    ("bitor", INT, INT): INT,
    ("bitxor", INT, INT): INT,
    ("bitnand", INT, INT): INT,
    ("bitshl", INT, INT): INT,
    ("bitshr", INT, INT): INT,
    ("bitushr", INT, INT): INT,
    ("date", TEXT, TEXT, TEXT): INSTANT,
    ("date", ZONE, TEXT): INSTANT,
    ("concat", LIST, LIST): LIST,
}
"""Calls whose every argument must be of the kind that stands here, and what comes back."""


@pytest.mark.parametrize("name", ONE)
def test_builtins_of_one_argument(name):
    """A built-in takes what its table says and nothing else, and what it gives is known."""
    takes, gives = ONE[name]
    got = {kind: kind_of(f"{name}({text})") for kind, text in SOME.items()}
    assert got == {kind: gives if kind in takes else None for kind in SOME}
    assert kind_of(f"{name}(first([1]))") == (gives if name != "now" else None)  # a zone must be known for one


@pytest.mark.parametrize("call", MORE, ids=lambda call: f"{call[0]}{len(call)}")
def test_builtins_of_more_arguments(call):
    """Each argument of a built-in has a kind of its own, and none may be left out or added beyond the table."""
    name, *kinds = call
    arguments = [SOME[kind] for kind in kinds]
    assert kind_of(f"{name}({', '.join(arguments)})") == MORE[call]
    for place in range(len(arguments) if name != "date" else 0):  # what date cannot read shows when it runs
        wrong = [*arguments[:place], "true", *arguments[place + 1 :]]
        assert kind_of(f"{name}({', '.join(wrong)})") is None, place


_LISTED = [*((name, 1) for name in ONE), *((name, len(kinds)) for name, *kinds in MORE)]
COUNTS = {
    **{
        name: (min(n for each, n in _LISTED if each == name), max(n for each, n in _LISTED if each == name))
        for name, _ in _LISTED
        if name != "concat"
    },
    "now": (0, 1),
    "date": (1, 4),
    "get": (2, 2),
}
"""The fewest and the most arguments that a built-in takes."""


@pytest.mark.parametrize("name", COUNTS)
def test_the_number_of_arguments_is_checked(name):
    """Too few and too many arguments are refused, with the number that is wanted."""
    least, most = COUNTS[name]
    wanted = str(least) if least == most else f"{least} to {most}"
    for count in {max(least - 1, 0), most + 1} - {least}:
        arguments = ", ".join(["first([1])"] * count)
        assert refusal(f"{name}({arguments})").startswith(f"{name} takes {wanted} arguments, found {count}")


@pytest.mark.parametrize("name", ["max", "min", "mean", "median", "concat"])
def test_aggregates_need_an_argument(name):
    """What takes any number of arguments takes one at least, and no texts."""
    assert refusal(f"{name}()").startswith(f"{name} needs an argument")
    assert refusal(f'{name}("x")').startswith(f"{name} cannot take a text")
