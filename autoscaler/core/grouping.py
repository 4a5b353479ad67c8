"""From pods and their metrics to what the replica calculators read: who counts as ready, and what each requests.

Source: kubernetes replica_calculator.go, groupPods and calculateRequests; metrics/client.go, getPodMetrics.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from autoscaler.model.observation import Missing, MissingReason, PodCount, PodSamples, PodUsage
from autoscaler.model.pods import Phase, Pod, PodMetrics, Readiness

CPU = "cpu"
CPU_INITIALIZATION = timedelta(minutes=5)
READINESS_DELAY = timedelta(seconds=30)
_OF_A_POD = (CPU, "memory")
_HUGEPAGES = "hugepages-"


def count(pods: Sequence[Pod]) -> PodCount:
    """Count pods and those Running and Ready; one that is terminating counts as long as it is ready."""
    ready = sum(pod.phase is Phase.RUNNING and pod.ready is Readiness.TRUE for pod in pods)
    return PodCount(total=len(pods), ready=ready)


def group(
    pods: Sequence[Pod],
    metrics: Sequence[PodMetrics],
    resource: str,
    container: str,
    *,
    at: datetime,
    initialization: timedelta = CPU_INITIALIZATION,
    delay: timedelta = READINESS_DELAY,
) -> PodSamples | Missing:
    """Put every pod into its group. ``container`` is empty for the whole pod; ``at`` is wall time, as theirs are."""
    if not metrics:
        return Missing(reason=MissingReason.EMPTY, detail=f"the metrics API has no {resource} metrics for these pods")
    usage: dict[str, tuple[PodMetrics, int]] = {}
    for measured in metrics:
        if (amount := _usage(measured, resource, container)) is not None:
            usage[measured.pod] = (measured, amount)
    if not pods:
        return Missing(reason=MissingReason.EMPTY, detail="no pods match the selector of the scale target")
    requests = [_request(pod, resource, container) for pod in pods]
    grouped = [
        _grouped(pod, usage.get(pod.name), request, resource, at, initialization, delay)
        for pod, request in zip(pods, requests, strict=True)
    ]
    listed = {pod.name for pod in pods}
    strangers = [
        PodUsage(name=name, usage=amount, listed=False) for name, (_, amount) in usage.items() if name not in listed
    ]
    fault = next((request for request in requests if isinstance(request, str)), None)
    return PodSamples(pods=(*grouped, *strangers), at=at, fault=fault)


def _usage(measured: PodMetrics, resource: str, container: str) -> int | None:
    """Sum a pod's containers; one that lacks the resource leaves the pod without a sample."""
    amounts = [used.get(resource) for name, used in measured.usage if container in ("", name)]
    known = [amount for amount in amounts[:1] if amount is not None] if container else amounts
    if not known or any(amount is None for amount in known):
        return None
    return sum(amount for amount in known if amount is not None)


def _grouped(
    pod: Pod,
    sample: tuple[PodMetrics, int] | None,
    request: int | str,
    resource: str,
    at: datetime,
    initialization: timedelta,
    delay: timedelta,
) -> PodUsage:
    ready = True
    if sample is not None and resource == CPU:
        ready = not _is_booting(pod, sample[0], at, initialization, delay)
    return PodUsage(
        name=pod.name,
        usage=None if sample is None else sample[1],
        request=request if isinstance(request, int) else None,
        ready=ready,
        pending=pod.phase is Phase.PENDING,
        ignored=pod.deleting or pod.phase is Phase.FAILED,
    )


def _is_booting(pod: Pod, sample: PodMetrics, at: datetime, initialization: timedelta, delay: timedelta) -> bool:
    """Say whether a pod's cpu tells of its start rather than of load."""
    if pod.ready is None or pod.started_at is None:
        return True
    changed_at = pod.ready_since
    if pod.started_at + initialization > at:
        fresh = changed_at is None or sample.at >= changed_at + sample.window
        return pod.ready is Readiness.FALSE or not fresh
    never_ready = changed_at is None or pod.started_at + delay > changed_at
    return pod.ready is Readiness.FALSE and never_ready


def _request(pod: Pod, resource: str, container: str) -> int | str:
    """Give what a pod requests; text says why nothing can be told."""
    if container:
        return _of_container(pod, resource, container)
    if _has_own(pod):
        return _of_pod(pod, resource)
    counted = (*pod.containers, *(init for init in pod.init_containers if init.sidecar))
    lacking = next((held.name for held in counted if resource not in held.requests), None)
    if lacking is not None:
        return f"no request for {resource} in container {lacking} of pod {pod.name}"
    return sum(held.requests[resource] for held in counted)


def _of_container(pod: Pod, resource: str, container: str) -> int | str:
    found = next((held for held in (*pod.containers, *pod.init_containers) if held.name == container), None)
    if found is None:
        return f"container {container} is not in pod {pod.name}"
    if resource not in found.requests:
        return f"no request for {resource} in container {container} of pod {pod.name}"
    return found.requests[resource]


def _has_own(pod: Pod) -> bool:
    return any(name in _OF_A_POD or name.startswith(_HUGEPAGES) for name in pod.requests)


def _of_pod(pod: Pod, resource: str) -> int | str:
    """Give the request on the level of the pod, else the scheduler's sum of its containers; overhead is added."""
    own = pod.requests.get(resource) if resource in _OF_A_POD or resource.startswith(_HUGEPAGES) else None
    found = own if own is not None else _aggregated(pod, resource)
    extra = pod.overhead.get(resource)
    if found is None and extra is None:
        return f"no request for {resource} on the level of pod {pod.name}"
    return (found or 0) + (extra or 0)


def _aggregated(pod: Pod, resource: str) -> int | None:
    """Sum as the scheduler does: containers and sidecars run together, ordinary init containers one after another.

    Source: kubernetes component-helpers resource/helpers.go, AggregateContainerRequests.
    """
    if all(resource not in held.requests for held in (*pod.containers, *pod.init_containers)):
        return None
    together = sum(_amount(held.requests, resource) for held in pod.containers)
    beside = highest = 0
    for init in pod.init_containers:
        amount = _amount(init.requests, resource)
        if init.sidecar:
            beside += amount
        else:
            highest = max(highest, amount + beside)
    return max(together + beside, highest)


def _amount(requests: Mapping[str, int], resource: str) -> int:
    return requests.get(resource, 0)
