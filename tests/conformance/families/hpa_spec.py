"""The HPA that KEDA makes of a ScaledObject, judged by what we scale with: bounds, metrics in HPA order, behavior.

The rest of an HPA object has no counterpart here (D40).
"""

import json
from datetime import timedelta
from typing import Any, TypeAlias

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.hpa import with_defaults
from autoscaler.manifests.scaledobject import Judged, candidate, parse
from autoscaler.manifests.settings import Settings
from autoscaler.model.faults import Severity
from autoscaler.model.objects import MetricKind, MetricTarget, Pause, ScaledObject, ScalingRules, TargetType
from autoscaler.model.quantity import parse_quantity
from autoscaler.scalers.contract import Scaler
from autoscaler.scalers.cpu_memory import CpuMemoryScaler
from autoscaler.scalers.cron import CronScaler
from autoscaler.scalers.kubernetes_workload import KubernetesWorkloadScaler
from autoscaler.scalers.metrics_api import MetricsApiScaler
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from tests.conformance.standins import Loki
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

Metric: TypeAlias = tuple[str, str, str, int]
"""Kind, name, target type, and the target in thousandths or whole percent."""

SCALERS: dict[str, Scaler] = {
    "prometheus": PrometheusScaler(),
    "cron": CronScaler(),
    "cpu": CpuMemoryScaler("cpu"),
    "memory": CpuMemoryScaler("memory"),
    "kubernetes-workload": KubernetesWorkloadScaler(),
    "metrics-api": MetricsApiScaler(),
    "loki": Loki(),
}
MANY = 12
"""Beyond this many metrics their order is an artefact of Go's sort."""
AROUND = ("not found", "no scale subresource", "no matches for kind")
"""Errors about what the object points at; they show when the target is read, not when the object is loaded."""


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its input."""
    return "scaledObject" in vector["in"] and "mode" in vector["in"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare refusals first, then a pause, then bounds, metrics and behavior."""
    judged, out = _ours(vector["in"]["scaledObject"]), vector["out"]
    hpas = [out["hpa"]] if "hpa" in out else out.get("hpas", [])
    if "error" in out or "panic" in out:
        return _refused(judged, str(out.get("error", "panic")))
    if not out.get("apiserver", {}).get("accepted", True):
        return _unwritable(judged, out["apiserver"]["message"])
    if judged.obj is None:
        return _stricter(judged, hpas)
    if judged.obj.pause.full:
        return _paused(judged.obj, out)
    ours = _essence(judged.obj)
    theirs = [_hpa(one["spec"]) for one in hpas]
    return Agrees() if ours in theirs else Disagrees(theirs, ours)


def _ours(manifest: dict[str, Any]) -> Judged:
    whole = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", **manifest}
    document = read([SourceFile(path="vector", text=json.dumps(whole))]).documents[0]
    return parse(candidate(document), SCALERS, Settings(), lambda _ref: None)


def _refused(judged: Judged, text: str) -> Verdict:
    """What KEDA cannot build we refuse; what is around the object is met when its target is read (D10)."""
    if any(word in text for word in AROUND):
        return Explained("D10") if judged.obj is not None else Disagrees("loaded", judged.faults)
    if "already exists" in text:
        return Explained("D40") if judged.obj is not None else Disagrees("loaded", judged.faults)
    if "paused replica count" in text:
        stands = (
            judged.obj is not None and _stands_still(judged.obj.pause) and any(f.code == "W120" for f in judged.faults)
        )
        return Agrees() if stands else Disagrees("paused where it is", judged.faults)
    return Agrees() if judged.obj is None else Disagrees(text, _essence(judged.obj))


def _unwritable(judged: Judged, message: str) -> Verdict:
    """What the API server refuses as an HPA we refuse as an object; an HPA's name is no concern of ours (D40)."""
    if "metadata.name" in message:
        return Explained("D40") if judged.obj is not None else Disagrees("loaded", judged.faults)
    return Agrees() if judged.obj is None else Disagrees(message, _essence(judged.obj))


def _stricter(judged: Judged, hpas: list[dict[str, Any]]) -> Verdict:
    """The schema and the admission rules, which this file's objects never met, hold here (D10)."""
    errors = [fault for fault in judged.faults if fault.severity is Severity.ERROR]
    rules = all(fault.code in ("E101", "E105", "E106", "E107", "E108") for fault in errors)
    return Explained("D10") if errors and rules else Disagrees([_hpa(one["spec"]) for one in hpas], judged.faults)


def _paused(obj: ScaledObject, out: dict[str, Any]) -> Verdict:
    """A paused object has no HPA, and the paused count is what is written, if anything is."""
    written = out.get("scaleTo", [])
    if any(count < 0 for count in written):
        return Explained("D8") if _stands_still(obj.pause) else Disagrees(out, obj.pause)
    fits = obj.pause.replicas in written if written else True
    ours = {"paused": obj.pause.full, "replicas": obj.pause.replicas}
    return Agrees() if fits and out.get("paused", ["True"])[0] == "True" else Disagrees(out, ours)


def _stands_still(pause: Pause) -> bool:
    """Say whether an object is paused where its target stands."""
    return pause.full and pause.replicas is None


def _essence(obj: ScaledObject) -> dict[str, Any]:
    return {
        "min": obj.awake_floor,
        "max": obj.max_replicas,
        "metrics": _in_order(_metrics(obj)),
        "behavior": None
        if obj.behavior is None
        else {
            "scaleUp": _rules(obj.behavior.scale_up, None),
            "scaleDown": _rules(obj.behavior.scale_down, obj.downscale_window),
        },
    }


def _metrics(obj: ScaledObject) -> list[Metric]:
    external = [(t.ask.kind, t.ask.metric, t.ask.target) for t in obj.triggers]
    if obj.modifiers is not None:
        kept = [one for one in external if one[0] is MetricKind.RESOURCE]
        composite = ("External", "composite-metric", obj.modifiers.target.type.value, obj.modifiers.target.amount)
        return [*((k.value, m, t.type.value, t.amount) for k, m, t in kept), composite]
    order = [MetricKind.CONTAINER_RESOURCE, MetricKind.EXTERNAL, MetricKind.RESOURCE]
    external.sort(key=lambda one: order.index(one[0]))
    return [(kind.value, metric, target.type.value, target.amount) for kind, metric, target in external]


def _in_order(metrics: list[Metric]) -> list[Metric]:
    return sorted(metrics) if len(metrics) > MANY else metrics


def _rules(rules: ScalingRules, default_window: timedelta | None) -> dict[str, Any]:
    policies = [
        {"type": one.type.value, "value": one.amount, "periodSeconds": int(one.period.total_seconds())}
        for one in rules.policies
    ]
    shown: dict[str, Any] = {"selectPolicy": rules.select.value, "policies": policies}
    if rules.window != default_window:
        shown["stabilizationWindowSeconds"] = int(rules.window.total_seconds())
    return shown


def _hpa(spec: dict[str, Any]) -> dict[str, Any]:
    behavior = spec.get("behavior")
    return {
        "min": spec["minReplicas"],
        "max": spec["maxReplicas"],
        "metrics": _in_order([_metric(one) for one in spec["metrics"]]),
        "behavior": None
        if behavior is None
        else {direction: _without_default_window(rules) for direction, rules in with_defaults(behavior).items()},
    }


def _without_default_window(rules: Any) -> dict[str, Any]:
    return {key: held for key, held in rules.items() if key != "tolerance"}


def _metric(metric: dict[str, Any]) -> Metric:
    kind = metric["type"]
    held = metric[kind[0].lower() + kind[1:]]
    name = held["metric"]["name"] if kind == "External" else held["name"]
    target = _target(held["target"])
    return (kind, name, target.type.value, target.amount)


def _target(target: dict[str, Any]) -> MetricTarget:
    if target["type"] == "Utilization":
        return MetricTarget(type=TargetType.UTILIZATION, amount=target["averageUtilization"])
    text = target.get("averageValue") or target["value"]
    quantity = parse_quantity(text)
    assert quantity is not None, f"{text} is a quantity"
    return MetricTarget(type=TargetType(target["type"]), amount=quantity.milli)
