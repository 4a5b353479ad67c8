"""Probes and metrics over real sockets: they tell the truth, and strangers cannot hurt the daemon."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import aiohttp
import pytest

from autoscaler.loop.vitals import Vitals
from autoscaler.model.fatal import FatalError
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.sinks.gate import Limits
from autoscaler.sinks.web import METRICS_TYPE, Web, is_known
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


async def test_a_daemon_that_is_well_says_so():
    """Every probe of a healthy daemon answers 200."""
    async with listening(well()) as port:
        assert (await ask(port, "/livez"))[:2] == (200, "ok\n")
        assert (await ask(port, "/readyz"))[:2] == (200, "ok\n")
        assert (await ask(port, "/health/ping"))[:2] == (200, "pong\n")
        status, body, _ = await ask(port, "/health/status")
        assert status == 200
        assert json.loads(body)["status"] == "ok"


async def test_a_daemon_without_an_api_server_is_live_but_not_ready_and_says_why():
    """Losing the API server is no reason to restart, and is told in words."""
    vitals = well()
    vitals.server = Unreadable(reason=UnreadableReason.UNREACHABLE, detail="connection refused")
    async with listening(vitals) as port:
        assert (await ask(port, "/livez"))[0] == 200
        assert (await ask(port, "/readyz"))[:2] == (503, "apiserver: unreachable: connection refused\n")
        status, body, _ = await ask(port, "/health/status")
        assert (status, json.loads(body)["reason"]) == (503, "apiserver: unreachable: connection refused")


async def test_a_daemon_whose_loop_stands_still_is_not_live():
    """A loop that no longer beats fails the liveness probe, so that it is restarted."""
    vitals = well()
    vitals.beat_at = at(70)
    async with listening(vitals) as port:
        assert (await ask(port, "/livez"))[:2] == (503, "beat: the loop has not moved for 30 s\n")
        assert (await ask(port, "/health/ping"))[0] == 503


async def test_a_daemon_that_stops_is_not_ready():
    """From the moment of SIGTERM nothing new is sent to this process."""
    vitals = well()
    vitals.stopping = True
    async with listening(vitals) as port:
        assert (await ask(port, "/readyz"))[:2] == (503, "stopping\n")


async def test_verbose_readiness_names_every_check():
    """The detail lists what was looked at, in JSON, refused objects included."""
    vitals = well()
    vitals.refused["shop/web"] = "E104 min > max"
    async with listening(vitals) as port:
        status, body, _ = await ask(port, "/readyz?verbose")
        checks = {check["name"]: check["detail"] for check in json.loads(body)["checks"]}
        assert status == 200
        assert checks["shop/web"] == "E104 min > max"
        assert checks["apiserver"] == "reached"


async def test_metrics_are_served_as_prometheus_text():
    """All families arrive, in order, under the content type of the text format."""
    async with listening(well()) as port:
        status, body, headers = await ask(port, "/metrics")
        assert (status, body) == (200, "# TYPE a gauge\na 1\n# TYPE b gauge\nb 2\n")
        assert headers["Content-Type"] == METRICS_TYPE


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez", "/readyz", "/health/ping", "/health/status", "/nowhere"])
async def test_every_answer_forbids_to_be_embedded_or_kept(path: str):
    """No page can frame, sniff or cache an answer, and no answer names the libraries behind it."""
    async with listening(well()) as port:
        _, _, headers = await ask(port, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "autoscaler"
        assert "Access-Control-Allow-Origin" not in headers


async def test_a_foreign_host_name_is_refused():
    """A page that points its own name at us gets 421 and no answer."""
    async with listening(well()) as port:
        assert (await ask(port, "/metrics", Host="evil.example"))[0] == 421
        assert (await ask(port, "/metrics", Host="autoscaler.shop.svc:8080"))[0] == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("10.1.2.3:8080", True),
        ("[::1]:8080", True),
        ("[::1]", True),
        ("", False),
        ("localhost.evil.example", False),
        ("10.1.2.3.evil.example", False),
        ("localhost:80:90", False),
        ("localhost:http", False),
        ("[::1", False),
        ("[evil]", False),
        ("[::1]evil", False),
    ],
)
def test_a_host_is_known_by_its_whole_name(host: str, known: bool):
    """Addresses and listed names pass; what only looks like them does not."""
    assert is_known(host, frozenset({"localhost"})) is known


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_can_be_changed(method: str):
    """The listener is read-only."""
    async with (
        listening(well()) as port,
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        assert answer.status == 405


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
from tests.unit.sinks.test_web import Web, now, two_families, well

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
