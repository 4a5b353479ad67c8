"""What holds for every valid object, every memory and every observation."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.decide import decide
from autoscaler.core.fallback import stand_in
from autoscaler.core.remember import remember
from autoscaler.core.seed import ground
from autoscaler.model.codec import decode_memory, decode_record, encode_memory, encode_record
from autoscaler.model.decision import Activity, Decision
from autoscaler.model.memory import Memory
from autoscaler.model.objects import MetricKind, ScaledObject, TargetType, Trigger
from autoscaler.model.observation import Missing, Observation, Sample
from autoscaler.model.record import Decided, Unneeded
from tests.properties.strategies import NOW, a_trigger, gone, memories, objects, observations, pauses, samples

TICKS = objects().flatmap(lambda obj: st.tuples(st.just(obj), memories(), observations(obj)))
ANY_TICKS = objects(pause=pauses).flatmap(lambda obj: st.tuples(st.just(obj), memories(), observations(obj)))
added = st.builds(
    a_trigger,
    st.sampled_from([1, 3, 50]),
    type=st.sampled_from([TargetType.AVERAGE_VALUE, TargetType.VALUE]),
    metric=st.just("added"),
    query=st.just("added"),
)
Tick = tuple[ScaledObject, Memory, Observation]


def rests(obj: ScaledObject, decision: Decision) -> bool:
    """Whether the decision leaves the object at zero or at its idle count, where the HPA has no say."""
    return not decision.proposals and not decision.forced and decision.desired in (0, obj.idle_replicas)


@given(ANY_TICKS)
def test_desired_is_within_bounds_or_exempt(tick: Tick):
    """Desired lies in [0, max], unless the object is paused at a count of its own or stands still while paused."""
    obj, memory, seen = tick
    decision = decide(obj, memory, seen)
    if decision.activity is Activity.PAUSED:
        assert decision.desired in (seen.scale.spec, obj.pause.replicas)
    else:
        assert 0 <= decision.desired <= max(obj.max_replicas, obj.idle_replicas or 0)


@given(TICKS)
def test_an_awake_object_is_at_least_at_min(tick: Tick):
    """What does not rest has at least its minimum, and at least one."""
    obj, memory, seen = tick
    decision = decide(obj, memory, seen)
    assert rests(obj, decision) or decision.desired >= obj.awake_floor


@given(TICKS)
def test_decide_is_a_function(tick: Tick):
    """The same object, memory and observation give the same decision, steps and all."""
    obj, memory, seen = tick
    assert decide(obj, memory, seen) == decide(replace(obj), replace(memory), replace(seen))


@given(TICKS)
def test_a_missing_never_lowers(tick: Tick):
    """With a trigger missing nothing falls but to a lowered max, or where a fallback says so.

    A fallback says so by standing in for what is missing, by ``replicas: 0`` (then the cooldown runs, D21), and by
    leaving the formula to do without (behavior scalingModifiers). cpu and memory have no say in going to rest.
    """
    obj, memory, seen = tick
    decision = decide(obj, memory, seen)
    stood_in = stand_in(obj, ground(obj, memory, seen).memory, seen.measurements, seen.scale, seen.slots)
    least = min(seen.scale.spec, obj.max_replicas)
    lost = [
        trigger.ask.kind
        for index, (trigger, found) in enumerate(zip(obj.triggers, stood_in.measurements, strict=True))
        if isinstance(found, Missing) and index not in stood_in.nil
    ]
    spoken_for = obj.modifiers is not None and bool(stood_in.indices)  # one trigger's fallback speaks for the formula
    if MetricKind.EXTERNAL in lost and not spoken_for:
        told_to_rest = obj.fallback is not None and obj.fallback.replicas == 0 and rests(obj, decision)
        assert decision.desired >= least or told_to_rest
    weighed = {MetricKind.RESOURCE} if obj.modifiers is not None else set(MetricKind) - {MetricKind.EXTERNAL}
    if weighed & set(lost):
        assert decision.desired >= least or rests(obj, decision)


@given(TICKS)
def test_a_formula_that_gives_no_number_never_lowers(tick: Tick):
    """A composite that is missing holds the count, whatever the triggers say (D24)."""
    obj, memory, seen = tick
    decision = decide(obj, memory, seen)
    told_to_rest = obj.fallback is not None and obj.fallback.replicas == 0 and rests(obj, decision)
    if isinstance(decision.composite, Missing) and not told_to_rest:
        assert decision.desired >= min(seen.scale.spec, obj.max_replicas)


@given(TICKS, added, st.one_of(samples, gone))
def test_adding_a_trigger_never_lowers_the_raw_recommendation(tick: Tick, trigger: Trigger, found):
    """One more trigger can only ask for more, or be missing, which asks for no less than there is.

    A trigger that has a sample leaves a recommendation where there was one, unless it is of type Value and no pod is
    ready.
    """
    obj, memory, seen = tick
    more = replace(obj, triggers=(*obj.triggers, trigger))
    before = decide(obj, memory, seen)
    after = decide(more, memory, replace(seen, measurements=(*seen.measurements, found)))
    if before.recommendation is None or before.base != after.base:
        return
    if after.recommendation is not None:
        assert after.recommendation >= before.recommendation
    elif isinstance(found, Sample) and trigger.ask.target.type is TargetType.AVERAGE_VALUE:
        raise AssertionError("a trigger with a sample took the recommendation away")
    else:
        assert after.desired >= min(seen.scale.spec, obj.max_replicas)


@given(TICKS)
def test_no_memory_lowers_below_what_this_tick_asks_for(tick: Tick):
    """Whatever is remembered, desired is at least the lower of current and this tick's own recommendation."""
    obj, memory, seen = tick
    decision = decide(obj, memory, seen)
    if decision.recommendation is None or rests(obj, decision) or decision.fallbacks:
        return
    asked = min(max(decision.recommendation, obj.awake_floor), obj.max_replicas)
    assert decision.desired >= min(seen.scale.spec, asked)


@given(objects().flatmap(lambda obj: st.tuples(st.just(obj), memories(), observations(obj))))
def test_a_held_object_never_falls(tick: Tick):
    """Under any hold nothing falls but to a lowered max."""
    obj, memory, seen = tick
    if seen.holds:
        assert decide(obj, memory, seen).desired >= min(seen.scale.spec, obj.max_replicas)


@given(ANY_TICKS)
def test_a_memory_survives_its_coding(tick: Tick):
    """What is saved is what is loaded, for memories that ticks make and for any other."""
    obj, memory, seen = tick
    after = remember(obj, memory, seen, decide(obj, memory, seen), Unneeded())
    assert decode_memory(encode_memory(after), NOW) == after


@given(memories())
def test_any_memory_survives_its_coding(memory: Memory):
    """Any memory whose instants lie in the past is loaded as it was saved."""
    assert decode_memory(encode_memory(memory), NOW) == memory


@given(ANY_TICKS)
def test_a_record_survives_its_coding(tick: Tick):
    """Whatever a tick saw and decided is read back as it was written."""
    obj, memory, seen = tick
    record = Decided(
        obj=obj,
        memory=memory,
        seen=seen,
        decision=decide(obj, memory, seen),
        outcome=Unneeded(),
        lateness=timedelta(milliseconds=3),
        took=timedelta(milliseconds=20),
    )
    assert decode_record(encode_record(record)) == record
