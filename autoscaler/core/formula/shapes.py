"""What is known of a value before a formula runs, and what operators make of it. Source: expr-lang checker."""

from collections.abc import Callable
from enum import Enum

from autoscaler.model.value import value


class CheckError(Exception):
    """A formula that cannot work. ``unknown_name``: it names no trigger and no function."""

    def __init__(self, message: str, column: int, *, unknown_name: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.unknown_name = unknown_name


class Sort(Enum):
    """The sorts of values."""

    UNKNOWN = "something not known before it runs"
    NIL = "nil"
    BOOL = "a boolean"
    INT = "a whole number"
    FLOAT = "a number"
    TEXT = "a text"
    LIST = "a list"
    MAP = "a map"
    INSTANT = "an instant"
    SPAN = "a duration"
    MONTH = "a month"
    WEEKDAY = "a day of the week"
    ZONE = "a time zone"
    FUNCTION = "a function"


@value
class Shape:
    """The sort of a value; of a list and a map also the shape of an element, None where it is not known.

    ``keyed_by_text``: the keys of a map are texts.
    """

    sort: Sort
    element: "Shape | None" = None
    keyed_by_text: bool = False

    @property
    def is_number(self) -> bool:
        """Say whether it is a whole number or a float."""
        return self.sort in (Sort.INT, Sort.FLOAT)

    def __str__(self) -> str:
        return self.sort.value


UNKNOWN = Shape(sort=Sort.UNKNOWN)
NIL = Shape(sort=Sort.NIL)
BOOL = Shape(sort=Sort.BOOL)
INT = Shape(sort=Sort.INT)
FLOAT = Shape(sort=Sort.FLOAT)
TEXT = Shape(sort=Sort.TEXT)
LIST = Shape(sort=Sort.LIST)
MAP = Shape(sort=Sort.MAP)
INSTANT = Shape(sort=Sort.INSTANT)
SPAN = Shape(sort=Sort.SPAN)

_NUMBERS = (Sort.INT, Sort.FLOAT)
_ORDERED = (*_NUMBERS, Sort.TEXT, Sort.INSTANT, Sort.SPAN)


def list_of(element: Shape) -> Shape:
    """Give the shape of a list of such elements."""
    return Shape(sort=Sort.LIST, element=element)


def operate(word: str, left: Shape, right: Shape, column: int) -> Shape:
    """Give the shape of an operator's result. Raises CheckError where the two cannot meet."""
    result = _RULES[word](left, right)
    if result is None:
        raise CheckError(f"{word} cannot be used on {left} and {right}", column)
    return result


def comparable(left: Shape, right: Shape) -> bool:
    """Say whether two values may be asked to be equal."""
    if {left.sort, right.sort} & {Sort.UNKNOWN, Sort.NIL} or left.sort is right.sort:
        return True
    return left.is_number and right.is_number


def _either(left: Shape, right: Shape, *sorts: Sort) -> bool:
    """Say whether one side is unknown and the other unknown or one of ``sorts``."""
    one, other = left.sort, right.sort
    if one is Sort.UNKNOWN:
        return other is Sort.UNKNOWN or other in sorts
    return other is Sort.UNKNOWN and one in sorts


def _same(sort: Sort, gives: Shape) -> Callable[[Shape, Shape], Shape | None]:
    def rule(left: Shape, right: Shape) -> Shape | None:
        both = left.sort is sort and right.sort is sort
        return gives if both or _either(left, right, sort) else None

    return rule


def _equal(left: Shape, right: Shape) -> Shape | None:
    return BOOL if comparable(left, right) else None


def _order(left: Shape, right: Shape) -> Shape | None:
    if (left.is_number and right.is_number) or _either(left, right, *_ORDERED):
        return BOOL
    return BOOL if left.sort is right.sort and left.sort in _ORDERED else None


def _combined(left: Shape, right: Shape) -> Shape | None:
    if not (left.is_number and right.is_number):
        return None
    return FLOAT if Sort.FLOAT in (left.sort, right.sort) else INT


def _plus(left: Shape, right: Shape) -> Shape | None:
    match left.sort, right.sort:
        case (Sort.TEXT, Sort.TEXT):
            return TEXT
        case (Sort.INSTANT, Sort.SPAN) | (Sort.SPAN, Sort.INSTANT):
            return INSTANT
        case (Sort.SPAN, Sort.SPAN):
            return SPAN
    return _combined(left, right) or (UNKNOWN if _either(left, right, *_ORDERED) else None)


def _minus(left: Shape, right: Shape) -> Shape | None:
    match left.sort, right.sort:
        case (Sort.INSTANT, Sort.INSTANT) | (Sort.SPAN, Sort.SPAN):
            return SPAN
        case (Sort.INSTANT, Sort.SPAN):
            return INSTANT
    allowed = (*_NUMBERS, Sort.INSTANT, Sort.SPAN)
    return _combined(left, right) or (UNKNOWN if _either(left, right, *allowed) else None)


def _times(left: Shape, right: Shape) -> Shape | None:
    sorts = {left.sort, right.sort}
    if Sort.SPAN in sorts and sorts <= {Sort.SPAN, *_NUMBERS}:
        return SPAN
    return _combined(left, right) or (UNKNOWN if _either(left, right, *_NUMBERS, Sort.SPAN) else None)


def _float(left: Shape, right: Shape) -> Shape | None:
    return FLOAT if _combined(left, right) or _either(left, right, *_NUMBERS) else None


def _in(left: Shape, right: Shape) -> Shape | None:
    match right.sort:
        case Sort.MAP:
            fits = not right.keyed_by_text or left.sort in (Sort.TEXT, Sort.UNKNOWN)
            return BOOL if fits else None
        case Sort.LIST:
            return BOOL if comparable(left, right.element or UNKNOWN) else None
        case Sort.UNKNOWN:
            return BOOL
        case Sort.TEXT if left.sort is Sort.UNKNOWN:
            return BOOL
    return None


def _coalesce(left: Shape, right: Shape) -> Shape | None:
    if left.sort is Sort.NIL:
        return right
    if right.sort is Sort.NIL or left.sort is right.sort:
        return left
    return UNKNOWN


_RULES: dict[str, Callable[[Shape, Shape], Shape | None]] = {
    "==": _equal,
    "!=": _equal,
    "and": _same(Sort.BOOL, BOOL),
    "or": _same(Sort.BOOL, BOOL),
    "<": _order,
    ">": _order,
    "<=": _order,
    ">=": _order,
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _float,
    "^": _float,
    "**": _float,
    "%": _same(Sort.INT, INT),
    "..": _same(Sort.INT, list_of(INT)),
    "in": _in,
    "matches": _same(Sort.TEXT, BOOL),
    "contains": _same(Sort.TEXT, BOOL),
    "startsWith": _same(Sort.TEXT, BOOL),
    "endsWith": _same(Sort.TEXT, BOOL),
    "??": _coalesce,
}
