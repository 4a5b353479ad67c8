"""What each slot allows, and what bounds force at any of them."""

import pytest

from autoscaler.core.decide import decide
from autoscaler.model.decision import Activity, Decision, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Pause
from autoscaler.model.observation import Hold, HoldReason, Slot
from tests.unit.builders import (
    BOTH,
    EXTRA,
    POLL,
    SYNC,
    a_behavior,
    a_memory,
    a_past,
    an_object,
    an_observation,
    percent,
    pods,
    rules,
)

BLIND = Hold(reason=HoldReason.SOURCE_BLIND, detail="no answers")
FLEET = Hold(reason=HoldReason.FLEET, detail="open")
AT_ONCE = a_behavior(down=rules(percent(100)))


def reasons(decision: Decision) -> list[tuple[Stage, Reason]]:
    return [(step.stage, step.reason) for step in decision.steps]


def remembered(replicas: int, **more) -> Memory:
    return a_memory((replicas, 0), past=a_past(replicas=replicas), **more)


@pytest.mark.parametrize("slots", [POLL, EXTRA])
def test_only_a_sync_shrinks(slots: frozenset[Slot]):
    """Within 1 to max only a sync slot lowers the count; the recommendation is recorded all the same."""
    obj = an_object(behavior=AT_ONCE)
    decision = decide(obj, remembered(9), an_observation(2.0, replicas=9, now=15, slots=slots))
    assert (decision.desired, decision.recommendation) == (9, 2)
    assert decision.steps[-1] == Step(stage=Stage.SLOT, before=2, after=9, reason=Reason.NOT_A_SYNC)
    assert decide(obj, remembered(9), an_observation(2.0, replicas=9, now=15, slots=SYNC)).desired == 2


@pytest.mark.parametrize(("slots", "holds"), [(POLL, ()), (EXTRA, ()), (SYNC, (BLIND,)), (SYNC, (FLEET,))])
def test_what_does_not_fall_is_kept_by_nobody(slots: frozenset[Slot], holds: tuple[Hold, ...]):
    """Neither a slot nor a hold is named as a reason where the count stays as it is."""
    seen = an_observation(4.0, replicas=4, now=15, slots=slots, holds=holds)
    stages = [step.stage for step in decide(an_object(behavior=AT_ONCE), remembered(4), seen).steps]
    assert stages[-1] is Stage.LIMIT


@pytest.mark.parametrize("slots", [POLL, EXTRA, SYNC])
def test_every_slot_grows(slots: frozenset[Slot]):
    """Growth within the policies comes at any slot."""
    decision = decide(an_object(behavior=AT_ONCE), remembered(4), an_observation(6.0, replicas=4, now=5, slots=slots))
    assert decision.desired == 6


def test_polls_between_syncs_double_once():
    """Without a behavior polls double the count of the last sync, never below the running one (L1)."""
    memory = a_memory((4, 0), past=a_past(replicas=8, synced_replicas=4))
    assert decide(an_object(), memory, an_observation(90.0, replicas=8, now=1, slots=POLL)).desired == 8
    assert decide(an_object(), memory, an_observation(90.0, replicas=6, now=1, slots=POLL)).desired == 8
    assert decide(an_object(), memory, an_observation(90.0, replicas=20, now=1, slots=POLL)).desired == 20
    assert decide(an_object(), memory, an_observation(90.0, replicas=2, now=1, slots=POLL)).desired == 4
    assert decide(an_object(), memory, an_observation(90.0, replicas=8, now=1, slots=BOTH)).desired == 16


def test_a_waking_poll_doubles_from_what_it_woke_to():
    """The count of a sync before the sleep says nothing about a waking tick."""
    memory = a_memory(past=a_past(replicas=0, resting=True, synced_replicas=0))
    decision = decide(an_object(minimum=6), memory, an_observation(90.0, replicas=0, now=30, slots=POLL))
    assert decision.desired == 12


@pytest.mark.parametrize("slots", [POLL, SYNC, EXTRA])
@pytest.mark.parametrize(("current", "desired", "reason"), [(30, 20, Reason.ABOVE_MAX), (1, 3, Reason.BELOW_MIN)])
def test_bounds_are_forced_at_every_slot(current: int, desired: int, reason: Reason, slots: frozenset[Slot]):
    """Outside its bounds an awake object jumps to them, whatever metrics, holds, pauses and policies say (L4)."""
    obj = an_object(
        minimum=3, maximum=20, behavior=a_behavior(up=rules(pods(1)), down=rules(pods(1))), pause=Pause(scale_in=True)
    )
    seen = an_observation(10.0, replicas=current, now=15, slots=slots, holds=(BLIND,))
    decision = decide(obj, remembered(current), seen)
    assert (decision.base, decision.desired, decision.forced) == (current, desired, True)
    assert (decision.recommendation, decision.proposals) == (None, ())
    assert decision.steps[-1] == Step(stage=Stage.BOUND, before=current, after=desired, reason=reason)


def test_at_its_bounds_nothing_is_forced():
    """A count exactly at min or max is decided on by its metrics."""
    obj = an_object(minimum=3, maximum=20)
    for current in (3, 20):
        decision = decide(obj, remembered(current), an_observation(float(current), replicas=current, now=15))
        assert (decision.desired, decision.forced) == (current, False)


@pytest.mark.parametrize("slots", [SYNC, EXTRA])
def test_without_a_poll_slot_nothing_wakes_or_sleeps(slots: frozenset[Slot]):
    """Between polls an object at zero stays there, and an idle one stays up."""
    asleep = a_memory(past=a_past(replicas=0, resting=True))
    decision = decide(an_object(), asleep, an_observation(9.0, replicas=0, now=15, slots=slots))
    assert (decision.desired, reasons(decision)) == (0, [(Stage.SLOT, Reason.NOT_A_POLL)])
    decision = decide(an_object(), asleep, an_observation(0.0, replicas=0, now=15, slots=slots))
    assert (decision.desired, reasons(decision)) == (0, [(Stage.SLOT, Reason.SCALER_NOT_ACTIVE)])
    idle = decide(an_object(cooldown=1), remembered(3), an_observation(0.0, replicas=3, now=15, slots=slots))
    assert (idle.desired, idle.activity) == (3, Activity.IDLE)


def test_the_idle_count_rests_below_min():
    """At its idle count an inactive object rests at every slot, and any activity wakes it to min (D20)."""
    obj = an_object(minimum=5, idle=2, cooldown=30)
    resting = a_memory(past=a_past(replicas=2, resting=True), active=None)
    for slots in (BOTH, SYNC):
        decision = decide(obj, resting, an_observation(0.0, replicas=2, now=15, slots=slots))
        assert (decision.base, decision.desired, decision.proposals) == (2, 2, ())
    assert decide(obj, resting, an_observation(7.0, replicas=2, now=30)).base == 5
    cooled = decide(obj, remembered(9), an_observation(0.0, replicas=9, now=31))
    assert (cooled.desired, cooled.proposals) == (2, ())


def test_a_count_that_only_looks_idle_is_lifted():
    """An object that was not put to rest, or that is active, holds min at its idle count, too (L4)."""
    obj = an_object(minimum=5, idle=2)
    assert decide(obj, remembered(2), an_observation(0.0, replicas=2, now=15, slots=SYNC)).desired == 5
    paused = an_object(minimum=5, idle=2, pause=Pause(scale_out=True))
    assert decide(paused, remembered(2), an_observation(7.0, replicas=2, now=15)).desired == 5
