"""The demo's load, the loop and the core together give the screen that the demo promises."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core.cadence import due
from autoscaler.core.signs import GuardSettings
from autoscaler.demo.load import QUERY, SECONDS, answer
from autoscaler.demo.screen import wrapped
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.tick import Ports, tick
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget
from autoscaler.model.observation import Measurement, Origin, Sample, ScaleStatus, Slot
from autoscaler.model.record import Applied, Decided, Outcome, Round
from autoscaler.model.turn import Cohort, Heard, Probe, Reply, Report, Samples, Scales
from tests.unit.builders import START, a_behavior, a_trigger, an_object, percent, rules

GUARD = GuardSettings(beat=timedelta(seconds=5), recovery_min=timedelta(seconds=20))


class Stage:
    """The demo without sockets: a clock that is stepped, the load's answers, and one workload."""

    def __init__(self, obj: ScaledObject, began_at: datetime) -> None:
        self.obj = obj
        self.began_at = self.at = began_at
        self.replicas = 0
        self.version = 1
        self.rounds: list[Round] = []

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def second(self, at: datetime) -> float:
        return (at - self.began_at).total_seconds()

    async def sample(self, cohort: Cohort) -> Samples:
        second = self.second(cohort.at)
        series = answer(QUERY, second)
        assert series is not None
        value = round(series[0].number * 1000) if series else 0
        origin = Origin.MEASURED if series else Origin.NULL_AS_ZERO
        measured: Measurement = Sample(value_milli=value, active=value > 0, at=cohort.at, origin=origin)
        up = answer("sum(up)", second)
        probe = Probe(up=up[0].number, count=up[0].number) if up else Probe(up=None, count=None)
        report = Report(
            source=self.obj.triggers[0].ask.question.source,
            at=cohort.at,
            requests=1,
            failures=0,
            took=timedelta(0),
            heard=(Heard(key=self.obj.key, trigger=0, reply=Reply.DATA if series else Reply.EMPTY),),
            probe=probe,
        )
        return Samples(by_object={self.obj.key: (measured,)}, reports=(report,))

    async def read(self, cohort: Cohort) -> Scales:
        scale = ScaleStatus(spec=self.replicas, status=self.replicas, resource_version=str(self.version), uid="uid-1")
        return {self.obj.target: scale}

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        self.replicas = record.decision.desired
        self.version += 1
        return Applied(at=record.seen.at, resource_version=str(self.version), took=timedelta(0))


def the_object() -> ScaledObject:
    trigger = a_trigger(10, query=QUERY)
    trigger = replace(trigger, ask=replace(trigger.ask, looks_back=timedelta(seconds=30)))
    down = rules(percent(100), window=20)
    obj = an_object(
        triggers=[trigger], maximum=10, poll=1, cooldown=15, behavior=a_behavior(down=down),
        workload=ScaleTarget(namespace="demo", name="web"),
    )  # fmt: skip
    return replace(obj, key=ObjectKey(namespace="demo", name="web"))


def first_sync(obj: ScaledObject) -> datetime:
    at = START
    while Slot.SYNC not in (turn := due(obj, Memory(), at, at)).slots:
        at = turn.at
    return turn.at


async def test_the_demo_shows_what_it_promises():
    """Idle, 0 to 4, to 7, to 10, nothing falls while Prometheus is empty, then 2, then 0: each at its second."""
    obj = the_object()
    stage = Stage(obj, first_sync(obj))
    fleet = Fleet(GUARD)
    fleet.add(obj, stage.began_at)
    ports = Ports(clock=stage, sampler=stage, targets=stage, actuator=stage, sinks=())
    changes = []
    while stage.second(stage.at) <= SECONDS:
        for cohort in fleet.due(stage.at, stage.at):
            changes += list(written(await tick(fleet, ports, cohort), stage))
        stage.at += timedelta(milliseconds=250)
    assert changes == [(11, 0, 4), (27, 4, 7), (43, 7, 10), (135, 10, 2), (151, 2, 0)]


def written(done: Round, stage: Stage) -> Iterator[tuple[int, int, int]]:
    """Give the changes of a round as (second, before, after)."""
    for record in done.records:
        assert isinstance(record, Decided), record
        if isinstance(record.outcome, Applied):
            yield int(stage.second(done.at)), record.decision.current, record.decision.desired


def test_a_reason_is_broken_between_words_on_a_narrow_terminal():
    """A terminal of 80 columns has 49 for the reason; what is piped is never broken, and no word ever is."""
    why = "source blind: Prometheus came back empty (targets up: 12 → 0); no shrinking"
    assert wrapped(why, 80) == ["source blind: Prometheus came back empty", "(targets up: 12 → 0); no shrinking"]
    assert wrapped(why, None) == wrapped(why, 120) == wrapped(why, 40) == [why]
