"""An outside in memory for the loop: what a test sets is what it measures, reads and writes."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from autoscaler.core.cadence import at_once
from autoscaler.core.signs import GuardSettings
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.tick import Ports
from autoscaler.model.objects import ScaledObject, ScaleTarget
from autoscaler.model.observation import ScaleStatus, Unreadable
from autoscaler.model.record import Applied, Decided, Outcome, Round
from autoscaler.model.saved import Saved
from autoscaler.model.turn import Cohort, Heard, Reply, Report, Samples, Scales
from tests.unit.builders import TARGET, a_sample, a_scale, at

GUARD = GuardSettings()


class World:
    """Sampler, targets, actuator and clock in one; every call may be made to wait or to break."""

    def __init__(self, *, now: float = 0, load: float = 3, replicas: int = 1) -> None:
        self.time = at(now)
        self.load = load
        self.scales: dict[ScaleTarget, ScaleStatus | Unreadable] = {TARGET: a_scale(replicas)}
        self.rounds: list[Round] = []
        self.written: list[int] = []
        self.on_sample: Callable[[Cohort], None] = lambda cohort: None
        self.on_apply: Callable[[Decided], Awaitable[Outcome]] = self.store

    @property
    def ports(self) -> Ports:
        return Ports(clock=self, sampler=self, targets=self, actuator=self, sinks=(self.rounds.append,))

    def now(self) -> datetime:
        return self.time

    def wall(self) -> datetime:
        return self.time

    def until(self, instant: datetime) -> timedelta:
        return instant - self.time

    async def sample(self, cohort: Cohort) -> Samples:
        self.on_sample(cohort)
        measured = {
            turn.obj.key: tuple(a_sample(self.load, when=cohort.at) for _ in turn.asks) for turn in cohort.turns
        }
        heard = tuple(Heard(key=turn.obj.key, trigger=i, reply=Reply.DATA) for turn in cohort.turns for i in turn.asks)
        sources = {turn.obj.triggers[i].ask.question.source for turn in cohort.turns for i in turn.asks}
        reports = tuple(
            Report(source=source, at=cohort.at, requests=1, failures=0, took=timedelta(0), heard=heard)
            for source in sources
        )
        return Samples(by_object=measured, reports=reports)

    async def read(self, cohort: Cohort) -> Scales:
        return {turn.obj.target: self.scales[turn.obj.target] for turn in cohort.turns}

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        return await self.on_apply(record)

    async def store(self, record: Decided) -> Outcome:
        """Write as the API server would."""
        self.written.append(record.decision.desired)
        self.scales[record.obj.target] = a_scale(record.decision.desired, version="2")
        return Applied(at=record.seen.at, resource_version="2", took=timedelta(0))


class Disk:
    """A store in memory."""

    def __init__(self, stored: Saved | None = None) -> None:
        self.stored = stored
        self.saved: list[Saved] = []
        self.fault: str | None = None

    def load(self) -> Saved | None:
        return self.stored

    def save(self, saved: Saved) -> None:
        self.saved.append(saved)


class Well:
    """An API server that always answers."""

    async def probe(self) -> Unreadable | None:
        return None


def a_fleet(*objects: ScaledObject) -> Fleet:
    """A fleet whose objects have never ticked."""
    fleet = Fleet(GUARD)
    for obj in objects:
        fleet.objects[obj.key] = obj
    return fleet


def a_cohort(*objects: ScaledObject, now: float = 0) -> Cohort:
    """A cohort that polls and syncs."""
    return Cohort(at=at(now), wall=at(now), turns=tuple(at_once(obj, at(now)) for obj in objects))
