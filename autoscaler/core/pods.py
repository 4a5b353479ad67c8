"""cpu and memory: from samples by pod to a count, with what the HPA assumes of pods that are not ready or not sampled.

Source: kubernetes replica_calculator.go, GetResourceReplicas and calcPlainMetricReplicas; metrics/utilization.go.
"""

from autoscaler.core.numbers import Band, Wanted, ceil_i32, quotient, wrap_i32, wrap_i64
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.observation import PodSamples, PodUsage

NO_USABLE_METRICS = "no pod that is ready has a sample"
ZERO_REQUESTS = "the requests of the sampled pods add up to 0"


def propose_pods(samples: PodSamples, target: MetricTarget, base: int, band: Band) -> Wanted | str:
    """Ask pods for a count; text says why there is nothing to go on. ``base`` stands for spec.replicas."""
    ready, unready, unsampled, strangers = _group(samples.pods)
    usage = {pod.name: pod.usage or 0 for pod in (*ready, *strangers)}
    if not usage:
        return NO_USABLE_METRICS
    if samples.fault is not None and target.type is TargetType.UTILIZATION:
        return samples.fault
    requests = _requests(samples.pods) if target.type is TargetType.UTILIZATION else None
    ratio = _ratio(usage, requests, target.amount)
    if ratio is None:
        return ZERO_REQUESTS
    booting = unready if ratio > 1.0 else ()
    if not booting and not unsampled:
        return _judged(ratio, ratio * float(len(ready)), base, band)
    usage.update((pod.name, _assumed(pod, ratio, target)) for pod in unsampled if ratio != 1.0)
    usage.update((pod.name, 0) for pod in booting)
    return _weighed(ratio, usage, requests, target.amount, base, band)


def _weighed(
    ratio: float, usage: dict[str, int], requests: dict[str, int] | None, target: int, base: int, band: Band
) -> Wanted | str:
    """Decide on the enlarged set of pods, never against the direction that the measured ones point in."""
    again = _ratio(usage, requests, target)
    if again is None:
        return ZERO_REQUESTS
    if band[0] <= again <= band[1] or ratio < 1.0 < again or again < 1.0 < ratio:
        return Wanted(base, True, ratio)
    replicas = ceil_i32(again * float(len(usage)))
    if (again < 1.0 and replicas > base) or (again > 1.0 and replicas < base):
        return Wanted(base, True, ratio)
    return Wanted(replicas, False, ratio)


def _judged(ratio: float, wanted: float, base: int, band: Band) -> Wanted:
    if band[0] <= ratio <= band[1]:
        return Wanted(base, True, ratio)
    return Wanted(ceil_i32(wanted), False, ratio)


def _group(
    pods: tuple[PodUsage, ...],
) -> tuple[tuple[PodUsage, ...], tuple[PodUsage, ...], tuple[PodUsage, ...], tuple[PodUsage, ...]]:
    """Sort pods into ready, unready, without a sample, and sampled though not listed; the first match wins."""
    ready, unready, unsampled, strangers = [], [], [], []
    for pod in pods:
        if not pod.listed:
            strangers.append(pod)
        elif pod.ignored:
            continue
        elif pod.pending:
            unready.append(pod)
        elif pod.usage is None:
            unsampled.append(pod)
        elif not pod.ready:
            unready.append(pod)
        else:
            ready.append(pod)
    return tuple(ready), tuple(unready), tuple(unsampled), tuple(strangers)


def _requests(pods: tuple[PodUsage, ...]) -> dict[str, int]:
    return {pod.name: pod.request for pod in pods if pod.request is not None and pod.listed}


def _ratio(usage: dict[str, int], requests: dict[str, int] | None, target: int) -> float | None:
    """Give usage over target; None where the requests are zero. Percents are whole and cut, as the HPA's."""
    if requests is None:
        return float(quotient(wrap_i64(sum(usage.values())), len(usage))) / float(target)
    both = [name for name in usage if name in requests]
    requested = sum(requests[name] for name in both)
    if requested == 0:
        return None
    used = wrap_i64(sum(usage[name] for name in both) * 100)
    return float(wrap_i32(quotient(used, requested))) / float(target)


def _assumed(pod: PodUsage, ratio: float, target: MetricTarget) -> int:
    """Assume that a pod without a sample speaks against the direction: at its target on the way down, else idle."""
    if ratio > 1.0:
        return 0
    if target.type is TargetType.UTILIZATION:
        return quotient((pod.request or 0) * max(100, target.amount), 100)
    return target.amount
