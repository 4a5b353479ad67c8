"""Where credentials come from: TriggerAuthentications and the Secrets and ConfigMaps that lie in the same files.

What a document holds of a Secret becomes the type that hides itself here, and nowhere later is it plain (S14).
"""

import base64
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict, StrictStr

from autoscaler.manifests.document import Document
from autoscaler.manifests.faults import error, has_error, note, placed
from autoscaler.manifests.known_annotations import ON_AUTHENTICATIONS, ON_SECRETS, PREFIX, unknown_annotations
from autoscaler.manifests.positions import Data
from autoscaler.manifests.schema import fit
from autoscaler.manifests.settings import Grant, Resolve
from autoscaler.manifests.written import Name, Written
from autoscaler.model.auth import Authentication, AuthRef, Reference, ReferenceKind
from autoscaler.model.faults import Fault
from autoscaler.model.text import Secret, plain
from autoscaler.model.value import value

KINDS: Final = ("TriggerAuthentication", "ClusterTriggerAuthentication")
_UNSUPPORTED: Final = (
    "oauth2",
    "hashiCorpVault",
    "azureKeyVault",
    "gcpSecretManager",
    "awsSecretManager",
)
_DOCUMENTS: Final = {ReferenceKind.SECRET: "Secret", ReferenceKind.CONFIG_MAP: "ConfigMap"}


class _WrittenKey(Written):
    parameter: Name
    name: Name
    key: Name


class _WrittenVariable(Written):
    parameter: Name
    name: Name
    container_name: StrictStr | None = None


class _WrittenToken(Written):
    parameter: Name
    service_account_name: Name


class _WrittenIdentity(BaseModel):
    """Only the provider matters until a cloud's identity can be used."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)
    provider: StrictStr


class _WrittenAuth(Written):
    secret_target_ref: list[_WrittenKey] | None = None
    config_map_target_ref: list[_WrittenKey] | None = None
    env: list[_WrittenVariable] | None = None
    file_path: StrictStr | None = None
    bound_service_account_token: list[_WrittenToken] | None = None
    pod_identity: _WrittenIdentity | None = None


@value
class Kept:
    """One Secret or ConfigMap: its keys, and their values hidden. ``kind`` is ``Secret`` or ``ConfigMap``."""

    kind: str
    namespace: str
    name: str
    values: Mapping[str, Secret]
    denied: bool = False


@value
class Refused:
    """A credential's document that is there and gives nothing, since it is faulty: it is not absent."""


def authentication(document: Document) -> tuple[Authentication | None, tuple[Fault, ...]]:
    """Read a TriggerAuthentication or a ClusterTriggerAuthentication."""
    raw = document.data.get("spec")
    faults = list(_unsupported(raw))
    known = {key: held for key, held in raw.items() if key not in _UNSUPPORTED} if isinstance(raw, dict) else raw
    written, misfits = fit(_WrittenAuth, {} if known is None else known, "spec")
    misspelt = unknown_annotations(_annotations(document), ON_AUTHENTICATIONS)
    found = placed([*misspelt, *faults, *misfits], document.root)
    if written is None or faults:
        return None, found
    found = placed([*found, *_misplaced(document, written)], document.root)
    return None if has_error(found) else _authentication(document, written), found


def kept(document: Document) -> tuple[Kept | None, tuple[Fault, ...]]:
    """Read a Secret or a ConfigMap. Neither a value nor a part of one is in any fault."""
    is_secret = document.kind == "Secret"
    hidden: dict[str, Secret] = {}
    faults: list[Fault] = []
    for field in ("data", "stringData") if is_secret else ("data",):
        raw = document.data.get(field)
        if raw is not None and not isinstance(raw, dict):
            faults.append(error("E101", field, f"{field} must be a mapping"))
        for key, held in (raw if isinstance(raw, dict) else {}).items():
            text = _decoded(held) if is_secret and field == "data" else held
            if isinstance(text, str):
                hidden[key] = Secret(text)
            elif held is not None:
                wanted = "base64 of UTF-8 text" if is_secret and field == "data" else "text, in quotes"
                faults.append(error("E101", f"{field}.{key}", f"a value must be {wanted}"))
    if faults:
        return None, placed(faults, document.root)
    denied = _annotations(document).get(f"{PREFIX}/use") == "deny"
    found = Kept(kind=document.kind, namespace=document.namespace, name=document.name, values=hidden, denied=denied)
    return found, placed(unknown_annotations(_annotations(document), ON_SECRETS), document.root)


def resolver(
    known: Mapping[AuthRef, Authentication],
    secrets: Mapping[tuple[str, str, str], Kept],
    cluster_namespace: str,
    refused: Collection[tuple[str, str, str]] = (),
) -> Resolve:
    """Make the look-up that reading a trigger needs.

    Parameters are given only if all are among the documents: credentials are not optional (D7).
    ``cluster_namespace`` is where the Secrets of a ClusterTriggerAuthentication are, ``refused`` are the documents,
    by kind, namespace and name, that are there and faulty.
    """

    def resolve(ref: AuthRef) -> Grant | None:
        found = known.get(ref)
        if found is None:
            is_faulty = any(key[0] == ref.kind and key[2] == ref.name and _is_of(ref, key[1]) for key in refused)
            return Grant(parameters=None, refused=True) if is_faulty else None
        home = ref.namespace or cluster_namespace
        values = {one.parameter: _look_up(one, home, secrets) for one in found.references}
        complete = {parameter: secret for parameter, secret in values.items() if secret is not None}
        return Grant(
            parameters=complete if len(complete) == len(values) else None,
            names=_names(found),
            absent=tuple(dict.fromkeys(_absent(found, home, {*secrets, *refused}))),
            unusable=(*_unusable(found, home, secrets), *dict.fromkeys(_faulty(found, home, refused))),
            pod_identity=found.pod_identity,
            servers=found.servers,
            namespaces=found.namespaces,
        )

    return resolve


def _look_up(one: Reference, namespace: str, secrets: Mapping[tuple[str, str, str], Kept]) -> Secret | None:
    kind = _DOCUMENTS.get(one.kind)
    found = None if kind is None else secrets.get((kind, namespace, one.name))
    return None if found is None or found.denied else found.values.get(one.key)


def _names(found: Authentication) -> frozenset[str] | None:
    if any(one.kind is ReferenceKind.FILE for one in found.references):
        return None
    return frozenset(one.parameter for one in found.references)


def _is_of(ref: AuthRef, namespace: str) -> bool:
    """Say whether an authentication of a namespace is meant; one of the cluster has none."""
    return not ref.namespace or ref.namespace == namespace


def _faulty(found: Authentication, home: str, refused: Collection[tuple[str, str, str]]) -> Iterator[str]:
    for one in found.references:
        kind = _DOCUMENTS.get(one.kind, "")
        if (kind, home, one.name) in refused:
            yield f"{kind} {plain(home, 60)}/{plain(one.name, 60)}, which is refused for its own faults"


def _absent(found: Authentication, home: str, secrets: Collection[tuple[str, str, str]]) -> Iterator[str]:
    for one in found.references:
        kind = _DOCUMENTS.get(one.kind)
        if kind is not None and (kind, home, one.name) not in secrets:
            yield f"{kind} {plain(home, 60)}/{plain(one.name, 60)}"


def _unusable(found: Authentication, home: str, secrets: Mapping[tuple[str, str, str], Kept]) -> Iterator[str]:
    for one in found.references:
        kept = secrets.get((_DOCUMENTS.get(one.kind, ""), home, one.name))
        if kept is None:
            continue
        where = f"{kept.kind} {plain(home, 60)}/{plain(one.name, 60)}"
        if kept.denied:
            yield f"{where}, which is annotated {PREFIX}/use: deny"
        elif one.key not in kept.values:
            has = ", ".join(plain(key, 60) for key in sorted(kept.values)) or "none"
            yield f'the key "{plain(one.key, 60)}" of {where}, which has {has}'


def _unsupported(raw: Data) -> Iterator[Fault]:
    for source in _UNSUPPORTED:
        if isinstance(raw, dict) and raw.get(source) is not None:
            message = f"{source} is not a source this version reads; use secretTargetRef"
            yield error("E104", f"spec.{source}", message)


def _authentication(document: Document, written: _WrittenAuth) -> Authentication:
    provider = None if written.pod_identity is None else written.pod_identity.provider
    return Authentication(
        ref=AuthRef(
            kind=document.kind,
            namespace="" if document.kind.startswith("Cluster") else document.namespace,
            name=document.name,
        ),
        references=tuple(_references(written)),
        pod_identity=None if provider in (None, "", "none") else provider,
        servers=_words(_annotations(document).get(f"{PREFIX}/servers", "")),
        namespaces=_words(_annotations(document).get(f"{PREFIX}/namespaces", "")),
        origin=document.file,
    )


def _references(written: _WrittenAuth) -> Iterator[Reference]:
    for one in written.env or ():
        yield Reference(parameter=one.parameter, kind=ReferenceKind.ENV, name=one.name)
    if written.file_path:
        yield Reference(parameter="filePath", kind=ReferenceKind.FILE, name=written.file_path)
    for kind, entries in (
        (ReferenceKind.CONFIG_MAP, written.config_map_target_ref),
        (ReferenceKind.SECRET, written.secret_target_ref),
    ):
        for held in entries or ():
            yield Reference(parameter=held.parameter, kind=kind, name=held.name, key=held.key)
    for token in written.bound_service_account_token or ():
        yield Reference(parameter=token.parameter, kind=ReferenceKind.TOKEN, name=token.service_account_name)


def _misplaced(document: Document, written: _WrittenAuth) -> Iterator[Fault]:
    """Name what is read and does nothing, or may not stand where it does (D8)."""
    if written.file_path and not document.kind.startswith("Cluster"):
        yield error("E104", "spec.filePath", "filePath may only stand in a ClusterTriggerAuthentication; move it")
    for index, one in enumerate(written.env or ()):
        if one.container_name is not None:
            message = "containerName has no effect: the variable is the daemon's own, by --auth-env"
            yield note("I121", f"spec.env[{index}].containerName", message)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _annotations(document: Document) -> Mapping[str, str]:
    about = document.data.get("metadata")
    notes = about.get("annotations") if isinstance(about, dict) else None
    return {key: held for key, held in notes.items() if isinstance(held, str)} if isinstance(notes, dict) else {}


def _decoded(held: Data) -> str | None:
    if not isinstance(held, str):
        return None
    try:
        return base64.b64decode("".join(held.split()), validate=True).decode()
    except ValueError:  # no base64, no ASCII, or no UTF-8 inside
        return None
