"""What each document gives, one at a time: a credential, objects, or a refusal. Pure."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from autoscaler.manifests import auth, seldon
from autoscaler.manifests import scaledobject as so
from autoscaler.manifests.document import Document, Documents
from autoscaler.manifests.faults import error, guess, has_error, note, placed
from autoscaler.manifests.owners import Claim
from autoscaler.manifests.settings import Resolve, Scalers, Settings
from autoscaler.model.auth import Authentication
from autoscaler.model.faults import Fault
from autoscaler.model.objects import ObjectKey, ScaledObject
from autoscaler.model.text import plain
from autoscaler.model.value import value

KEPT_KINDS: Final = ("Secret", "ConfigMap")
_KEDA: Final = so.API_VERSION.partition("/")[0] + "/"
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {_KEDA: (so.KIND, *auth.KINDS), seldon.GROUP: (seldon.KIND,)}
_OF_KEDA: Final = ("ScaledJob", "CloudEventSource", "ClusterCloudEventSource")
"""Kinds that are KEDA's own and near to none of ours."""

ItemKey: TypeAlias = tuple[str, str, str]
"""Kind, namespace, name."""
Credential: TypeAlias = Authentication | auth.Kept


@value
class Item:
    """One thing that a document gave."""

    file: str
    held: ScaledObject | Credential | auth.Refused


@value
class Basis:
    """What reading an object depends on beside its document: as long as it is the same, so is the outcome."""

    scalers: Scalers
    settings: Settings
    operator: seldon.Operator
    credentials: Mapping[ItemKey, Item]


@value
class Outcome:
    """What one document gave.

    ``refused`` are the objects it names and cannot give, with their faults; None where no object is meant.
    ``mentioned`` are the items it speaks of, given or refused.
    """

    document: Document
    credential: Credential | None = None
    claims: tuple[Claim, ...] = ()
    refused: tuple[tuple[ObjectKey | None, tuple[Fault, ...]], ...] = ()
    mentioned: tuple[ItemKey, ...] = ()
    faults: tuple[Fault, ...] = ()


@value
class FileReading:
    """One file's documents and what each of them gave."""

    documents: Documents
    outcomes: tuple[Outcome, ...]


def object_key(key: ObjectKey) -> ItemKey:
    """Give the key under which an object is an item."""
    return (so.KIND, key.namespace, key.name)


def document_key(document: Document) -> ItemKey:
    """Give the key under which what a document holds is an item."""
    return (document.kind, document.namespace, document.name)


def read_credential(document: Document) -> Outcome | None:
    """Read an authentication, a Secret or a ConfigMap; None where the document is none of them."""
    held: Credential | None
    if document.kind in auth.KINDS and document.api_version == so.API_VERSION:
        held, faults = auth.authentication(document)
    elif document.kind in KEPT_KINDS and document.api_version == "v1":
        held, faults = auth.kept(document)
    else:
        return None
    refused = () if held is not None else ((None, faults),)
    mentioned = (document_key(document),)
    return Outcome(document=document, credential=held, refused=refused, mentioned=mentioned, faults=faults)


def read_objects(document: Document, basis: Basis, resolve: Resolve) -> Outcome:
    """Read a ScaledObject, or a SeldonDeployment's; of other kinds only KEDA's are noted."""
    if document.kind == so.KIND:
        fault = so.kind_fault(document)
        if fault is not None:
            return _refused(document, placed((fault,), document.root))
        return _judged(document, (so.candidate(document),), basis, resolve)
    if document.kind == seldon.KIND and document.api_version.startswith(seldon.GROUP):
        found = seldon.candidates(document, basis.operator)
        outcome = _judged(document, found.candidates, basis, resolve, found.faults)
        return outcome if not has_error(found.faults) else _refused(document, found.faults)
    return _other(document)


def _other(document: Document) -> Outcome:
    """Refuse what is nearly a kind that is read, note what else is KEDA's, and leave other kinds alone."""
    nearly = _nearly(document)
    if nearly is not None:
        return _refused(document, placed((nearly,), document.root))
    if document.api_version == so.API_VERSION and document.kind not in auth.KINDS:
        message = f"{plain(document.kind, 60)} is not read by this version; nothing acts on it"
        return Outcome(document=document, faults=placed((note("I123", "kind", message),), document.root))
    return Outcome(document=document)


def _nearly(document: Document) -> Fault | None:
    """Say which kind was probably meant; None where none was."""
    kinds = next((kinds for group, kinds in _KINDS.items() if document.api_version.startswith(group)), ())
    if document.kind in auth.KINDS and kinds and document.api_version != so.API_VERSION:
        found = plain(document.api_version, 60)
        return error("E101", "apiVersion", f"{document.kind} is known as {so.API_VERSION}, found {found}; write that")
    hint = "" if document.kind in (*kinds, *_OF_KEDA) else guess(document.kind, kinds)
    return error("E101", "kind", f'unknown kind "{plain(document.kind, 60)}"{hint}') if hint else None


def _judged(
    document: Document,
    candidates: tuple[so.Candidate, ...],
    basis: Basis,
    resolve: Resolve,
    faults: tuple[Fault, ...] = (),
) -> Outcome:
    judged = [so.parse(one, basis.scalers, basis.settings, resolve) for one in candidates]
    return Outcome(
        document=document,
        claims=tuple(
            Claim(document=document, path=one.candidate.path, obj=one.obj) for one in judged if one.obj is not None
        ),
        refused=tuple((one.candidate.key, one.faults) for one in judged if one.obj is None),
        mentioned=tuple(object_key(one.candidate.key) for one in judged),
        faults=(*faults, *(fault for one in judged for fault in one.faults)),
    )


def _refused(document: Document, faults: tuple[Fault, ...]) -> Outcome:
    return Outcome(document=document, refused=((None, faults),), faults=faults)
