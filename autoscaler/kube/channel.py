"""The connections to one API server: a request out, an answer back, everything else a value.

Only ``ApiClient`` of kubernetes.aio is used; its typed classes cost 89 MiB and three seconds. It is imported when a
channel is made, never before. The daemon's credential leaves through here alone, and only to the API server (S4).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

from autoscaler.kube.access import Access
from autoscaler.kube.trust import TrustFiles
from autoscaler.model.text import plain
from autoscaler.model.value import value

if TYPE_CHECKING:
    import aiohttp
    from kubernetes.aio.client.api_client import ApiClient

CONNECTIONS: Final = 48  # for calls, and for the watches, which keep theirs
CONNECT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 75.0  # below the 90 s after which the API server closes an idle connection
MAX_BODY: Final = 32 << 20
JSON: Final = "application/json"
PLAIN: Final = {"Accept": JSON, "Accept-Encoding": "identity", "User-Agent": "autoscaler"}
CONNECT_SHARE: Final = 0.9  # of a deadline: past it nothing was sent, and that is known


@value
class Answer:
    """What the API server said, whatever its status. ``retry_after`` is in seconds, None where it named none.

    ``body`` is as it came over the wire; ``encoding`` is empty unless a relayed Service encoded its answer.
    """

    status: int
    body: bytes
    content_type: str = ""
    encoding: str = ""
    retry_after: float | None = None


@value
class NoAnswer:
    """Nothing usable came back.

    ``sent``: the request may have arrived. ``timed_out``: the deadline passed. ``untrusted``: TLS was not agreed on.
    """

    detail: str
    sent: bool
    timed_out: bool = False
    untrusted: bool = False


Reply: TypeAlias = Answer | NoAnswer


@value
class Request:
    """One call. ``body`` is plain data for JSON, or text as it is; ``limit`` is the longest answer, in bytes."""

    verb: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    limit: int = MAX_BODY


class Channel:
    """The connections to one API server and the verbs that may use them."""

    def __init__(self, access: Access, verbs: frozenset[str]) -> None:
        from kubernetes.aio.client.api_client import ApiClient

        self.access = access
        self._verbs = verbs
        self._origin = _origin(access.address)
        self._api: ApiClient = ApiClient(access.configuration)
        self._connector = _pool(self._api, self._origin)
        self._trust = TrustFiles(self._api.rest_client.ssl_context, access.configuration)

    async def close(self) -> None:
        """Close every connection."""
        await self._api.close()  # type: ignore[no-untyped-call]     # the library's own signature has no types
        await self._connector.close()

    async def send(self, request: "Request", *, timeout_seconds: float) -> Reply:
        """Send one request and read its answer to the end within ``timeout_seconds``.

        Once more where the API server or we were not believed and a newer credential or authority is there.
        """
        clock = asyncio.get_running_loop().time
        ends_at = clock() + timeout_seconds
        reply = await self._once(request, timeout_seconds)
        if await self._is_renewed(reply):
            left = ends_at - clock()
            return await self._once(request, left) if left > 0 else reply
        return reply

    async def stream(self, request: "Request", take: Callable[[bytes], bool], *, idle_seconds: float) -> Reply:
        """Give what comes to ``take`` until it says no, the server ends it, or nothing came for ``idle_seconds``."""
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=idle_seconds)
        reply = await self._exchange(request, timeout, idle_seconds, take)
        if await self._is_renewed(reply):
            return await self._exchange(request, timeout, idle_seconds, take)
        return reply

    async def _is_renewed(self, reply: Reply) -> bool:
        if _knows_us_no_more(reply):
            return await self.access.credential.renew()
        return isinstance(reply, NoAnswer) and reply.untrusted and self._trust.renew()

    async def _once(self, request: "Request", timeout_seconds: float) -> Reply:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=timeout_seconds, connect=timeout_seconds * CONNECT_SHARE)
        return await self._exchange(request, timeout, timeout_seconds)

    async def _exchange(
        self,
        request: "Request",
        limits: "aiohttp.ClientTimeout",
        patience_seconds: float,
        take: Callable[[bytes], bool] | None = None,
    ) -> Reply:
        """Send once. ``take`` gets the chunks of a good answer; without it the body is read whole."""
        import aiohttp
        from yarl import URL

        assert request.verb in self._verbs, f"this client may not {request.verb}"
        assert request.path.startswith("/"), request.path
        proof = await self.access.credential.header()
        sent = {**PLAIN, **request.headers, **({"Authorization": proof.reveal()} if proof else {})}
        url = URL(self.access.address + request.path, encoded=True)
        try:
            response = await self._api.call_api(request.verb, url, sent, request.body, _request_timeout=limits)
            if take is not None and response.status == 200:
                await _pour(response.response, take)
                return Answer(status=200, body=b"")
            data = await _read(response.response, request.limit)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return _explain(error, self.access.address, patience_seconds)
        return Answer(
            status=response.status,
            body=data,
            content_type=response.headers.get("Content-Type", ""),
            encoding=response.headers.get("Content-Encoding", ""),
            retry_after=_seconds(response.headers.get("Retry-After")),
        )


def _knows_us_no_more(reply: Reply) -> bool:
    """Tell the API server's own 401 from one of a Service behind it, which is no reason to renew anything."""
    return isinstance(reply, Answer) and reply.status == 401 and b'"Status"' in reply.body


def _pool(api: "ApiClient", origin: str) -> "aiohttp.TCPConnector":
    """Give the client connections that live from tick to tick, and no redirects.

    Without ``trust_env`` aiohttp asks two threads about proxies and .netrc at every request; the proxy is settled
    once, when the access is made.
    """
    import aiohttp

    async def stay_home(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        assert str(request.url.origin()) == origin, "the credential of the API server stays there"
        response = await handler(request)
        if response.status in (301, 302, 303, 307, 308):
            response.release()
            raise aiohttp.ClientPayloadError("the answer is a redirect, and none is followed")
        return response

    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=api.rest_client.ssl_context, keepalive_timeout=IDLE_SECONDS)
    api.configuration.client_session_kwargs = {
        "connector": connector,
        "trust_env": False,
        "auto_decompress": False,  # what a relayed Service sends is inflated by its reader, within limits (S9)
        "middlewares": (stay_home,),
    }
    return connector


async def _pour(response: "aiohttp.ClientResponse", take: Callable[[bytes], bool]) -> None:
    async for chunk in response.content.iter_any():
        if not take(chunk):
            break
    response.close()


async def _read(response: "aiohttp.ClientResponse", limit: int) -> bytes:
    import aiohttp

    data = bytearray()
    async for chunk in response.content.iter_any():
        data += chunk
        if len(data) > limit:
            response.close()
            raise aiohttp.ClientPayloadError(f"the answer is longer than {limit >> 10} KiB")
    return bytes(data)


def _origin(address: str) -> str:
    from yarl import URL

    assert urlsplit(address).scheme in ("http", "https"), address
    return str(URL(address).origin())


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _explain(error: Exception, address: str, timeout_seconds: float) -> NoAnswer:
    """Name what happened by type; a foreign text is shown only where it cannot hold a secret (S14)."""
    import aiohttp

    match error:
        case aiohttp.ConnectionTimeoutError():
            return NoAnswer(detail=f"no connection to {address} in {timeout_seconds:.1f} s", sent=False, timed_out=True)
        case TimeoutError():
            return NoAnswer(detail=f"no answer from {address} in {timeout_seconds:.1f} s", sent=True, timed_out=True)
        case aiohttp.ClientConnectorCertificateError():
            text = plain(str(error.certificate_error))
            return NoAnswer(detail=f"the certificate of {address} is not trusted: {text}", sent=False, untrusted=True)
        case aiohttp.ClientConnectorSSLError():
            return NoAnswer(detail=f"TLS with {address} was not agreed on", sent=False, untrusted=True)
        case aiohttp.ClientConnectorError():
            return NoAnswer(detail=f"cannot connect to {address}: {plain(error.strerror or str(error))}", sent=False)
        case aiohttp.InvalidURL():
            return NoAnswer(detail=f"{address} is no address of an API server", sent=False)
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return NoAnswer(detail=f"{address} broke off: {plain(str(error))}", sent=True)
        case _:
            return NoAnswer(detail=f"the call to {address} failed: {type(error).__name__}", sent=True)
