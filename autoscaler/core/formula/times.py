"""The built-ins on instants and durations; ``now()`` is the observation's wall time. Source: expr-lang builtin.go.

A time zone is looked up in the system's zone data; nothing else is touched.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autoscaler.core.formula.layouts import Unreadable, parse_instant
from autoscaler.core.formula.predicates import Evaluator
from autoscaler.core.formula.prices import LAYOUT
from autoscaler.core.formula.values import FormulaError, Instant, Span, Value, Zone, name_of
from autoscaler.model.gotext import parse_duration

Function = Callable[..., Value]

_DEFAULT_LAYOUTS = (
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
)


def _now(machine: Evaluator, zone: Value = None) -> Value:
    if zone is None:
        return machine.now
    return moved_to(machine.now, zone)


def moved_to(instant: Instant, zone: Value) -> Instant:
    """Give the same instant as another zone's clock shows it."""
    try:
        return Instant(at=instant.at.astimezone(zone_of(zone)), beyond=instant.beyond)
    except OverflowError as error:
        raise FormulaError("that instant is out of range") from error


def zone_of(item: Value) -> tzinfo:
    """Take a time zone as it is."""
    if isinstance(item, Zone):
        return item.zone
    raise FormulaError(f"a time zone is needed, found {name_of(item)}")


_LOOK_UP = 100
"""Steps that a time zone or the reading of an instant costs; one layout tried costs as many."""


def _duration(machine: Evaluator, item: Value) -> Value:
    if isinstance(item, str) and (nanoseconds := parse_duration(item)) is not None:
        return Span(nanoseconds=nanoseconds)
    raise FormulaError("duration needs a text such as 1h30m")


def _timezone(machine: Evaluator, item: Value) -> Value:
    machine.spend(_LOOK_UP)
    return Zone(zone=_zone(item))


def _zone(item: Value) -> tzinfo:
    try:
        if isinstance(item, str) and len(item) < 64:
            return UTC if item in ("", "UTC", "Local") else ZoneInfo(item)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise FormulaError("that is no time zone's name")


def _date(machine: Evaluator, *items: Value) -> Value:
    """Read an instant: an optional zone, the text, an optional layout, an optional zone's name."""
    zone: tzinfo = UTC
    if items and isinstance(items[0], Zone):
        zone, items = items[0].zone, items[1:]
    if not items or len(items) > 3 or not all(isinstance(item, str) for item in items):
        raise FormulaError("date needs a text, and perhaps a layout and a zone")
    text, *rest = (str(item) for item in items)
    layouts = (rest[0],) if rest else _DEFAULT_LAYOUTS
    machine.spend(_LOOK_UP * len(layouts) + LAYOUT * sum(map(len, rest[:1])))
    return _read(text, layouts, _zone(rest[1]) if len(rest) > 1 else zone)


def _read(text: str, layouts: tuple[str, ...], zone: tzinfo) -> Instant:
    if len(text) < 128 and all(len(layout) < 128 for layout in layouts):
        for layout in layouts:
            try:
                return parse_instant(text, layout, zone)
            except Unreadable:
                continue
    raise FormulaError("date cannot read that text")


FUNCTIONS: Mapping[str, Function] = {
    "now": _now,
    "duration": _duration,
    "date": _date,
    "timezone": _timezone,
}
"""The built-ins on time."""
