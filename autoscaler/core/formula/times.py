"""The built-ins on instants and durations; ``now()`` is the observation's wall time. Source: expr-lang builtin.go.

A time zone is looked up in the system's zone data; nothing else is touched.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autoscaler.core.formula.predicates import Evaluator
from autoscaler.core.formula.values import FormulaError, Instant, Span, Value, Zone, name_of

Function = Callable[..., Value]

_UNITS: Mapping[str, int] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]{0,18})(?:\.([0-9]{0,18}))?(ns|us|µs|μs|ms|s|m|h)")
_LAYOUT = re.compile(r"2006|01|02|_2|15|03|04|05|06|January|Jan|Monday|Mon|MST|Z07:00|-0700|-07:00|PM|\.0+|\.9+|%")
_STRPTIME: Mapping[str, str] = {
    "2006": "%Y",
    "01": "%m",
    "02": "%d",
    "_2": "%d",
    "15": "%H",
    "03": "%I",
    "04": "%M",
    "05": "%S",
    "06": "%y",
    "January": "%B",
    "Jan": "%b",
    "Monday": "%A",
    "Mon": "%a",
    "MST": "%Z",
    "PM": "%p",
    "%": "%%",
    "Z07:00": "%z",
    "-0700": "%z",
    "-07:00": "%z",
}
_DEFAULT_LAYOUTS = (
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02T15:04:05.000Z07:00",
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
)


def parse_span(text: str) -> Span | None:
    """Read a duration as Go's time.ParseDuration does; None where that is an error."""
    body = text[1:] if text[:1] in ("+", "-") else text
    parts, end = 0, 0
    for part in _PART.finditer(body):
        if part.start() != end or not (part[1] or part[2]):
            return None
        parts += _nanoseconds(part)
        end = part.end()
    if end != len(body) or (not body) or parts >= 2**63:
        return Span(nanoseconds=0) if body == "0" else None
    return Span(nanoseconds=-parts if text[0] == "-" else parts)


def _nanoseconds(part: re.Match[str]) -> int:
    unit, fraction = _UNITS[part[3]], part[2] or ""
    return int(part[1] or "0") * unit + int(fraction or "0") * unit // int("1" + "0" * len(fraction))


def to_strptime(layout: str) -> str:
    """Turn a layout of Go's (``2006-01-02``) into Python's."""
    return _LAYOUT.sub(lambda match: _STRPTIME.get(match[0], ".%f"), layout)


def _now(machine: Evaluator, zone: Value = None) -> Value:
    if zone is None:
        return machine.now
    return Instant(at=machine.now.at.astimezone(zone_of(zone)))


def zone_of(item: Value) -> tzinfo:
    """Take a time zone as it is."""
    if isinstance(item, Zone):
        return item.zone
    raise FormulaError(f"a time zone is needed, found {name_of(item)}")


_LOOK_UP = 100
"""Steps that a time zone or the reading of an instant costs; one layout tried costs as many."""


def _duration(machine: Evaluator, item: Value) -> Value:
    if isinstance(item, str) and len(item) < 256 and (span := parse_span(item)) is not None:
        return span
    raise FormulaError("duration needs a text such as 1h30m")


def _timezone(machine: Evaluator, item: Value) -> Value:
    machine.spend(_LOOK_UP)
    return Zone(zone=_zone(item))


def _zone(item: Value) -> tzinfo:
    try:
        if isinstance(item, str) and len(item) < 64:
            return UTC if item in ("", "UTC") else ZoneInfo(item)
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
    machine.spend(_LOOK_UP * len(layouts))
    return Instant(at=_read(text, layouts, _zone(rest[1]) if len(rest) > 1 else zone))


def _read(text: str, layouts: tuple[str, ...], zone: tzinfo) -> datetime:
    if len(text) < 128 and all(len(layout) < 128 for layout in layouts):
        for layout in layouts:
            try:
                found = datetime.strptime(text, to_strptime(layout))
            except (ValueError, re.error):
                continue
            return found.replace(tzinfo=zone) if found.tzinfo is None else found
    raise FormulaError("date cannot read that text")


FUNCTIONS: Mapping[str, Function] = {
    "now": _now,
    "duration": _duration,
    "date": _date,
    "timezone": _timezone,
}
"""The built-ins on time."""
