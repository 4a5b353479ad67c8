"""Whose turn it is, what is asked together, and what came back."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget, Source
from autoscaler.model.observation import Measurement, ScaleStatus, Slot, Unreadable
from autoscaler.model.value import value


@value
class Turn:
    """One object's next tick. ``asks`` are the indices of the triggers to ask; the others keep their cached sample.

    ``awake`` is False where the last tick left the object at zero or resting at its idle count.
    """

    obj: ScaledObject
    at: datetime
    slots: frozenset[Slot]
    asks: tuple[int, ...]
    awake: bool = True


@value
class Cohort:
    """Turns that share an instant and their sources.

    ``recalls`` are the sources that should show their history, and of which moment; empty but after a short outage.
    """

    at: datetime
    wall: datetime
    turns: tuple[Turn, ...]
    recalls: Mapping[Source, datetime] = field(default_factory=lambda: MappingProxyType({}))


class Reply(Enum):
    """What became of one trigger's question, as a source guard sees it."""

    DATA = "data"
    EMPTY = "empty"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"


@value
class Heard:
    """One trigger's reply from a source."""

    key: ObjectKey
    trigger: int
    reply: Reply


@value
class Probe:
    """The answer of the source's probe: ``up`` and ``count`` of targets; both None when the answer was empty."""

    up: float | None
    count: float | None


@value
class Kept:
    """What a source shows of its history: how many targets it holds there; None when none, or when it did not tell."""

    asked_at: datetime
    count: float | None


@value
class Report:
    """The facts of asking one source once.

    ``failures`` of ``requests`` got no usable HTTP answer; ``by_kind`` counts them by MissingReason's value, and
    ``failure`` says of the last one what was wrong, for people: clean, and without the server's own words.
    ``probe`` is None when none was sent or none came back; ``kept`` when no history was asked for.
    """

    source: Source
    at: datetime
    requests: int
    failures: int
    took: timedelta
    heard: tuple[Heard, ...] = ()
    by_kind: tuple[tuple[str, int], ...] = ()
    failure: str = ""
    probe: Probe | None = None
    kept: Kept | None = None


@value
class Samples:
    """What a cohort measured: by object, one entry per trigger that was asked, in the order of ``Turn.asks``."""

    by_object: Mapping[ObjectKey, tuple[Measurement, ...]]
    reports: tuple[Report, ...] = ()


Scales: TypeAlias = Mapping[ScaleTarget, ScaleStatus | Unreadable]
