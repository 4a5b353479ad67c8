"""The one place that opens a connection to a source, and everything that keeps it honest.

Addresses are checked on the socket, redirects are judged here and never followed by the library, bodies are inflated
within limits, and one deadline covers all of it to the last byte, waiting and look-up included (S1, S2, S9, S12, S15).
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
from yarl import URL

from autoscaler import __version__
from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.scalers.addresses import AddressRules, Origin, Refusal, join, origin_of
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.failures import missing_from
from autoscaler.scalers.headers import Header, reveal
from autoscaler.scalers.inflate import read_body
from autoscaler.scalers.lanes import Lanes, refused_addresses
from autoscaler.scalers.lookups import LookUp, Lookups, system_look_up
from autoscaler.scalers.proxies import Proxies
from autoscaler.scalers.quoting import quoted
from autoscaler.scalers.tls import BadMaterialError, TlsMaterial

MEBIBYTE = 1 << 20
_MOVED = frozenset((301, 302, 303, 307, 308))
_KEEPS_METHOD = frozenset((307, 308))
_HOPS = 3
_AGENT = ("User-Agent", f"autoscaler/{__version__}")
_CODING = ("Accept-Encoding", "gzip")


@value
class Call:
    """One request. ``url`` goes out as it stands; headers may hold secrets, which are revealed when they are sent."""

    url: URL
    method: str = "GET"
    headers: tuple[Header, ...] = ()
    body: bytes | None = None
    author: Author = Author.OPERATOR
    tls: TlsMaterial = TlsMaterial()


@value
class SenderSettings:
    """``connections`` is the most that one server gets; ``insecure_tls`` False is ``--insecure-tls never``."""

    rules: AddressRules = AddressRules()
    proxies: Proxies = Proxies()
    connections: int = 4
    answer_bytes: int = MEBIBYTE
    authorities: tuple[str, ...] = ()
    insecure_tls: bool = True


@value
class Moved:
    """An answer that points elsewhere."""

    status: int
    location: str


class Sender:
    """Sends calls. ``unverified`` counts those whose server's certificate was not verified."""

    def __init__(self, settings: SenderSettings | None = None, look_up: LookUp = system_look_up) -> None:
        self.settings = settings or SenderSettings()
        self.unverified = 0
        self._lookups = Lookups(look_up)
        self._lanes = Lanes(self.settings.rules, self._lookups, self.settings.authorities)
        self._gates: dict[Origin, asyncio.Semaphore] = {}

    async def send(self, call: Call, until: float) -> Answer:
        """Answer before ``until`` (the event loop's time) or say why not. Never raises."""
        if asyncio.get_running_loop().time() >= until:
            return missing_from(TimeoutError())
        try:
            async with asyncio.timeout_at(until):
                return await self._follow(call)
        except (aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError, OSError) as error:
            return missing_from(error)

    async def close(self) -> None:
        """Close every connection and end the look-ups."""
        await self._lanes.close()
        self._lookups.shut()

    async def _follow(self, call: Call) -> Answer:
        """Send, and follow up to three redirects that stay with the same server."""
        for _ in range(_HOPS + 1):
            answer = await self._admitted(call)
            if not isinstance(answer, Moved):
                return answer
            following = next_call(call, answer)
            if isinstance(following, Missing):
                return following
            call = following
        return _refuse(f"redirected more than {_HOPS} times")

    async def _admitted(self, call: Call) -> Answer | Moved:
        """Judge a call by what stands in it, then send it under its server's limit."""
        origin = origin_of(call.url)
        refusal = self.settings.rules.admits(origin, call.author)
        if refusal is not None:
            return _refuse(refusal.detail)
        headers = reveal(call.headers)
        if isinstance(headers, Refusal):
            return _refuse(headers.detail)
        if not any(name.lower() == "user-agent" for name, _ in headers):
            headers.append(_AGENT)
        headers.append(_CODING)
        if not call.tls.verify and origin.scheme == "https":
            if not self.settings.insecure_tls:
                return _refuse("unsafeSsl is set and --insecure-tls is never: remove one of them")
            self.unverified += 1
        async with self._gate(origin):
            return await self._route(call, origin, headers)

    async def _route(self, call: Call, origin: Origin, headers: list[tuple[str, str]]) -> Answer | Moved:
        """Choose proxy and lane."""
        proxy = self.settings.proxies.choose(origin)
        trusted = self.settings.rules.trusts(origin)
        if proxy is not None and not trusted:
            refusal = await self._judge_behind_proxy(origin, call.author)
            if refusal is not None:
                return _refuse(refusal.detail)
        author = None if trusted or proxy is not None else call.author
        try:
            session = await self._lanes.session(author, call.tls if origin.scheme == "https" or proxy else None)
        except BadMaterialError as error:
            return Missing(reason=MissingReason.UNRESOLVED, detail=str(error))
        return await self._exchange(session, call, headers, proxy)

    async def _exchange(
        self, session: aiohttp.ClientSession, call: Call, headers: list[tuple[str, str]], proxy: str | None
    ) -> Answer | Moved:
        """Send once; a POST that met a closing connection goes out again (aiohttp does the same for a GET)."""
        refusals: list[Refusal] = []
        token = refused_addresses.set(refusals)
        try:
            try:
                return await self._receive(session, call, headers, proxy)
            except aiohttp.ServerDisconnectedError:
                if call.method != "POST":
                    raise
                return await self._receive(session, call, headers, proxy)
        except OSError:
            if refusals:
                return _refuse(refusals[-1].detail)
            raise
        finally:
            refused_addresses.reset(token)

    async def _receive(
        self, session: aiohttp.ClientSession, call: Call, headers: list[tuple[str, str]], proxy: str | None
    ) -> Answer | Moved:
        sent = session.request(
            call.method, call.url, headers=headers, data=call.body, allow_redirects=False, proxy=proxy
        )
        async with sent as response:
            location = response.headers.get("Location")
            if response.status in _MOVED and location:
                response.close()
                return Moved(status=response.status, location=location)
            chunks: AsyncIterator[bytes] = response.content.iter_any()
            coding = response.headers.get("Content-Encoding", "")
            try:
                body = await read_body(chunks, coding, self.settings.answer_bytes)
            except aiohttp.ClientPayloadError:
                if 200 <= response.status <= 299:
                    raise
                body = b""
            if isinstance(body, Missing):
                response.close()
                if 200 <= response.status <= 299:
                    return body
                body = b""  # the status says enough
            kind = plain(response.headers.get("Content-Type", ""), 80)
            return Response(status=response.status, content_type=kind, body=body)

    async def _judge_behind_proxy(self, origin: Origin, author: Author) -> Refusal | None:
        """Check what a proxy would reach, as far as our own look-up can tell."""
        if author is Author.TENANT:
            return Refusal(detail=f"{origin} is behind a proxy, which hides its address: name it by --allow-server")
        try:
            found = await self._lookups.resolve(origin.host, origin.port)
        except OSError:
            return None
        judged = (self.settings.rules.judge(each["host"], origin.port, author) for each in found)
        return next((refusal for refusal in judged if refusal is not None), None)

    def _gate(self, origin: Origin) -> asyncio.Semaphore:
        gate = self._gates.get(origin)
        if gate is None:
            gate = self._gates[origin] = asyncio.Semaphore(self.settings.connections)
        return gate


def next_call(call: Call, moved: Moved) -> Call | Missing:
    """Judge a redirect (S2): the same host and port, or from http to https on the same host."""
    target = join(call.url, moved.location)
    if isinstance(target, Refusal):
        return _refuse(target.detail)
    here = origin_of(call.url)
    there = origin_of(target)
    if not _stays(here, there):
        return _refuse(
            f"redirected from {here} to another server, which must be asked directly{quoted(str(there), 80)}"
        )
    if moved.status in _KEEPS_METHOD or call.method == "GET":
        return replace(call, url=target)
    headers = tuple((name, text) for name, text in call.headers if name.lower() != "content-type")
    return replace(call, url=target, method="GET", body=None, headers=headers)


def _stays(here: Origin, there: Origin) -> bool:
    if here == there:
        return True
    upgraded = (here.scheme, there.scheme) == ("http", "https") and there.port in (443, here.port)
    return upgraded and here.host == there.host


def _refuse(detail: str) -> Missing:
    return Missing(reason=MissingReason.REFUSED, detail=detail)
