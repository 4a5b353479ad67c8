"""What the API server's answers hold: six numbers of a scale, the words of a refusal."""

import re
from datetime import datetime
from typing import TypeVar

import msgspec

from autoscaler.kube.client import Answer, NoAnswer
from autoscaler.model.observation import ScaleStatus, Unreadable, UnreadableReason
from autoscaler.model.text import plain
from autoscaler.model.value import value

T = TypeVar("T")

_REASONS = {
    401: UnreadableReason.UNAUTHORIZED,
    403: UnreadableReason.FORBIDDEN,
    404: UnreadableReason.NOT_FOUND,
}


@value
class Writer:
    """A field manager, and when it wrote."""

    name: str
    at: datetime | None


class _Leaf(msgspec.Struct):
    """A field that somebody owns: an empty object."""


class _Owned(msgspec.Struct, rename={"replicas": "f:replicas"}):
    replicas: _Leaf | None = None


class _Fields(msgspec.Struct, rename={"spec": "f:spec"}):
    spec: _Owned | None = None


class _Managed(msgspec.Struct, rename="camel"):
    manager: str = ""
    time: datetime | None = None
    fields_v1: _Fields | None = msgspec.field(default=None, name="fieldsV1")


class _Metadata(msgspec.Struct, rename="camel"):
    uid: str = ""
    resource_version: str = ""
    managed_fields: tuple[_Managed, ...] = ()


class _Spec(msgspec.Struct):
    replicas: int = 0  # the API server leaves a 0 out


class _Status(msgspec.Struct):
    replicas: int = 0
    selector: str = ""


class Version(msgspec.Struct, rename="camel"):
    """What ``/version`` says."""

    git_version: str = ""


class _Object(msgspec.Struct):
    metadata: _Metadata


class _Scale(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class Details(msgspec.Struct):
    """What a refusal is about; ``name`` is empty where the path itself is unknown."""

    name: str = ""
    kind: str = ""


class Refusal(msgspec.Struct):
    """A Status document as every refusal of the API server is one."""

    message: str = ""
    reason: str = ""
    details: Details | None = None


_VERSION = msgspec.json.Decoder(Version)
_OBJECT = msgspec.json.Decoder(_Object)
_SCALE = msgspec.json.Decoder(_Scale)
_REFUSAL = msgspec.json.Decoder(Refusal)


def decoded(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T | None:
    """Read a document by a decoder; None when the body does not fit."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def scale_of(body: bytes) -> ScaleStatus | None:
    """Read a scale subresource; None when the body is no scale."""
    scale = decoded(body, _SCALE)
    if scale is None:
        return None
    writer = _last_writer(scale.metadata.managed_fields)
    return ScaleStatus(
        spec=scale.spec.replicas,
        status=scale.status.replicas,
        resource_version=scale.metadata.resource_version,
        uid=scale.metadata.uid,
        selector=scale.status.selector,
        writer=writer.name if writer else None,
        written_at=writer.at if writer else None,
    )


def writer_of(body: bytes) -> Writer | None:
    """Read who last wrote ``spec.replicas`` out of an object's metadata; None when nothing tells."""
    found = decoded(body, _OBJECT)
    return _last_writer(found.metadata.managed_fields) if found else None


def version_of(body: bytes) -> tuple[int, int] | None:
    """Read major and minor version out of ``/version``; None when they are not there."""
    found = decoded(body, _VERSION)
    numbers = re.match(r"v(\d+)\.(\d+)", found.git_version) if found else None
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def refusal_of(body: bytes) -> Refusal:
    """Read a refusal; an empty one when the body is no Status (a proxy's page, half an answer)."""
    return decoded(body, _REFUSAL) or Refusal()


def unreadable(reply: Answer | NoAnswer, what: str) -> Unreadable:
    """Say why ``what`` could not be read."""
    if isinstance(reply, NoAnswer):
        reason = UnreadableReason.TIMEOUT if reply.timed_out else UnreadableReason.UNREACHABLE
        return Unreadable(reason=reason, detail=f"{what}: {reply.detail}")
    if reply.status == 200:
        return Unreadable(reason=UnreadableReason.SERVER, detail=f"{what}: the API server's answer makes no sense")
    return Unreadable(reason=_REASONS.get(reply.status, UnreadableReason.SERVER), detail=f"{what}: {words(reply)}")


def words(reply: Answer) -> str:
    """Give the status and the API server's own words, cleaned and cut (S13)."""
    message = plain(refusal_of(reply.body).message, 300)
    return f"{reply.status}, {message}" if message else f"status {reply.status} without a message"


def _last_writer(managed: tuple[_Managed, ...]) -> Writer | None:
    """Find who last wrote ``spec.replicas``; several managers may own it, the newest did."""
    owners = [
        entry
        for entry in managed
        if entry.fields_v1 and entry.fields_v1.spec and entry.fields_v1.spec.replicas is not None
    ]
    newest = max(owners, key=lambda entry: entry.time.timestamp() if entry.time else 0.0, default=None)
    return Writer(name=plain(newest.manager), at=newest.time) if newest else None
