"""From samples to proposals: what each metric asks for, in the order in which the HPA weighs them.

Source: kubernetes horizontal.go, computeReplicasForMetrics, and replica_calculator.go; KEDA hpa.go for the order.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from autoscaler.core.numbers import I32_MAX, I64_MAX, I64_MIN, Band, Wanted, ceil_i32, divide
from autoscaler.core.pods import propose_pods
from autoscaler.model.decision import Proposal
from autoscaler.model.objects import MetricKind, MetricTarget, ScaledObject, TargetType
from autoscaler.model.observation import Measurement, Missing, PodCount, PodSamples, Sample

_ORDER = (MetricKind.CONTAINER_RESOURCE, MetricKind.EXTERNAL, MetricKind.RESOURCE)


def propose(
    obj: ScaledObject,
    measurements: Sequence[Measurement],
    composite: Sample | Missing | None,
    *,
    base: int,
    status: int,
    pods: PodCount | None,
    band: Band,
) -> tuple[Proposal, ...]:
    """Ask every metric for its count; ``base`` stands for spec.replicas and ``status`` for status.replicas.

    ``composite`` is the formula's sample, None without scalingModifiers; it replaces all but Resource metrics.
    """
    return tuple(
        _proposal(index, _propose(target, measured, base=base, status=status, pods=pods, band=band))
        for index, target, measured in _metrics(obj, measurements, composite)
    )


def average_value(total: int, target: int, status: int, band: Band) -> Wanted:
    """Divide a total by the target per replica; inside the tolerance the count of status holds.

    A negative total proposes 0 (D11). Source: kubernetes replica_calculator.go, GetExternalPerPodMetricReplicas.
    """
    if total < 0:
        return Wanted(0, False, divide(float(total), float(target) * float(status)))
    ratio = divide(float(total), float(target) * float(status))
    if band[0] <= ratio <= band[1]:
        return Wanted(status, True, ratio)
    return Wanted(ceil_i32(divide(float(total), float(target))), False, ratio)


def plain_value(total: int, target: int, base: int, pods: PodCount | None, band: Band) -> Wanted | str:
    """Multiply the ready pods by the ratio; inside the tolerance ``base`` holds and no pod is looked at.

    Text says why there is nothing to go on. No pod ready proposes 0, which is the HPA's own answer.
    Source: kubernetes replica_calculator.go, GetExternalMetricReplicas.
    """
    ratio = divide(float(total), float(target))
    if band[0] <= ratio <= band[1]:
        return Wanted(base, True, ratio)
    if pods is None or pods.total == 0:
        return "no pods match the selector of the scale target, so a Value target has no count to multiply"
    wanted = ratio * float(pods.ready)
    return Wanted(I32_MAX if wanted > I32_MAX else ceil_i32(wanted), False, ratio)


def _metrics(
    obj: ScaledObject, measurements: Sequence[Measurement], composite: Sample | Missing | None
) -> Iterator[tuple[int | None, MetricTarget, Measurement]]:
    if composite is not None and obj.modifiers is not None:
        yield None, obj.modifiers.target, composite
    kinds = _ORDER if composite is None else (MetricKind.RESOURCE,)
    for kind in kinds:
        for index, trigger in enumerate(obj.triggers):
            if trigger.ask.kind is kind:
                yield index, trigger.ask.target, measurements[index]


def _propose(
    target: MetricTarget, measured: Measurement, *, base: int, status: int, pods: PodCount | None, band: Band
) -> Wanted | str:
    if isinstance(measured, Missing):
        return measured.detail or measured.reason.value
    if isinstance(measured, PodSamples):
        return propose_pods(measured, target, base, band)
    total = min(max(measured.value_milli, I64_MIN), I64_MAX)
    if target.type is TargetType.AVERAGE_VALUE:
        return average_value(total, target.amount, status, band)
    return plain_value(total, target.amount, base, _observed_with(measured, pods), band)


def _observed_with(sample: Sample, pods: PodCount | None) -> PodCount | None:
    """Give a cached sample the ready count that was seen with it, lest it be applied to its own effect (D25)."""
    if sample.ready is None or pods is None or pods.ready == sample.ready:
        return pods
    return replace(pods, ready=sample.ready)


def _proposal(index: int | None, wanted: Wanted | str) -> Proposal:
    if isinstance(wanted, str):
        return Proposal(trigger=index, replicas=None, fault=wanted)
    ratio = None if math.isnan(wanted.ratio) else wanted.ratio  # nothing over no pods at all
    return Proposal(trigger=index, replicas=max(wanted.replicas, 0), held=wanted.held, ratio=ratio)
