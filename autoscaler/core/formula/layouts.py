"""Go's layouts of instants (``2006-01-02 15:04:05``): written and read as Go's time does. Source: Go time/format.go."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from autoscaler.core.formula.values import Instant

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm"
    r"|[-Z]07(?:0000|:00:00|00|:00)?|[.,](?:0+|9+)(?![0-9])"
)
_ZONE_NAME = re.compile(
    r"UTC|ChST|MeST|GMT(?:[+-](?:[0-9]|1[0-9]|2[0-3])(?![0-9]))?|[+-][0-9]{1,2}|(?:[A-Z]{3}T?|WITA|[A-Z]{4}T)(?![A-Z])"
)

Written = Callable[[Instant], str]


def month_name(number: int) -> str:
    """Name a month, 1 to 12."""
    return _MONTHS[number - 1]


def day_name(number: int) -> str:
    """Name a day of the week, 0 for Sunday."""
    return _DAYS[number]


def format_instant(instant: Instant, layout: str) -> str:
    """Write an instant by a layout."""
    return _CHUNK.sub(lambda match: _written(instant, match[0]), layout)


def plain_instant(instant: Instant) -> str:
    """Write an instant as Go's String does: ``2006-01-02 15:04:05.999999999 -0700 MST``."""
    if instant.at.tzinfo is UTC:
        return f"{_clock(instant, ' ')} +0000 UTC"
    return f"{_clock(instant, ' ')} {_offset(instant.at, '-0700')} {zone_name(instant.at)}"


def rfc3339_instant(instant: Instant) -> str:
    """Write an instant as JSON holds it: ``2006-01-02T15:04:05.999999999Z07:00``."""
    return _clock(instant, "T") + _offset(instant.at, "Z07:00")


def _clock(instant: Instant, between: str) -> str:
    at = instant.at.replace(tzinfo=None, microsecond=0)
    return at.isoformat(between) + (_fraction(instant, ".999999999") if instant.nanosecond else "")


def _written(instant: Instant, chunk: str) -> str:
    if chunk[0] in ".,":
        return _fraction(instant, chunk)
    if chunk[0] in "-Z":
        return _offset(instant.at, chunk)
    return _WRITTEN[chunk](instant)


def zone_name(at: datetime) -> str:
    """Name the zone as Go does: an offset that has no name stands for itself."""
    name = at.tzname() or ""
    if isinstance(at.tzinfo, timezone) and at.tzinfo is not UTC and name.startswith("UTC"):
        return _offset(at, "-0700")
    return name


def _fraction(instant: Instant, chunk: str) -> str:
    digits = f"{instant.nanosecond:09d}"[: len(chunk) - 1].ljust(len(chunk) - 1, "0")
    digits = digits.rstrip("0") if chunk[1] == "9" else digits
    return chunk[0] + digits if digits else ""


def _offset(at: datetime, chunk: str) -> str:
    offset = int((at.utcoffset() or timedelta()).total_seconds())
    if chunk[0] == "Z" and offset == 0:
        return "Z"
    size, colon = abs(offset), ":" if ":" in chunk else ""
    parts = [f"{size // 3600:02d}", f"{size // 60 % 60:02d}", f"{size % 60:02d}"]
    wanted = len(chunk.replace(":", "")) // 2
    return ("-" if offset < 0 else "+") + colon.join(parts[:wanted])


_WRITTEN: Mapping[str, Written] = {
    "2006": lambda i: f"{i.at.year:04d}",
    "06": lambda i: f"{i.at.year % 100:02d}",
    "January": lambda i: month_name(i.at.month),
    "Jan": lambda i: month_name(i.at.month)[:3],
    "01": lambda i: f"{i.at.month:02d}",
    "1": lambda i: str(i.at.month),
    "Monday": lambda i: day_name(i.at.isoweekday() % 7),
    "Mon": lambda i: day_name(i.at.isoweekday() % 7)[:3],
    "02": lambda i: f"{i.at.day:02d}",
    "_2": lambda i: f"{i.at.day:2d}",
    "2": lambda i: str(i.at.day),
    "002": lambda i: f"{i.at.timetuple().tm_yday:03d}",
    "__2": lambda i: f"{i.at.timetuple().tm_yday:3d}",
    "15": lambda i: f"{i.at.hour:02d}",
    "03": lambda i: f"{i.at.hour % 12 or 12:02d}",
    "3": lambda i: str(i.at.hour % 12 or 12),
    "04": lambda i: f"{i.at.minute:02d}",
    "4": lambda i: str(i.at.minute),
    "05": lambda i: f"{i.at.second:02d}",
    "5": lambda i: str(i.at.second),
    "PM": lambda i: "PM" if i.at.hour >= 12 else "AM",
    "pm": lambda i: "pm" if i.at.hour >= 12 else "am",
    "MST": lambda i: zone_name(i.at),
}


class Unreadable(Exception):  # noqa: N818 - the caller tries the next layout
    """A text that is not of a layout."""


def parse_instant(text: str, layout: str, zone: tzinfo) -> Instant:
    """Read an instant by a layout; ``zone`` holds where the text names none. Raises Unreadable.

    A year that the layout lacks is the first one that Python's calendar has, 1; in Go it is 0.
    """
    reader, end = _Reader(text), 0
    for match in _CHUNK.finditer(layout):
        reader.skip(layout[end : match.start()])
        reader.take(match[0], layout[match.end() :])
        end = match.end()
    reader.skip(layout[end:])
    if reader.rest:
        raise Unreadable
    return reader.instant(zone)


_TWO = re.compile(r"[0-9]{2}")
_ONE_OR_TWO = re.compile(r"[0-9]{1,2}")
_TAKEN: Mapping[str, tuple[str, re.Pattern[str], int, int]] = {
    "01": ("month", _TWO, 1, 12),
    "1": ("month", _ONE_OR_TWO, 1, 12),
    "02": ("day", _TWO, 1, 31),
    "2": ("day", _ONE_OR_TWO, 1, 31),
    "_2": ("day", re.compile(r" ?[0-9]{1,2}"), 1, 31),
    "002": ("yearday", re.compile(r"[0-9]{3}"), 1, 366),
    "__2": ("yearday", re.compile(r" {0,2}[0-9]{1,3}"), 1, 366),
    "15": ("hour", _ONE_OR_TWO, 0, 23),
    "03": ("hour", _TWO, 0, 12),
    "3": ("hour", _ONE_OR_TWO, 0, 12),
    "04": ("minute", _TWO, 0, 59),
    "4": ("minute", _ONE_OR_TWO, 0, 59),
    "05": ("second", _TWO, 0, 59),
    "5": ("second", _ONE_OR_TWO, 0, 59),
    "2006": ("year", re.compile(r"[0-9]{4}"), 0, 9999),
    "06": ("year", _TWO, 0, 99),
}
_HALVES = {"PM": True, "AM": False, "pm": True, "am": False}


class _Reader:
    """Takes a text apart, chunk by chunk."""

    def __init__(self, text: str) -> None:
        self.rest = text
        self.fields: dict[str, int] = {}
        self.nanosecond = 0
        self.afternoon: bool | None = None
        self.offset: int | None = None
        self.zone = ""

    def skip(self, literal: str) -> None:
        """Pass what the layout holds as it is; a blank of it stands for any number of blanks."""
        while literal:
            if literal[0] == " ":
                if self.rest and self.rest[0] != " ":
                    raise Unreadable
                literal, self.rest = literal.lstrip(" "), self.rest.lstrip(" ")
            elif self.rest[:1] == literal[0]:
                literal, self.rest = literal[1:], self.rest[1:]
            else:
                raise Unreadable

    def take(self, chunk: str, following: str) -> None:
        """Take what a chunk of the layout stands for."""
        if chunk in _TAKEN:
            self._number(chunk)
            if chunk in ("05", "5"):
                self._unasked_fraction(following)
        elif chunk[0] in ".,":
            self._fraction(chunk)
        elif chunk[0] in "-Z":
            self._offset(chunk)
        elif chunk == "MST":
            self.zone = self._match(_ZONE_NAME)
            if self.zone == "UTC":
                self.offset = 0
        elif chunk in _HALVES:
            self.afternoon = _HALVES.get(self._match(re.compile("PM|AM" if chunk == "PM" else "pm|am")))
        else:
            self._name(chunk)

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.rest)
        if match is None:
            raise Unreadable
        self.rest = self.rest[match.end() :]
        return match[0]

    def _number(self, chunk: str) -> None:
        name, pattern, least, most = _TAKEN[chunk]
        number = int(self._match(pattern))
        if not least <= number <= most:
            raise Unreadable
        if chunk == "06":
            number += 1900 if number >= 69 else 2000
        self.fields[name] = number

    def _name(self, chunk: str) -> None:
        names = _MONTHS if chunk.startswith("Jan") else _DAYS
        short = len(chunk) == 3
        for place, name in enumerate(names):
            wanted = name[:3] if short else name
            if self.rest[: len(wanted)].lower() == wanted.lower():
                self.rest = self.rest[len(wanted) :]
                if names is _MONTHS:
                    self.fields["month"] = place + 1
                return
        raise Unreadable

    def _unasked_fraction(self, following: str) -> None:
        """Take a fraction after the seconds that the layout does not name."""
        coming = _CHUNK.search(following)
        if coming is None or coming[0][0] not in ".,":
            self._digits(re.match(r"[.,]([0-9]+)", self.rest))

    def _fraction(self, chunk: str) -> None:
        if chunk[1] == "9":
            self._digits(re.match(r"[.,]([0-9]+)", self.rest))
        elif not self._digits(re.match(rf"[.,]([0-9]{{{len(chunk) - 1}}})", self.rest)):
            raise Unreadable

    def _digits(self, match: re.Match[str] | None) -> bool:
        if match is None:
            return False
        self.nanosecond = int(match[1][:9].ljust(9, "0"))
        self.rest = self.rest[match.end() :]
        return True

    def _offset(self, chunk: str) -> None:
        if chunk[0] == "Z" and self.rest[:1] == "Z":
            self.rest, self.offset, self.zone = self.rest[1:], 0, "UTC"
            return
        shape = chunk[1:].replace("07", "([0-9]{2})", 1).replace("00", "([0-9]{2})")
        match = re.match(f"([+-]){shape}", self.rest)
        if match is None:
            raise Unreadable
        hours, minutes, seconds = (int(part) for part in (*match.groups()[1:], "0", "0")[:3])
        if hours > 24 or minutes > 60 or seconds > 60:
            raise Unreadable
        self.rest = self.rest[match.end() :]
        self.offset = (hours * 3600 + minutes * 60 + seconds) * (-1 if match[1] == "-" else 1)

    def instant(self, zone: tzinfo) -> Instant:
        """Put the parts together."""
        fields = self.fields
        hour = fields.get("hour", 0)
        if self.afternoon is not None:
            hour = hour % 12 + (12 if self.afternoon else 0) if hour <= 12 else hour
        year = fields.get("year", 1) or 1
        try:
            at = datetime(year, fields.get("month", 1), fields.get("day", 1), hour, tzinfo=UTC)
            if "yearday" in fields:
                at = datetime(year, 1, 1, hour, tzinfo=UTC) + timedelta(days=fields["yearday"] - 1)
            at = at.replace(minute=fields.get("minute", 0), second=fields.get("second", 0))
            at = self._zoned(at.replace(microsecond=self.nanosecond // 1000), zone)
        except (ValueError, OverflowError) as error:
            raise Unreadable from error
        return Instant(at=at, beyond=self.nanosecond % 1000)

    def _zoned(self, at: datetime, zone: tzinfo) -> datetime:
        if self.zone == "UTC":
            return at
        if self.offset is not None:
            fixed = timezone(timedelta(seconds=self.offset), *([self.zone] if self.zone else []))
            moved = at.replace(tzinfo=fixed)
            local = moved.astimezone(zone)
            alike = local.utcoffset() == moved.utcoffset() and self.zone in ("", local.tzname())
            return local if alike else moved
        if self.zone:
            local = at.replace(tzinfo=zone)
            if local.tzname() == self.zone:
                return local
            hours = int(self.zone[3:]) if re.fullmatch(r"GMT[+-][0-9]+", self.zone) else 0
            return at.replace(tzinfo=timezone(timedelta(hours=hours), self.zone))
        return at.replace(tzinfo=zone)
