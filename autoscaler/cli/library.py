"""The documents as ``run``, ``plan`` and ``check`` read them: one way, so that they refuse the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from autoscaler.cli.given import origin_given
from autoscaler.cli.live import live
from autoscaler.manifests.catalog import Catalog, Changes, Snapshot, update
from autoscaler.manifests.settings import Settings as LoadSettings
from autoscaler.model.auth import Authentication, AuthRef, ReferenceKind
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.scalers.addresses import AddressRules
from autoscaler.scalers.registry import build_registry, built_in
from autoscaler.settings import Settings


@dataclass
class Library:
    """The documents as they are now: what the loop runs, and where credentials are looked up."""

    settings: LoadSettings
    query_timeout: timedelta
    rules: AddressRules = field(default_factory=AddressRules)
    catalog: Catalog = field(default_factory=Catalog)

    def __post_init__(self) -> None:
        self.scalers = live(build_registry(built_in(self.query_timeout)), self.rules)

    def read(self, snapshot: Snapshot, at: datetime, governed: Mapping[ScaleTarget, ObjectKey]) -> Changes:
        """Read a snapshot of the files; what is invalid leaves its last good version running."""
        self.catalog, changes = update(self.catalog, snapshot, self.scalers, self.settings, at=at, governed=governed)
        return changes

    def peek(self, snapshot: Snapshot, at: datetime) -> frozenset[Source]:
        """Say which sources a snapshot asks, without taking it over."""
        seen, _ = update(self.catalog, snapshot, self.scalers, self.settings, at=at, governed={})
        return frozenset(trigger.ask.question.source for obj in seen.objects.values() for trigger in obj.triggers)

    def authentication(self, ref: AuthRef) -> Authentication | None:
        """Find a TriggerAuthentication among the documents."""
        return self.catalog.authentications.get(ref)

    def accounts(self, objects: Iterable[ScaledObject]) -> frozenset[tuple[str, str]]:
        """Give the service accounts, by namespace and name, whose tokens these objects present to their sources."""
        used = {
            (obj.key.namespace, trigger.ask.question.source.credential) for obj in objects for trigger in obj.triggers
        }
        return frozenset(
            (namespace, reference.name)
            for namespace, ref in used
            if ref is not None and (found := self.authentication(ref)) is not None
            for reference in found.references
            if reference.kind is ReferenceKind.TOKEN
        )

    def secret(self, namespace: str, name: str) -> Mapping[str, Secret] | Missing | None:
        """Find a Secret among the documents; Missing where its owner keeps it from being used (S6)."""
        return self._kept("Secret", namespace, name)

    def config_map(self, namespace: str, name: str) -> Mapping[str, Secret] | Missing | None:
        """Find a ConfigMap among the documents."""
        return self._kept("ConfigMap", namespace, name)

    def _kept(self, kind: str, namespace: str, name: str) -> Mapping[str, Secret] | Missing | None:
        kept = self.catalog.secrets.get((kind, namespace, name))
        if kept is not None and kept.denied:
            detail = f"{kind} {namespace}/{name} is annotated autoscaler.sh/use: deny"
            return Missing(reason=MissingReason.REFUSED, detail=detail)
        return kept.values if kept is not None else None


def library_of(settings: Settings, *, dry_run: bool) -> Library:
    """Make the reader of documents, for whoever judges them: what `check` passes is what `run` takes."""
    return Library(
        LoadSettings(
            tolerance=settings.tolerance,
            downscale_window=settings.downscale_stabilization,
            sync_interval=settings.sync_period,
            dry_run=dry_run,
            max_replicas_limit=settings.max_replicas_limit,
            namespace=settings.namespace,
        ),
        settings.timeout,
        rules_of(settings),
        Catalog(cluster_namespace=settings.namespace),
    )


def rules_of(settings: Settings) -> AddressRules:
    """Say which addresses may be asked."""
    return AddressRules(allowed=frozenset(origin_given(text) for text in settings.allow_server))
