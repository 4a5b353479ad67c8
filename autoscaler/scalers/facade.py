"""httpx over the guarded sender: for what is rare and has a protocol of its own.

Questions do not go this way (250 us of CPU each would be httpx's); tokens do. Addresses, redirects, limits and
deadlines are the sender's, whatever client stands on top.
"""

import asyncio

import httpx
from yarl import URL

from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing
from autoscaler.scalers.http import Call, Sender
from autoscaler.scalers.tls import TlsMaterial

_KEPT = ("authorization", "content-type", "accept")


class NotAnsweredError(httpx.TransportError):
    """The sender's Missing as httpx's callers expect it."""

    def __init__(self, missing: Missing) -> None:
        super().__init__(missing.detail)
        self.missing = missing


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends the requests of an httpx client on behalf of ``author``, before ``until`` (the event loop's time)."""

    def __init__(self, sender: Sender, *, author: Author, until: float, tls: TlsMaterial | None = None) -> None:
        self._sender = sender
        self._author = author
        self._until = until
        self._tls = tls or TlsMaterial()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises NotAnsweredError where there is no answer."""
        body = await request.aread()
        call = Call(
            url=URL(str(request.url), encoded=True),
            method=request.method,
            headers=tuple((name, text) for name, text in request.headers.items() if name in _KEPT),
            body=body or None,
            author=self._author,
            tls=self._tls,
        )
        answer = await self._sender.send(call, min(self._until, asyncio.get_running_loop().time() + 30))
        if isinstance(answer, Missing):
            raise NotAnsweredError(answer)
        headers = {"Content-Type": answer.content_type}
        return httpx.Response(answer.status, headers=headers, content=answer.body, request=request)
