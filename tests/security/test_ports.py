"""S16: the listener of metrics and probes serves known hosts, read-only, within limits; the loop stays on time."""

import asyncio
import contextlib
import resource
import time

from autoscaler.sinks.gate import Limits
from tests.unit.sinks.test_web import ask, listening, well

STRANGERS = 2000


async def half_open(port: int) -> asyncio.StreamWriter | None:
    """Connect, send half a request line, and wait."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metr")
        await writer.drain()
    except OSError:
        return None
    return writer


async def longest_pause(stop: asyncio.Event) -> float:
    """The longest work, in processor time, for which the loop served nobody else."""
    longest, before = 0.0, time.thread_time()
    while not stop.is_set():
        await asyncio.sleep(0)
        longest, before = max(longest, time.thread_time() - before), time.thread_time()
    return longest


async def test_two_thousand_half_open_connections_cost_64_places_and_no_time():
    """Strangers that connect and wait are turned away beyond the limit, the loop is never held, and they fade."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 8192), hard), hard))
    async with listening(well()) as port:
        stop = asyncio.Event()
        pause = asyncio.create_task(longest_pause(stop))
        held: list[asyncio.StreamWriter] = []
        for start in range(0, STRANGERS, 100):
            batch = await asyncio.gather(*(half_open(port) for _ in range(start, start + 100)))
            held += [writer for writer in batch if writer is not None]
        stop.set()
        assert await pause < 0.25
        for writer in held:
            writer.close()
        for writer in held:
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        for _ in range(100):
            await asyncio.sleep(0)
        assert (await ask(port, "/livez"))[0] == 200


async def test_all_places_serve_at_the_same_time():
    """As many clients as there are places are all answered."""
    async with listening(well()) as port:
        answers = await asyncio.gather(*(ask(port, "/metrics") for _ in range(Limits().connections)))
        assert {status for status, _, _ in answers} == {200}


async def test_a_slow_reader_holds_nobody_else():
    """A client that asks and never reads keeps its own place only."""
    async with listening(well()) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        await writer.drain()
        assert (await ask(port, "/livez"))[0] == 200
        writer.close()


async def test_paths_lead_nowhere_else():
    """No path reaches a file."""
    async with listening(well()) as port:
        for path in ("/../etc/passwd", "/%2e%2e/etc/passwd", "/metrics/../../etc/passwd", "//etc/passwd", "/static/x"):
            status, body, _ = await ask(port, path)
            assert status in (400, 404) or (status, "root:" in body) == (200, False)
            assert "root:" not in body
