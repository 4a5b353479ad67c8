"""cpu and memory: what pods that are not ready or not sampled do to a count."""

import pytest

from autoscaler.core.numbers import Wanted, band
from autoscaler.core.pods import NO_USABLE_METRICS, ZERO_REQUESTS, propose_pods
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.observation import PodSamples, PodUsage
from tests.unit.builders import START

TENTH = band(down=0.1, up=0.1)
NONE = band(down=0.0, up=0.0)


def pod(name: str, usage: int | None, request: int | None = 1000, **flags: bool) -> PodUsage:
    return PodUsage(name=name, usage=usage, request=request, **flags)


def several(count: int, usage: int | None, request: int | None = 1000, **flags: bool) -> list[PodUsage]:
    return [pod(f"{usage}-{sorted(flags)}-{number}", usage, request, **flags) for number in range(count)]


def asked(
    pods: list[PodUsage], target: int, base: int, *, average: bool = False, fault: str | None = None, tolerance=TENTH
):
    kind = TargetType.AVERAGE_VALUE if average else TargetType.UTILIZATION
    samples = PodSamples(pods=tuple(pods), at=START, fault=fault)
    return propose_pods(samples, MetricTarget(type=kind, amount=target), base, tolerance)


def test_percents_are_whole_and_the_ceiling_is_in_doubles():
    """14 pods at 145 % of a target of 70 %: exactly 29, in doubles 30, as the HPA says."""
    assert asked(several(14, 1450), 70, 14) == Wanted(30, False, 145 / 70)


def test_an_enlarged_set_may_ask_for_what_there_is():
    """With pods that are not ready or not sampled the count may come out as it is; that is no tolerance."""
    booting = [*several(2, 200), pod("new", 0, ready=False)]
    assert asked(booting, 100, 4, average=True) == Wanted(4, False, 2.0)
    silent = [pod("a", 20), pod("b", None)]
    assert asked(silent, 100, 2, average=True) == Wanted(2, False, 0.2)


def test_utilization_is_cut_to_whole_percents():
    """88.9 % counts as 88 and holds; 89 does not."""
    assert asked([pod("a", 445, 500), pod("b", 445, 500), pod("c", 444, 500)], 80, 3) == Wanted(3, True, 88 / 80)
    assert asked([pod("a", 445, 500), pod("b", 445, 500), pod("c", 445, 500)], 80, 3) == Wanted(4, False, 89 / 80)


@pytest.mark.parametrize(("usage", "want"), [(700, (6, True)), (850, (7, False))])
def test_unready_pods_count_as_idle_on_the_way_up(usage: int, want: tuple[int, bool]):
    """Growth is judged as if the pods that are booting used nothing, and never turns against itself."""
    pods = [*several(4, usage), *several(2, 900, ready=False)]
    assert asked(pods, 50, 6)[:2] == want


def test_pending_pods_are_unready():
    """A pod that is pending is not ready, sampled or not."""
    pods = [*several(4, 850), *several(1, None, pending=True), *several(1, 900, pending=True)]
    assert asked(pods, 50, 6)[:2] == (7, False)


def test_unready_pods_do_not_protect_from_shrinking():
    """On the way down only ready pods count."""
    pods = [*several(4, 300), *several(2, 300, ready=False)]
    assert asked(pods, 50, 6)[:2] == (3, False)


def test_unsampled_pods_count_as_full_on_the_way_down():
    """A pod without a sample uses all its request, or its target where that is higher, before anything shrinks."""
    pods = [*several(2, 100), *several(2, None)]
    assert asked(pods, 50, 4)[:2] == (4, True)
    assert asked(pods, 150, 4)[:2] == (3, False)
    assert asked(pods, 500, 4, average=True)[:2] == (3, False)


def test_unsampled_pods_count_as_idle_on_the_way_up():
    """A pod without a sample uses nothing before anything grows."""
    assert asked([*several(2, 1000), *several(1, None)], 50, 3)[:2] == (4, False)
    assert asked([*several(2, 1000), *several(1, None)], 500, 3, average=True)[:2] == (4, False)


def test_exactly_at_the_target_unsampled_pods_add_nothing():
    """At the target itself nothing is assumed of pods without a sample."""
    assert asked([*several(2, 500), *several(1, None)], 50, 7, tolerance=NONE) == Wanted(7, True, 1.0)


def test_exactly_at_the_target_booting_pods_add_nothing():
    """At the target itself a pod that boots is left out."""
    assert asked([*several(2, 500), *several(1, 500, ready=False)], 50, 7, tolerance=NONE) == Wanted(7, True, 1.0)


def test_an_unsampled_pod_uses_its_whole_request_and_no_more():
    """One pod at 95 % and nine assumed at 100 % are 99.5 %, cut to 99."""
    assert asked([*several(1, 950), *several(9, None)], 100, 20, tolerance=NONE)[:2] == (10, False)


def test_a_count_never_moves_against_its_ratio():
    """Where the enlarged set would shrink on a rise, or grow on a fall, the count stays."""
    assert asked([*several(1, 100), *several(9, None)], 50, 4)[:2] == (4, True)
    assert asked([*several(1, 600), *several(9, None)], 50, 4)[:2] == (4, True)
    assert asked([*several(2, 1000), *several(1, None)], 50, 9)[:2] == (9, True)
    assert asked([*several(4, 100), *several(1, None)], 90, 1)[:2] == (1, True)


def test_without_doubtful_pods_there_is_no_guard_of_direction():
    """With surge pods all ready and sampled, a ratio below one may still raise the count, as in the HPA."""
    assert asked(several(13, 680), 80, 10)[:2] == (12, False)


def test_ignored_pods_and_strangers():
    """Pods on their way out count nowhere; samples of unlisted pods count in averages, not in utilization."""
    pods = [*several(2, 1000), *several(1, 5000, ignored=True), pod("x", 4000, None, listed=False)]
    assert asked(pods, 1000, 2, average=True) == Wanted(4, False, 2.0)
    assert asked(pods, 50, 2) == Wanted(4, False, 2.0)


def test_what_gives_nothing_to_go_on():
    """No usable sample comes before a missing request, that before requests of zero."""
    assert asked([*several(1, None), *several(2, 100, ready=False)], 50, 3, fault="no request") == NO_USABLE_METRICS
    assert asked(several(1, 100), 50, 3, fault="no request") == "no request"
    assert asked(several(1, 100), 50, 3, average=True, fault="no request") == Wanted(2, False, 2.0)
    assert asked(several(2, 100, 0), 50, 3) == ZERO_REQUESTS


def test_averages_are_cut_toward_zero():
    """An average of whole thousandths is cut."""
    assert asked([pod("a", 3), pod("b", 4)], 3, 2, average=True, tolerance=NONE) == Wanted(2, True, 1.0)
