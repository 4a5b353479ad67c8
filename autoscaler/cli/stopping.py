"""How a signal ends the daemon: what starts is called off, what runs is told to end in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818  # no error: somebody asked for it
    """The process was told to stop before it had started its work."""


async def unless(stop: asyncio.Event, work: Coroutine[None, None, T]) -> T:
    """Do something that may take long; raises Stopped when ``stop`` is set first."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise Stopped
    finally:
        doing.cancel()
        waiting.cancel()
        await asyncio.wait((doing, waiting))


def stop_signal() -> asyncio.Event:
    """Give what SIGTERM and SIGINT will set, from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
