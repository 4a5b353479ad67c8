"""Looking names up in threads of their own, so that a slow name server holds up nothing else."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

LookUp: TypeAlias = Callable[[str, int, int], list[tuple[int, str]]]


def system_look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
    """Ask the system's resolver; gives pairs of address family and numeric address. Blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)
    return [(int(each[0]), _numeric(each[4])) for each in found]


class Lookups(AbstractResolver):
    """aiohttp's resolver over ``look_up`` in an executor that nothing else uses; a name is looked up once at a time."""

    def __init__(self, look_up: LookUp = system_look_up, *, threads: int = 16) -> None:
        self._look_up = look_up
        self._under_way: dict[tuple[str, int, int], asyncio.Future[list[tuple[int, str]]]] = {}
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="look-up")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give every address of ``host``; raises OSError where there is none."""
        found = await asyncio.shield(self._start((host, port, int(family))))
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
        ]

    def _start(self, name: tuple[str, int, int]) -> "asyncio.Future[list[tuple[int, str]]]":
        """Start a look-up, or join the one under way: a name that hangs takes one thread, however many ask."""
        under_way = self._under_way.get(name)
        if under_way is None:
            loop = asyncio.get_running_loop()
            under_way = loop.run_in_executor(self._executor, self._look_up, *name)
            self._under_way[name] = under_way
            under_way.add_done_callback(lambda done: self._end(name, done))
        return under_way

    def _end(self, name: tuple[str, int, int], done: "asyncio.Future[list[tuple[int, str]]]") -> None:
        """Forget a look-up that ended; its failure has been told to whoever still waited."""
        del self._under_way[name]
        if not done.cancelled():
            done.exception()

    async def close(self) -> None:
        """Keep the threads: many connectors share them. ``shut`` ends them."""

    def shut(self) -> None:
        """End the threads without waiting for look-ups under way."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _numeric(address: tuple[str | int, ...] | tuple[int, bytes]) -> str:
    host = str(address[0])
    if len(address) == 4 and address[3]:
        return f"{host}%{address[3]}"
    return host
