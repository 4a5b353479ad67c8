"""What happened in one tick of one object, and in one round of one cohort: all that sinks ever see."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from autoscaler.model.decision import Decision
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject, Source
from autoscaler.model.observation import Observation, Unreadable
from autoscaler.model.source import SourceState
from autoscaler.model.turn import Report
from autoscaler.model.value import value


@value
class Applied:
    """The write was accepted. ``at`` is the instant of the slot (D39), ``took`` the duration of the write."""

    at: datetime
    resource_version: str
    took: timedelta


@value
class Unneeded:
    """Desired equals current."""


@value
class Withheld:
    """The actuator may not write: dry run."""

    why: str


@value
class Superseded:
    """The world or the fence moved on before the write left; ``found`` is the other writer's count, if any."""

    why: str
    found: int | None = None


@value
class Failed:
    """The write was refused."""

    why: str
    status: int | None = None


@value
class Unknown:
    """No answer in time: applied or not is settled by the next read."""

    why: str


Outcome: TypeAlias = Applied | Unneeded | Withheld | Superseded | Failed | Unknown


@value
class Decided:
    """One object's tick, whole: what replay needs and what people are shown."""

    obj: ScaledObject
    memory: Memory
    seen: Observation
    decision: Decision
    outcome: Outcome
    lateness: timedelta = timedelta(0)
    took: timedelta = timedelta(0)


@value
class Unobserved:
    """The scale could not be read; memory stays."""

    obj: ScaledObject
    memory: Memory
    at: datetime
    why: Unreadable


@value
class Broken:
    """A bug of ours ended this object's tick; memory stays."""

    obj: ScaledObject
    memory: Memory
    at: datetime
    traceback: str


Record: TypeAlias = Decided | Unobserved | Broken


@value
class Round:
    """The records of one cohort and the facts of its measuring."""

    at: datetime
    records: tuple[Record, ...]
    reports: tuple[Report, ...] = ()
    sources: Mapping[Source, SourceState]
