"""scalingModifiers.formula: compile and evaluate."""

from datetime import UTC, datetime
from typing import Any

from autoscaler.core.formula.evaluate import compose
from autoscaler.manifests.formula import parse_modifiers
from autoscaler.model.faults import Faults
from autoscaler.model.objects import (
    Ask,
    Fallback,
    FallbackBehavior,
    MetricKind,
    MetricTarget,
    Modifiers,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import Missing, MissingReason, Origin, Sample
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_UNUSABLE = str(-(2**63))
_KINDS = {"cpu": MetricKind.RESOURCE, "memory": MetricKind.RESOURCE}
_WORDS = ("", "AverageValue", "Value", "Utilization")


def recognise(vector: dict[str, Any]) -> bool:
    """Formula vectors have a formula and triggers with values."""
    return vector["id"].startswith("formula-")


def judge(vector: dict[str, Any]) -> Verdict:
    given, expected = vector["in"], vector["out"]
    read = parse_modifiers(
        formula=given.get("formula", ""),
        target=given.get("target", ""),
        activation_target="",
        metric_type=given.get("metricType", ""),
        names=[t["name"] for t in given["triggers"] if t.get("name") and t.get("type") not in _KINDS],
    )
    if read is None:
        return Agrees() if expected.get("modifiers") is False else Disagrees(expected, "no modifiers")
    if isinstance(read, Faults):
        return _judge_refusal(given, expected, read)
    if expected.get("compile") != "ok":
        return Disagrees(expected, "compiles")
    return _judge_result(expected["result"], _evaluate(given, read))


def _judge_refusal(given: dict[str, Any], expected: dict[str, Any], read: Faults) -> Verdict:
    reasons = {fault.reason for fault in read.faults}
    compiled = expected.get("compile")
    if isinstance(compiled, dict) and compiled["error_class"] in reasons:
        return Agrees()
    if compiled == "ok" and given.get("metricType", "") not in _WORDS and reasons == {"bad_metric_type"}:
        return Explained("D8")  # KEDA hands the word on to an API server that refuses it
    return Disagrees(expected, read)


def _judge_result(expected: dict[str, Any], got: Sample | Missing) -> Verdict:
    if isinstance(got, Missing):
        if got.reason is not MissingReason.FORMULA:
            return Disagrees(expected, got)
        if "error_class" in expected:
            return Agrees()
        unusable = expected["milli"] == _UNUSABLE and "no finite 64-bit number" in got.detail
        return Explained("D12") if unusable else Disagrees(expected, got)
    if got.origin is Origin.COMPOSED and expected.get("milli") == str(got.value_milli):
        return Agrees()
    return Disagrees(expected, got)


def _evaluate(given: dict[str, Any], modifiers: Modifiers) -> Sample | Missing:
    fallback = given.get("fallback")
    triggers = tuple(_trigger(index, trigger) for index, trigger in enumerate(given["triggers"]))
    obj = ScaledObject(
        key=ObjectKey(namespace="ns", name="so"),
        target=ScaleTarget(namespace="ns", name="target"),
        triggers=triggers,
        modifiers=modifiers,
        fallback=_fallback(fallback) if fallback else None,
    )
    nil = tuple(index for index, trigger in enumerate(given["triggers"]) if _is_nil(trigger, fallback))
    return compose(obj, tuple(map(_measurement, given["triggers"])), nil, at=_AT, wall=_AT)


def _trigger(index: int, trigger: dict[str, Any]) -> Trigger:
    kind = trigger.get("type", "prometheus")
    ask = Ask(
        question=Question(source=Source(transport="prometheus"), text=""),
        metric=f"s{index}-{kind}",
        kind=_KINDS.get(kind, MetricKind.EXTERNAL),
        target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000),
    )
    return Trigger(type=kind, name=trigger.get("name") or None, ask=ask)


def _fallback(fallback: dict[str, Any]) -> Fallback:
    behavior = FallbackBehavior(fallback.get("behavior") or "static")
    return Fallback(threshold=fallback["failureThreshold"], replicas=fallback["replicas"], behavior=behavior)


def _measurement(trigger: dict[str, Any]) -> Sample | Missing:
    if "value" not in trigger:
        return Missing(reason=MissingReason.EMPTY, detail="no value")
    return Sample(value_milli=int(f"{trigger['value']:.3f}".replace(".", "")), active=True, at=_AT)


def _is_nil(trigger: dict[str, Any], fallback: dict[str, Any] | None) -> bool:
    """A trigger that delivered nothing reads as nil; so does one that failed too often, where behavior says so."""
    if "value" not in trigger:
        return True
    if not fallback or fallback.get("behavior") != FallbackBehavior.SCALING_MODIFIERS.value:
        return False
    return bool(trigger.get("failures", 0) > fallback["failureThreshold"])
