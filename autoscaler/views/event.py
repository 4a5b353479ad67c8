"""What a log line is made of, and what the log has said of an object already."""

from collections.abc import Mapping
from enum import Enum

from autoscaler.model.objects import ObjectKey
from autoscaler.model.value import value


class Level(Enum):
    """How much an event wants to be read."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@value
class Event:
    """One line: a constant verb and its fields."""

    level: Level
    verb: str
    fields: Mapping[str, object]


@value
class Standing:
    """What the log has said of one object and need not say again.

    ``wish`` is the count that a dry run would write and from which, ``failure`` why the last write failed,
    ``unreadable`` why the scale cannot be read; None where there is no such thing. ``missing`` maps a trigger's metric
    to the reason; ``formula`` is whether the formula fails by itself; ``holds`` are the guards' words that keep it from
    falling, said from where they first mattered until they end. ``paused`` are the annotations that pause it,
    ``fallback`` the metrics that fallback stands in for. ``rival`` is the HPA that scales the same target,
    ``contested`` whether others undo our writes.
    """

    wish: tuple[int, int] | None = None
    failure: str | None = None
    unreadable: str | None = None
    missing: Mapping[str, str]
    formula: bool = False
    holds: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    fallback: frozenset[str] = frozenset()
    rival: str | None = None
    contested: bool = False


NOTHING_SAID = Standing(missing={})


def about(key: ObjectKey) -> dict[str, object]:
    """Give the field that names the object a line is about."""
    return {"object": str(key)}


def event(level: Level, verb: str, subject: Mapping[str, object], **fields: object) -> Event:
    """Make a line."""
    return Event(level=level, verb=verb, fields={**subject, **fields})
