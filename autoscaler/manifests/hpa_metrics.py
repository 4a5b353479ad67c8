"""What the API server refuses in the metrics of a HorizontalPodAutoscaler.

Source: kubernetes pkg/apis/autoscaling/validation/validation.go, validateMetricSpec and what it calls.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from autoscaler.manifests.hpa import FORBIDDEN, INVALID, NOT_SUPPORTED, REQUIRED, refusal
from autoscaler.manifests.names import container_resource_problems, is_label, segment_problems
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault
from autoscaler.model.quantity import parse_quantity
from autoscaler.model.text import plain

_FIELDS: Final = {
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
    "External": "external",
    "ContainerResource": "containerResource",
}
_TARGETS: Final = ("Utilization", "Value", "AverageValue")
_ONE_SOURCE: Final = "only the source that the type names may be given"


def metric_faults(metrics: Sequence[Data], *, odd_objects: bool) -> Iterator[Fault]:
    """Name everything wrong with a decoded list; ``odd_objects``: an apiVersion that does not parse is let pass."""
    for index, metric in enumerate(metrics):
        if isinstance(metric, Mapping):
            yield from _metric(metric, f"spec.metrics[{index}]", odd_objects=odd_objects)


def reference_faults(reference: Mapping[str, Data], path: str) -> Iterator[Fault]:
    """Judge kind and name of a reference to another object."""
    for field in ("kind", "name"):
        yield from _segment(str(reference.get(field) or ""), f"{path}.{field}")


def _metric(metric: Mapping[str, Data], path: str, *, odd_objects: bool) -> Iterator[Fault]:
    kind = str(metric.get("type") or "")
    own = _FIELDS.get(kind)
    if not kind:
        yield refusal(REQUIRED, f"{path}.type", "a metric needs a type")
    if own is None:
        text = f"must be one of {', '.join(_FIELDS)}, found {plain(kind, 30) or 'nothing'}"
        yield refusal(NOT_SUPPORTED, f"{path}.type", text)
        yield refusal(NOT_SUPPORTED, f"{path}.type", text)
    present = [field for field in _JUDGES if field in metric]
    for field in present[:1]:
        source = metric[field]
        if isinstance(source, Mapping):
            yield from _JUDGES[field](source, f"{path}.{field}", odd_objects)
    if own is not None and own not in present:
        yield refusal(REQUIRED, f"{path}.{own}", f"a metric of type {kind} needs it")
    if len(present) > 1:
        yield from (refusal(FORBIDDEN, f"{path}.{field}", _ONE_SOURCE) for field in present if field != own)


def _object(source: Mapping[str, Data], path: str, odd_objects: bool) -> Iterator[Fault]:
    described = _mapping(source.get("describedObject"))
    yield from reference_faults(described, f"{path}.describedObject")
    if not odd_objects and str(described.get("apiVersion") or "").count("/") > 1:
        yield refusal(INVALID, f"{path}.describedObject.apiVersion", "must be group/version")
    yield from _named(source, path)
    target = _mapping(source.get("target"))
    yield from _target(target, f"{path}.target")
    if "value" not in target and "averageValue" not in target:
        yield refusal(REQUIRED, f"{path}.target.averageValue", "value or averageValue must be given")


def _external(source: Mapping[str, Data], path: str, _odd: bool) -> Iterator[Fault]:
    yield from _named(source, path)
    target = _mapping(source.get("target"))
    yield from _target(target, f"{path}.target")
    if "value" not in target and "averageValue" not in target:
        yield refusal(REQUIRED, f"{path}.target.averageValue", "value or averageValue must be given")
    if "value" in target and "averageValue" in target:
        yield refusal(FORBIDDEN, f"{path}.target.value", "only one of value and averageValue may be given")


def _pods(source: Mapping[str, Data], path: str, _odd: bool) -> Iterator[Fault]:
    yield from _named(source, path)
    target = _mapping(source.get("target"))
    yield from _target(target, f"{path}.target")
    if "averageValue" not in target:
        yield refusal(REQUIRED, f"{path}.target.averageValue", "averageValue must be given")


def _resource(source: Mapping[str, Data], path: str, _odd: bool) -> Iterator[Fault]:
    if not source.get("name"):
        yield refusal(REQUIRED, f"{path}.name", "a resource needs a name")
    yield from _resource_target(_mapping(source.get("target")), f"{path}.target")


def _container_resource(source: Mapping[str, Data], path: str, _odd: bool) -> Iterator[Fault]:
    name, container = str(source.get("name") or ""), str(source.get("container") or "")
    if not name:
        yield refusal(REQUIRED, f"{path}.name", "a resource needs a name")
    else:
        yield from (refusal(INVALID, f"{path}.name", problem) for problem in container_resource_problems(name))
    if not container:
        yield refusal(REQUIRED, f"{path}.container", "a container must be named")
    elif not is_label(container):
        yield refusal(INVALID, f"{path}.container", "must be the name of a container")
    yield from _resource_target(_mapping(source.get("target")), f"{path}.target")


_JUDGES: Final[dict[str, Callable[[Mapping[str, Data], str, bool], Iterator[Fault]]]] = {
    "object": _object,
    "external": _external,
    "pods": _pods,
    "resource": _resource,
    "containerResource": _container_resource,
}


def _resource_target(target: Mapping[str, Data], path: str) -> Iterator[Fault]:
    yield from _target(target, path)
    if "averageUtilization" not in target and "averageValue" not in target:
        yield refusal(REQUIRED, f"{path}.averageUtilization", "averageUtilization or averageValue must be given")
    if "averageUtilization" in target and "averageValue" in target:
        text = "only one of averageUtilization and averageValue may be given"
        yield refusal(FORBIDDEN, f"{path}.averageValue", text)


def _target(target: Mapping[str, Data], path: str) -> Iterator[Fault]:
    kind = str(target.get("type") or "")
    if not kind:
        yield refusal(REQUIRED, f"{path}.type", "a target needs a type")
    if kind not in _TARGETS:
        text = f"must be one of {', '.join(_TARGETS)}, found {plain(kind, 30) or 'nothing'}"
        yield refusal(INVALID, f"{path}.type", text)
    for field in ("value", "averageValue"):
        if field in target and not _is_positive(target[field]):
            yield refusal(INVALID, f"{path}.{field}", "must be above 0")
    percent = target.get("averageUtilization")
    if isinstance(percent, int) and percent < 1:
        yield refusal(INVALID, f"{path}.averageUtilization", f"must be at least 1, found {percent}")


def _named(source: Mapping[str, Data], path: str) -> Iterator[Fault]:
    yield from _segment(str(_mapping(source.get("metric")).get("name") or ""), f"{path}.metric.name")


def _segment(name: str, path: str) -> Iterator[Fault]:
    if not name:
        yield refusal(REQUIRED, path, "must not be empty")
    yield from (refusal(INVALID, path, problem) for problem in segment_problems(name))


def _is_positive(raw: Data) -> bool:
    quantity = parse_quantity(str(raw))
    return quantity is not None and quantity.mantissa > 0


def _mapping(raw: Data) -> Mapping[str, Data]:
    return raw if isinstance(raw, Mapping) else {}
