"""Connections kept by what they may reach and how they are verified: one lane for each.

A lane's connections are shared by every credential that travels in a header; a credential with TLS material of its
own has a lane of its own (S15). The check of addresses sits in the socket factory: no connection without it (S1).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeAlias

import aiohttp

from autoscaler.model.objects import Author
from autoscaler.scalers.addresses import AddressRules, Refusal
from autoscaler.scalers.lookups import Lookups
from autoscaler.scalers.tls import TlsMaterial, build_context

SocketFactory: TypeAlias = Callable[[tuple[Any, ...]], socket.socket]
_IDLE_SECONDS = 600.0
_KEEP_SECONDS = 60.0

refused_addresses: ContextVar[list[Refusal]] = ContextVar("refused_addresses")


class Lanes:
    """Gives the session for a request and closes those that nothing has used for ten minutes."""

    def __init__(self, rules: AddressRules, lookups: Lookups, authorities: tuple[str, ...]) -> None:
        self._rules = rules
        self._lookups = lookups
        self._authorities = authorities
        self._lanes: dict[tuple[Author | None, TlsMaterial | None], _Lane] = {}

    async def session(self, author: Author | None, material: TlsMaterial | None) -> aiohttp.ClientSession:
        """Give a session. ``author`` None skips the check of addresses; ``material`` None is plain HTTP.

        Raises BadMaterialError.
        """
        now = asyncio.get_running_loop().time()
        if (author, material) not in self._lanes:
            await self._close_idle(now)
            context = await self._context(material) if material is not None else False
            if (author, material) not in self._lanes:  # somebody may have opened it meanwhile
                self._lanes[author, material] = _Lane(self._open(author, context))
        lane = self._lanes[author, material]
        lane.used_at = now
        return lane.session

    async def close(self) -> None:
        """Close every connection."""
        lanes, self._lanes = list(self._lanes.values()), {}
        for lane in lanes:
            await lane.session.close()

    async def _context(self, material: TlsMaterial) -> ssl.SSLContext:
        return await asyncio.to_thread(build_context, material, self._authorities)

    def _open(self, author: Author | None, context: ssl.SSLContext | bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=context,
            resolver=self._lookups,
            use_dns_cache=False,
            keepalive_timeout=_KEEP_SECONDS,
            socket_factory=_factory(self._rules, author) if author is not None else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            skip_auto_headers=("User-Agent", "Accept"),
        )

    async def _close_idle(self, now: float) -> None:
        idle = [key for key, lane in self._lanes.items() if now - lane.used_at > _IDLE_SECONDS]
        for key in idle:
            await self._lanes.pop(key).session.close()


class _Lane:
    __slots__ = ("session", "used_at")

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.used_at = 0.0


def _factory(rules: AddressRules, author: Author) -> SocketFactory:
    def make(info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        refusal = rules.judge(address[0], address[1], author)
        if refusal is not None:
            refused_addresses.get([]).append(refusal)
            raise PermissionError(refusal.detail)
        return socket.socket(family, kind, protocol)

    return make
