"""SeldonDeployments: each ``kedaSpec`` stands for the ScaledObject that Seldon's operator would make of it.

Source: Seldon Core 1.19 operator, seldondeployment_types.go and seldondeployment_controller.go.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from autoscaler.manifests.document import Document
from autoscaler.manifests.faults import error, placed, warning
from autoscaler.manifests.positions import Data
from autoscaler.manifests.scaledobject import Candidate
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain
from autoscaler.model.value import value

GROUP: Final = "machinelearning.seldon.io/"
KIND: Final = "SeldonDeployment"
_LONGEST_NAME: Final = 63
_NOT_IN_SELDON: Final = ("initialCooldownPeriod", "scaleTargetRef")
_UNKNOWN: Final = "UNKNOWN_IMPLEMENTATION"
_FROM_HUB: Final = "HUGGINGFACE_SERVER"
"""The one prepackaged server that finds its model without an address."""
_BUILT_IN: Final = frozenset({"", _UNKNOWN, "SIMPLE_MODEL", "SIMPLE_ROUTER", "RANDOM_ABTEST", "AVERAGE_COMBINER"})
"""Graph nodes that need no container of their own. What is neither this nor absent is a prepackaged server."""


@value
class Operator:
    """The settings of Seldon's operator that names depend on. ``enabled`` is for comparing with it: we always read."""

    enabled: bool = True
    name_as_prefix: bool = False
    controller_id: str = ""


@value
class Deployments:
    """What one SeldonDeployment asks for."""

    candidates: tuple[Candidate, ...]
    faults: tuple[Fault, ...]


def candidates(document: Document, operator: Operator = Operator()) -> Deployments:  # noqa: B008
    """Give one candidate per ``kedaSpec``; a deployment that Seldon would refuse gives none."""
    if not operator.enabled or _label(document, "seldon.io/controller-id") != operator.controller_id:
        return Deployments(candidates=(), faults=())
    spec = _mapping(document.data.get("spec"))
    predictors = [_mapping(entry) for entry in _list(spec.get("predictors"))]
    faults = [*_refused(predictors), *_misplaced(spec, predictors)]
    found: list[Candidate] = []
    for index, predictor in enumerate(predictors):
        for place, entry in enumerate(_list(predictor.get("componentSpecs"))):
            made = _candidate(document, operator, predictor, place, _mapping(entry), f"spec.predictors[{index}]")
            if made is not None:
                found.append(made)
                faults.extend(_dropped(made, _mapping(entry)))
    refused = any(fault.code == "E101" for fault in faults)
    return Deployments(candidates=() if refused else tuple(found), faults=placed(faults, document.root))


def deployment_name(whole: str, owner: str, operator: Operator) -> str:
    """Shorten a name as Seldon does: what is too long becomes a hash. Source: Seldon GetSeldonDeploymentName."""
    if len(whole) <= _LONGEST_NAME:
        return whole
    digest = hashlib.md5(whole.encode(), usedforsecurity=False).hexdigest()
    prefixed = f"{owner}-{digest}"
    return prefixed if operator.name_as_prefix and len(prefixed) <= _LONGEST_NAME else f"seldon-{digest}"


def _candidate(
    document: Document, operator: Operator, predictor: dict[str, Data], place: int, entry: dict[str, Data], path: str
) -> Candidate | None:
    containers = _containers(predictor, place, entry)
    if not isinstance(entry.get("kedaSpec"), dict) or not containers:
        return None
    suffix = _text(_mapping(entry.get("metadata")).get("name")) or "-".join(containers)
    predictor_name = _text(predictor.get("name"))
    whole = f"{document.name}-{predictor_name}-{place}-{suffix}"
    name = deployment_name(whole, document.name, operator)
    spec = {key: held for key, held in _mapping(entry["kedaSpec"]).items() if key not in _NOT_IN_SELDON}
    return Candidate(
        document=document,
        name=name,
        spec={**spec, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}},
        path=f"{path}.componentSpecs[{place}].kedaSpec",
        origin=f"{document.file}: {document.subject}, predictor {plain(predictor_name, 60)}",
        labels=(("seldon-deployment-id", deployment_name(document.name, document.name, Operator())),),
    )


def _containers(predictor: dict[str, Data], place: int, entry: dict[str, Data]) -> list[str]:
    """Name the containers of an entry. Seldon's defaulting adds those of prepackaged servers to the first entry."""
    names = _written_containers(entry)
    if place > 0:
        return names
    there = [name for other in _list(predictor.get("componentSpecs")) for name in _written_containers(_mapping(other))]
    added = (_text(node.get("name")) for node in _nodes(predictor.get("graph")) if _is_prepackaged(node))
    return names + [name for name in dict.fromkeys(added) if name and name not in there]


def _written_containers(entry: dict[str, Data]) -> list[str]:
    containers = _list(_mapping(entry.get("spec")).get("containers"))
    return [_text(_mapping(container).get("name")) for container in containers]


def _refused(predictors: list[dict[str, Data]]) -> Iterator[Fault]:
    """What Seldon's webhook refuses of the parts that we read. Source: Seldon seldondeployment_webhook.go."""
    if not predictors:
        yield error("E101", "spec.predictors", "there must be a predictor; Seldon refuses a deployment without")
    named: set[str] = set()
    for index, predictor in enumerate(predictors):
        path, name = f"spec.predictors[{index}]", _text(predictor.get("name"))
        if name in named:
            message = f'another predictor has the name "{plain(name, 60)}"; Seldon refuses it'
            yield error("E101", f"{path}.name", message)
        named.add(name)
        yield from _refused_graph(predictor, path)
    yield from _refused_traffic(predictors)


def _refused_graph(predictor: dict[str, Data], path: str) -> Iterator[Fault]:
    entries = [_mapping(entry) for entry in _list(predictor.get("componentSpecs"))]
    there = {name for entry in entries for name in _written_containers(entry)}
    nodes = list(_nodes(predictor.get("graph")))
    if "seldon.io/no-engine" in _mapping(predictor.get("annotations")) and len(nodes) > 1:
        yield error("E101", f"{path}.graph", "without an engine a graph has one node; Seldon refuses more")
    for node in nodes:
        name, implementation = _text(node.get("name")), node.get("implementation")
        if implementation in (None, _UNKNOWN) and name not in there:
            message = f'the graph node "{plain(name, 60)}" has no container of that name; Seldon refuses it'
            yield error("E101", f"{path}.graph", message)
        if _is_prepackaged(node) and not node.get("modelUri") and implementation != _FROM_HUB:
            message = f'the graph node "{plain(name, 60)}" needs a modelUri; Seldon refuses it'
            yield error("E101", f"{path}.graph", message)


def _refused_traffic(predictors: list[dict[str, Data]]) -> Iterator[Fault]:
    serving = [predictor for predictor in predictors if predictor.get("shadow") is not True]
    shares = [share for share in (predictor.get("traffic") for predictor in serving) if isinstance(share, int)]
    total, shadows = sum(shares), len(predictors) - len(serving)
    if (len(serving) > 1 and total != 100) or (len(predictors) == 1 and 0 < total < 100):
        yield error("E101", "spec.predictors", f"traffic must add up to 100, found {total}; Seldon refuses it")
    if shadows > 1 or (shadows and not serving):
        yield error("E101", "spec.predictors", "one predictor may be a shadow, beside another; Seldon refuses it")


def _misplaced(spec: dict[str, Data], predictors: list[dict[str, Data]]) -> Iterator[Fault]:
    places = [("spec", spec), *((f"spec.predictors[{index}]", held) for index, held in enumerate(predictors))]
    for path, held in places:
        if "kedaSpec" in held:
            message = "Seldon drops kedaSpec here; it belongs into predictors[].componentSpecs[]"
            yield warning("W120", f"{path}.kedaSpec", message)


def _dropped(made: Candidate, entry: dict[str, Data]) -> Iterator[Fault]:
    for key in _NOT_IN_SELDON:
        if key in _mapping(entry["kedaSpec"]):
            yield warning("W120", f"{made.path}.{key}", f"a kedaSpec has no {key}; Seldon drops it")


def _nodes(graph: Data) -> Iterator[dict[str, Data]]:
    """Walk a graph, a node before its children. The loader has bounded its depth."""
    node = _mapping(graph)
    if node:
        yield node
        for child in _list(node.get("children")):
            yield from _nodes(child)


def _is_prepackaged(node: dict[str, Data]) -> bool:
    return _text(node.get("implementation")) not in _BUILT_IN


def _label(document: Document, name: str) -> str:
    return _text(_mapping(_mapping(document.data.get("metadata")).get("labels")).get(name))


def _mapping(raw: Data) -> dict[str, Data]:
    return raw if isinstance(raw, dict) else {}


def _list(raw: Data) -> list[Data]:
    return raw if isinstance(raw, list) else []


def _text(raw: Data) -> str:
    return raw if isinstance(raw, str) else ""
