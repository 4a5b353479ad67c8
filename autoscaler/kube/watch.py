"""What is known of one kind of workload in one namespace, without asking: a list, and then what changes.

It is a cache and nothing depends on it: where it is not sure it says so, and the scale is read by GET.
Not sure it is before its first list, after three minutes without a word, and for an object that we wrote and whose new
version has not come by yet (L7).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode
from zlib import crc32

import msgspec

from autoscaler.kube.answers import decoded
from autoscaler.kube.client import Answer, Reader, Reply
from autoscaler.kube.selectors import Selector, selector_text
from autoscaler.model.observation import ScaleStatus

PAGE: Final = "500"
LIST_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 90.0  # bookmarks come once a minute; without any the connection is dead (R23)
TRUST_SECONDS: Final = 180.0  # older knowledge is none
AWAIT_SECONDS: Final = 10.0  # how long the version that we wrote is waited for
REFUSED_SECONDS: Final = 600.0
PAUSES: Final = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)  # a server that ends every watch at once is not asked without end
STEADY_SECONDS: Final = 60.0
REMEMBERED: Final = 16  # versions per object that are known to have come by


class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    uid: str = ""
    resource_version: str = ""


class _Spec(msgspec.Struct):
    replicas: int = 1  # what the API server takes a missing count for
    selector: Selector | None = None


class _Status(msgspec.Struct):
    replicas: int = 0


class _Workload(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)
    status: _Status = msgspec.field(default_factory=_Status)


class _PageMetadata(msgspec.Struct, rename={"cursor": "continue", "resource_version": "resourceVersion"}):
    resource_version: str = ""
    cursor: str = ""


class _Page(msgspec.Struct):
    metadata: _PageMetadata
    items: tuple[_Workload, ...] = ()


class _Event(msgspec.Struct):
    type: str
    object: _Workload


_PAGE = msgspec.json.Decoder(_Page)
_EVENT = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class _Kept:
    """One object as it came last. ``awaited``: the version that we wrote, until it comes by or ``until`` passes."""

    scale: ScaleStatus
    versions: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    awaited: str | None = None
    until: float = 0.0


class Watch:
    """Follows one collection (``/apis/apps/v1/namespaces/shop/deployments``)."""

    def __init__(self, client: Reader, collection: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._collection = collection
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._version = ""
        self._heard_at: float | None = None
        self._rest = b""

    def scale(self, name: str) -> ScaleStatus | None:
        """Give what is known of one object; None: ask the API server."""
        now = self._clock()
        if self._heard_at is None or now - self._heard_at > TRUST_SECONDS:
            return None
        kept = self._kept.get(name)
        if kept is None:
            return None
        if kept.awaited is not None and now > kept.until:
            del self._kept[name]  # its version never came by; the next event or list brings it back
            return None
        return kept.scale

    def note(self, name: str, scale: ScaleStatus) -> None:
        """Take what the API server just answered for what is, until its version has come by or something newer."""
        kept = self._kept.get(name)
        if kept is None or scale.resource_version in kept.versions:
            return
        kept.scale = scale
        kept.awaited, kept.until = scale.resource_version, self._clock() + AWAIT_SECONDS

    async def run(self) -> None:
        """Follow until cancelled: list, watch, and after a failure again, more and more slowly."""
        failures = 0
        while True:
            began_at = self._clock()
            reply = None if self._version else await self._list()
            reply = reply or await self._follow()
            if self._clock() - began_at >= STEADY_SECONDS:
                failures = 0
            if isinstance(reply, Answer) and reply.status != 200:
                self._version = ""  # 410 and whatever else is about the version: list anew
            await asyncio.sleep(_pause(reply, failures))
            failures += 1

    async def _list(self) -> Reply | None:
        """Read the whole collection in pages; None when it is known now, else what went wrong."""
        listed: dict[str, _Kept] = {}
        query = {"limit": PAGE}
        while True:
            reply = await self._client.get(self._collection, query=query, timeout_seconds=LIST_SECONDS)
            page = decoded(reply.body, _PAGE) if isinstance(reply, Answer) and reply.status == 200 else None
            if page is None:
                return Answer(status=502, body=b"") if isinstance(reply, Answer) and reply.status == 200 else reply
            for item in page.items:
                self._take(listed, item)
            if not page.metadata.cursor:
                break
            query["continue"] = page.metadata.cursor
        self._kept, self._version, self._heard_at = listed, page.metadata.resource_version, self._clock()
        return None

    async def _follow(self) -> Reply:
        """Read changes from the last version on, until the server ends it, it falls silent, or it makes no sense."""
        self._rest = b""
        query = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(240 + crc32(self._collection.encode()) % 240),
        }
        path = f"{self._collection}?{urlencode(query)}"
        reply = await self._client.watch(path, self._hear, idle_seconds=SILENCE_SECONDS)
        if isinstance(reply, Answer) and reply.status == 200 and not self._version:
            return Answer(status=410, body=b"")
        return reply

    def _hear(self, chunk: bytes) -> bool:
        """Take the events of a chunk; say no when the list must be read anew."""
        self._heard_at = self._clock()
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return all(self._apply(line) for line in lines if line)

    def _apply(self, line: bytes) -> bool:
        event = decoded(line, _EVENT)
        if event is None or event.type == "ERROR" or not event.object.metadata.resource_version:
            self._version = ""
            return False
        self._version = event.object.metadata.resource_version
        if event.type == "DELETED":
            self._kept.pop(event.object.metadata.name, None)
        elif event.type in ("ADDED", "MODIFIED"):
            self._take(self._kept, event.object)
        return True

    def _take(self, kept: dict[str, _Kept], found: _Workload) -> None:
        """Keep an object's state, unless it is older than what we were answered when we wrote."""
        name, version = found.metadata.name, found.metadata.resource_version
        entry = kept.get(name)
        scale = ScaleStatus(
            spec=found.spec.replicas,
            status=found.status.replicas,
            resource_version=version,
            uid=found.metadata.uid,
            selector=selector_text(found.spec.selector) if found.spec.selector else "",
        )
        if entry is None or entry.scale.uid != scale.uid:
            entry = kept[name] = _Kept(scale=scale)
        entry.versions.append(version)
        if entry.awaited is not None and version != entry.awaited:
            return
        entry.scale, entry.awaited = scale, None


class Watches:
    """The watches of this process, one per kind and namespace, up to sixteen; beyond that scales are read by GET."""

    LIMIT = 16

    def __init__(self, client: Reader) -> None:
        self._client = client
        self._watches: dict[str, Watch] = {}

    def scale(self, collection: str, name: str) -> ScaleStatus | None:
        """Give what is known of an object, and start to follow its collection; None: ask the API server."""
        watch = self._watches.get(collection)
        if watch is None:
            if len(self._watches) < self.LIMIT:
                watch = self._watches[collection] = Watch(self._client, collection, asyncio.get_running_loop().time)
                self._client.spawn(watch.run())
            return None
        return watch.scale(name)

    def note(self, collection: str, name: str, scale: ScaleStatus) -> None:
        """Take the API server's answer to a write or a read for what is."""
        watch = self._watches.get(collection)
        if watch is not None:
            watch.note(name, scale)


def _pause(reply: Reply, failures: int) -> float:
    if isinstance(reply, Answer) and reply.status in (403, 404, 405):
        return REFUSED_SECONDS
    if isinstance(reply, Answer) and reply.retry_after is not None:
        return reply.retry_after
    return PAUSES[min(failures, len(PAUSES) - 1)]
