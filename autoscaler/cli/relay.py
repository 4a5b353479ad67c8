"""The sender of a laptop: ``.svc`` addresses that do not resolve go through the API server's service proxy."""

import asyncio
from collections.abc import Iterable

from yarl import URL

from autoscaler.kube.proxy import Service, ServiceProxy, service_of
from autoscaler.model.objects import Author, ScaledObject
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.addresses import Refusal
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.headers import reveal
from autoscaler.scalers.http import Call, Sender, SenderSettings


class RelayingSender(Sender):
    """Sends as ``Sender`` does, but for what ``--map`` moves and what only the API server can reach."""

    def __init__(self, settings: SenderSettings, proxy: ServiceProxy) -> None:
        super().__init__(settings)
        self._proxy = proxy

    async def send(self, call: Call, until: float) -> Answer:
        """Answer before ``until`` (the event loop's time) or say why not. Never raises."""
        moved = self._proxy.moved(str(call.url))
        if call.author is not Author.OPERATOR or not await self._proxy.takes(moved):
            return await super().send(_at(call, moved), until)
        headers = reveal(call.headers)
        if isinstance(headers, Refusal):
            return Missing(reason=MissingReason.REFUSED, detail=headers.detail)
        left = max(0.001, until - asyncio.get_running_loop().time())
        answer = await self._proxy.fetch(
            moved, method=call.method, headers=headers, body=call.body, timeout_seconds=left
        )
        if isinstance(answer, Missing):
            return answer
        return Response(status=answer.status, content_type=answer.content_type, body=answer.body)

    async def proxied(self, objects: Iterable[ScaledObject]) -> frozenset[Service]:
        """Say which Services are asked through the API server: reading them there takes a right of its own."""
        asked = {
            self._proxy.moved(address)
            for obj in objects
            if obj.author is Author.OPERATOR
            for trigger in obj.triggers
            for address in trigger.ask.question.source.addresses
        }
        found = [service_of(address) for address in sorted(asked) if await self._proxy.takes(address)]
        return frozenset(service for service in found if service is not None)


def _at(call: Call, url: str) -> Call:
    if url == str(call.url):
        return call
    return Call(
        url=URL(url, encoded=True),
        method=call.method,
        headers=call.headers,
        body=call.body,
        author=call.author,
        tls=call.tls,
    )
