"""Fallback: what stands in, when, and how failures are counted."""

import pytest

from autoscaler.core.fallback import StoodIn, failures, is_configured, stand_in
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import Fallback, FallbackBehavior, MetricKind, MetricTarget, Modifiers, TargetType
from autoscaler.model.observation import MissingReason, Origin, Sample
from tests.unit.builders import (
    BOTH,
    EXTRA,
    POLL,
    SYNC,
    a_memory,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    at,
    missing,
)

RULE = Fallback(threshold=3, replicas=10)


def ready_to_fall_back(data_at: float = 0) -> Memory:
    return Memory(triggers=(TriggerMemory(failures=3, data_at=at(data_at)),))


def stood_in(value: float, when: float = 0) -> StoodIn:
    sample = a_sample(value, active=True, when=at(when), origin=Origin.FALLBACK)
    return StoodIn(measurements=(sample,), indices=(0,))


def test_nothing_stands_in_before_the_threshold_is_exceeded():
    """A threshold of three takes the fourth failure."""
    obj, gone = an_object(fallback=RULE), (missing(),)
    assert stand_in(obj, a_memory(failures=[2]), gone, a_scale(4), POLL) == StoodIn(measurements=gone)
    assert stand_in(obj, ready_to_fall_back(7), gone, a_scale(4), POLL) == stood_in(10, when=7)


def test_without_a_fallback_a_failing_metric_stays_missing():
    """An object without a fallback keeps its Missing for ever."""
    gone = (missing(),)
    assert stand_in(an_object(), a_memory(failures=[99]), gone, a_scale(4), BOTH) == StoodIn(measurements=gone)


@pytest.mark.parametrize(
    ("behavior", "current", "replicas"),
    [
        (FallbackBehavior.STATIC, 4, 10),
        (FallbackBehavior.CURRENT, 4, 4),
        (FallbackBehavior.CURRENT_IF_HIGHER, 4, 10),
        (FallbackBehavior.CURRENT_IF_HIGHER, 14, 14),
        (FallbackBehavior.CURRENT_IF_LOWER, 4, 4),
        (FallbackBehavior.CURRENT_IF_LOWER, 14, 10),
    ],
)
def test_the_behavior_chooses_the_replicas(behavior: FallbackBehavior, current: int, replicas: int):
    """Each behavior takes the author's number, the present one, or the higher or lower of both."""
    obj = an_object(2.5, fallback=Fallback(threshold=3, replicas=10, behavior=behavior))
    found = stand_in(obj, ready_to_fall_back(), (missing(),), a_scale(current), POLL)
    assert found == stood_in(2.5 * replicas)


def test_a_value_metric_is_spread_over_the_ready_pods():
    """For a Value target the stand-in is divided by the ready pods, cut to thousandths."""
    obj = an_object(triggers=(a_trigger(10, type=TargetType.VALUE),), fallback=Fallback(threshold=3, replicas=2))
    found = stand_in(obj, ready_to_fall_back(), (missing(),), a_scale(4, ready=3), POLL)
    assert found == stood_in(6.666)


@pytest.mark.parametrize(
    ("milli", "replicas", "pods", "stood_in_milli"), [(45, 7, 5, 62), (55, 3, 11, 14), (85, 7, 5, 118)]
)
def test_the_stand_in_is_computed_in_doubles(milli: int, replicas: int, pods: int, stood_in_milli: int):
    """The product is made in doubles and cut, so it may be one below the exact one (KEDA fallback.go, doFallback)."""
    trigger = a_trigger(milli / 1000, type=TargetType.VALUE)
    obj = an_object(triggers=(trigger,), fallback=Fallback(threshold=3, replicas=replicas))
    found = stand_in(obj, ready_to_fall_back(), (missing(),), a_scale(4, ready=pods), POLL).measurements[0]
    assert isinstance(found, Sample)
    assert found.value_milli == stood_in_milli


@pytest.mark.parametrize("scale", [a_scale(4), a_scale(4, ready=0)])
def test_a_value_metric_without_ready_pods_stays_missing(scale):
    """Without a ready pod there is nothing to divide by, and no number is invented."""
    obj, gone = an_object(triggers=(a_trigger(10, type=TargetType.VALUE),), fallback=RULE), (missing(),)
    assert stand_in(obj, ready_to_fall_back(), gone, scale, POLL) == StoodIn(measurements=gone)


def test_beside_a_formula_the_stand_in_is_in_its_unit():
    """With scalingModifiers the formula's target makes the stand-in, not the trigger's."""
    whole = Modifiers(
        formula=Formula(text="a", root=Node(kind="name", column=1, literal="a")),
        target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=5000),
    )
    obj = an_object(2, fallback=RULE, modifiers=whole)
    assert stand_in(obj, ready_to_fall_back(), (missing(),), a_scale(4), POLL) == stood_in(50)


def test_behavior_scaling_modifiers_leaves_a_nil_variable():
    """The formula itself decides: the trigger stays Missing and its variable becomes nil."""
    obj = an_object(fallback=Fallback(threshold=3, replicas=1, behavior=FallbackBehavior.SCALING_MODIFIERS))
    gone = (missing(),)
    assert stand_in(obj, ready_to_fall_back(), gone, a_scale(4), POLL) == StoodIn(measurements=gone, nil=(0,))


def test_what_overflows_saturates():
    """A stand-in beyond 64 bits is the largest number, never a negative one (D12)."""
    obj = an_object(9e15, fallback=Fallback(threshold=3, replicas=2**31 - 1))
    found = stand_in(obj, ready_to_fall_back(), (missing(),), a_scale(4), POLL).measurements[0]
    assert isinstance(found, Sample)
    assert found.value_milli == 2**63 - 1


def test_each_slot_counts_and_the_first_failure_once():
    """A failing tick counts each slot it serves; the first of a run counts one, an extra tick none."""
    obj = an_object(fallback=RULE)

    def count(before: int, slots) -> tuple[int, ...]:
        return failures(obj, a_memory(failures=[before]), (missing(),), slots)

    assert [count(0, BOTH), count(1, SYNC), count(2, BOTH)] == [(1,), (2,), (4,)]
    assert [count(5, EXTRA), count(0, EXTRA), count(0, POLL)] == [(5,), (0,), (1,)]


def test_one_success_sets_the_count_to_zero():
    """A single sample ends a run of failures."""
    assert failures(an_object(fallback=RULE), a_memory(failures=[9]), (a_sample(0),), POLL) == (0,)


def test_a_blind_source_counts_nothing():
    """A substituted zero that is not believed leaves the count where it was (D5)."""
    blind = (missing(MissingReason.BLIND),)
    assert failures(an_object(fallback=RULE), a_memory(failures=[2]), blind, BOTH) == (2,)


def test_cpu_is_never_counted():
    """cpu and memory take no part in fallback."""
    cpu = a_trigger(50, kind=MetricKind.RESOURCE)
    obj = an_object(triggers=(a_trigger(), cpu), fallback=RULE)
    gone = (missing(), missing())
    assert failures(obj, a_memory(failures=[9, 0]), gone, POLL) == (10, 0)
    assert stand_in(obj, a_memory(failures=[9, 9]), gone, a_scale(4), POLL).indices == (0,)


def test_triggers_are_counted_one_by_one():
    """One metric's failures say nothing of another's; a new trigger starts at zero."""
    obj = an_object(triggers=(a_trigger(), a_trigger(metric="s1"), a_trigger(metric="s2")), fallback=RULE)
    found = (missing(), a_sample(1), missing())
    assert failures(obj, a_memory(failures=[3, 3]), found, POLL) == (4, 0, 1)


@pytest.mark.parametrize(
    "rule",
    [
        None,
        Fallback(threshold=-1, replicas=3),
        Fallback(threshold=0, replicas=-1),
        Fallback(threshold=0, replicas=3, usable=False),
    ],
)
def test_an_unusable_fallback_neither_counts_nor_acts(rule: Fallback | None):
    """Negative numbers, or a formula whose target is no whole number, switch fallback off without a count."""
    obj, gone = an_object(fallback=rule), (missing(),)
    assert not is_configured(obj)
    assert failures(obj, a_memory(failures=[5]), gone, POLL) == (5,)
    assert stand_in(obj, a_memory(failures=[5]), gone, a_scale(4), POLL) == StoodIn(measurements=gone)
