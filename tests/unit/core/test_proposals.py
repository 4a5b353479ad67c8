"""From samples to proposals, in the HPA's arithmetic and order."""

import math

import pytest

from autoscaler.core.numbers import I32_MAX, Wanted, band
from autoscaler.core.proposals import average_value, plain_value, propose
from autoscaler.model.decision import Proposal
from autoscaler.model.formula import Formula, Node
from autoscaler.model.objects import MetricKind, MetricTarget, Modifiers, TargetType
from autoscaler.model.observation import MissingReason, PodCount, PodSamples, PodUsage
from tests.unit.builders import START, a_sample, a_trigger, an_object, missing

TENTH = band(down=0.1, up=0.1)
VALUE, AVERAGE = TargetType.VALUE, TargetType.AVERAGE_VALUE


def test_an_average_rounds_up():
    """A total over the target per replica is rounded up."""
    assert average_value(450_000, 100_000, 4, TENTH) == Wanted(5, False, 1.125)


@pytest.mark.parametrize(
    ("total", "replicas", "held"),
    [(1_100_000, 10, True), (1_100_001, 12, False), (900_000, 10, True), (899_999, 9, False)],
)
def test_the_tolerance_includes_both_ends(total: int, replicas: int, held: bool):
    """Within a tenth of the target the count of status holds; one thousandth more moves it."""
    assert average_value(total, 100_000, 10, TENTH)[:2] == (replicas, held)


def test_no_status_holds_nothing():
    """With no replica in status a total divides by the target alone."""
    assert average_value(250_000, 100_000, 0, TENTH) == Wanted(3, False, math.inf)
    zero = average_value(0, 100_000, 0, TENTH)
    assert zero[:2] == (0, False)
    assert math.isnan(zero.ratio)


def test_nothing_over_no_pods_is_no_ratio():
    """NaN is no sentinel: a record that held one would not equal itself once it was read back."""
    obj, samples = an_object(), (a_sample(0),)
    (proposal,) = propose(obj, samples, None, base=1, status=0, pods=None, band=TENTH)
    assert proposal == Proposal(trigger=0, replicas=0, ratio=None)


def test_a_negative_total_proposes_nothing():
    """A negative total proposes 0, never the maximum (D11)."""
    assert average_value(-5_000, 1_000, 2, TENTH) == Wanted(0, False, -2.5)


def test_a_huge_total_saturates():
    """What is beyond 32 bits proposes the largest count there is (D12)."""
    assert average_value(2**63 - 1, 1, 2, TENTH).replicas == I32_MAX
    assert plain_value(2**63 - 1, 1, 2, PodCount(total=3, ready=3), TENTH) == Wanted(I32_MAX, False, float(2**63 - 1))


def test_a_value_multiplies_ready_pods():
    """A Value target multiplies the ready pods by the ratio, and holds the running count inside the tolerance."""
    four_of_five = PodCount(total=5, ready=4)
    assert plain_value(80_000, 50_000, 5, four_of_five, TENTH) == Wanted(7, False, 1.6)
    assert plain_value(54_000, 50_000, 5, None, TENTH) == Wanted(5, True, 1.08)
    assert plain_value(45_000, 50_000, 5, None, TENTH) == Wanted(5, True, 0.9)
    assert plain_value(55_000, 50_000, 5, None, TENTH) == Wanted(5, True, 1.1)
    assert plain_value(80_000, 50_000, 5, PodCount(total=5, ready=0), TENTH) == Wanted(0, False, 1.6)
    assert plain_value(-80_000, 50_000, 5, four_of_five, TENTH) == Wanted(-6, False, -1.6)


@pytest.mark.parametrize("pods", [None, PodCount(total=0, ready=0)])
def test_a_value_without_pods_has_nothing_to_go_on(pods: PodCount | None):
    """A Value target whose selector lists no pod fails and says so."""
    assert "no pods match the selector" in str(plain_value(80_000, 50_000, 5, pods, TENTH))


def test_metrics_come_in_the_order_of_their_kinds():
    """ContainerResource comes first, then External, then Resource, each in the order of the triggers."""
    kinds = [MetricKind.RESOURCE, MetricKind.EXTERNAL, MetricKind.CONTAINER_RESOURCE, MetricKind.EXTERNAL]
    obj = an_object(triggers=[a_trigger(kind=kind) for kind in kinds])
    asked = propose(obj, [a_sample(n) for n in (1, 2, 3, 4)], None, base=9, status=9, pods=None, band=TENTH)
    assert [(p.trigger, p.replicas) for p in asked] == [(2, 3), (1, 2), (3, 4), (0, 1)]


def test_a_composite_replaces_all_but_resources():
    """The formula's sample is compared with the formula's target and stands for all external metrics."""
    modifiers = Modifiers(
        formula=Formula(text="a", root=Node(kind="name", column=1)), target=MetricTarget(type=AVERAGE, amount=2000)
    )
    kinds = [MetricKind.EXTERNAL, MetricKind.CONTAINER_RESOURCE, MetricKind.RESOURCE]
    obj = an_object(triggers=[a_trigger(kind=kind) for kind in kinds], modifiers=modifiers)
    samples = [a_sample(n) for n in (1, 2, 3)]
    asked = propose(obj, samples, a_sample(8), base=9, status=9, pods=None, band=TENTH)
    assert [(p.trigger, p.replicas) for p in asked] == [(None, 4), (2, 3)]
    failed = propose(obj, samples, missing(MissingReason.FORMULA), base=9, status=9, pods=None, band=TENTH)
    assert failed[0] == Proposal(trigger=None, replicas=None, fault="gone")


def test_what_is_missing_or_negative_proposes_nothing():
    """A Missing gives no count and tells why; a negative count is none."""
    obj = an_object(triggers=[a_trigger(), a_trigger(type=VALUE)])
    asked = propose(obj, [missing(), a_sample(-3)], None, base=2, status=2, pods=PodCount(total=2, ready=2), band=TENTH)
    assert asked == (
        Proposal(trigger=0, replicas=None, fault="gone"),
        Proposal(trigger=1, replicas=0, ratio=-3.0),
    )


def test_pods_are_read_by_pod():
    """A cpu trigger's samples go to the calculator of pods, with the running count as its base."""
    obj = an_object(triggers=[a_trigger(50, type=TargetType.UTILIZATION, kind=MetricKind.RESOURCE)])
    samples = PodSamples(pods=(PodUsage(name="a", usage=100, request=100),), at=START)
    assert propose(obj, [samples], None, base=1, status=1, pods=None, band=TENTH) == (
        Proposal(trigger=0, replicas=2, ratio=2.0),
    )


def test_a_cached_sample_keeps_the_ready_count_it_was_seen_with():
    """A cached Value sample multiplies the pods that were ready when it was measured (D25)."""
    obj = an_object(triggers=[a_trigger(type=VALUE)])
    now = PodCount(total=8, ready=8)
    cached, fresh = a_sample(2, ready=4), a_sample(2)
    assert propose(obj, [cached], None, base=8, status=8, pods=now, band=TENTH)[0].replicas == 8
    assert propose(obj, [fresh], None, base=8, status=8, pods=now, band=TENTH)[0].replicas == 16
    assert propose(obj, [cached], None, base=8, status=8, pods=None, band=TENTH)[0].replicas is None


def test_a_sample_beyond_64_bits_is_cut():
    """A sample beyond 64 bits counts as the largest or smallest of them."""
    obj = an_object(triggers=[a_trigger(1e-3)])
    asked = propose(obj, [a_sample(1e300)], None, base=1, status=1, pods=None, band=TENTH)
    assert asked[0].ratio == float(2**63 - 1)
    asked = propose(obj, [a_sample(-1e300)], None, base=1, status=1, pods=None, band=TENTH)
    assert asked[0].ratio == float(-(2**63))
