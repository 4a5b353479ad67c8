"""An HPA's spec and readings, as recorded, in our own vocabulary, and a decision of ours in an HPA's words."""

from datetime import datetime, timedelta
from typing import Any

from autoscaler.core.recommend import winner
from autoscaler.manifests.hpa import read_behavior
from autoscaler.model.decision import Decision, Reason, Step
from autoscaler.model.faults import Faults
from autoscaler.model.objects import (
    Ask,
    MetricKind,
    MetricTarget,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import Measurement, Missing, MissingReason, PodSamples, PodUsage, Sample
from autoscaler.model.quantity import parse_quantity

FOR_EVER = timedelta(seconds=10_000_000)
SOURCE = Source(transport="prometheus")
Vector = dict[str, Any]


def an_object(spec: Vector, config: Vector) -> ScaledObject:
    window = timedelta(seconds=config["downscaleStabilizationSeconds"])
    behavior = read_behavior(spec["behavior"], "behavior", tolerance=config["tolerance"], downscale_window=window)
    assert not isinstance(behavior, Faults), f"the recorded behavior is refused: {behavior}"
    minimum = spec.get("minReplicas")
    return ScaledObject(
        key=ObjectKey(namespace="n", name="o"),
        target=ScaleTarget(namespace="n", name="o"),
        triggers=tuple(_trigger(metric) for metric in spec["metrics"]),
        polling_interval=FOR_EVER,
        sync_interval=FOR_EVER,
        min_replicas=1 if minimum is None else minimum,
        max_replicas=spec["maxReplicas"],
        behavior=behavior,
        tolerance=config["tolerance"],
        downscale_window=window,
    )


def _trigger(metric: Vector) -> Trigger:
    kind, text = TargetType(metric["target"]["type"]), metric["target"]["value"]
    return Trigger(
        type=metric["kind"],
        ask=Ask(
            question=Question(source=SOURCE, text=metric["name"]),
            metric=metric["name"],
            kind=MetricKind(metric["kind"]),
            target=MetricTarget(type=kind, amount=int(text) if kind is TargetType.UTILIZATION else _milli(text)),
        ),
    )


def _milli(text: str) -> int:
    quantity = parse_quantity(text)
    assert quantity is not None, f"the recorded quantity {text!r} is refused"
    return quantity.milli


def measured(metric: Vector, reading: Any, now: datetime) -> Measurement:
    if isinstance(reading, int):
        return Sample(value_milli=reading, active=reading > 0, at=now)
    if "error" in reading:
        reason = MissingReason.EMPTY if reading["error"] == "empty" else MissingReason.UNREACHABLE
        return Missing(reason=reason, detail=reading["error"])
    request = metric.get("requestMilli")
    pods = (PodUsage(name=f"p{i}", usage=usage, request=request) for i, usage in enumerate(reading["perPod"]))
    return PodSamples(pods=tuple(pods), at=now)


def first_failing(obj: ScaledObject, decision: Decision) -> str:
    failing = min(p.trigger for p in decision.proposals if p.replicas is None and p.trigger is not None)
    return obj.triggers[failing].ask.kind.value


def reason_of(obj: ScaledObject, decision: Decision, recommended: Step | None) -> str:
    """The text of the rescale event, put together of the decision's parts as the HPA does."""
    if recommended is None:
        above = decision.steps[-1].reason is Reason.ABOVE_MAX
        return f"Current number of replicas {'above Spec.MaxReplicas' if above else 'below Spec.MinReplicas'}"
    if recommended.after < decision.base:
        return "All metrics below target"
    best = winner(sorted(decision.proposals, key=lambda proposal: proposal.trigger or 0))
    if recommended.after == decision.base or best is None or best.trigger is None:
        return ""
    return f"{_name(obj.triggers[best.trigger])} above target"


def _name(trigger: Trigger) -> str:
    if trigger.ask.kind is MetricKind.EXTERNAL:
        return f"external metric {trigger.ask.metric}(nil)"
    if trigger.ask.target.type is TargetType.UTILIZATION:
        return f"{trigger.ask.metric} resource utilization (percentage of request)"
    return f"{trigger.ask.metric} resource"
