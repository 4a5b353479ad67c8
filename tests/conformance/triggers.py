"""Vectors of triggers: what was given as a TriggerSpec, and how what was built is compared."""

from collections.abc import Mapping
from typing import Any

from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, TargetType
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Scaler
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

_TARGET_TYPES = (None, "", "AverageValue", "Value", "Utilization")


def parse(
    scaler: Scaler,
    given: Mapping[str, Any],
    metadata: Mapping[str, str] | None = None,
    auth: AuthRef | None = None,
) -> Parsed | Faults:
    """Build the vector's trigger; placeholders in ``metadata`` are already filled in."""
    spec = TriggerSpec(
        index=given.get("triggerIndex", 0),
        type=scaler.type,
        metadata=given["metadata"] if metadata is None else metadata,
        metric_type=given.get("metricType") or None,
        auth=auth,
        namespace=given.get("namespace", "ns"),
        object_name="so",
        env=given.get("resolvedEnv", {}),
        as_metric_source=given.get("asMetricSource", False),
        path="spec.triggers[0]",
    )
    return scaler.parse(spec, {key: Secret(text) for key, text in given.get("authParams", {}).items()})


def judge_refusal(given: Mapping[str, Any], expected: Mapping[str, Any], faults: Faults) -> Verdict:
    """Compare a refusal with the class of KEDA's; a word for metricType that only the API server refuses is D8."""
    reasons = {fault.reason for fault in faults.faults}
    build = expected["build"]
    if isinstance(build, dict):
        refused = build["error_class"] in reasons or build["error_class"] == "parser_panic"
        return Agrees() if refused else Disagrees(build, faults)
    if given.get("metricType") not in _TARGET_TYPES and reasons == {"metric_type"}:
        return Explained("D8")
    return Disagrees(expected, faults)


def differs(expected: Mapping[str, Any], ask: Ask) -> bool:
    """Say whether name, target type or target are not the recorded ones."""
    amount = expected.get("average_value") or expected.get("value") or {}
    return (
        ask.metric != expected["name"]
        or ask.target.type.value != expected["target_type"]
        or str(ask.target.amount) != amount.get("milli", str(ask.target.amount))
        or ("average_value" in expected) is not (ask.target.type is TargetType.AVERAGE_VALUE)
    )
