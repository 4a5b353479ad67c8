"""The methods that instants and durations have: a table, so that no attribute of a Python object is ever reached."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from autoscaler.core.formula.layouts import day_name, format_instant, month_name, zone_name
from autoscaler.core.formula.operators import add, less, subtract, whole
from autoscaler.core.formula.show import show
from autoscaler.core.formula.times import moved_to
from autoscaler.core.formula.values import FormulaError, Instant, Named, Span, Value, Zone, name_of
from autoscaler.model.value import value


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


def _bool(run: Callable[..., Value], takes: int = 0) -> Member:
    return Member(gives="bool", takes=takes, run=run)


def _instant(run: Callable[..., Value], takes: int = 0) -> Member:
    return Member(gives="time.Time", takes=takes, run=run)


def _unix(unit: int) -> Member:
    """Count units of so many nanoseconds since 1970."""
    return _int(lambda base: base.unix // unit)


def _per(unit: int) -> Member:
    """Count units as a float: whole ones and the rest apart, as Go's time does."""
    return _float(lambda base: _cut(base.nanoseconds, unit) + math.fmod(base.nanoseconds, unit) / unit)


def _cut(nanoseconds: int, unit: int) -> int:
    return nanoseconds // unit if nanoseconds >= 0 else -(-nanoseconds // unit)


def _cut_to(unit: int) -> Member:
    return _int(lambda base: _cut(base.nanoseconds, unit))


def _format(base: Instant, layout: Value) -> Value:
    if not isinstance(layout, str) or len(layout) > 128:
        raise FormulaError("Format needs a layout such as 2006-01-02")
    return format_instant(base, layout)


_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)


def _stepped(base: Instant, unit: Value, *, half: bool) -> Value:
    """Cut an instant to a multiple of a duration since the year 1, or round it up from half of one."""
    size = _multiple(unit)
    if size <= 0:
        return base
    rest = ((base.at - _YEAR_ONE) // timedelta(microseconds=1) * 1000 + base.beyond) % size
    return add(base, Span(nanoseconds=size - rest if half and 2 * rest >= size else -rest))


def _zone_at(base: Instant) -> Value:
    return Zone(zone=base.at.tzinfo or UTC)


def _month(at: datetime) -> Value:
    return Named(number=at.month, name=month_name(at.month), type="time.Month")


def _weekday(at: datetime) -> Value:
    number = at.isoweekday() % 7
    return Named(number=number, name=day_name(number), type="time.Weekday")


def _add_date(base: Instant, years: Value, months: Value, days: Value) -> Value:
    count = base.at.year * 12 + base.at.month - 1 + 12 * whole(years, "years") + whole(months, "months")
    try:
        first = base.at.replace(year=count // 12, month=count % 12 + 1, day=1)
        return Instant(at=first + timedelta(days=base.at.day - 1 + whole(days, "days")), beyond=base.beyond)
    except (OverflowError, ValueError) as error:
        raise FormulaError("that instant is out of range") from error


def _multiple(unit: Value) -> int:
    if not isinstance(unit, Span):
        raise FormulaError(f"a duration is needed, found {name_of(unit)}")
    return unit.nanoseconds


def _truncated(base: Span, unit: Value) -> Value:
    size = _multiple(unit)
    return base if size <= 0 else Span(nanoseconds=base.nanoseconds - (abs(base.nanoseconds) % size) * _sign(base))


def _rounded(base: Span, unit: Value) -> Value:
    size = _multiple(unit)
    if size <= 0:
        return base
    return Span(nanoseconds=(abs(base.nanoseconds) + size // 2) // size * size * _sign(base))


def _sign(span: Span) -> int:
    return -1 if span.nanoseconds < 0 else 1


_INSTANT: Mapping[str, Member] = {
    "Year": _int(lambda base: base.at.year),
    "Month": Member(gives="time.Month", takes=0, run=lambda base: _month(base.at)),
    "Day": _int(lambda base: base.at.day),
    "Hour": _int(lambda base: base.at.hour),
    "Minute": _int(lambda base: base.at.minute),
    "Second": _int(lambda base: base.at.second),
    "Nanosecond": _int(lambda base: base.nanosecond),
    "Weekday": Member(gives="time.Weekday", takes=0, run=lambda base: _weekday(base.at)),
    "ISOWeek": _int(lambda base: base.at.isocalendar()[0]),
    "YearDay": _int(lambda base: base.at.timetuple().tm_yday),
    "Unix": _unix(10**9),
    "UnixMilli": _unix(10**6),
    "UnixMicro": _unix(10**3),
    "UnixNano": _unix(1),
    "Add": _instant(add, 1),
    "Sub": Member(gives="time.Duration", takes=1, run=subtract),
    "AddDate": _instant(_add_date, 3),
    "Truncate": _instant(lambda base, unit: _stepped(base, unit, half=False), 1),
    "Round": _instant(lambda base, unit: _stepped(base, unit, half=True), 1),
    "Before": _bool(less, 1),
    "After": _bool(lambda base, other: less(other, base), 1),
    "Equal": _bool(lambda base, other: not less(base, other) and not less(other, base), 1),
    "IsZero": _bool(lambda base: base.at == _YEAR_ONE and not base.beyond),
    "IsDST": _bool(lambda base: bool(base.at.dst())),
    "Compare": _int(lambda base, other: int(less(other, base)) - int(less(base, other)), 1),
    "In": _instant(moved_to, 1),
    "UTC": _instant(lambda base: moved_to(base, Zone(zone=UTC))),
    "Local": _instant(lambda base: moved_to(base, Zone(zone=UTC))),
    "Location": Member(gives="time.Location", takes=0, run=_zone_at),
    "Zone": Member(gives="string", takes=0, run=lambda base: zone_name(base.at)),
    "Format": Member(gives="string", takes=1, run=_format),
    "String": Member(gives="string", takes=0, run=show),
}
_SPAN: Mapping[str, Member] = {
    "Hours": _per(3600 * 10**9),
    "Minutes": _per(60 * 10**9),
    "Seconds": _per(10**9),
    "Milliseconds": _cut_to(10**6),
    "Microseconds": _cut_to(10**3),
    "Nanoseconds": _int(lambda base: base.nanoseconds),
    "Abs": Member(gives="time.Duration", takes=0, run=lambda base: Span(nanoseconds=abs(base.nanoseconds))),
    "Truncate": Member(gives="time.Duration", takes=1, run=_truncated),
    "Round": Member(gives="time.Duration", takes=1, run=_rounded),
    "String": Member(gives="string", takes=0, run=show),
}
_SHOWN: Mapping[str, Member] = {"String": Member(gives="string", takes=0, run=show)}

MEMBERS: Mapping[str, Mapping[str, Member]] = {
    "time.Time": _INSTANT,
    "time.Duration": _SPAN,
    "time.Location": _SHOWN,
    "time.Month": _SHOWN,
    "time.Weekday": _SHOWN,
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
