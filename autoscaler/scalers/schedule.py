"""Cron schedules as KEDA reads and follows them. Source: robfig/cron v3, parser.go and spec.go.

No library does the same on the days when clocks change: a time that is skipped is not made up for, and one that comes
twice fires twice.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autoscaler.model.gotext import BLANKS
from autoscaler.model.value import value
from autoscaler.scalers.literals import trim

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_INTEGER = re.compile(r"\+?[0-9]{1,64}")
_BLANKS = re.compile(rf"[{BLANKS}]+")
_LOCAL = "Local"
"""Go's word for the zone of the machine, which in KEDA's image is UTC."""
_YEARS = 5
"""How many years ahead a schedule is followed; what has not fired by then never does."""


@value
class Field:
    """One field: the values it allows, and whether it was a star (which makes days of month and week meet)."""

    allowed: frozenset[int]
    star: bool = False


@value
class Schedule:
    """Five fields, and the zone that a ``TZ=`` prefix names, None without one."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    zone: str | None = None


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """Look a time zone up; None where there is none of that name."""
    try:
        return ZoneInfo("UTC" if name == _LOCAL else name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def parse_schedule(text: str) -> Schedule | None:
    """Read minute, hour, day of month, month and day of week; None where KEDA refuses."""
    zone: str | None = None
    if text.startswith(("TZ=", "CRON_TZ=")):
        prefix, blank, text = text.partition(" ")
        zone = prefix.partition("=")[2]
        if not blank or find_zone(zone or "UTC") is None:
            return None
        zone = None if zone == _LOCAL else zone
    parts = _BLANKS.split(trim(text))
    if len(parts) != 5:
        return None
    fields = [_field(part, *limits) for part, limits in zip(parts, _LIMITS, strict=True)]
    known = [field for field in fields if field is not None]
    if len(known) < 5:
        return None
    minute, hour, day, month, weekday = known
    return Schedule(minute=minute, hour=hour, day=day, month=month, weekday=weekday, zone=zone)


_LIMITS: tuple[tuple[int, int, Mapping[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: place + 1 for place, name in enumerate(_MONTHS)}),
    (0, 6, {name: place for place, name in enumerate(_DAYS)}),
)


def _field(text: str, low: int, high: int, names: Mapping[str, int]) -> Field | None:
    allowed: set[int] = set()
    star = False
    for part in filter(None, text.split(",")):
        found = _range(part, low, high, names)
        if found is None:
            return None
        allowed |= found.allowed
        star = star or found.star
    return Field(allowed=frozenset(allowed), star=star)


def _range(text: str, low: int, high: int, names: Mapping[str, int]) -> Field | None:
    span, *steps = text.split("/")
    first, *last = span.split("-")
    star = first in ("*", "?")
    start = low if star else _number(first, names)
    end = high if star or (steps and not last) else _number((last or [first])[0], names)
    step = _number(steps[0], {}) if steps else 1
    if start is None or end is None or not step or len(steps) > 1 or (len(last) > 1 and not star):
        return None
    if start < low or end > high or start > end:
        return None
    return Field(allowed=frozenset(range(start, end + 1, step)), star=star and step == 1)


def _number(text: str, names: Mapping[str, int]) -> int | None:
    if text.lower() in names:
        return names[text.lower()]
    return int(text) if _INTEGER.fullmatch(text) else None


def next_firing(schedule: Schedule, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Give the first firing after ``at``, in UTC; None where none comes within five years."""
    own = find_zone(schedule.zone or "UTC") if schedule.zone is not None else zone
    return _next(schedule, own or zone, at.astimezone(UTC).replace(second=0, microsecond=0))


@lru_cache(maxsize=4096)
def _next(schedule: Schedule, zone: ZoneInfo, minute: datetime) -> datetime | None:
    """Answer for any instant of one minute: firings lie on whole minutes."""
    if not all(field.allowed for field in (schedule.minute, schedule.hour, schedule.month)):
        return None
    moment = _Moment(zone, minute + timedelta(minutes=1))
    last_year = moment.local.year + _YEARS
    while moment.local.year <= last_year:
        if _reach(schedule, moment):
            return moment.at
    return None


class _Moment:
    """An instant that is moved, and how the zone shows it."""

    def __init__(self, zone: ZoneInfo, at: datetime) -> None:
        self.zone = zone
        self.put(at)
        self.cut = False

    def put(self, at: datetime) -> None:
        self.at = at
        self.local = at.astimezone(self.zone)

    def add(self, delta: timedelta) -> None:
        self.put(self.at + delta)

    def show(self, **fields: int) -> None:
        """Set what the zone shows. Source: Go time.Date, also for what a zone shows twice or never."""
        self.place(self.local.replace(tzinfo=None, fold=0, **fields))

    def place(self, shown: datetime) -> None:
        guess = shown.replace(tzinfo=UTC)
        offset = guess.astimezone(self.zone).utcoffset() or timedelta(0)
        if offset:
            offset = (guess - offset).astimezone(self.zone).utcoffset() or timedelta(0)
        self.put(guess - offset)

    def cut_once(self, **fields: int) -> None:
        """Go back to the start of the unit, the first time anything is moved."""
        if not self.cut:
            self.cut = True
            self.show(**fields)


def _reach(schedule: Schedule, moment: _Moment) -> bool:
    """Move on until every field fits; False where a larger unit began and all must be looked at again."""
    return (
        _reach_month(schedule, moment)
        and _reach_day(schedule, moment)
        and _reach_hour(schedule, moment)
        and _reach_minute(schedule, moment)
    )


def _reach_month(schedule: Schedule, moment: _Moment) -> bool:
    while moment.local.month not in schedule.month.allowed:
        moment.cut_once(day=1, hour=0, minute=0)
        year, month = divmod(moment.local.month, 12)
        moment.show(year=moment.local.year + year, month=month + 1)
        if moment.local.month == 1:
            return False
    return True


def _reach_day(schedule: Schedule, moment: _Moment) -> bool:
    while not _fits(schedule, moment.local):
        moment.cut_once(hour=0, minute=0)
        moment.place(moment.local.replace(tzinfo=None, fold=0) + timedelta(days=1))
        if hour := moment.local.hour:
            moment.add(timedelta(hours=24 - hour if hour > 12 else -hour))
        if moment.local.day == 1:
            return False
    return True


def _reach_hour(schedule: Schedule, moment: _Moment) -> bool:
    while moment.local.hour not in schedule.hour.allowed:
        moment.cut_once(minute=0)
        moment.add(timedelta(hours=1))
        if moment.local.hour == 0:
            return False
    return True


def _reach_minute(schedule: Schedule, moment: _Moment) -> bool:
    while moment.local.minute not in schedule.minute.allowed:
        moment.cut = True
        moment.add(timedelta(minutes=1))
        if moment.local.minute == 0:
            return False
    return True


def _fits(schedule: Schedule, shown: datetime) -> bool:
    """Both days must fit where one of them is a star, else either."""
    by_month, by_week = shown.day in schedule.day.allowed, shown.isoweekday() % 7 in schedule.weekday.allowed
    if schedule.day.star or schedule.weekday.star:
        return by_month and by_week
    return by_month or by_week
