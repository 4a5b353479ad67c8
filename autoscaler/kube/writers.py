"""Names who wrote a count: by the object's managedFields, which a scale subresource does not carry."""

import asyncio
from dataclasses import replace
from typing import Final

from autoscaler.kube.answers import Writer, version_of, writer_of
from autoscaler.kube.client import Answer, Reader
from autoscaler.kube.discovery import Discovery, object_path
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.observation import ScaleStatus
from autoscaler.model.value import value

METADATA: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
REFUSED_SECONDS: Final = 600.0  # how long a refusal is taken for an answer
LOOK_SECONDS: Final = 2.0
TRACKED_SINCE: Final = (1, 22)


@value
class _Known:
    uid: str
    replicas: int
    writer: Writer | None


class Writers:
    """Looks once per changed count, and only where ``get`` on the object is allowed; nothing depends on it."""

    def __init__(self, client: Reader, discovery: Discovery) -> None:
        self._client = client
        self._discovery = discovery
        self._known: dict[ScaleTarget, _Known] = {}
        self._tracked: bool | None = None
        self._refused: dict[tuple[str, str, str], float] = {}

    async def name(self, target: ScaleTarget, scale: ScaleStatus) -> ScaleStatus:
        """Add the writer to a scale; it stays None where nothing tells."""
        named = self.named(target, scale)
        if named is not None:
            return named
        self._known[target] = _Known(uid=scale.uid, replicas=scale.spec, writer=await self._look(target))
        return self.named(target, scale) or scale

    def named(self, target: ScaleTarget, scale: ScaleStatus) -> ScaleStatus | None:
        """Add the writer as far as that takes no look; None: it takes one."""
        if scale.writer is not None:
            return scale
        known = self._known.get(target)
        if known is None or (known.uid, known.replicas) != (scale.uid, scale.spec):
            return None
        if known.writer is None:
            return scale
        return replace(scale, writer=known.writer.name, written_at=known.writer.at)

    async def _look(self, target: ScaleTarget) -> Writer | None:
        kind = (target.namespace, target.api_version, target.kind)
        now = asyncio.get_running_loop().time()
        plural = self._discovery.plural(target)
        if plural is None or now < self._refused.get(kind, 0.0) or not await self._are_tracked():
            return None
        reply = await self._client.get(object_path(target, plural), timeout_seconds=LOOK_SECONDS, accept=METADATA)
        if isinstance(reply, Answer) and reply.status == 403:
            self._refused[kind] = now + REFUSED_SECONDS
        return writer_of(reply.body) if isinstance(reply, Answer) and reply.status == 200 else None

    async def _are_tracked(self) -> bool:
        """Say whether this API server notes who writes a scale: before 1.22 it went on naming an earlier writer."""
        if self._tracked is None:
            reply = await self._client.get("/version", timeout_seconds=LOOK_SECONDS)
            if not isinstance(reply, Answer):
                return False
            version = version_of(reply.body) if reply.status == 200 else None
            self._tracked = version is None or version >= TRACKED_SINCE
        return self._tracked
