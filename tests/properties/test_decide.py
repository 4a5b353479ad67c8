"""What holds for every valid object, every memory and every observation."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.decide import decide
from autoscaler.core.fallback import stand_in
from autoscaler.core.remember import remember
from autoscaler.core.seed import ground
from autoscaler.model.codec import decode_memory, encode_memory
from autoscaler.model.decision import Activity, Decision
from autoscaler.model.memory import Memory
from autoscaler.model.objects import MetricKind, ScaledObject
from autoscaler.model.observation import Missing, Observation
from autoscaler.model.record import Unneeded
from tests.properties.strategies import NOW, a_trigger, gone, memories, objects, observations, pauses, samples

TICKS = objects().flatmap(lambda obj: st.tuples(st.just(obj), memories(), observations(obj)))
ANY_TICKS = objects(pause=pauses).flatmap(lambda obj: st.tuples(st.just(obj), memories(), observations(obj)))
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
    """With a trigger missing nothing falls but to a lowered max, or where a fallback says so."""
    obj, memory, seen = tick
    known = ground(obj, memory, seen).memory
    stood_in = stand_in(obj, known, seen.measurements, seen.scale, seen.slots)
    external = [
        found
        for trigger, found in zip(obj.triggers, stood_in.measurements, strict=True)
        if trigger.ask.kind is MetricKind.EXTERNAL and isinstance(found, Missing)
    ]
    told_so = obj.fallback is not None and obj.fallback.replicas == 0
    if external and not told_so:
        assert decide(obj, memory, seen).desired >= min(seen.scale.spec, obj.max_replicas)


@given(TICKS, st.one_of(samples, gone))
def test_adding_a_trigger_never_lowers_the_raw_recommendation(tick: Tick, found):
    """One more trigger can only ask for more, or be missing, which asks for no less than there is."""
    obj, memory, seen = tick
    more = replace(obj, triggers=(*obj.triggers, a_trigger(3, metric="added", query="added")))
    before = decide(obj, memory, seen)
    after = decide(more, memory, replace(seen, measurements=(*seen.measurements, found)))
    if before.recommendation is not None and after.recommendation is not None and before.base == after.base:
        assert after.recommendation >= before.recommendation


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
