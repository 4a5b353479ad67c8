"""One tick: where KEDA's half and the HPA's half meet, and what slots, holds and bounds leave."""

import pytest

from autoscaler.core.decide import decide
from autoscaler.model.decision import Activity, Decision, Proposal, Reason, Stage, Step
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Fallback, MetricTarget, Mode, Modifiers, Pause, ScaledObject, TargetType
from autoscaler.model.observation import Hold, HoldReason, Origin
from tests.unit.builders import (
    SYNC,
    a_behavior,
    a_memory,
    a_past,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    missing,
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


def test_a_steady_tick_in_full():
    """A tick inside the tolerance tells every station, and its last step ends at the desired count."""
    decision = decide(an_object(10), remembered(4), an_observation(40.0, replicas=4, now=15))
    assert decision == Decision(
        current=4,
        base=4,
        desired=4,
        activity=Activity.ACTIVE,
        proposals=(Proposal(trigger=0, replicas=4, held=True, ratio=1.0),),
        recommendation=4,
        steps=(
            Step(stage=Stage.ACTIVATE, before=4, after=4, reason=Reason.SCALER_ACTIVE),
            Step(stage=Stage.RECOMMEND, before=4, after=4, reason=Reason.VALID_METRIC),
            Step(stage=Stage.STABILIZE, before=4, after=4, reason=Reason.READY_FOR_NEW_SCALE),
            Step(stage=Stage.LIMIT, before=4, after=4, reason=Reason.DESIRED_WITHIN_RANGE),
        ),
    )


def test_a_missing_trigger_blocks_scale_down():
    """While any trigger is missing, replicas may rise but not fall."""
    obj = an_object(triggers=[a_trigger(10), a_trigger(1)], behavior=AT_ONCE)
    assert decide(obj, remembered(4), an_observation(10.0, missing(), replicas=4, now=15)).desired == 4
    assert decide(obj, remembered(4), an_observation(70.0, missing(), replicas=4, now=15)).desired == 7


def test_nothing_to_go_on_keeps_the_count_and_records_nothing():
    """A pass in which every metric fails leaves the count and no recommendation."""
    decision = decide(an_object(), remembered(4), an_observation(missing(), replicas=4, now=15))
    assert (decision.desired, decision.recommendation, decision.activity) == (4, None, Activity.UNKNOWN)
    assert decision.steps[-1] == Step(
        stage=Stage.RECOMMEND, before=4, after=4, reason=Reason.FAILED_METRIC, detail="gone"
    )


def test_waking_goes_from_zero_to_one_pass_in_one_write():
    """From zero the count rises to min and from there by one pass of the HPA; the event starts at min (L2)."""
    for behavior, desired in ((None, 4), (a_behavior(), 5)):
        asleep = a_memory(past=a_past(replicas=0, resting=True))
        decision = decide(an_object(behavior=behavior), asleep, an_observation(40.0, replicas=0, now=30))
        assert (decision.current, decision.base, decision.desired) == (0, 1, desired)
    decision = decide(an_object(minimum=3), Memory(), an_observation(40.0, replicas=0))
    assert (decision.base, decision.desired) == (3, 6)


def test_waking_takes_status_for_what_it_wakes_to():
    """The pass of a waking tick sees spec and status at the count it woke to (L2)."""
    asleep = a_memory(past=a_past(replicas=0, resting=True))
    decision = decide(an_object(), asleep, an_observation(1.05, replicas=0, now=30))
    assert decision.proposals == (Proposal(trigger=0, replicas=1, held=True, ratio=1.05),)
    scale = a_scale(4, status=2)
    decision = decide(an_object(), remembered(4), an_observation(2.0, scale=scale, now=15))
    assert decision.proposals[0].replicas == 2


def test_waking_with_nothing_to_go_on_writes_min():
    """A forced wake with a failing trigger writes min and records nothing."""
    decision = decide(an_object(force=True), Memory(), an_observation(missing(), replicas=0))
    assert (decision.desired, decision.recommendation, decision.activity) == (1, None, Activity.FORCED)


def test_zero_ends_the_tick():
    """Zero leaves no proposal, no recommendation and no HPA step, and beats windows, policies and Disabled."""
    frozen = a_behavior(down=rules(pods(1), select=rules().select, window=3600))
    obj = an_object(behavior=frozen, cooldown=30)
    decision = decide(obj, remembered(9), an_observation(0.0, replicas=9, now=31))
    assert (decision.base, decision.desired, decision.recommendation, decision.proposals) == (0, 0, None, ())
    assert reasons(decision) == [(Stage.ACTIVATE, Reason.DEACTIVATED)]


@pytest.mark.parametrize("hold", [BLIND, FLEET])
def test_a_hold_stops_zero(hold: Hold):
    """Under a hold an idle object stays at its count; the pass goes on and may not lower it."""
    obj = an_object(cooldown=30, behavior=AT_ONCE)
    decision = decide(obj, remembered(9), an_observation(0.0, replicas=9, now=31, holds=(hold,)))
    assert decision.desired == 9
    assert decision.steps[-1] == Step(
        stage=Stage.HOLD, before=1, after=9, reason=Reason(hold.reason.value), detail=hold.detail
    )


def test_under_the_source_guard_the_window_records_what_was_held():
    """A hold of the source guard records at least the running count; the fleet breaker's leaves memory alone."""
    obj = an_object(behavior=AT_ONCE)
    for hold, recorded in ((BLIND, 9), (FLEET, 2), (None, 2)):
        holds = () if hold is None else (hold,)
        seen = an_observation(2.0, replicas=9, now=15, slots=SYNC, holds=holds)
        assert decide(obj, remembered(9), seen).recommendation == recorded
    grown = decide(obj, remembered(9), an_observation(20.0, replicas=9, now=15, slots=SYNC, holds=(BLIND,)))
    assert (grown.recommendation, grown.desired) == (20, 18)


def test_mode_scale_out_only_never_falls():
    """An object in mode scale-out-only grows, keeps and obeys its bounds, but neither shrinks nor sleeps."""
    obj = an_object(mode=Mode.SCALE_OUT_ONLY, behavior=AT_ONCE, cooldown=30, maximum=8)
    shrunk = decide(obj, remembered(5), an_observation(2.0, replicas=5, now=15))
    assert (shrunk.desired, shrunk.steps[-1].reason) == (5, Reason.SCALE_OUT_ONLY)
    assert decide(obj, remembered(5), an_observation(0.0, replicas=5, now=40)).desired == 5
    assert decide(obj, remembered(5), an_observation(7.0, replicas=5, now=15)).desired == 7
    assert decide(obj, remembered(9), an_observation(2.0, replicas=9, now=15)).desired == 8
    once = (Hold(reason=HoldReason.SCALE_OUT_ONLY, detail="said already"),)
    told = decide(obj, remembered(5), an_observation(2.0, replicas=5, now=15, holds=once))
    assert told.steps[-1].detail == "said already"


def test_fallback_stands_in():
    """A trigger that failed often enough asks for the fallback's replicas and counts as active."""
    obj = an_object(10, fallback=Fallback(threshold=3, replicas=10), behavior=AT_ONCE)
    decision = decide(obj, remembered(6, failures=[3]), an_observation(missing(), replicas=6, now=30))
    assert (decision.desired, decision.fallbacks, decision.activity) == (10, (0,), Activity.ACTIVE)
    assert decision.steps[0] == Step(
        stage=Stage.FALLBACK, before=6, after=6, reason=Reason.FALLBACK_EXISTS, detail="s0-prometheus"
    )


def a_sum(**more) -> ScaledObject:
    """An object whose formula adds two triggers, with a target of 10."""
    names = tuple(Node(kind="name", column=column, literal=name) for column, name in ((1, "a"), (5, "b")))
    formula = Formula(text="a + b", root=Node(kind="binary", column=3, literal="+", children=names))
    modifiers = Modifiers(formula=formula, target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=10_000))
    return an_object(triggers=[a_trigger(1, name="a"), a_trigger(1, name="b")], modifiers=modifiers, **more)


def test_a_formula_replaces_the_external_metrics():
    """With scalingModifiers one composite sample decides on activity and count."""
    decision = decide(a_sum(), remembered(4), an_observation(20.0, 30.0, replicas=4, now=15))
    assert [(p.trigger, p.replicas) for p in decision.proposals] == [(None, 5)]
    assert decision.steps[0] == Step(stage=Stage.COMPOSE, before=4, after=4, reason=Reason.COMPOSED, detail="50")


def test_a_formula_that_fails_is_missing():
    """One missing variable makes the composite missing: nothing shrinks and the activity is unknown (D24)."""
    decision = decide(a_sum(), remembered(4), an_observation(2.0, missing(), replicas=4, now=15))
    assert (decision.desired, decision.activity) == (4, Activity.UNKNOWN)
    assert (decision.steps[0].stage, decision.steps[0].reason) == (Stage.COMPOSE, Reason.FAILED_METRIC)


def test_the_tolerance_of_each_direction():
    """With a behavior each direction has its own tolerance, without one the daemon's is for both."""
    behavior = a_behavior(up=rules(percent(100), tolerance=0.3), down=rules(percent(100), tolerance=0.05))
    obj = an_object(10, behavior=behavior, tolerance=0.9)
    assert decide(obj, remembered(10), an_observation(130.0, replicas=10, now=15)).desired == 10
    assert decide(obj, remembered(10), an_observation(131.0, replicas=10, now=15)).desired == 14
    assert decide(obj, a_memory(past=a_past(replicas=10)), an_observation(94.0, replicas=10, now=15)).desired == 10
    legacy = an_object(10, tolerance=0.5)
    assert decide(legacy, remembered(10), an_observation(150.0, replicas=10, now=15)).desired == 10


def test_windows_and_policies_are_the_memorys():
    """Recommendations hold a shrink back, and events use up a policy."""
    obj = an_object(behavior=a_behavior(up=rules(pods(4, 60)), down=rules(percent(100), window=60)))
    held = decide(obj, a_memory((9, 0), past=a_past(replicas=9)), an_observation(2.0, replicas=9, now=59))
    assert (held.desired, held.steps[-2].reason) == (9, Reason.SCALE_DOWN_STABILIZED)
    used = a_memory((9, 0), grown=[(3, 10)], past=a_past(replicas=9))
    assert decide(obj, used, an_observation(50.0, replicas=9, now=15)).desired == 10
    used = a_memory((9, 0), shrunk=[(3, 10)], past=a_past(replicas=9))
    assert decide(obj, used, an_observation(50.0, replicas=9, now=15)).desired == 16


def test_a_paused_direction_does_not_move():
    """paused-scale-in and paused-scale-out freeze one direction, metrics or not."""
    both = an_object(pause=Pause(scale_in=True, scale_out=True), cooldown=1)
    assert decide(both, remembered(5), an_observation(50.0, replicas=5, now=400)).desired == 5
    assert decide(both, remembered(5), an_observation(0.0, replicas=5, now=400)).desired == 5


def test_paused_keeps_still():
    """A paused object is neither measured nor moved."""
    decision = decide(an_object(pause=Pause(paused=True)), remembered(5), an_observation(replicas=5))
    assert decision == Decision(
        current=5,
        base=5,
        desired=5,
        activity=Activity.PAUSED,
        steps=(Step(stage=Stage.PAUSE, before=5, after=5, reason=Reason.PAUSED),),
    )


def test_a_paused_count_is_written_once():
    """paused-replicas is written when it appears or changes, beyond the bounds too, and not enforced after that."""
    obj = an_object(pause=Pause(replicas=150), maximum=20)
    first = decide(obj, remembered(5), an_observation(replicas=5))
    assert (first.desired, first.forced) == (150, True)
    done = a_memory(past=a_past(replicas=150, paused=True, paused_replicas=150))
    assert decide(obj, done, an_observation(replicas=7)).desired == 7
    changed = an_object(pause=Pause(paused=True, replicas=30))
    assert decide(changed, done, an_observation(replicas=7)).desired == 30
    assert decide(obj, Memory(), an_observation(replicas=5)).desired == 150


def test_a_seeded_tick_says_so():
    """The first tick of an object tells that the running count was recorded, and the window sees it at once."""
    decision = decide(an_object(), Memory(), an_observation(1.0, replicas=8))
    assert decision.steps[0] == Step(stage=Stage.SEED, before=8, after=8, reason=Reason.SEEDED, detail="first sight")
    assert decision.desired == 8


def test_a_substituted_zero_counts_as_zero():
    """An empty answer that stands for 0 shrinks as any 0 does, unless a guard says otherwise."""
    nothing = a_sample(0, origin=Origin.NULL_AS_ZERO)
    obj = an_object(minimum=1, behavior=AT_ONCE)
    assert decide(obj, remembered(9), an_observation(nothing, replicas=9, now=15)).desired == 1
