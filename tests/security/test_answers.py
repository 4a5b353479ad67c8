"""S9: no answer, however hostile, costs much memory, holds up the loop, breaks anything or becomes a number."""

import asyncio
import gzip
import random
import resource
import time
import zlib
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import pytest

from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.scalers.contract import Response
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.answer import is_partial, read_labelled
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import NOW, an_ask, measure

GOOD = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1700000000.5,"5"]}]}}'
MEBIBYTE = 1 << 20
STALL_SECONDS = 0.1
GROWTH_KIBIBYTES = 64 * 1024


def packed(coding: str, content: bytes) -> dict[str, Any]:
    """Script an answer whose bytes are under a coding."""
    return {"body_b64": b64encode(content).decode(), "headers": [["Content-Encoding", coding]]}


def bomb(size: int) -> bytes:
    """Give gzip of so many zeros, made without holding them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(MEBIBYTE)
    pieces = [squeeze.compress(block) for _ in range(size // MEBIBYTE)]
    return b"".join([*pieces, squeeze.flush()])


HOSTILE: dict[str, dict[str, Any]] = {
    "gzip bomb": packed("gzip", bomb(256 * MEBIBYTE)),
    "bomb of many members": packed("gzip", gzip.compress(b"") * 20000 + bomb(8 * MEBIBYTE)),
    "gzip within gzip": packed("gzip", gzip.compress(bomb(64 * MEBIBYTE))),
    "brotli": packed("br", b"\x0b\x02\x80abc\x03"),
    "zstd": packed("zstd", b"\x28\xb5\x2f\xfd\x04\x00"),
    "deflate": packed("deflate", zlib.compress(GOOD)),
    "several codings": packed("gzip, gzip", gzip.compress(gzip.compress(GOOD))),
    "cut gzip": packed("gzip", gzip.compress(GOOD)[:-9]),
    "broken gzip": packed("gzip", b"\x1f\x8b" + GOOD),
    "2 MiB of text": {"body_repeat": [["x", 2 * MEBIBYTE]]},
    "2 MiB in chunks": {"body_repeat": [["x", 2 * MEBIBYTE]], "chunked": True},
    "deep list": {"body_repeat": [["[", 400_000]]},
    "deep object": {"body_repeat": [['{"data":', 100_000]]},
    "deep result": {"body_repeat": [['{"status":"success","data":{"result":', 1], ["[", 100_000]]},
    "many series": {"body_repeat": [['{"data":{"result":[{}', 1], [",{}", 200_000], ["]}}", 1]]},
    "a long number": {"body_repeat": [['{"data":{"result":[{"value":[1,"', 1], ["9", 500_000], ['"]}]}}', 1]]},
    "1e400": vector_answer("1e400"),
    "html": {"body": "<html><body>Login</body></html>", "headers": [["Content-Type", "text/html"]]},
    "half a body": {"mode": "truncated", "body": GOOD.decode()},
    "a huge header": {"raw": "HTTP/1.1 200 OK\r\nX: " + "y" * 200_000 + "\r\nContent-Length: 0\r\n\r\n"},
    "many headers": {"raw": "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 50_000 + "Content-Length: 0\r\n\r\n"},
    "a false length": {"raw": "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"},
    "two lengths": {"raw": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde"},
    "a false chunk": {"raw": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"},
    "no http": {"raw": "\x00\x01\x02" * 5000},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_answer_is_missing_within_its_means(name: str) -> None:
    """Bombs, floods and nonsense become a Missing; memory and the loop hardly notice."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.TaskGroup() as group:
        ticks: list[float] = []
        watch = group.create_task(_watch(ticks))
        found = await _ask([HOSTILE[name]])
        watch.cancel()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert isinstance(found, Missing), found
    assert found.reason in (MissingReason.MALFORMED, MissingReason.NOT_A_NUMBER, MissingReason.AMBIGUOUS)
    assert (grown < GROWTH_KIBIBYTES, max(ticks, default=0) < STALL_SECONDS) == (True, True), (grown, max(ticks))


async def test_gzip_is_inflated_by_us() -> None:
    """What we ask for, gzip, is read, in several members as well."""
    halves = gzip.compress(GOOD[:40]) + gzip.compress(GOOD[40:])
    assert isinstance(await _ask([packed("gzip", halves)]), Sample)


async def test_a_slow_answer_ends_at_the_deadline() -> None:
    """One deadline holds to the last byte, however steadily bytes arrive."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        ended = asyncio.ensure_future(over.wait())
        while not ended.done() and not writer.is_closing():
            writer.write(b" ")
            await asyncio.wait({ended}, timeout=0.02)
        writer.close()

    over = asyncio.Event()
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop = asyncio.get_running_loop()
    started = loop.time()
    sender = Sender()
    found = await measure(an_ask(serverAddress=url, timeout="300"), sender)
    took = loop.time() - started
    over.set()
    await sender.close()
    server.close()
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.TIMEOUT
    assert 0.25 < took < 1.0


def test_two_thousand_broken_answers_break_nothing() -> None:
    """Answers with bytes changed, cut, doubled or mixed are a sample or a Missing, never an exception."""
    scaler, ask, chance = PrometheusScaler(), an_ask(), random.Random(9)
    for _ in range(2000):
        response = Response(status=200, content_type="application/json", body=_broken(chance))
        found = scaler.read(ask, response, NOW)
        assert isinstance(found, Sample | Missing)
        is_partial(response)
        read_labelled(response, "a")


def _broken(chance: random.Random) -> bytes:
    content = bytearray(GOOD)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        match chance.randrange(5):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at:]
            case 2:
                content[at:at] = content[: chance.randrange(len(content) + 1)]
            case 3:
                content[at:at] = chance.choice((b"\\ud800", b"1e999", b"\xff\xfe", b"NaN", b"[[[[", b"null", b'"'))
            case _:
                del content[at : at + chance.randint(1, 9)]
        if not content:
            return b""
    return bytes(content)


async def _ask(answers: Sequence[dict[str, Any]]) -> Measurement:
    async with Scripted(answers) as server:
        sender = Sender()
        try:
            return await measure(an_ask(serverAddress=server.url), sender)
        finally:
            await sender.close()


async def _watch(ticks: list[float]) -> None:
    """Note the thread's CPU time in each round of the loop, until cancelled."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def tick(before: float) -> None:
        ticks.append(time.thread_time() - before)
        if not over.is_set():
            loop.call_soon(tick, time.thread_time())

    tick(time.thread_time())
    try:
        await over.wait()
    finally:
        over.set()
