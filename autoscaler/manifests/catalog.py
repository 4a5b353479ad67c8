"""Documents in, changes out: which objects run now, which were refused, and what is known of credentials. Pure."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias

from autoscaler.manifests import auth, seldon
from autoscaler.manifests import scaledobject as so
from autoscaler.manifests.document import DEFAULT_NAMESPACE, Document, Documents, Finding, SourceFile, read
from autoscaler.manifests.faults import error, has_error, note, placed
from autoscaler.manifests.owners import Claim, Governed, settle
from autoscaler.manifests.settings import Grant, Scalers, Settings
from autoscaler.model.auth import Authentication, AuthRef
from autoscaler.model.faults import Fault
from autoscaler.model.objects import ObjectKey, ScaledObject
from autoscaler.model.text import plain
from autoscaler.model.value import value

GONE_AFTER: Final = timedelta(seconds=30)

ItemKey: TypeAlias = tuple[str, str, str]
"""Kind, namespace, name."""


@value
class Snapshot:
    """Files as they are at one moment. ``settled`` is false where a folder could not be read or holds nothing: then
    what is absent may be there all the same.
    """

    files: tuple[SourceFile, ...] = ()
    settled: bool = True


@value
class Item:
    """One thing that a document gave."""

    file: str
    held: ScaledObject | Authentication | auth.Kept


@value
class Refused:
    """A document that does not count, and why. ``running``: its last good version goes on.

    ``key`` is None where no object of ours is meant: a file that is no YAML, an authentication.
    """

    file: str
    subject: str
    key: ObjectKey | None
    faults: tuple[Fault, ...]
    running: bool


@value
class Changes:
    """What an update did. ``findings`` are all that the documents deserve now, warnings and notes included."""

    added: tuple[ScaledObject, ...] = ()
    changed: tuple[ScaledObject, ...] = ()
    removed: tuple[ObjectKey, ...] = ()
    refused: tuple[Refused, ...] = ()
    findings: tuple[Finding, ...] = ()


@value
class Catalog:
    """Everything that was read and counts. ``absent`` says since when an item has been missing from its files."""

    snapshot: Snapshot = Snapshot()
    items: Mapping[ItemKey, Item] = field(default_factory=lambda: MappingProxyType({}))
    absent: Mapping[ItemKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    changes: Changes = Changes()
    cluster_namespace: str = DEFAULT_NAMESPACE

    @property
    def objects(self) -> Mapping[ObjectKey, ScaledObject]:
        """Give the objects that run, by key."""
        return {one.held.key: one.held for one in self.items.values() if isinstance(one.held, ScaledObject)}

    @property
    def authentications(self) -> Mapping[AuthRef, Authentication]:
        """Give the authentications, by reference."""
        return {one.held.ref: one.held for one in self.items.values() if isinstance(one.held, Authentication)}

    @property
    def secrets(self) -> Mapping[ItemKey, auth.Kept]:
        """Give the Secrets and ConfigMaps by kind, namespace and name; their values hide themselves."""
        return {key: one.held for key, one in self.items.items() if isinstance(one.held, auth.Kept)}

    def grant(self, ref: AuthRef) -> Grant | None:
        """Give what the documents say of an authentication; None where they hold none of that name."""
        return auth.resolver(self.authentications, self.secrets, self.cluster_namespace)(ref)


def update(
    catalog: Catalog,
    snapshot: Snapshot,
    scalers: Scalers,
    settings: Settings,
    *,
    at: datetime,
    governed: Governed,
    operator: seldon.Operator = seldon.Operator(),  # noqa: B008
) -> tuple[Catalog, Changes]:
    """Read a snapshot. An invalid document leaves its last good version running; a vanished one goes after 30 s.

    ``governed`` says which object governed a target last (memory); what the catalog runs now comes before it.
    The same snapshot again costs nothing and only lets the time of what has vanished run out.
    """
    if snapshot == catalog.snapshot and not catalog.absent:
        return catalog, Changes(refused=catalog.changes.refused, findings=catalog.changes.findings)
    documents = read(snapshot.files)
    reading = _Reading(catalog, documents)
    reading.read_credentials()
    reading.read_objects(scalers, settings, operator)
    reading.settle_names_and_targets(governed)
    return _conclude(catalog, snapshot, reading, at)


class _Reading:
    """One pass over the documents; it collects items and findings and is then thrown away."""

    def __init__(self, catalog: Catalog, documents: Documents) -> None:
        self.catalog = catalog
        self.documents = documents.documents
        self.items: dict[ItemKey, Item] = {}
        self.mentioned: set[ItemKey] = set()
        self.findings = list(documents.findings)
        self.refused = [
            Refused(file=one.file, subject="", key=None, faults=(one.fault,), running=False)
            for one in documents.findings
        ]
        self.claims: list[Claim] = []

    def read_credentials(self) -> None:
        """Take authentications, Secrets and ConfigMaps; objects are read with what they give."""
        for document in self.documents:
            if document.kind in auth.KINDS and document.api_version == so.API_VERSION:
                held, faults = auth.authentication(document)
                self._take(document, held, faults)
            elif document.kind in ("Secret", "ConfigMap") and document.api_version == "v1":
                kept, faults = auth.kept(document)
                self._take(document, kept, faults)

    def read_objects(self, scalers: Scalers, settings: Settings, operator: seldon.Operator) -> None:
        """Take ScaledObjects and what SeldonDeployments stand for."""
        known = Catalog(items={**self.catalog.items, **self.items}, cluster_namespace=self.catalog.cluster_namespace)
        for document in self.documents:
            for candidate in self._candidates(document, operator):
                judged = so.parse(candidate, scalers, settings, known.grant)
                self.mentioned.add(_object_key(candidate.key))
                self._find(document, judged.faults)
                if judged.obj is None:
                    self._refuse(document, candidate.key, judged.faults)
                else:
                    self.claims.append(Claim(document=document, path=candidate.path, obj=judged.obj))

    def settle_names_and_targets(self, governed: Governed) -> None:
        """Let one object have a name, and one object govern a target."""
        running = {key[1:]: item.file for key, item in self.catalog.items.items() if key[0] == so.KIND}
        now = {obj.target: obj.key for obj in self.catalog.objects.values()}
        settled = settle(tuple(self.claims), running, {**governed, **now})
        for claim in settled.winners:
            self.items[_object_key(claim.obj.key)] = Item(file=claim.document.file, held=claim.obj)
        for claim, fault in settled.losers:
            faults = placed((fault,), claim.document.root)
            self._find(claim.document, faults)
            self._refuse(claim.document, claim.obj.key, faults)

    def _candidates(self, document: Document, operator: seldon.Operator) -> tuple[so.Candidate, ...]:
        if document.kind == so.KIND:
            fault = so.kind_fault(document)
            if fault is None:
                return (so.candidate(document),)
            self._refuse_whole(document, fault)
        elif document.kind == seldon.KIND and document.api_version.startswith(seldon.GROUP):
            found = seldon.candidates(document, operator)
            self._find(document, found.faults)
            if has_error(found.faults):
                self._refuse(document, None, found.faults)
            return found.candidates
        elif document.api_version == so.API_VERSION and document.kind not in auth.KINDS:
            self._find(document, placed((_unread_kind(document),), document.root))
        return ()

    def _take(self, document: Document, held: Authentication | auth.Kept | None, faults: tuple[Fault, ...]) -> None:
        key = (document.kind, document.namespace, document.name)
        self.mentioned.add(key)
        self._find(document, faults)
        if held is None:
            self._refuse(document, None, faults)
        elif key in self.items:
            message = f"{document.subject} is in {plain(self.items[key].file, 80)} already; remove one of them"
            self._refuse_whole(document, error("E109", "metadata.name", message))
        else:
            self.items[key] = Item(file=document.file, held=held)

    def _refuse_whole(self, document: Document, fault: Fault) -> None:
        faults = placed((fault,), document.root)
        self._find(document, faults)
        self._refuse(document, None, faults)

    def _find(self, document: Document, faults: tuple[Fault, ...]) -> None:
        self.findings.extend(Finding(file=document.file, subject=document.subject, fault=fault) for fault in faults)

    def _refuse(self, document: Document, key: ObjectKey | None, faults: tuple[Fault, ...]) -> None:
        running = key is not None and _object_key(key) in self.catalog.items
        self.refused.append(
            Refused(file=document.file, subject=document.subject, key=key, faults=faults, running=running)
        )


def _unread_kind(document: Document) -> Fault:
    return note("I123", "kind", f"kind {plain(document.kind, 60)} is not read by this version; nothing acts on it")


def _conclude(catalog: Catalog, snapshot: Snapshot, reading: _Reading, at: datetime) -> tuple[Catalog, Changes]:
    items: dict[ItemKey, Item] = dict(reading.items)
    absent: dict[ItemKey, datetime] = {}
    for key, item in catalog.items.items():
        if key in items:
            continue
        unread = any(one.file == item.file and not one.subject for one in reading.findings)
        since = catalog.absent.get(key, at)
        if key in reading.mentioned or unread:
            items[key] = item  # the last good version runs on
        elif not snapshot.settled:
            items[key] = item
            if key in catalog.absent:
                absent[key] = since
        elif at - since < GONE_AFTER:
            items[key], absent[key] = item, since
    after = Catalog(snapshot=snapshot, items=items, absent=absent, cluster_namespace=catalog.cluster_namespace)
    old, new = catalog.objects, after.objects
    changes = Changes(
        added=tuple(obj for key, obj in new.items() if key not in old),
        changed=tuple(obj for key, obj in new.items() if key in old and old[key] != obj),
        removed=tuple(key for key in old if key not in new),
        refused=tuple(reading.refused),
        findings=tuple(reading.findings),
    )
    return replace(after, changes=changes), changes


def _object_key(key: ObjectKey) -> ItemKey:
    return (so.KIND, key.namespace, key.name)
