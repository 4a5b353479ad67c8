"""What the built-ins take and give. Source: expr-lang builtin/builtin.go, its types and validations."""

from collections.abc import Callable, Mapping, Sequence

from autoscaler.core.formula.members import MEMBERS
from autoscaler.core.formula.shapes import (
    BOOL,
    FLOAT,
    INSTANT,
    INT,
    MAP,
    SPAN,
    TEXT,
    UNKNOWN,
    CheckError,
    Shape,
    Sort,
    list_of,
)
from autoscaler.model.value import value

_COUNTED = frozenset((Sort.INT, Sort.FLOAT, Sort.SPAN, Sort.MONTH, Sort.WEEKDAY))
"""What Go holds as a number; that a duration is none for abs shows when it runs."""
_LISTED = frozenset((Sort.LIST,))
_TEXTS = frozenset((Sort.TEXT,))
_INTS = frozenset((Sort.INT,))
_MAPS = frozenset((Sort.MAP,))
_ANY = frozenset(Sort)
_ZONE = Shape(sort=Sort.ZONE)
_ANYTHINGS = list_of(UNKNOWN)


@value
class Signature:
    """What each argument may be, how many may be left out, and what comes back, given the arguments."""

    takes: tuple[frozenset[Sort], ...]
    optional: int = 0
    gives: Callable[[Sequence[Shape]], Shape]


def give(name: str, arguments: Sequence[Shape], column: int) -> Shape:
    """Give the shape of a built-in's result. Raises CheckError where the arguments do not fit."""
    if name in _AGGREGATES:
        return _aggregate(name, arguments, column)
    if name == "date":
        return _date(arguments, column)
    if name == "concat":
        return _concat(arguments, column)
    if name == "get":
        return _get(arguments, column)
    if name == "now" and list(arguments) == [UNKNOWN]:
        raise CheckError(f"now cannot take {UNKNOWN}", column)
    signature = SIGNATURES[name]
    _count(name, arguments, len(signature.takes) - signature.optional, len(signature.takes), column)
    for argument, allowed in zip(arguments, signature.takes, strict=False):
        if argument.sort is not Sort.UNKNOWN and argument.sort not in allowed:
            raise CheckError(f"{name} cannot take {argument}", column)
    return signature.gives(arguments)


def give_member(base: Shape, name: str, arguments: Sequence[Shape], column: int) -> Shape:
    """Give the shape of a method's result; what an unknown value or a map has is found when it runs."""
    if base.sort in (Sort.UNKNOWN, Sort.MAP):
        return UNKNOWN
    members = MEMBERS.get(_OWNERS.get(base.sort, ""), {})
    if name not in members:
        raise CheckError(f"{base} has no method {name}", column)
    _count(name, arguments, members[name].takes, members[name].takes, column)
    return _SHAPES[members[name].gives]


_OWNERS: Mapping[Sort, str] = {
    Sort.INSTANT: "time.Time",
    Sort.SPAN: "time.Duration",
    Sort.ZONE: "time.Location",
    Sort.MONTH: "time.Month",
    Sort.WEEKDAY: "time.Weekday",
}
_SHAPES: Mapping[str, Shape] = {
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "string": TEXT,
    "time.Time": INSTANT,
    "time.Duration": SPAN,
    "time.Location": _ZONE,
    "time.Month": Shape(sort=Sort.MONTH),
    "time.Weekday": Shape(sort=Sort.WEEKDAY),
}


def _count(name: str, arguments: Sequence[Shape], least: int, most: int, column: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise CheckError(f"{name} takes {wanted} arguments, found {len(arguments)}", column)


_AGGREGATES = frozenset(("max", "min", "mean", "median"))


def _aggregate(name: str, arguments: Sequence[Shape], column: int) -> Shape:
    """Take numbers, or lists of them; what follows a list is not looked at."""
    if not arguments:
        raise CheckError(f"{name} needs an argument", column)
    for argument in arguments:
        if argument.sort in (Sort.LIST, Sort.UNKNOWN):
            return UNKNOWN
        if argument.sort not in _COUNTED:
            raise CheckError(f"{name} cannot take {argument}", column)
    return arguments[0]


def _date(arguments: Sequence[Shape], column: int) -> Shape:
    """Count alone: what the arguments are shows when it runs."""
    _count("date", arguments, 1, 4, column)
    return INSTANT


def _concat(arguments: Sequence[Shape], column: int) -> Shape:
    if not arguments:
        raise CheckError("concat needs an argument", column)
    for argument in arguments:
        if argument.sort not in (Sort.LIST, Sort.UNKNOWN):
            raise CheckError(f"concat cannot take {argument}", column)
    return _ANYTHINGS


def _get(arguments: Sequence[Shape], column: int) -> Shape:
    _count("get", arguments, 2, 2, column)
    base, key = arguments
    if base.sort is Sort.UNKNOWN:
        return UNKNOWN
    keys = _INTS if base.sort is Sort.LIST else _TEXTS if base.keyed_by_text else _ANY
    if base.sort not in (Sort.LIST, Sort.MAP) or key.sort not in (keys | {Sort.UNKNOWN}):
        raise CheckError(f"get cannot take {base} and {key}", column)
    return base.element or UNKNOWN


def _of(*takes: frozenset[Sort], gives: Shape | Callable[[Sequence[Shape]], Shape], optional: int = 0) -> Signature:
    result = gives if not isinstance(gives, Shape) else _always(gives)
    return Signature(takes=takes, optional=optional, gives=result)


def _always(shape: Shape) -> Callable[[Sequence[Shape]], Shape]:
    return lambda arguments: shape


def _first(arguments: Sequence[Shape]) -> Shape:
    return arguments[0]


SIGNATURES: Mapping[str, Signature] = {
    "len": _of(_TEXTS | _LISTED | _MAPS, gives=INT),
    "type": _of(_ANY, gives=TEXT),
    "abs": _of(_COUNTED, gives=_first),
    "ceil": _of(_COUNTED, gives=FLOAT),
    "floor": _of(_COUNTED, gives=FLOAT),
    "round": _of(_COUNTED, gives=FLOAT),
    "int": _of(_COUNTED | _TEXTS, gives=INT),
    "float": _of(_COUNTED | _TEXTS, gives=FLOAT),
    "string": _of(_ANY, gives=TEXT),
    "trim": _of(_TEXTS, _TEXTS, gives=TEXT, optional=1),
    "trimPrefix": _of(_TEXTS, _TEXTS, gives=TEXT, optional=1),
    "trimSuffix": _of(_TEXTS, _TEXTS, gives=TEXT, optional=1),
    "upper": _of(_TEXTS, gives=TEXT),
    "lower": _of(_TEXTS, gives=TEXT),
    "split": _of(_TEXTS, _TEXTS, _INTS, gives=list_of(TEXT), optional=1),
    "splitAfter": _of(_TEXTS, _TEXTS, _INTS, gives=list_of(TEXT), optional=1),
    "replace": _of(_TEXTS, _TEXTS, _TEXTS, _INTS, gives=TEXT, optional=1),
    "repeat": _of(_TEXTS, _INTS, gives=TEXT),
    "join": _of(_LISTED, _TEXTS, gives=TEXT, optional=1),
    "indexOf": _of(_TEXTS, _TEXTS, gives=INT),
    "lastIndexOf": _of(_TEXTS, _TEXTS, gives=INT),
    "hasPrefix": _of(_TEXTS, _TEXTS, gives=BOOL),
    "hasSuffix": _of(_TEXTS, _TEXTS, gives=BOOL),
    "toJSON": _of(_ANY, gives=TEXT),
    "fromJSON": _of(_TEXTS, gives=UNKNOWN),
    "toBase64": _of(_TEXTS, gives=TEXT),
    "fromBase64": _of(_TEXTS, gives=TEXT),
    "now": _of(frozenset((Sort.ZONE,)), gives=INSTANT, optional=1),
    "duration": _of(_TEXTS, gives=SPAN),
    "timezone": _of(_TEXTS, gives=_ZONE),
    "first": _of(_LISTED, gives=UNKNOWN),
    "last": _of(_LISTED, gives=UNKNOWN),
    "take": _of(_LISTED, _INTS, gives=_ANYTHINGS),
    "keys": _of(_MAPS, gives=_ANYTHINGS),
    "values": _of(_MAPS, gives=_ANYTHINGS),
    "toPairs": _of(_MAPS, gives=_ANYTHINGS),
    "fromPairs": _of(_LISTED, gives=MAP),
    "reverse": _of(_LISTED, gives=_ANYTHINGS),
    "uniq": _of(_LISTED, gives=_ANYTHINGS),
    "flatten": _of(_LISTED, gives=_ANYTHINGS),
    "sort": _of(_LISTED, _TEXTS, gives=_ANYTHINGS, optional=1),
    "bitand": _of(_INTS, _INTS, gives=INT),
    "bitor": _of(_INTS, _INTS, gives=INT),
    "bitxor": _of(_INTS, _INTS, gives=INT),
    "bitnand": _of(_INTS, _INTS, gives=INT),
    "bitnot": _of(_INTS, gives=INT),
    "bitshl": _of(_INTS, _INTS, gives=INT),
    "bitshr": _of(_INTS, _INTS, gives=INT),
    "bitushr": _of(_INTS, _INTS, gives=INT),
}
"""Built-ins whose arguments can be listed one by one."""
