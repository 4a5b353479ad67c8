"""The hardest sequences of ticks, as golden tests: what must come out where two clocks, memory and guards meet."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.decide import decide
from autoscaler.core.remember import remember
from autoscaler.model.decision import Activity, Reason
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Fallback, Pause, ScaledObject, TargetType
from autoscaler.model.observation import Hold, HoldReason, Origin, Slot
from autoscaler.model.record import Applied, Superseded
from autoscaler.model.turn import Probe
from tests.unit.builders import (
    POLL,
    START,
    UP,
    a_behavior,
    a_memory,
    a_past,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    at,
    missing,
    pods,
    rules,
)
from tests.unit.core.world import World, seconds_of

BEFORE = -15


def known(replicas: int, *recommendations: tuple[int, float], **words: float) -> Memory:
    """The memory of an object that ticked one sync before second 0."""
    return a_memory(*recommendations, active=words.get("active", BEFORE), past=a_past(replicas=replicas, last=BEFORE))


def constant(value: float) -> Callable[[float, int], float]:
    return lambda now, index: value


def test_sequence_1_a_change_is_dated_by_its_slot():
    """Growth of 4 pods or 100 % per 15 s reaches 40 in four slots: a change is exactly 15 s old at the next one."""
    world = World(an_object(behavior=a_behavior()), constant(40), replicas=1, memory=known(1, (1, BEFORE)))
    assert world.run(90) == [(0, 5), (15, 10), (30, 20), (45, 40)]
    assert seconds_of(world.turns, Slot.EXTRA) == []


def spike(now: float, index: int) -> float:
    return 100 if now == 1 else 1


def test_sequence_2_one_sample_grows_at_the_pace_of_syncs():
    """One sample of 100 between two syncs raises a legacy object at its own pace, and holds it for 300 s."""
    memory = a_memory((1, 0), past=a_past(replicas=1, last=0))
    world = World(an_object(poll=1), spike, replicas=1, memory=memory)
    world.after = at(0)
    assert world.run(330) == [(1, 4), (15, 8), (30, 16), (45, 32), (60, 64), (75, 100), (315, 1)]


def test_sequence_2_with_behavior_one_sample_grows_once():
    """With a behavior, which has no window upwards, one sample of 100 gives one step, held for 300 s."""
    memory = a_memory((1, 0), past=a_past(replicas=1, last=0))
    world = World(an_object(poll=1, behavior=a_behavior()), spike, replicas=1, memory=memory)
    world.after = at(0)
    assert world.run(330) == [(1, 5), (315, 1)]


def test_sequence_3_activity_between_polls_counts():
    """An object polled every 300 s with a cooldown of 30 s is kept awake by what its syncs see."""

    def measure(now: float, index: int) -> float:
        return 0 if 10 <= now < 60 else 1

    world = World(an_object(poll=300, cooldown=30), measure, replicas=1, memory=known(1, (1, BEFORE)))
    assert world.run(900) == []


def test_sequence_4_a_value_trigger_waits_for_ready_pods():
    """From zero a Value trigger starts with one pod, and multiplies only what is ready."""
    obj = an_object(triggers=(a_trigger(1, type=TargetType.VALUE),), poll=15)
    ready = {0: 0, 15: 0}

    def count(now: float, replicas: int) -> int:
        return ready.get(int(now), replicas)

    world = World(obj, constant(10), replicas=0, ready=count, memory=a_memory(past=a_past(replicas=0, resting=True)))
    assert world.run(60) == [(0, 1), (30, 4), (45, 8), (60, 16)]
    assert [decision.desired for decision in world.decisions] == [1, 1, 4, 8, 16]


def test_sequence_5_history_from_before_the_sleep_counts():
    """An object woken within the window of an old recommendation goes from 0 over 1 to 4 in one write."""
    memory = a_memory((10, 0), active=0, past=a_past(replicas=0, last=190, resting=True))
    seen = an_observation(1, replicas=0, now=200, slots=POLL)
    decision = decide(an_object(), memory, seen)
    assert (decision.current, decision.base, decision.desired) == (0, 1, 4)
    reasons = [step.reason for step in decision.steps]
    assert reasons[0] is Reason.ACTIVATED
    assert {Reason.SCALE_DOWN_STABILIZED, Reason.SCALE_UP_LIMIT} <= set(reasons)
    applied = Applied(at=at(200), resource_version="2", took=timedelta(0))
    assert remember(an_object(), memory, seen, decision, applied).grown == ()


def test_sequence_6_fallback_fires_by_slots_and_keeps_what_is_in_tolerance():
    """Threshold 3 with P = 30: counts 1, 2, 4; it fires at 30 s, and 10 of 11 is within the tolerance."""
    obj = an_object(fallback=Fallback(threshold=3, replicas=10))
    counts = []
    world = World(obj, lambda now, index: missing(), replicas=11, memory=known(11, (11, BEFORE)))
    for second in (0, 15, 30):
        world.run(second)
        counts.append((world.memory.triggers[0].failures, world.decisions[-1].fallbacks))
    assert counts == [(1, ()), (2, ()), (4, (0,))]
    assert world.run(600) == []


def test_sequence_7_a_pause_is_unseen_time():
    """An hour of pause ages every recommendation: the running count is recorded anew and holds a full window."""
    paused = an_object(behavior=a_behavior(), pause=Pause(paused=True))
    memory = a_memory((10, 0), past=a_past(replicas=10, last=BEFORE))
    world = World(paused, constant(2), replicas=10, memory=memory)
    world.run(3599)
    assert world.trace == []
    world.edit(replace(paused, pause=Pause()), 3600)
    assert world.run(4000) == [(3900, 2)]


def test_sequence_8_what_is_never_withheld():
    """Under a blind source a lowered max and a paused count are written, the latter once."""
    hold = (Hold(reason=HoldReason.SOURCE_BLIND),)
    obj = an_object(maximum=20)
    memory = known(50, (50, BEFORE))
    seen = an_observation(missing(), replicas=50, holds=hold)
    decision = decide(obj, memory, seen)
    assert decision.desired == 20
    memory = remember(obj, memory, seen, decision, Applied(at=at(0), resource_version="2", took=timedelta(0)))
    world = World(replace(obj, pause=Pause(replicas=150)), constant(1), replicas=20, memory=memory)
    assert world.run(60) == [(0, 150)]
    world.replicas = 7
    world.run(600)
    assert (world.replicas, world.trace) == (7, [(0, 150)])


def lost_store(now: float, index: int) -> object:
    """A gauge whose exporter is gone for good with the store's restart at 95; a second trigger wants 15 from 300."""
    if index == 1:
        return 15 if now >= 300 else 10
    return a_sample(10, when=at(now)) if now < 95 else a_sample(0, when=at(now), origin=Origin.NULL_AS_ZERO)


def probe(now: float) -> Probe:
    return Probe(up=None, count=None) if now == 105 else Probe(up=9, count=9)


def lost_store_world(*triggers) -> World:
    down = rules(pods(100), window=30)
    obj = an_object(triggers=triggers, poll=15, cooldown=30, behavior=a_behavior(up=UP, down=down))
    return World(obj, lost_store, replicas=10, memory=known(10, (10, BEFORE)), probe=probe, guard={})


def test_sequence_9_a_store_that_restarts_empty():
    """A store that restarts empty, exporter gone for good: 10 replicas for an hour of an ok source, then its zero."""
    world = lost_store_world(a_trigger())
    assert world.run(3600) == []
    held = world.decisions[-1]
    assert (held.activity, held.recommendation, held.proposals[0].replicas) == (Activity.UNKNOWN, None, None)
    recovered = max(world.held) - START
    assert world.run(6000) == [(3810, 1), (3825, 0)]
    assert recovered + timedelta(hours=1) <= timedelta(seconds=3810)


def test_sequence_9_growth_is_followed():
    """In the same incident a second trigger that wants 15 is followed."""
    world = lost_store_world(a_trigger(), a_trigger(metric="s1", query="other"))
    assert world.run(3600) == [(300, 15)]


def test_sequence_10_a_crash_and_a_conflict():
    """A write lost by a crash is booked at load; a conflict is decided again from the number found."""
    obj = an_object(behavior=a_behavior(up=rules(pods(2, 300))))
    saved = replace(a_memory((10, 45), past=a_past(replicas=10, last=45)), unclean=True)
    world = World(obj, constant(40), replicas=12, memory=saved)
    world.after = at(60)
    assert world.run(374) == []
    seen = an_observation(40, scale=a_scale(12, version="5"), now=375)
    decision = decide(obj, world.memory, seen)
    assert decision.desired == 14
    lost = Superseded(why="another writer", found=9)
    assert remember(obj, world.memory, seen, decision, lost).grown == world.memory.grown
    again = replace(seen, scale=a_scale(9, version="6"))
    assert decide(obj, world.memory, again).desired == 11


@pytest.mark.parametrize("obj", [an_object(), an_object(behavior=a_behavior())])
def test_a_steady_world_does_nothing(obj: ScaledObject):
    """Where nothing changes, nothing is written."""
    world = World(obj, constant(3), replicas=3, memory=known(3, (3, BEFORE)))
    assert world.run(900) == []
