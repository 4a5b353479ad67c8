"""What a formula computes with: Python's None, bool, int (64 bits), float, str, list and dict, and time's own three.

Source: expr-lang vm/runtime. No value here ever shows an attribute of a Python object to a formula.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import TypeAlias

from autoscaler.core.formula.tree import MAX_DEPTH
from autoscaler.model.value import value


class FormulaError(Exception):
    """A formula failed while it ran; never leaves this package except to the compiler's trial run."""

    def __init__(self, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


@value
class Span:
    """A duration. Whole nanoseconds, negative ones too."""

    nanoseconds: int


@value
class Instant:
    """A point in time, with its zone. ``beyond``: the nanoseconds, below 1,000, that ``at`` cannot hold."""

    at: datetime
    beyond: int = 0

    @property
    def nanosecond(self) -> int:
        """Give the nanoseconds of its second."""
        return self.at.microsecond * 1000 + self.beyond

    @property
    def unix(self) -> int:
        """Give the nanoseconds since 1970."""
        return (self.at - _EPOCH) // timedelta(microseconds=1) * 1000 + self.beyond


@value
class Named:
    """A month or a day of the week: a number of a type of its own, which no number meets."""

    number: int
    name: str
    type: str


@value
class Zone:
    """A time zone."""

    zone: tzinfo


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[Value, Value] | Span | Instant | Named | Zone | None"


class AnyKeyed(dict[Value, Value]):
    """A map whose keys may be anything, as groupBy and fromPairs make it; of the others the keys are texts."""

    @cached_property
    def typed(self) -> Mapping[tuple[type, Value], Value]:
        """What is held by type and key: to a formula 1, 1.0 and true are three keys."""
        return {(type(key), key): item for key, item in self.items()}


class Groups(AnyKeyed):
    """What groupBy makes: under a key that it lacks it has NoList."""


class NoList(list[Value]):
    """A list that was never made: empty, and nil as well. Source: Go, a nil slice."""


def is_nil(item: Value) -> bool:
    """Say whether ``??`` and ``?.`` take a value for nil."""
    return item is None or isinstance(item, NoList)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SMALLEST = -(2**63)


def wrap(number: int) -> int:
    """Fold into 64 bits, as Go's arithmetic does."""
    return number if -(2**63) <= number < 2**63 else (number + 2**63) % 2**64 - 2**63


def to_int(number: float) -> int:
    """Cut a float to a 64-bit integer; what does not fit is the smallest one, as on amd64."""
    if math.isfinite(number) and -(2.0**63) <= number < 2.0**63:
        return int(number)
    return _SMALLEST


def name_of(item: Value) -> str:
    """Name a value's type for a message and for ``type()``."""
    if isinstance(item, Named):
        return item.type
    for kind, name in _NAMES:
        if isinstance(item, kind):
            return name
    return "nil"


_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (list, "array"),
    (dict, "map"),
    (Span, "time.Duration"),
    (Instant, "time.Time"),
    (Zone, "time.Location"),
)


def is_number(item: Value) -> bool:
    """Say whether it is an int or a float; a bool is neither."""
    return isinstance(item, (int, float)) and not isinstance(item, bool)


def equal(left: Value, right: Value, depth: int = 0) -> bool:
    """Compare by value; numbers of both sorts compare, other types only with their own. Source: runtime.Equal."""
    if depth > MAX_DEPTH:
        raise FormulaError("lists nested too deep to compare")
    if type(left) is type(right) and not isinstance(left, (list, dict)):
        return left == right
    if is_number(left) and is_number(right):
        return float(left) == float(right)  # type: ignore[arg-type]
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b, depth + 1) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return _alike(left, right, depth)
    return is_nil(left) and is_nil(right)


def _alike(left: Value, right: Value, depth: int) -> bool:
    """Compare what maps hold: there a whole number is not a float. Source: runtime.Equal, reflect.DeepEqual."""
    if depth > MAX_DEPTH:
        raise FormulaError("maps nested too deep to compare")
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_alike(left[key], right[key], depth + 1) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(_alike(a, b, depth + 1) for a, b in zip(left, right, strict=True))
    return left == right


_SPAN_UNITS: tuple[tuple[int, str], ...] = ((10**3, "µs"), (10**6, "ms"), (10**9, "s"))


def show_span(span: Span) -> str:
    """Write a duration as Go does (``1h30m0s``, ``1.5ms``)."""
    sign, left = ("-" if span.nanoseconds < 0 else ""), abs(span.nanoseconds)
    if left == 0:
        return "0s"
    if left < 10**9:
        size, unit = max((u for u in ((1, "ns"), *_SPAN_UNITS) if u[0] <= left), key=lambda u: u[0])
        return f"{sign}{_fraction(left, size)}{unit}"
    minutes, rest = divmod(left, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    head = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "")
    return f"{sign}{head}{_fraction(rest, 10**9)}s"


def _fraction(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    digits = f"{rest:0{len(str(unit)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


Env: TypeAlias = Mapping[str, Value]
