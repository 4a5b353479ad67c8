"""The listener of probes and metrics, and somebody who asks it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp

from autoscaler.loop.vitals import Vitals
from autoscaler.sinks.web import Web
from tests.unit.builders import at


def now() -> datetime:
    return at(100)


def well() -> Vitals:
    return Vitals(started_at=at(0), beat_at=at(100), tick_at=at(99), objects=2, loaded=True, server_seen_at=at(98))


def two_families() -> Iterator[str]:
    yield "# TYPE a gauge\na 1\n"
    yield ""
    yield "# TYPE b gauge\nb 2\n"


@asynccontextmanager
async def listening(vitals: Vitals) -> AsyncIterator[int]:
    web = Web(vitals, now=now, metrics=two_families, hosts=frozenset({"autoscaler.shop.svc"}))
    port = await web.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await web.stop()


async def ask(port: int, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text(), dict(answer.headers)
