"""The triggers of one ScaledObject: from what was written, through their scalers, to asks."""

from collections.abc import Iterator, Mapping
from typing import Final

from autoscaler.manifests.faults import error, guess, note, warning
from autoscaler.manifests.known_annotations import OWN
from autoscaler.manifests.settings import Grant, Resolve, Scaler, Scalers
from autoscaler.manifests.written import WrittenTrigger
from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Fault, Faults
from autoscaler.model.objects import Author, MetricKind, ObjectKey, OnMissing, Trigger
from autoscaler.model.spec import TriggerSpec
from autoscaler.model.text import plain
from autoscaler.model.value import value

_DROPPED: Final = {"metricName": "KEDA dropped it in 2.x; it has no effect"}
"""Keys that old examples still carry."""
_TARGETS: Final = ("threshold", "targetValue", "value")


@value
class Surroundings:
    """What the triggers of one object share. ``path`` is where ``spec`` stands; ``composed``: modifiers are in use."""

    key: ObjectKey
    author: Author
    path: str
    composed: bool
    on_missing: Mapping[str, OnMissing]


def read_triggers(
    written: tuple[tuple[int, WrittenTrigger], ...], around: Surroundings, scalers: Scalers, resolve: Resolve
) -> tuple[tuple[Trigger, ...], tuple[Fault, ...]]:
    """Ask every trigger's scaler; an unknown type is left to the rules."""
    triggers: list[Trigger] = []
    faults: list[Fault] = []
    for index, trigger in written:
        scaler = scalers.get(trigger.type)
        if scaler is None:
            continue
        made, found = _read(index, trigger, around, scaler, resolve)
        faults.extend(found)
        if made is not None:
            triggers.append(made)
    faults.extend(_same_metric(tuple(triggers), around.path))
    faults.extend(_unknown_names(written, around))
    return tuple(triggers), tuple(faults)


def _read(
    index: int, written: WrittenTrigger, around: Surroundings, scaler: Scaler, resolve: Resolve
) -> tuple[Trigger | None, tuple[Fault, ...]]:
    path = f"{around.path}.triggers[{index}]"
    unknown = tuple(_unknown_keys(written, scaler, path))
    auth = _auth(written, around.key.namespace)
    grant = None if auth is None else resolve(auth)
    found = (*unknown, *_not_here(auth, grant, path))
    spec = TriggerSpec(
        index=index,
        type=written.type,
        name=written.name or None,
        metadata=dict(written.metadata),
        metric_type=written.metric_type or None,
        use_cached=bool(written.use_cached_metrics),
        auth=auth,
        pod_identity=None if grant is None else grant.pod_identity,
        granted=None if grant is None else grant.names,
        servers=() if grant is None else grant.servers,
        namespaces=() if grant is None else grant.namespaces,
        namespace=around.key.namespace,
        object_name=around.key.name,
        author=around.author,
        env={},
        as_metric_source=around.composed,
        path=path,
    )
    parsed = scaler.parse(spec, {} if auth is None else None if grant is None else grant.parameters)
    if isinstance(parsed, Faults):
        return None, (*found, *parsed.faults)
    # A formula needs no target of the triggers that it replaces in the HPA, which are all but whole-pod resources.
    if parsed.ask.target.amount <= 0 and (not around.composed or parsed.ask.kind is MetricKind.RESOURCE):
        return None, (*found, *parsed.warnings, _too_low(written, path))
    made = Trigger(
        type=written.type,
        name=spec.name,
        ask=parsed.ask,
        use_cached=spec.use_cached,
        on_missing=around.on_missing.get(written.name or "", OnMissing.KEDA),
    )
    return made, (*found, *parsed.warnings)


def _too_low(written: WrittenTrigger, path: str) -> Fault:
    """Point at the key that holds the target, under whatever name this type of trigger has for it."""
    key = next((key for key in _TARGETS if key in written.metadata), "")
    found = f', found "{plain(written.metadata[key], 40)}"' if key else ""
    message = f"must be at least 0.001{found}: the API server refuses KEDA's HPA with less"
    return error("E104", f"{path}.metadata.{key}" if key else f"{path}.metadata", f"{key or 'the target'} {message}")


def _auth(written: WrittenTrigger, namespace: str) -> AuthRef | None:
    ref = written.authentication_ref
    if ref is None or not ref.name:
        return None
    kind = ref.kind or "TriggerAuthentication"
    return AuthRef(kind=kind, namespace="" if kind.startswith("Cluster") else namespace, name=ref.name)


def _not_here(auth: AuthRef | None, grant: Grant | None, path: str) -> Iterator[Fault]:
    """Say what of an authentication is not among the documents, or lacks a key there."""
    if auth is None:
        return
    here, ref = f"{path}.authenticationRef", plain(str(auth), 120)
    if grant is None:
        yield note("I122", here, f"{ref} is not among these documents; without it the trigger gives no sample")
        return
    if grant.refused:
        yield warning("W122", here, f"{ref} is refused for its own faults: until they are mended, no sample")
    for absent in grant.absent:
        message = f"{ref} names {absent}, which is not among these documents; add it, or the trigger gives no sample"
        yield note("I122", here, message)
    for unusable in grant.unusable:
        yield warning("W122", here, f"{ref} names {unusable}: the trigger gives no sample until that is corrected")


def _unknown_keys(written: WrittenTrigger, scaler: Scaler, path: str) -> Iterator[Fault]:
    for key in written.metadata:
        if key not in scaler.keys:
            message = _DROPPED.get(key) or _unknown_key(key, written.type, scaler.keys)
            yield warning("W103", f"{path}.metadata.{key}", message)


def _unknown_key(key: str, kind: str, known: frozenset[str]) -> str:
    return "unknown key" + (guess(key, known) or f"; {kind} does not know it and it has no effect, remove it")


def _same_metric(triggers: tuple[Trigger, ...], path: str) -> Iterator[Fault]:
    """Two external metrics of one name cannot be told apart. Source: KEDA hpa.go, getScaledObjectMetricSpecs."""
    seen: set[str] = set()
    for trigger in triggers:
        if trigger.ask.kind is not MetricKind.EXTERNAL:
            continue
        if trigger.ask.metric in seen:
            yield error("E106", f"{path}.triggers", f'two triggers give the metric "{plain(trigger.ask.metric, 80)}"')
        seen.add(trigger.ask.metric)


def _unknown_names(written: tuple[tuple[int, WrittenTrigger], ...], around: Surroundings) -> Iterator[Fault]:
    names = {trigger.name for _, trigger in written if trigger.name}
    for name in around.on_missing:
        if name not in names:
            hint = guess(name, names) or "; give the trigger that name"
            path = f"metadata.annotations.{OWN}.onMissing.{name}"
            yield error("E104", path, f'no trigger has the name "{plain(name, 60)}"{hint}')
