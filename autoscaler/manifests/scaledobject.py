"""A ScaledObject as written, to the model's: every fault at once, each with its path and its place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from autoscaler.manifests import annotations as notes
from autoscaler.manifests import rules
from autoscaler.manifests.document import Document
from autoscaler.manifests.faults import error, has_error, placed
from autoscaler.manifests.hpa import read_behavior
from autoscaler.manifests.known_annotations import unknown_annotations
from autoscaler.manifests.metadata import Metadata, read_metadata
from autoscaler.manifests.modifiers import lets_fallback_act, read_modifiers, written_modifiers
from autoscaler.manifests.positions import Data
from autoscaler.manifests.schema import fit, mended
from autoscaler.manifests.settings import Resolve, Scalers, Settings
from autoscaler.manifests.templates import instead, templates
from autoscaler.manifests.triggers import Surroundings, read_triggers
from autoscaler.manifests.written import WrittenFallback, WrittenModifiers, WrittenSpec, WrittenTrigger
from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import (
    Behavior,
    Fallback,
    FallbackBehavior,
    Mode,
    ObjectKey,
    Pause,
    ScaledObject,
    ScaleTarget,
    Trigger,
)
from autoscaler.model.text import plain
from autoscaler.model.value import value

API_VERSION: Final = "keda.sh/v1alpha1"
KIND: Final = "ScaledObject"
DEFAULT_POLLING_INTERVAL: Final = timedelta(seconds=30)
DEFAULT_COOLDOWN: Final = timedelta(seconds=300)


@value
class Candidate:
    """What asks to become a ScaledObject: a document of that kind, or one ``kedaSpec`` of a SeldonDeployment.

    ``path`` is where ``spec`` stands in the document. ``origin`` names the document for people. ``labels`` are those
    that Seldon would give it.
    """

    document: Document
    name: str
    spec: Data
    path: str
    origin: str
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> ObjectKey:
        """Give the identity the object would have."""
        return ObjectKey(namespace=self.document.namespace, name=self.name)


@value
class Judged:
    """What became of a candidate. ``obj`` is None where a fault is an error."""

    candidate: Candidate
    obj: ScaledObject | None
    faults: tuple[Fault, ...]


def kind_fault(document: Document) -> Fault | None:
    """Say why a document is no ScaledObject of the version that is known; None where it is one."""
    if document.kind != KIND:
        return error("E101", "kind", f"kind must be {KIND}, found {plain(document.kind, 60)}")
    if document.api_version != API_VERSION:
        found = plain(document.api_version, 60)
        return error("E101", "apiVersion", f"{KIND} is known as {API_VERSION}, found {found}; write that")
    return None


def candidate(document: Document) -> Candidate:
    """Make the one candidate of a ScaledObject document."""
    return Candidate(
        document=document,
        name=document.name,
        spec=document.data.get("spec"),
        path="spec",
        origin=document.file,
    )


def parse(what: Candidate, scalers: Scalers, settings: Settings, resolve: Resolve) -> Judged:
    """Read one candidate. ``resolve`` gives the parameters of an authentication."""
    metadata = about(what)
    words, word_faults = notes.own_words(metadata.annotations, what.document.author)
    pause, pause_faults = notes.pause(metadata.annotations)
    fitted, schema_faults = _fit_spec(what)
    spec = mended(WrittenSpec, what.spec) if fitted is None else fitted
    misspelt = unknown_annotations(metadata.annotations)
    faults = [*metadata.faults, *misspelt, *word_faults, *pause_faults, *schema_faults]
    around = Surroundings(
        key=what.key,
        author=what.document.author,
        path=what.path,
        composed=written_modifiers(spec) is not None,
        on_missing=words.on_missing,
    )
    triggers, trigger_faults = read_triggers(_written_triggers(what, spec), around, scalers, resolve)
    faults.extend(trigger_faults)
    obj = None
    if spec is not None:
        faults.extend(rules.judge(_case(what, spec, scalers, settings)))
        behavior, behavior_faults = _behavior(spec, pause, what.path, settings)
        modifiers, modifier_faults = read_modifiers(spec, what.path)
        told = {fault.path for fault in schema_faults}  # what is no text at all is not also missing
        faults.extend((*behavior_faults, *(fault for fault in modifier_faults if fault.path not in told)))
        obj = replace(
            _build(what, spec, triggers, words, settings),
            behavior=behavior,
            modifiers=modifiers,
            pause=pause,
            force_activation=notes.force_activation(metadata.annotations),
        )
    faults = instead(faults, _unrendered(what))
    found = _unsilenced(placed(faults, what.document.root), notes.ignored(metadata.annotations))
    return Judged(candidate=what, obj=None if has_error(found) else obj, faults=found)


def _unrendered(what: Candidate) -> tuple[Fault, ...]:
    """Name what is still a template in all that is read of an object."""
    named: Data = {"name": what.name, "namespace": what.document.namespace}
    return (*templates(named, "metadata"), *templates(what.spec, what.path))


def _fit_spec(what: Candidate) -> tuple[WrittenSpec | None, tuple[Fault, ...]]:
    if what.spec is None:
        return None, (error("E101", what.path, "spec is required"),)
    return fit(WrittenSpec, what.spec, what.path)


def _written_triggers(what: Candidate, spec: WrittenSpec | None) -> tuple[tuple[int, WrittenTrigger], ...]:
    """Give the triggers; where the spec as a whole does not fit, those that do, so that their faults show too."""
    if spec is not None:
        return tuple(enumerate(spec.triggers))
    raw = what.spec.get("triggers") if isinstance(what.spec, dict) else None
    entries = enumerate(raw) if isinstance(raw, list) else ()
    fitted = ((index, fit(WrittenTrigger, entry, "")[0]) for index, entry in entries)
    return tuple((index, trigger) for index, trigger in fitted if trigger is not None)


def _case(what: Candidate, spec: WrittenSpec, scalers: Scalers, settings: Settings) -> rules.Case:
    return rules.Case(
        name=what.name,
        spec=spec,
        path=what.path,
        types=frozenset(scalers),
        may_cache=frozenset(word for word, scaler in scalers.items() if scaler.may_cache),
        limit=settings.max_replicas_limit,
    )


def _build(
    what: Candidate, spec: WrittenSpec, triggers: tuple[Trigger, ...], words: notes.OwnWords, settings: Settings
) -> ScaledObject:
    polling = _seconds(spec.polling_interval, DEFAULT_POLLING_INTERVAL)
    return ScaledObject(
        key=what.key,
        target=_target(what, spec),
        triggers=triggers,
        polling_interval=words.polling_interval or polling,
        sync_interval=settings.sync_interval,
        cooldown=_seconds(spec.cooldown_period, DEFAULT_COOLDOWN),
        initial_cooldown=_seconds(spec.initial_cooldown_period, timedelta(0)),
        min_replicas=spec.min_replica_count or 0,
        max_replicas=rules.DEFAULT_MAX if spec.max_replica_count is None else spec.max_replica_count,
        idle_replicas=spec.idle_replica_count,
        tolerance=settings.tolerance,
        downscale_window=settings.downscale_window,
        fallback=_fallback(spec.fallback, written_modifiers(spec)),
        restore_original=bool(spec.advanced and spec.advanced.restore_to_original_replica_count),
        mode=Mode.DRY_RUN if settings.dry_run else words.mode,
        cadence=words.cadence,
        guard_source=words.guard_source,
        guard_fleet=words.guard_fleet,
        author=what.document.author,
        created_at=_created_at(what.document),
        uid=_uid(what.document),
        origin=what.origin,
    )


def _target(what: Candidate, spec: WrittenSpec) -> ScaleTarget:
    ref = spec.scale_target_ref
    return ScaleTarget(
        namespace=what.key.namespace,
        api_version=ref.api_version or "apps/v1",
        kind=ref.kind or "Deployment",
        name=ref.name,
    )


def _behavior(
    spec: WrittenSpec, pause: Pause, path: str, settings: Settings
) -> tuple[Behavior | None, tuple[Fault, ...]]:
    """Read ``behavior``; a pause of one direction makes it present, as KEDA writes one into the HPA (L3)."""
    hpa = None if spec.advanced is None else spec.advanced.horizontal_pod_autoscaler_config
    written = None if hpa is None else hpa.behavior
    raw = None if written is None else written.model_dump(by_alias=True, exclude_none=True)
    for paused, direction in ((pause.scale_in, "scaleDown"), (pause.scale_out, "scaleUp")):
        if paused:
            raw = {} if raw is None else raw
            raw[direction] = {**raw.get(direction, {}), "selectPolicy": "Disabled"}
    read = read_behavior(
        raw,
        f"{path}.advanced.horizontalPodAutoscalerConfig.behavior",
        tolerance=settings.tolerance,
        downscale_window=settings.downscale_window,
    )
    return (None, read.faults) if isinstance(read, Faults) else (read, ())


def _fallback(written: WrittenFallback | None, modifiers: WrittenModifiers | None) -> Fallback | None:
    if written is None:
        return None
    return Fallback(
        threshold=written.failure_threshold,
        replicas=written.replicas,
        behavior=FallbackBehavior(written.behavior),
        usable=modifiers is None or lets_fallback_act(modifiers),
    )


def _seconds(given: int | None, default: timedelta) -> timedelta:
    return default if given is None else timedelta(seconds=given)


def _unsilenced(faults: tuple[Fault, ...], silenced: frozenset[str]) -> tuple[Fault, ...]:
    return tuple(fault for fault in faults if fault.severity is Severity.ERROR or fault.code not in silenced)


def _created_at(document: Document) -> datetime | None:
    """Give the creationTimestamp of a live object; in a file it is a copy's and says nothing."""
    raw = document.data.get("metadata")
    text = raw.get("creationTimestamp") if document.live and isinstance(raw, dict) else None
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
    except ValueError:
        return None


def _uid(document: Document) -> str:
    raw = document.data.get("metadata")
    uid = raw.get("uid") if document.live and isinstance(raw, dict) else None
    return plain(uid, 60) if isinstance(uid, str) else ""


def about(what: Candidate) -> Metadata:
    """Read the ``metadata`` of a candidate under the name it would have."""
    return read_metadata(what.document.data.get("metadata"), what.name)
