"""A small world for the core: one object, its target and one source, ticked slot by slot, with no clock of its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from autoscaler.core.belief import believe
from autoscaler.core.cadence import due, first, wake
from autoscaler.core.decide import decide
from autoscaler.core.remember import remember
from autoscaler.core.signs import SourceHistory
from autoscaler.core.sources import holds, judge
from autoscaler.model.decision import Decision
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, ScaledObject, Source
from autoscaler.model.observation import Measurement, Missing, Observation, Origin, PodCount, Sample, ScaleStatus, Slot
from autoscaler.model.record import Applied, Outcome, Unneeded
from autoscaler.model.turn import Heard, Probe, Reply, Report, Turn
from tests.unit.builders import START, UID, a_sample, an_object, at, missing

Measure = Callable[[float, int], float | Measurement]


@cache
def key_in_phase(poll: timedelta) -> ObjectKey:
    """A key whose polls stand on whole multiples of the interval since ``START`` (which is a multiple itself)."""
    before = START - timedelta(microseconds=1)
    for number in range(100_000):
        obj = an_object(poll=poll.total_seconds(), name=f"o{number}")
        turn = due(obj, Memory(), before, before)
        if turn.at == START and Slot.POLL in turn.slots:
            return obj.key
    raise AssertionError(f"no key in phase for {poll}")


class World:
    """Ticks one object at every slot from second 0 on and keeps what was decided, and when a guard held.

    ``measure`` gives trigger ``index``'s sample at a second; ``ready`` the ready pods, all of them unless given.
    ``guard`` None leaves the source guard out; ``probe`` is what its probe answers. ``in_phase`` False leaves the
    object its own phase instead of one whose polls start at second 0.
    """

    def __init__(
        self,
        obj: ScaledObject,
        measure: Measure,
        *,
        replicas: int,
        memory: Memory | None = None,
        ready: Callable[[float, int], int] | None = None,
        probe: Callable[[float], Probe] | None = None,
        guard: Mapping[Source, SourceHistory] | None = None,
        in_phase: bool = True,
    ) -> None:
        self.obj = replace(obj, key=key_in_phase(obj.polling_interval)) if in_phase else obj
        self.measure, self.replicas, self.ready, self.probe = measure, replicas, ready, probe
        self.memory = memory if memory is not None else Memory()
        self.guard = guard
        self.version = 1
        self.after = START - timedelta(microseconds=1)
        self.trace: list[tuple[float, int]] = []
        self.turns: list[Turn] = []
        self.decisions: list[Decision] = []
        self.held: list[datetime] = []

    def run(self, until: float) -> list[tuple[float, int]]:
        """Serve every slot up to ``until`` seconds, included; give each change as (second, count)."""
        while (turn := due(self.obj, self.memory, self.after, self.after)).at <= at(until):
            self.tick(turn)
        return self.trace

    def restart(self, memory: Memory, now: float) -> None:
        """Go on as another process that found ``memory``; its first turn is that of a start (L8)."""
        self.memory = memory
        self.after = at(now)
        turn = first(self.obj, memory, at(now))
        self.tick(turn)

    def edit(self, obj: ScaledObject, now: float) -> None:
        """Take another version of the object at once, as a poll."""
        self.obj = replace(obj, key=self.obj.key)
        self.tick(wake(self.obj, at(now)))

    def tick(self, turn: Turn) -> Decision:
        """Observe, decide, apply and remember."""
        seen = self.observe(turn)
        decision = decide(self.obj, self.memory, seen)
        outcome = self.apply(decision, turn.at)
        self.memory = remember(self.obj, self.memory, seen, decision, outcome)
        self.after = max(self.after, turn.at)
        self.held += [turn.at] if seen.holds else []
        self.turns.append(turn)
        self.decisions.append(decision)
        return decision

    def observe(self, turn: Turn) -> Observation:
        """What the turn sees: asked triggers measured, the others from the cache, the guard's word on both."""
        measured = tuple(self._measured(turn, index) for index in range(len(self.obj.triggers)))
        if self.guard is not None and turn.asks:
            self.guard = judge(self.guard, (self._report(turn, measured),), turn.at)
            measured = believe(self.obj, measured, self.memory, self.guard, turn.at)
        return Observation(
            at=turn.at,
            wall=turn.at,
            slots=turn.slots,
            scale=self.scale(turn.at),
            measurements=measured,
            holds=holds(self.obj, self.guard, turn.at) if self.guard is not None else (),
        )

    def scale(self, when: datetime) -> ScaleStatus:
        """The target as it is: status follows spec at once."""
        pods = None
        if self.ready is not None:
            count = self.ready((when - START).total_seconds(), self.replicas)
            pods = PodCount(total=count, ready=count)
        return ScaleStatus(
            spec=self.replicas, status=self.replicas, resource_version=str(self.version), uid=UID, pods=pods
        )

    def apply(self, decision: Decision, when: datetime) -> Outcome:
        """Write what differs; it always succeeds and is dated by its slot."""
        if decision.desired == self.replicas:
            return Unneeded()
        self.replicas, self.version = decision.desired, self.version + 1
        self.trace.append(((when - START).total_seconds(), self.replicas))
        return Applied(at=when, resource_version=str(self.version), took=timedelta(milliseconds=50))

    def _measured(self, turn: Turn, index: int) -> Measurement:
        if index not in turn.asks:
            cached = self.memory.triggers[index].cached if index < len(self.memory.triggers) else None
            return missing() if cached is None else replace(cached, origin=Origin.CACHED)
        found = self.measure((turn.at - START).total_seconds(), index)
        return a_sample(found, when=turn.at) if isinstance(found, int | float) else found

    def _report(self, turn: Turn, measured: tuple[Measurement, ...]) -> Report:
        heard = tuple(Heard(key=self.obj.key, trigger=n, reply=_reply(measured[n])) for n in turn.asks)
        failed = sum(each.reply is Reply.FAILED for each in heard)
        probe = self.probe((turn.at - START).total_seconds()) if self.probe is not None and not failed else None
        return Report(
            source=self.obj.triggers[0].ask.question.source,
            at=turn.at,
            requests=len(heard),
            failures=failed,
            took=timedelta(0),
            heard=heard,
            probe=probe,
        )


def _reply(found: Measurement) -> Reply:
    if isinstance(found, Missing):
        return Reply.FAILED
    return Reply.EMPTY if isinstance(found, Sample) and found.origin is Origin.NULL_AS_ZERO else Reply.DATA


def seconds_of(turns: list[Turn], slot: Slot) -> list[float]:
    """The seconds at which a slot was served."""
    return [(turn.at - START).total_seconds() for turn in turns if slot in turn.slots]
