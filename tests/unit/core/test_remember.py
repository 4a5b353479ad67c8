"""What the next tick knows of this one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.remember import remember
from autoscaler.model.decision import Activity
from autoscaler.model.memory import Change, Memory, Past, Recommendation, TriggerMemory
from autoscaler.model.objects import Fallback, Pause, TargetType
from autoscaler.model.observation import Hold, HoldReason, MissingReason, Origin
from autoscaler.model.record import Applied, Failed, Outcome, Superseded, Unknown, Unneeded, Withheld
from tests.unit.builders import (
    BOTH,
    SYNC,
    TARGET,
    UID,
    a_behavior,
    a_decision,
    a_memory,
    a_past,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    applied,
    at,
    missing,
)

EVENTFUL = an_object(behavior=a_behavior())
KNOWN = a_memory((4, 0), past=a_past(replicas=4))


def recommended(replicas: int, when: float) -> Recommendation:
    return Recommendation(replicas=replicas, at=at(when))


def after(memory: Memory = KNOWN, obj=EVENTFUL, *, seen=None, decision=None, outcome: Outcome = Unneeded()) -> Memory:  # noqa: B008
    seen = seen or an_observation(4.0, replicas=4, now=15)
    decision = decision or a_decision(4, current=4, recommendation=4)
    return remember(obj, memory, seen, decision, outcome)


@pytest.mark.parametrize(("initial", "known_until"), [(3600, None), (0, 15)])
def test_an_outage_does_not_end_the_initial_cooldown(initial: float, known_until: float | None):
    """While activity is unknown an object that was never active keeps its initial cooldown where that ends later."""
    obj = an_object(behavior=a_behavior(), initial_cooldown=initial)
    decision = a_decision(4, current=4, recommendation=4, activity=Activity.UNKNOWN)
    never = replace(KNOWN, last_active_at=None)
    found = after(never, obj, seen=an_observation(missing(), replicas=4, now=15), decision=decision)
    assert found.last_active_at == (None if known_until is None else at(known_until))


def test_a_window_does_not_run_dry_on_what_is_not_believed():
    """While a source's silence is not believed the running count is recorded: the first belief meets a full window."""
    silent = an_observation(missing(MissingReason.BLIND), replicas=4, now=15)
    failed = a_decision(4, current=4, activity=Activity.UNKNOWN)
    assert after(seen=silent, decision=failed).recommendations == (*KNOWN.recommendations, recommended(4, 15))
    partial = a_decision(4, current=4, recommendation=2)
    assert after(seen=silent, decision=partial).recommendations == (*KNOWN.recommendations, recommended(4, 15))
    grown = a_decision(6, current=4, recommendation=6)
    assert after(seen=silent, decision=grown).recommendations == (*KNOWN.recommendations, recommended(6, 15))
    asleep = an_observation(missing(MissingReason.BLIND), replicas=0, now=15)
    resting = a_decision(0, current=0, activity=Activity.UNKNOWN)
    assert after(seen=asleep, decision=resting).recommendations == KNOWN.recommendations


def test_any_other_failure_records_nothing():
    """A tick without a recommendation leaves none, as a failed pass of the HPA."""
    failed = a_decision(4, current=4, activity=Activity.UNKNOWN)
    seen = an_observation(missing(), replicas=4, now=15)
    assert after(seen=seen, decision=failed).recommendations == KNOWN.recommendations


def test_a_tick_in_full():
    """A steady poll and sync records its recommendation, its activity, its answer and its instant."""
    assert after() == Memory(
        recommendations=(Recommendation(replicas=4, at=at(0)), Recommendation(replicas=4, at=at(15))),
        last_active_at=at(15),
        triggers=(TriggerMemory(data_at=at(15), answered_at=at(15)),),
        past=Past(
            first_at=at(0),
            last_at=at(15),
            replicas=4,
            polled_at=at(15),
            synced_at=at(15),
            synced_replicas=4,
            target=TARGET,
            target_uid=UID,
            original_replicas=1,
        ),
    )


def test_an_applied_change_is_an_event():
    """A change that was applied is booked from base to desired, at the instant the outcome names."""
    grown = after(decision=a_decision(9, current=4), outcome=applied(15.2))
    assert (grown.grown, grown.shrunk) == ((Change(pods=5, at=at(15.2)),), ())
    shrunk = after(decision=a_decision(1, current=4), outcome=applied(15.2))
    assert (shrunk.grown, shrunk.shrunk) == ((), (Change(pods=3, at=at(15.2)),))
    forced = after(decision=a_decision(2, current=4, forced=True), outcome=applied(15))
    assert forced.shrunk == (Change(pods=2, at=at(15)),)


@pytest.mark.parametrize(
    "outcome", [Unneeded(), Withheld(why="w"), Failed(why="f"), Superseded(why="s"), Unknown(why="u")]
)
def test_a_change_that_was_not_applied_is_no_event(outcome: Outcome):
    """What did not happen must not use up a policy, but its recommendation was made."""
    found = after(decision=a_decision(9, current=4, recommendation=9), outcome=outcome)
    assert (found.grown, found.shrunk) == ((), ())
    assert found.recommendations == (Recommendation(replicas=4, at=at(0)), Recommendation(replicas=9, at=at(15)))


def test_a_wake_is_no_event_beyond_its_base():
    """The rise to min is KEDA's; only what the HPA would have added is an event (L2)."""
    asleep = a_memory(past=a_past(replicas=0, resting=True))
    seen = an_observation(40.0, replicas=0, now=30)
    woken = after(asleep, seen=seen, decision=a_decision(5, current=0, base=1, recommendation=40), outcome=applied(30))
    assert woken.grown == (Change(pods=4, at=at(30)),)
    plain = after(asleep, seen=seen, decision=a_decision(1, current=0, base=1), outcome=applied(30))
    assert plain.grown == ()


def test_a_rest_leaves_no_trace():
    """Going to zero records neither a recommendation nor an event, and says that the object rests."""
    decision = a_decision(0, current=4, base=0, activity=Activity.IDLE)
    found = after(seen=an_observation(0.0, replicas=4, now=400), decision=decision, outcome=applied(400))
    assert (found.grown, found.shrunk) == ((), ())
    assert found.past is not None
    assert (found.past.replicas, found.past.resting) == (0, True)


def test_without_a_behavior_no_event_is_kept():
    """The legacy rules have no events; a paused direction brings them back."""
    decision = a_decision(9, current=4)
    assert after(obj=an_object(), decision=decision, outcome=applied(15)).grown == ()
    paused = an_object(pause=Pause(scale_in=True))
    assert after(obj=paused, decision=decision, outcome=applied(15)).grown == (Change(pods=5, at=at(15)),)


def test_no_recommendation_leaves_the_list():
    """A pass with nothing to go on keeps the list as it was."""
    assert after(decision=a_decision(4, current=4)).recommendations == KNOWN.recommendations


@pytest.mark.parametrize(
    ("activity", "current", "base", "outcome", "refreshed"),
    [
        (Activity.ACTIVE, 4, 4, Unneeded(), True),
        (Activity.FORCED, 4, 4, Failed(why="f"), True),
        (Activity.IDLE, 4, 4, Unneeded(), False),
        (Activity.COOLING, 4, 4, Unneeded(), False),
        (Activity.UNKNOWN, 4, 4, Unneeded(), True),
        (Activity.UNKNOWN, 0, 0, Unneeded(), False),
        (Activity.ACTIVE, 0, 1, applied(30), True),
        (Activity.ACTIVE, 0, 1, Unknown(why="u"), True),
        (Activity.ACTIVE, 0, 1, Failed(why="f"), False),
        (Activity.ACTIVE, 0, 0, Unneeded(), False),
    ],
)
def test_when_an_object_was_last_active(activity: Activity, current: int, base: int, outcome: Outcome, refreshed: bool):
    """Activity and, while awake, not knowing refresh the instant; a wake only if it may have happened (D6, D21)."""
    memory = a_memory((4, 0), past=a_past(replicas=current, resting=current == 0))
    found = after(
        memory,
        seen=an_observation(1.0, replicas=current, now=30.9),
        decision=a_decision(base, current=current, base=base, activity=activity),
        outcome=outcome,
    )
    assert found.last_active_at == at(30 if refreshed else 0)


def test_a_resting_object_is_not_kept_active_by_not_knowing():
    """At its idle count an object rests on while nothing is known."""
    obj = an_object(minimum=5, idle=2)
    memory = a_memory(past=a_past(replicas=2, resting=True))
    decision = a_decision(2, current=2, activity=Activity.UNKNOWN)
    found = after(memory, obj, seen=an_observation(missing(), replicas=2, now=30), decision=decision)
    assert found.last_active_at == at(0)
    assert found.past is not None
    assert found.past.resting


def test_under_the_source_guard_idleness_is_not_believed():
    """A hold of the source guard counts as activity; that of the fleet breaker does not."""
    for reason, instant in ((HoldReason.SOURCE_BLIND, 30), (HoldReason.SOURCE_PARTIAL, 30), (HoldReason.FLEET, 0)):
        seen = an_observation(0.0, replicas=4, now=30, holds=(Hold(reason=reason),))
        assert after(seen=seen, decision=a_decision(4, current=4, activity=Activity.IDLE)).last_active_at == at(instant)


def test_failures_are_counted():
    """Each slot that fails counts, one success ends the run (L5)."""
    obj = an_object(triggers=[a_trigger(), a_trigger()], fallback=Fallback(threshold=3, replicas=5))
    memory = a_memory((4, 0), failures=[2, 2], past=a_past(replicas=4))
    found = after(memory, obj, seen=an_observation(missing(), 4.0, replicas=4, now=30))
    assert [trigger.failures for trigger in found.triggers] == [4, 0]


def test_a_poll_keeps_the_sample_for_the_syncs_between():
    """With useCachedMetrics a poll's sample is kept with the ready pods beside it, until a Missing (D25)."""
    obj = an_object(triggers=[a_trigger(type=TargetType.VALUE, cached=True)])
    polled = after(obj=obj, seen=an_observation(4.0, scale=a_scale(4, ready=3), now=15, slots=BOTH))
    kept = a_sample(4, when=at(15), ready=3)
    assert polled.triggers[0].cached == kept
    served = replace(kept, origin=Origin.CACHED)
    synced = after(polled, obj, seen=an_observation(served, scale=a_scale(4, ready=8), now=30, slots=SYNC))
    assert synced.triggers[0] == polled.triggers[0]
    failed = after(polled, obj, seen=an_observation(missing(), replicas=4, now=30, slots=SYNC))
    assert failed.triggers[0].cached is None
    plain = after(seen=an_observation(4.0, replicas=4, now=15))
    assert plain.triggers[0].cached is None


def test_only_an_answer_with_data_moves_its_instants():
    """The newest answer's own time and the last data are those of measured samples; they never run back."""
    found = after(seen=an_observation(a_sample(4, when=at(14)), replicas=4, now=15))
    assert found.triggers == (TriggerMemory(data_at=at(15), answered_at=at(14)),)
    older = after(found, seen=an_observation(a_sample(4, when=at(13)), replicas=4, now=30))
    assert older.triggers == (TriggerMemory(data_at=at(30), answered_at=at(14)),)
    same = after(found, seen=an_observation(a_sample(4, when=at(14)), replicas=4, now=30))
    assert same.triggers == found.triggers
    empty = a_sample(0, when=at(29), origin=Origin.NULL_AS_ZERO)
    assert after(found, seen=an_observation(empty, replicas=4, now=30)).triggers == found.triggers
    assert after(found, seen=an_observation(missing(), replicas=4, now=30)).triggers == found.triggers


def test_the_instant_of_a_change_is_the_outcomes():
    """An event carries the instant that the actuator names, which live is that of the slot (D39)."""
    outcome = Applied(at=at(15), resource_version="9", took=timedelta(seconds=3))
    assert after(decision=a_decision(5, current=4), outcome=outcome).grown == (Change(pods=1, at=at(15)),)


def test_a_pause_keeps_what_was_known():
    """While nothing is decided windows, events and answers stay as they are, and the past says that it is paused."""
    events = (Change(pods=2, at=at(3)),)
    known = replace(KNOWN, grown=events, shrunk=events, last_active_at=at(9), triggers=(TriggerMemory(data_at=at(4)),))
    paused = after(known, replace(EVENTFUL, pause=Pause(replicas=4)), decision=a_decision(4, current=4))
    assert paused.past is not None
    assert (paused.past.paused, paused.past.paused_replicas) == (True, 4)
    assert replace(paused, past=known.past) == known
