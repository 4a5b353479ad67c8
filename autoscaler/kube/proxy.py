"""Reaches Services from outside the cluster: through the API server's proxy, with the user's own rights.

Only what an operator wrote may go this way: a tenant would borrow the rights of whoever runs the daemon (S1).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from autoscaler.kube.answers import words
from autoscaler.kube.client import Answer, NoAnswer, Reader, Request
from autoscaler.kube.discovery import segment
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.value import value

KNOWN_SECONDS: Final = 60.0  # how long it is believed that a name does, or does not, resolve
LOOK_UP_SECONDS: Final = 1.0
ENDS: Final = (".svc", ".svc.cluster.local")
FORBIDDEN: Final = ("authorization", "impersonate-", "x-remote-", "host", "connection", "upgrade", "content-length")
FORM: Final = "application/x-www-form-urlencoded"

LookUp = Callable[[str, int], Awaitable[bool]]


class Via(Enum):
    """How addresses of Services are reached: by proxy where their names do not resolve, never, or always."""

    AUTO = "auto"
    DIRECT = "direct"
    PROXY = "proxy"


@value
class Service:
    """A port of a Service, as a URL names it."""

    scheme: str
    name: str
    namespace: str
    port: int

    @property
    def path(self) -> str:
        """Give the path of its proxy at the API server."""
        secure = "https:" if self.scheme == "https" else ""
        return f"/api/v1/namespaces/{segment(self.namespace)}/services/{secure}{segment(self.name)}:{self.port}/proxy"


class ServiceProxy:
    """Decides which URLs go through the API server, and sends those."""

    def __init__(
        self,
        client: Reader,
        *,
        via: Via = Via.AUTO,
        mapped: Mapping[str, str] | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        self._client = client
        self._via = via
        self._mapped = dict(mapped or {})
        self._look_up = look_up or _resolves
        self._known: dict[str, tuple[asyncio.Task[bool], float]] = {}

    def moved(self, url: str) -> str:
        """Apply ``--map``: the address that stands in for the one in the URL."""
        return remap(url, self._mapped)

    async def takes(self, url: str) -> bool:
        """Say whether this URL goes through the API server."""
        service = service_of(url)
        if service is None or self._via is Via.DIRECT:
            return False
        if self._via is Via.PROXY:
            return True
        return not await self._resolves(urlsplit(url).hostname or "", service.port)

    async def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        timeout_seconds: float,
        limit: int = 1 << 20,
    ) -> Answer | Missing:
        """Ask a Service, and give what it answered; a refusal of the API server itself is a Missing that says so."""
        service = service_of(url)
        assert service is not None, url
        for name, _ in headers:
            if name.lower().startswith(FORBIDDEN):
                return Missing(
                    reason=MissingReason.REFUSED,
                    detail=f"the header {name} cannot pass the API server's proxy; use --via direct or --map",
                )
        request = Request(
            verb=method, path=service.path + _tail(url), headers=_headers(headers), body=body, limit=limit
        )
        reply = await self._client.relay(request, timeout_seconds=timeout_seconds)
        return _judge(reply, service)

    async def _resolves(self, host: str, port: int) -> bool:
        """Look a name up once for all who ask within a minute; a name server that hangs knows nothing."""
        now = asyncio.get_running_loop().time()
        task, until = self._known.get(host, (None, 0.0))
        if task is None or now >= until:
            task = asyncio.create_task(_within(LOOK_UP_SECONDS, self._look_up(host, port)))
            self._known[host] = (task, now + KNOWN_SECONDS)
        return await asyncio.shield(task)


def service_of(url: str) -> Service | None:
    """Read the Service out of ``http://name.namespace.svc[.cluster.local][:port]/...``; None for other hosts."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    end = next((end for end in ENDS if host.endswith(end)), None)
    labels = host.removesuffix(end).split(".") if end else []
    if parts.scheme not in ("http", "https") or len(labels) != 2 or not all(labels):
        return None
    default = 443 if parts.scheme == "https" else 80
    return Service(scheme=parts.scheme, name=labels[0], namespace=labels[1], port=port or default)


def remap(url: str, mapped: Mapping[str, str]) -> str:
    """Put one address in the place of another; ``OLD`` and ``NEW`` are ``host``, ``host:port`` or a whole origin."""
    parts = urlsplit(url)
    for old in (f"{parts.scheme}://{parts.netloc}", parts.netloc, parts.hostname or ""):
        if old and old in mapped:
            new = mapped[old] if "://" in mapped[old] else f"{parts.scheme}://{mapped[old]}"
            target = urlsplit(new)
            path = target.path.rstrip("/") + parts.path
            return urlunsplit((target.scheme, target.netloc, path, parts.query, ""))
    return url


def _tail(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Keep the answer plain, and the library from building a form of its own."""
    sent = dict(headers)
    if sent.get("Content-Type") == FORM:
        sent["Content-Type"] = f"{FORM}; charset=utf-8"
    return {**sent, "Accept-Encoding": "identity"}


def _judge(reply: Answer | NoAnswer, service: Service) -> Answer | Missing:
    where = f"{service.name} in {service.namespace} through the API server"
    if isinstance(reply, NoAnswer):
        reason = MissingReason.TIMEOUT if reply.timed_out else MissingReason.UNREACHABLE
        return Missing(reason=reason, detail=f"{where}: {reply.detail}")
    if reply.encoding not in ("", "identity"):
        return Missing(reason=MissingReason.MALFORMED, detail=f"{where}: an encoded answer, though none was asked for")
    if reply.status in (401, 403) and b'"Status"' in reply.body:
        return Missing(
            reason=MissingReason.REFUSED,
            detail=f"{where}: {words(reply)}; it takes get (and create) on services/proxy",
        )
    if reply.status in (404, 500, 503) and b'"Status"' in reply.body:
        return Missing(reason=MissingReason.UNREACHABLE, detail=f"{where}: {words(reply)}")
    return reply


async def _within(seconds: float, found: Awaitable[bool]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await found
    except TimeoutError:
        return False


async def _resolves(host: str, port: int) -> bool:
    try:
        return bool(await asyncio.get_running_loop().getaddrinfo(host, port))
    except OSError:
        return False
