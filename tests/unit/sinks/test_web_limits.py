"""The listener of probes and metrics: what strangers, slow clients and junk can do to it."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import aiohttp
import pytest

from autoscaler.model.fatal import FatalError
from autoscaler.sinks.gate import Limits
from autoscaler.sinks.web import Web
from tests.unit.sinks.listener import ask, listening, now, two_families, well


async def test_a_head_beyond_the_limit_is_refused():
    """A head may have 8 KiB, however it is cut into pieces."""
    async with listening(well()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        for number in range(Limits().head_bytes // 64 + 1):
            writer.write(b"X-%06d: " % number + b"a" * 53 + b"\r\n")
            await writer.drain()
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
        writer.close()


async def test_a_head_that_never_ends_is_cut_off():
    """A client that sends one byte and waits loses its place."""
    web = Web(well(), now=now, metrics=two_families, limits=Limits(head_seconds=0.05))
    port = await web.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"G")
    assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await web.stop()


async def test_many_requests_on_one_connection_are_no_long_head():
    """The limit is per head: a client that keeps its connection may ask for ever."""
    async with listening(well()) as port, aiohttp.ClientSession() as session:
        for _ in range(200):
            async with session.get(f"http://127.0.0.1:{port}/livez") as answer:
                assert answer.status == 200


async def test_connections_beyond_the_limit_are_closed_at_once_and_free_places_serve_again():
    """Half-open connections cost 64 places and no more; when they go, others come in."""
    async with listening(well()) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(Limits().connections)]
        await settle()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await answer_or_nothing(reader) == b""
        for _, other in held:
            other.close()
            await other.wait_closed()
        await settle()
        assert (await ask(port, "/livez"))[0] == 200


async def answer_or_nothing(reader: asyncio.StreamReader) -> bytes:
    """What the server sends before it closes or resets the connection."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def settle() -> None:
    """Let the server's side of what just happened on sockets run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_client_that_does_not_read_is_dropped():
    """An answer has its time; whoever lets it pass loses the connection, and the place is free for others."""
    dropped = asyncio.Event()

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "x" * 100_000
        finally:
            dropped.set()

    web = Web(well(), now=now, metrics=endless, limits=Limits(connections=1, answer_seconds=0.2))
    port = await web.start("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await asyncio.wait_for(dropped.wait(), 10)
    await settle()
    assert (await ask(port, "/livez"))[0] == 200
    writer.close()
    await web.stop()


async def test_head_requests_get_the_head_alone():
    """HEAD works on every route and carries no body."""
    async with listening(well()) as port, aiohttp.ClientSession() as session:
        for path in ("/metrics", "/livez", "/health/status"):
            async with session.head(f"http://127.0.0.1:{port}{path}") as answer:
                assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02\x00", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n"])
async def test_what_is_no_request_ends_that_connection_only(junk: bytes):
    """Bytes that are no HTTP get an error or a closed connection, and the next client is served."""
    async with listening(well()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        writer.write_eof()
        assert b" 200 " not in await reader.read()
        writer.close()
        assert (await ask(port, "/livez"))[0] == 200


STRANGER = """
import asyncio, sys
from autoscaler.sinks.log import Format, configure_log
from autoscaler.sinks.web import Web
from tests.unit.sinks.listener import now, two_families, well

async def main():
    web = Web(well(), now=now, metrics=two_families)
    port = await web.start("127.0.0.1", 0)
    for junk in (b"\\x16\\x03\\x01", b"GET\\r\\n\\r\\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        writer.write_eof()
        await reader.read()
    await web.stop()

configure_log(sys.stdout, form=Format.JSON, level="info")
asyncio.run(main())
"""


def test_a_stranger_cannot_fill_the_log():
    """Requests that are none leave no line behind."""
    done = subprocess.run([sys.executable, "-c", STRANGER], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


async def test_a_port_that_is_taken_ends_the_start_with_what_to_do():
    """The message names the address and the flag that chooses another."""
    async with listening(well()) as port:
        with pytest.raises(FatalError, match=rf"127.0.0.1:{port}.*--listen"):
            await Web(well(), now=now, metrics=two_families).start("127.0.0.1", port)


async def test_a_stop_takes_no_longer_than_its_grace():
    """A client that holds its connection open does not hold the daemon."""
    web = Web(well(), now=now, metrics=two_families)
    port = await web.start("127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    started = asyncio.get_running_loop().time()
    await web.stop()
    assert asyncio.get_running_loop().time() - started < timedelta(seconds=1).total_seconds()
    writer.close()
