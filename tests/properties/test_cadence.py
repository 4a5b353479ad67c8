"""Never later than the two loops we replace: a model of KEDA and the HPA beside our own ticks."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.cadence import due
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Slot
from tests.unit.builders import START, a_behavior, a_memory, a_past, an_object, at
from tests.unit.core.world import World

PASS_TAKES, EVERY = timedelta(seconds=0.25), timedelta(seconds=15)
COOLDOWN = 300.0
UNTIL = 130.0


@dataclass
class Twin:
    """KEDA's poll loop at our poll slots, and the HPA's loop, each pass 15 s after the end of the last."""

    replicas: int
    legacy: bool
    active_at: float
    trace: list[tuple[float, int]] = field(default_factory=list)

    def poll(self, now: float, total: int) -> None:
        """The executor: wake to one, or go to zero after the cooldown."""
        if total > 0:
            self.active_at = floor(now)
            self._set(now, max(self.replicas, 1))
        elif self.active_at + COOLDOWN < now:
            self._set(now, 0)

    def hpa(self, now: float, total: int) -> None:
        """One pass: the ceiling of the load, as far as the growth limit allows; at zero it does nothing."""
        if self.replicas == 0:
            return
        limit = max(2 * self.replicas, 4 if self.legacy else self.replicas + 4)
        wanted = self.replicas if 1 - 0.1 <= total / self.replicas <= 1 + 0.1 else total
        if wanted > self.replicas:
            self._set(now, min(wanted, limit))

    def _set(self, now: float, replicas: int) -> None:
        if replicas != self.replicas:
            self.replicas = replicas
            self.trace.append((now, replicas))


def slot_after(obj: ScaledObject, slot: Slot, start: float) -> datetime:
    """The first instant of a slot not before second ``start``, in the grid of an awake object."""
    memory, after = a_memory(past=a_past(replicas=1)), at(start) - timedelta(microseconds=1)
    while slot not in (turn := due(obj, memory, after, after)).slots:
        after = turn.at
    return turn.at


def run_twin(obj: ScaledObject, load: Callable[[float], int], step: float, replicas: int) -> Twin:
    """Let polls fall on our poll slots and the first pass after the step on our next sync slot."""
    twin = Twin(replicas=replicas, legacy=obj.behavior is None, active_at=0 if replicas else -COOLDOWN - 1)
    poll, hpa = slot_after(obj, Slot.POLL, 0), slot_after(obj, Slot.SYNC, step)
    until = at(step + UNTIL) + obj.polling_interval
    while min(poll, hpa) <= until:
        now = (min(poll, hpa) - START).total_seconds()
        if poll <= hpa:
            twin.poll(now, load(now))
            poll += obj.polling_interval
        else:
            twin.hpa(now, load(now))
            hpa += PASS_TAKES + EVERY
    return twin


def first_at(trace: list[tuple[float, int]], level: int) -> float:
    return next((second for second, count in trace if count >= level), float("inf"))


def zeros(trace: list[tuple[float, int]], start: int, until: float) -> list[tuple[float, float]]:
    """The stretches of time at zero."""
    points = [(0.0, start), *trace, (until, 1)]
    return [(a, b) for (a, count), (b, _) in pairwise(points) if count == 0]


intervals = st.one_of(
    st.floats(0.5, 40).map(lambda s: round(s, 1)),
    st.floats(0.5, 600).map(lambda s: round(s, 1)),
    st.sampled_from([0.5, 1, 2, 5, 7.5, 10, 12, 14, 15, 16, 20, 30, 45, 60, 120, 300, 600]),
)


@settings(max_examples=150, deadline=None)
@given(
    poll=intervals,
    legacy=st.booleans(),
    name=st.integers(0, 10_000),
    replicas=st.integers(0, 6),
    total=st.integers(1, 90),
    step=st.floats(0, 60).map(lambda s: round(s, 2)),
)
def test_no_level_of_growth_comes_later_than_the_twins(
    poll: float, legacy: bool, name: int, replicas: int, total: int, step: float
):
    """After one step of load every count is reached no later than by KEDA and the HPA together."""
    obj = an_object(poll=poll, behavior=None if legacy else a_behavior(), name=f"w{name}", cooldown=COOLDOWN)

    def load(now: float) -> int:
        return total if now >= step else replicas

    twin = run_twin(obj, load, step, replicas)
    memory = a_memory(active=0, past=a_past(replicas=replicas, last=-1, resting=replicas == 0))
    world = World(obj, lambda now, index: load(now), replicas=replicas, memory=memory, in_phase=False)
    world.run(step + UNTIL + poll)
    for level in range(replicas + 1, total + 1):
        assert first_at(world.trace, level) <= first_at(twin.trace, level), level


@settings(max_examples=40, deadline=None)
@given(
    poll=intervals,
    name=st.integers(0, 10_000),
    lasts=st.floats(0, 120).map(lambda s: round(s, 2)),
    total=st.integers(1, 20),
)
def test_never_at_zero_while_the_twin_is_up(poll: float, name: int, lasts: float, total: int):
    """An object sleeps no sooner and wakes no later than under KEDA."""
    obj = an_object(poll=poll, name=f"w{name}", cooldown=COOLDOWN)

    def load(now: float) -> int:
        return total if now <= lasts or now >= 700 else 0

    twin = run_twin(obj, load, 700, 1)
    memory = a_memory(active=0, past=a_past(replicas=1, last=-1))
    world = World(obj, lambda now, index: load(now), replicas=1, memory=memory, in_phase=False)
    until = 700 + UNTIL + poll
    world.run(until)
    for start, end in zeros(world.trace, 1, until):
        assert any(a <= start and end <= b for a, b in zeros(twin.trace, 1, until)), (start, end)


@settings(max_examples=200, deadline=None)
@given(
    poll=intervals,
    name=st.integers(0, 10_000),
    after=st.floats(0, 5000),
    late=st.floats(0, 900),
    resting=st.booleans(),
)
def test_a_turn_is_the_newest_of_what_is_due(poll: float, name: int, after: float, late: float, resting: bool):
    """However late it is asked, one turn serves every slot that fell due, at the newest of them."""
    obj = an_object(poll=poll, name=f"w{name}")
    memory: Memory = a_memory(past=a_past(replicas=0 if resting else 3, resting=resting))
    behind, now = at(after), at(after + late)
    served, newest = set(), due(obj, memory, behind, behind)
    turn = newest
    while turn.at <= now:
        served |= turn.slots
        newest, turn = turn, due(obj, memory, turn.at, turn.at)
    folded = due(obj, memory, behind, now)
    assert (folded.at, set(folded.slots)) == (newest.at, served or set(newest.slots))
    assert folded.at > behind
    assert folded.at - behind <= max(obj.polling_interval, timedelta(seconds=late)) + timedelta(milliseconds=1)
