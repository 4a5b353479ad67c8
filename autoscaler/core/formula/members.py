"""The methods that instants and durations have: a table, so that no attribute of a Python object is ever reached."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from autoscaler.core.formula.operators import add, less, subtract, whole
from autoscaler.core.formula.times import to_strptime, zone_of
from autoscaler.core.formula.values import FormulaError, Instant, Span, Value, name_of, show
from autoscaler.model.value import value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@value
class Member:
    """A method: the name of the type it gives, how many arguments it takes, and how it is done."""

    gives: str
    takes: int
    run: Callable[..., Value]


def _int(run: Callable[..., Value], takes: int = 0) -> Member:
    return Member(gives="int", takes=takes, run=run)


def _float(run: Callable[..., Value]) -> Member:
    return Member(gives="float", takes=0, run=run)


def _unix(unit: int) -> Member:
    """Count units of so many nanoseconds since 1970."""
    return _int(lambda base: (base.at - _EPOCH) // timedelta(microseconds=1) * 1000 // unit)


def _per(unit: int) -> Member:
    return _float(lambda base: base.nanoseconds / unit)


def _format(base: Instant, layout: Value) -> Value:
    if not isinstance(layout, str) or len(layout) > 128:
        raise FormulaError("Format needs a layout such as 2006-01-02")
    return base.at.strftime(to_strptime(layout))


def _add_date(base: Instant, years: Value, months: Value, days: Value) -> Value:
    count = base.at.year * 12 + base.at.month - 1 + 12 * whole(years, "years") + whole(months, "months")
    try:
        first = base.at.replace(year=count // 12, month=count % 12 + 1, day=1)
        return Instant(at=first + timedelta(days=base.at.day - 1 + whole(days, "days")))
    except (OverflowError, ValueError) as error:
        raise FormulaError("that instant is out of range") from error


def _multiple(base: Span, unit: Value) -> int:
    if not isinstance(unit, Span):
        raise FormulaError(f"a duration is needed, found {name_of(unit)}")
    return unit.nanoseconds


def _truncate(base: Span, unit: Value) -> Value:
    size = _multiple(base, unit)
    return base if size <= 0 else Span(nanoseconds=base.nanoseconds - (abs(base.nanoseconds) % size) * _sign(base))


def _round(base: Span, unit: Value) -> Value:
    size = _multiple(base, unit)
    if size <= 0:
        return base
    return Span(nanoseconds=(abs(base.nanoseconds) + size // 2) // size * size * _sign(base))


def _sign(span: Span) -> int:
    return -1 if span.nanoseconds < 0 else 1


_INSTANT: Mapping[str, Member] = {
    "Year": _int(lambda base: base.at.year),
    "Month": _int(lambda base: base.at.month),
    "Day": _int(lambda base: base.at.day),
    "Hour": _int(lambda base: base.at.hour),
    "Minute": _int(lambda base: base.at.minute),
    "Second": _int(lambda base: base.at.second),
    "Nanosecond": _int(lambda base: base.at.microsecond * 1000),
    "Weekday": _int(lambda base: base.at.isoweekday() % 7),
    "YearDay": _int(lambda base: base.at.timetuple().tm_yday),
    "Unix": _unix(10**9),
    "UnixMilli": _unix(10**6),
    "UnixMicro": _unix(10**3),
    "UnixNano": _unix(1),
    "Add": Member(gives="time.Time", takes=1, run=add),
    "Sub": Member(gives="time.Duration", takes=1, run=subtract),
    "AddDate": Member(gives="time.Time", takes=3, run=_add_date),
    "Before": Member(gives="bool", takes=1, run=less),
    "After": Member(gives="bool", takes=1, run=lambda base, other: less(other, base)),
    "Equal": Member(gives="bool", takes=1, run=lambda base, other: not less(base, other) and not less(other, base)),
    "Compare": _int(lambda base, other: int(less(other, base)) - int(less(base, other)), 1),
    "In": Member(gives="time.Time", takes=1, run=lambda base, zone: Instant(at=base.at.astimezone(zone_of(zone)))),
    "UTC": Member(gives="time.Time", takes=0, run=lambda base: Instant(at=base.at.astimezone(UTC))),
    "Format": Member(gives="string", takes=1, run=_format),
    "String": Member(gives="string", takes=0, run=show),
}
_SPAN: Mapping[str, Member] = {
    "Hours": _per(3600 * 10**9),
    "Minutes": _per(60 * 10**9),
    "Seconds": _per(10**9),
    "Milliseconds": _int(lambda base: int(base.nanoseconds / 10**6)),
    "Microseconds": _int(lambda base: int(base.nanoseconds / 10**3)),
    "Nanoseconds": _int(lambda base: base.nanoseconds),
    "Abs": Member(gives="time.Duration", takes=0, run=lambda base: Span(nanoseconds=abs(base.nanoseconds))),
    "Truncate": Member(gives="time.Duration", takes=1, run=_truncate),
    "Round": Member(gives="time.Duration", takes=1, run=_round),
    "String": Member(gives="string", takes=0, run=show),
}
_ZONE: Mapping[str, Member] = {"String": Member(gives="string", takes=0, run=show)}

MEMBERS: Mapping[str, Mapping[str, Member]] = {
    "time.Time": _INSTANT,
    "time.Duration": _SPAN,
    "time.Location": _ZONE,
}
"""Methods by the name of the type that has them."""


def call_member(base: Value, name: str, arguments: list[Value]) -> Value:
    """Call a method of an instant, a duration or a zone."""
    member = MEMBERS.get(name_of(base), {}).get(name)
    if member is None:
        raise FormulaError(f"{name_of(base)} has no method {name}")
    if len(arguments) != member.takes:
        raise FormulaError(f"{name} takes {member.takes} arguments, found {len(arguments)}")
    return member.run(base, *arguments)
