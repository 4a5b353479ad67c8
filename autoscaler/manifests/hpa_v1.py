"""autoscaling/v1 to v2: one cpu target in the spec, everything else in annotations.

Source: kubernetes pkg/apis/autoscaling/v1/conversion.go.
"""

import json
from collections.abc import Mapping
from typing import Final

from autoscaler.manifests.hpa_schema import BEHAVIOR as BEHAVIOR_FIELDS
from autoscaler.manifests.hpa_schema import V1_METRICS, MisfitError, read_fields
from autoscaler.manifests.positions import Data
from autoscaler.model.quantity import parse_quantity

METRICS: Final = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR: Final = "autoscaling.alpha.kubernetes.io/behavior"


def from_v1(spec: Mapping[str, Data], annotations: Mapping[str, Data], default: Mapping[str, Data]) -> dict[str, Data]:
    """Convert a decoded spec. The annotation's metrics come first and the spec's cpu last; none at all: ``default``.

    An annotation that cannot be read is ignored in silence, as the API server does. Behavior keeps its gaps.
    """
    metrics = _metrics(annotations.get(METRICS))
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is not None:
        target: dict[str, Data] = {"type": "Utilization", "averageUtilization": percent}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    out = {name: held for name, held in spec.items() if name != "targetCPUUtilizationPercentage"}
    out.setdefault("minReplicas", 1)
    out["metrics"] = metrics or [dict(default)]
    if behavior := _behavior(annotations.get(BEHAVIOR)):
        out["behavior"] = behavior
    return out


def _metrics(annotation: Data) -> list[Data]:
    raw = _json(annotation)
    if not isinstance(raw, list):
        return []
    try:
        read = V1_METRICS(raw, METRICS)
    except MisfitError:
        return []
    assert isinstance(read, list), "a list is read as a list"
    return [_metric(metric) for metric in read if isinstance(metric, dict)]


def _metric(metric: Mapping[str, Data]) -> dict[str, Data]:
    out: dict[str, Data] = {"type": metric["type"]}
    for name, convert in _SOURCES.items():
        source = metric.get(name)
        if isinstance(source, dict):
            out[name] = convert(source)
    return out


def _object(source: Mapping[str, Data]) -> Data:
    average, given = source.get("averageValue"), source["targetValue"]
    if average is None:
        target = _target("Value", value=given)
    else:  # autoscaling/v1 cannot leave its targetValue out and writes a zero
        target = _target("AverageValue", value=_unless_zero(given), average=average)
    return {"describedObject": source["target"], "target": target, "metric": _identity(source, "selector")}


def _pods(source: Mapping[str, Data]) -> Data:
    target = _target("AverageValue", average=source["targetAverageValue"])
    return {"metric": _identity(source, "selector"), "target": target}


def _resource(source: Mapping[str, Data]) -> Data:
    percent = source.get("targetAverageUtilization")
    kind = "AverageValue" if percent is None else "Utilization"
    out: dict[str, Data] = {
        "name": source["name"],
        "target": _target(kind, average=source.get("targetAverageValue"), percent=percent),
    }
    if "container" in source:
        out["container"] = source["container"]
    return out


def _external(source: Mapping[str, Data]) -> Data:
    given = source.get("targetValue")
    target = _target(
        "AverageValue" if given is None else "Value", value=given, average=source.get("targetAverageValue")
    )
    return {"metric": _identity(source, "metricSelector"), "target": target}


_SOURCES: Final = {
    "object": _object,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _resource,
    "external": _external,
}


def _target(kind: str, *, value: Data = None, average: Data = None, percent: Data = None) -> dict[str, Data]:
    fields: dict[str, Data] = {"type": kind, "value": value, "averageValue": average, "averageUtilization": percent}
    return {name: held for name, held in fields.items() if held is not None}


def _identity(source: Mapping[str, Data], selector: str) -> dict[str, Data]:
    held = source.get(selector)
    return {"name": source["metricName"], **({} if held is None else {"selector": held})}


def _unless_zero(quantity: Data) -> Data:
    parsed = parse_quantity(str(quantity))
    return None if parsed is None or parsed.mantissa == 0 else quantity


def _behavior(annotation: Data) -> dict[str, Data]:
    """Read the annotation, whose keys are Go's names of the fields, in any case."""
    raw = _in_lower_camel(_json(annotation))
    if not isinstance(raw, dict):
        return {}
    try:
        return read_fields(raw, BEHAVIOR_FIELDS, BEHAVIOR)
    except MisfitError:
        return {}


def _in_lower_camel(raw: Data) -> Data:
    if isinstance(raw, dict):
        return {key[:1].lower() + key[1:]: _in_lower_camel(held) for key, held in raw.items()}
    return [_in_lower_camel(held) for held in raw] if isinstance(raw, list) else raw


def _json(annotation: Data) -> Data:
    try:
        found: Data = json.loads(annotation) if isinstance(annotation, str) else None
    except ValueError:
        return None
    return found
