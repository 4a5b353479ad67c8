"""Documents in, changes out: which objects run now, which were refused, and what is known of credentials. Pure."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from autoscaler.manifests import auth, seldon
from autoscaler.manifests import scaledobject as so
from autoscaler.manifests.document import DEFAULT_NAMESPACE, Away, Documents, Finding, SourceFile, is_within, read
from autoscaler.manifests.faults import error, placed
from autoscaler.manifests.owners import Claim, Governed, Settled, settle, workload_of
from autoscaler.manifests.reading import (
    Basis,
    FileReading,
    Item,
    ItemKey,
    Outcome,
    document_key,
    object_key,
    read_credential,
    read_objects,
)
from autoscaler.manifests.settings import Grant, Scalers, Settings
from autoscaler.model.auth import Authentication, AuthRef
from autoscaler.model.faults import Fault
from autoscaler.model.objects import ObjectKey, ScaledObject
from autoscaler.model.text import plain
from autoscaler.model.value import value

GONE_AFTER: Final = timedelta(seconds=30)


@value
class Snapshot:
    """Files as they are at one moment. Where a path is ``away``, what is absent may be there all the same."""

    files: tuple[SourceFile, ...] = ()
    away: tuple[Away, ...] = ()


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
    """What an update did. ``findings`` are all that the documents deserve now, warnings and notes included.

    ``vanished`` are the objects whose documents went just now; they are removed unless these come back in time, as
    those of ``returned`` did.
    """

    added: tuple[ScaledObject, ...] = ()
    changed: tuple[ScaledObject, ...] = ()
    removed: tuple[ObjectKey, ...] = ()
    vanished: tuple[ObjectKey, ...] = ()
    returned: tuple[ObjectKey, ...] = ()
    refused: tuple[Refused, ...] = ()
    findings: tuple[Finding, ...] = ()


@value
class Catalog:
    """Everything that was read and counts.

    ``absent`` says since when an item has been missing from its files. ``readings`` is what each file gave under
    ``basis``, so that what did not change is not read again.
    """

    snapshot: Snapshot = Snapshot()
    items: Mapping[ItemKey, Item] = field(default_factory=lambda: MappingProxyType({}))
    absent: Mapping[ItemKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    changes: Changes = Changes()
    readings: Mapping[SourceFile, FileReading] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    basis: Basis | None = field(default=None, repr=False)
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
        refused = [key for key, one in self.items.items() if isinstance(one.held, auth.Refused)]
        return auth.resolver(self.authentications, self.secrets, self.cluster_namespace, refused)(ref)


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
    The same snapshot again costs nothing and only lets the time of what has vanished run out; of others only the files
    that changed are read, and all objects are judged again only where credentials or settings changed.
    """
    if snapshot == catalog.snapshot and not catalog.absent:
        return catalog, Changes(refused=catalog.changes.refused, findings=catalog.changes.findings)
    draft = _Draft(catalog, snapshot, settings.namespace)
    draft.take_credentials()
    basis = Basis(scalers=scalers, settings=settings, operator=operator, credentials=draft.credentials())
    draft.read_objects(basis)
    absent = draft.keep(at)
    draft.settle(governed)
    after = Catalog(
        snapshot=snapshot,
        items={**draft.kept, **draft.items},
        absent=absent,
        readings=draft.readings,
        basis=basis,
        cluster_namespace=catalog.cluster_namespace,
    )
    changes = _changes(catalog.objects, after.objects, draft)
    gone, back = absent.keys() - catalog.absent.keys(), catalog.absent.keys() - absent.keys()
    vanished = tuple(key for key in catalog.objects if object_key(key) in gone)
    returned = tuple(key for key in after.objects if object_key(key) in back)
    changes = replace(changes, vanished=vanished, returned=returned)
    return replace(after, changes=changes), changes


class _Draft:
    """One pass over a snapshot; it collects items and findings and is then thrown away."""

    def __init__(self, catalog: Catalog, snapshot: Snapshot, namespace: str) -> None:
        self.catalog, self.snapshot = catalog, snapshot
        self.items: dict[ItemKey, Item] = {}
        self.kept: dict[ItemKey, Item] = {}
        self.readings: dict[SourceFile, FileReading] = {}
        self.findings: list[Finding] = []
        self.refused: list[Refused] = []
        self.documents = {file: self._documents(file, namespace) for file in snapshot.files}
        running = {one.file for one in catalog.items.values() if isinstance(one.held, ScaledObject)}
        for finding in (one for found in self.documents.values() for one in found.findings):
            self.findings.append(finding)
            runs = any(is_within(file, finding.file) for file in running)
            self.refused.append(_refusal(finding.file, "", None, (finding.fault,), running=runs))

    def take_credentials(self) -> None:
        """Take authentications, Secrets and ConfigMaps; objects are read with what they give."""
        self.outcomes = [
            outcome
            for found in self.documents.values()
            for document in found.documents
            if (outcome := read_credential(document)) is not None
        ]
        for outcome in self.outcomes:
            self._note(outcome)
            document, key = outcome.document, document_key(outcome.document)
            if outcome.credential is None:
                continue
            if key in self.items:
                message = f"{document.subject} is in {plain(self.items[key].file, 80)} already; remove one of them"
                faults = placed((error("E109", "metadata.name", message),), document.root)
                self._note(Outcome(document=document, refused=((None, faults),), faults=faults))
            else:
                self.items[key] = Item(file=document.file, held=outcome.credential)

    def credentials(self) -> Mapping[ItemKey, Item]:
        """Give what is known of credentials, what is kept of them included, and which have faulty documents alone."""
        faulty = {
            key: Item(file=outcome.document.file, held=auth.Refused())
            for outcome in self.outcomes
            if outcome.credential is None
            for key in outcome.mentioned
        }
        known = {key: one for key, one in self.catalog.items.items() if key[0] != so.KIND}
        return {**faulty, **known, **self.items}

    def read_objects(self, basis: Basis) -> None:
        """Read every file's objects, or take what an unchanged file gave under the same basis."""
        grant = Catalog(items=basis.credentials, cluster_namespace=self.catalog.cluster_namespace).grant
        same = self.catalog.basis == basis
        for file, found in self.documents.items():
            known = self.catalog.readings.get(file) if same else None
            if known is None:
                outcomes = tuple(read_objects(document, basis, grant) for document in found.documents)
                known = FileReading(documents=found, outcomes=outcomes)
            self.readings[file] = known
            self.outcomes.extend(known.outcomes)
            for outcome in known.outcomes:
                self._note(outcome)

    def keep(self, at: datetime) -> Mapping[ItemKey, datetime]:
        """Keep what its documents no longer give but what is not gone: refused, unreadable, or absent too shortly.

        The answer says since when each absent item has been absent.
        """
        given = {*self.items, *(object_key(claim.obj.key) for claim in self._claims())}
        mentioned = {key for outcome in self.outcomes for key in outcome.mentioned}
        unread = {one.file for one in self.findings if not one.subject}
        absent: dict[ItemKey, datetime] = {}
        for key, item in self.catalog.items.items():
            if key in given:
                continue
            if key in mentioned or item.file in unread:
                self.kept[key] = item
            elif self.snapshot.away:
                self.kept[key] = item
                absent.update({key: self.catalog.absent[key]} if key in self.catalog.absent else {})
            elif at - (since := self.catalog.absent.get(key, at)) < GONE_AFTER:
                self.kept[key], absent[key] = item, since
        return absent

    def settle(self, governed: Governed) -> None:
        """Let one object have a name, and one object govern a target; what is kept has its own already."""
        running = {key[1:]: item.file for key, item in self.catalog.items.items() if key[0] == so.KIND}
        now = {obj.target: obj.key for obj in self.catalog.objects.values()}
        kept = [one.held for one in self.kept.values() if isinstance(one.held, ScaledObject)]
        settled = settle(self._claims(), running, {**governed, **now}, kept)
        for claim in settled.winners:
            self.items[object_key(claim.obj.key)] = Item(file=claim.document.file, held=claim.obj)
        for claim, fault in settled.losers:
            faults = placed((fault,), claim.document.root)
            refused = ((claim.obj.key, faults),)
            self._note(Outcome(document=claim.document, refused=refused, faults=faults))
        self._keep_losers(settled)

    def _keep_losers(self, settled: Settled) -> None:
        """Keep the last good version of what lost its new claim, unless its old target has a new owner by now."""
        owned = {workload_of(claim.obj.target) for claim in settled.winners}
        for claim, _ in settled.losers:
            key = object_key(claim.obj.key)
            old = self.catalog.items.get(key)
            if key in self.items or old is None or not isinstance(old.held, ScaledObject):
                continue
            if workload_of(old.held.target) not in owned:
                self.kept[key] = old

    def _documents(self, file: SourceFile, namespace: str) -> Documents:
        basis, known = self.catalog.basis, self.catalog.readings.get(file)
        if known is not None and basis is not None and basis.settings.namespace == namespace:
            return known.documents
        return read((file,), namespace=namespace)

    def _claims(self) -> tuple[Claim, ...]:
        return tuple(claim for outcome in self.outcomes for claim in outcome.claims)

    def _note(self, outcome: Outcome) -> None:
        file, subject = outcome.document.file, outcome.document.subject
        self.findings.extend(Finding(file=file, subject=subject, fault=fault) for fault in outcome.faults)
        for key, faults in outcome.refused:
            running = key is not None and object_key(key) in self.catalog.items
            self.refused.append(_refusal(file, subject, key, faults, running=running))


def _refusal(file: str, subject: str, key: ObjectKey | None, faults: tuple[Fault, ...], *, running: bool) -> Refused:
    return Refused(file=file, subject=subject, key=key, faults=faults, running=running)


def _changes(old: Mapping[ObjectKey, ScaledObject], new: Mapping[ObjectKey, ScaledObject], draft: _Draft) -> Changes:
    return Changes(
        added=tuple(obj for key, obj in new.items() if key not in old),
        changed=tuple(obj for key, obj in new.items() if key in old and old[key] != obj),
        removed=tuple(key for key in old if key not in new),
        refused=tuple(draft.refused),
        findings=tuple(draft.findings),
    )
