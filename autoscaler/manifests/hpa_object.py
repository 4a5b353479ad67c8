"""A HorizontalPodAutoscaler as the API server admits it: decoded, defaulted, converted to autoscaling/v2, and judged.

Source: kubernetes pkg/apis/autoscaling v1/conversion.go, v2/defaults.go, validation/validation.go and
pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from autoscaler.manifests.hpa import FORBIDDEN, INVALID, REQUIRED, behavior_faults, refusal, with_defaults
from autoscaler.manifests.hpa_metrics import metric_faults, reference_faults
from autoscaler.manifests.hpa_schema import Misfit, decode
from autoscaler.manifests.hpa_v1 import from_v1
from autoscaler.manifests.names import is_subdomain
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault
from autoscaler.model.value import value

V1: Final = "autoscaling/v1"
_CPU: Final[dict[str, Data]] = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
}


@value
class Gates:
    """The feature gates of the API server that change the answer."""

    scale_to_zero: bool = False
    tolerance: bool = True


@value
class Admitted:
    """The spec in autoscaling/v2 form with defaults, what is wrong with it, and how a v2 reader gets it back."""

    spec: dict[str, Data]
    faults: tuple[Fault, ...]
    read_back: dict[str, Data]


def admit(document: Mapping[str, Data], gates: Gates, old: Mapping[str, Data] | None = None) -> Admitted | Misfit:
    """Take an object as the API server would; ``old`` is the stored one of an update. Misfit: it cannot be decoded."""
    new = _decoded(document)
    if isinstance(new, Misfit):
        return new
    stored = _decoded(old) if old is not None else None
    previous = stored if isinstance(stored, dict) else None
    if not gates.tolerance and not _has_tolerance(previous):
        new = _without_tolerance(new)
    faults = (*_name_faults(document, old), *_faults(new, gates, previous))
    return Admitted(spec=new, faults=faults, read_back=_read_back(new))


def _decoded(document: Mapping[str, Data]) -> dict[str, Data] | Misfit:
    """Decode and default an object and give its spec in the form of autoscaling/v2."""
    spec = decode(document)
    if isinstance(spec, Misfit):
        return spec
    if document.get("apiVersion") == V1:
        return from_v1(spec, _annotations(document), _CPU)
    if not spec.get("metrics"):
        spec["metrics"] = [_CPU]
    spec.setdefault("minReplicas", 1)
    if (behavior := spec.get("behavior")) is not None and isinstance(behavior, dict):
        spec["behavior"] = with_defaults(behavior)
    return spec


def _faults(spec: Mapping[str, Data], gates: Gates, old: Mapping[str, Data] | None) -> Iterator[Fault]:
    yield from _replica_faults(spec, gates, old)
    yield from _target_faults(spec, old)
    metrics = spec.get("metrics")
    yield from metric_faults(metrics if isinstance(metrics, list) else [], odd_objects=_had_odd_objects(old))
    if _count(spec, "minReplicas") == 0 and not _has_external(spec):
        text = "minReplicas 0 needs an Object or External metric"
        yield refusal(FORBIDDEN, "spec.metrics", text)
    if isinstance(behavior := spec.get("behavior"), dict):
        yield from behavior_faults(behavior, "spec.behavior")


def _name_faults(document: Mapping[str, Data], old: Mapping[str, Data] | None) -> Iterator[Fault]:
    """A name is judged when the object is made, and may not change after that."""
    name = _text(_mapping(document.get("metadata")), "name")
    if old is not None:
        if name != _text(_mapping(old.get("metadata")), "name"):
            yield refusal(INVALID, "metadata.name", "a name cannot be changed")
    elif not name:
        yield refusal(REQUIRED, "metadata.name", "a name is required")
    elif not is_subdomain(name):
        yield refusal(INVALID, "metadata.name", "must be lower case letters, digits, '-' and '.'")


def _replica_faults(spec: Mapping[str, Data], gates: Gates, old: Mapping[str, Data] | None) -> Iterator[Fault]:
    least, low, high = _least(gates, old), _count(spec, "minReplicas"), _count(spec, "maxReplicas")
    if "minReplicas" in spec and low < least:
        yield refusal(INVALID, "spec.minReplicas", f"must be at least {least}, found {low}")
    if high == 0:
        yield refusal(REQUIRED, "spec.maxReplicas", "must be set and at least 1")
    elif high < 0:
        yield refusal(INVALID, "spec.maxReplicas", f"must be at least 1, found {high}")
    if "minReplicas" in spec and high < low:
        yield refusal(INVALID, "spec.maxReplicas", f"must not be below minReplicas, found {high} below {low}")


def _target_faults(spec: Mapping[str, Data], old: Mapping[str, Data] | None) -> Iterator[Fault]:
    target = _mapping(spec.get("scaleTargetRef"))
    yield from reference_faults(target, "spec.scaleTargetRef")
    before = _mapping(old.get("scaleTargetRef")) if old is not None else None
    version, kind = _text(target, "apiVersion"), _text(target, "kind")
    if before is not None and (version, kind) == (_text(before, "apiVersion"), _text(before, "kind")):
        return
    if version.count("/") > 1 or (not _group(version) and kind != "ReplicationController"):
        text = "must be group/version, as apps/v1 is; only a ReplicationController has no group"
        yield refusal(INVALID, "spec.scaleTargetRef.apiVersion", text)


def _group(version: str) -> str:
    return version.partition("/")[0] if "/" in version else ""


def _least(gates: Gates, old: Mapping[str, Data] | None) -> int:
    """Give the lowest minReplicas: 0 with the gate, or where the stored object already has it."""
    return 0 if gates.scale_to_zero or (old is not None and old.get("minReplicas") == 0) else 1


def _had_odd_objects(old: Mapping[str, Data] | None) -> bool:
    """Say whether the stored object already describes an object by an apiVersion that does not parse."""
    metrics = old.get("metrics") if old is not None else None
    own = [metric for metric in map(_mapping, _list(metrics)) if metric.get("type") == "Object"]
    held = [_mapping(_mapping(metric.get("object")).get("describedObject")) for metric in own]
    return any(_text(described, "apiVersion").count("/") > 1 for described in held)


def _has_external(spec: Mapping[str, Data]) -> bool:
    return any(_mapping(metric).get("type") in ("Object", "External") for metric in _list(spec.get("metrics")))


def _has_tolerance(spec: Mapping[str, Data] | None) -> bool:
    behavior = _mapping(spec.get("behavior")) if spec is not None else {}
    return any("tolerance" in _mapping(behavior.get(direction)) for direction in ("scaleUp", "scaleDown"))


def _without_tolerance(spec: Mapping[str, Data]) -> dict[str, Data]:
    behavior = spec.get("behavior")
    if not isinstance(behavior, dict):
        return dict(spec)
    bare: dict[str, Data] = {}
    for direction, rules in behavior.items():
        bare[direction] = {k: v for k, v in rules.items() if k != "tolerance"} if isinstance(rules, dict) else rules
    return {**spec, "behavior": bare}


def _read_back(spec: Mapping[str, Data]) -> dict[str, Data]:
    """Behavior that came in an annotation of autoscaling/v1 gets its defaults only when it is read as v2."""
    behavior = spec.get("behavior")
    return {**spec, "behavior": with_defaults(behavior)} if isinstance(behavior, dict) else dict(spec)


def _annotations(document: Mapping[str, Data]) -> Mapping[str, Data]:
    return _mapping(_mapping(document.get("metadata")).get("annotations"))


def _mapping(raw: "Data | Mapping[str, Data]") -> Mapping[str, Data]:
    return raw if isinstance(raw, Mapping) else {}


def _list(raw: Data) -> list[Data]:
    return raw if isinstance(raw, list) else []


def _text(raw: Mapping[str, Data], name: str) -> str:
    held = raw.get(name)
    return held if isinstance(held, str) else ""


def _count(spec: Mapping[str, Data], name: str) -> int:
    held = spec.get(name)
    return held if isinstance(held, int) else 0
