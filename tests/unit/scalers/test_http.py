"""The sender: connections, methods, repeats and one deadline for everything."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from yarl import URL

from autoscaler.model.objects import Question
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.contract import Response
from autoscaler.scalers.http import Call, Sender, SenderSettings
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from tests.scripted import Scripted, read_request, vector_answer
from tests.unit.scalers.builders import a_resolver, a_source, answer, soon

LONG = "sum(x{a=~`" + "y" * 5000 + "`})"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_a_query_goes_as_get_while_its_url_is_short_and_as_post_beyond() -> None:
    """Below 4 kB of URL a question is a GET; a longer one is a form, its parameters still in the URL."""
    async with Scripted([vector_answer("5")]) as server:
        sender = Sender()
        for text in ("sum(x)", LONG):
            await answer(sender, Question(source=a_source(server.url, parameters=(("namespace", "a"),)), text=text))
        await sender.close()
    short, long = server.requests
    assert (short.method, short.pairs) == ("GET", [("query", "sum(x)"), ("namespace", "a")])
    assert (long.method, long.pairs) == ("POST", [("namespace", "a")])
    assert long.body.startswith(b"query=sum%28x%7Ba%3D~%60yyy")
    assert long.header("Content-Type") == ["application/x-www-form-urlencoded"]


async def test_where_post_is_refused_the_question_goes_as_get_from_then_on() -> None:
    """A 405 to a POST is answered with a GET at once, and the next long question starts with a GET."""
    async with Scripted([{"status": 405}, vector_answer("5")]) as server:
        sender = Sender()
        transport = PrometheusTransport(sender, a_resolver({}))
        question = Question(source=a_source(server.url), text=LONG)
        for _ in range(2):
            found = (await transport.fetch((question,)))[question]
            assert isinstance(found, Response)
            assert found.status == 200
        await sender.close()
    assert [request.method for request in server.requests] == ["POST", "GET", "GET"]


async def test_no_server_gets_more_connections_than_the_limit() -> None:
    """Thirty questions at once use four connections, and all are answered."""
    most, now, full = 0, 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        if now == 4:
            full.set()
        try:
            while True:
                await read_request(reader)
                await full.wait()
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            now -= 1
            writer.close()

    async with _serving(serve) as url:
        sender = Sender()
        calls = [sender.send(Call(url=URL(f"{url}/{n}")), soon()) for n in range(30)]
        found = await asyncio.gather(*calls)
        await sender.close()
    assert {type(each) for each in found} == {Response}
    assert most == 4


async def test_waiting_for_a_connection_counts_against_the_deadline() -> None:
    """What waits behind a hanging question ends at its own deadline."""
    async with Scripted([{"mode": "hang"}]) as server:
        sender = Sender(SenderSettings(connections=1))
        source = a_source(server.url, deadline=timedelta(milliseconds=150))
        started = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(answer(sender, Question(source=source, text=f"x{n}")) for n in range(3)))
        took = asyncio.get_running_loop().time() - started
        await sender.close()
    assert {each.reason for each in found if isinstance(each, Missing)} == {MissingReason.TIMEOUT}
    assert (len(found), took < 0.5) == (3, True)


async def test_a_slow_look_up_counts_against_the_deadline() -> None:
    """A name server that does not answer is a time-out, and other names are looked up meanwhile."""
    release = threading.Event()

    def look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
        if host == "slow":
            release.wait(5)
        return [(2, "127.0.0.1")]

    async with Scripted([vector_answer("5")]) as server:
        sender = Sender(look_up=look_up)
        slow, quick = await asyncio.gather(
            sender.send(Call(url=URL(f"http://slow:{server.port}/")), soon(0.2)),
            sender.send(Call(url=URL(f"http://quick:{server.port}/")), soon(2)),
        )
        release.set()
        await sender.close()
    assert isinstance(slow, Missing)
    assert slow.reason is MissingReason.TIMEOUT
    assert isinstance(quick, Response)


async def test_a_name_that_hangs_takes_one_thread() -> None:
    """A hundred questions to a name that is not answered leave the look-ups of others alone."""
    release, asked = threading.Event(), []

    def look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
        asked.append(host)
        if host == "slow":
            release.wait(5)
        return [(2, "127.0.0.1")]

    async with Scripted([vector_answer("5")]) as server:
        sender = Sender(SenderSettings(connections=100), look_up)
        calls = [sender.send(Call(url=URL(f"http://slow:{server.port}/")), soon(0.3)) for _ in range(100)]
        *slow, quick = await asyncio.gather(*calls, sender.send(Call(url=URL(f"http://quick:{server.port}/")), soon(2)))
        release.set()
        await sender.close()
    assert {each.reason for each in slow if isinstance(each, Missing)} == {MissingReason.TIMEOUT}
    assert isinstance(quick, Response)
    assert sorted(asked) == ["quick", "slow"]


async def test_a_kept_connection_that_died_is_no_failure() -> None:
    """A GET or POST that meets a connection which the server closed while idle goes out once more."""
    for method in ("GET", "POST"):
        seen = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            try:
                for turn in range(2):
                    await read_request(reader)
                    seen += 1
                    if turn:
                        break
                    writer.write(OK)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            writer.close()

        async with _serving(serve) as url:
            sender = Sender()
            call = Call(url=URL(url + "/"), method=method, body=b"x" if method == "POST" else None)
            found = [await sender.send(call, soon()) for _ in range(2)]
            await sender.close()
        assert [type(each) for each in found] == [Response, Response], method
        assert seen == 3


async def test_each_failure_has_its_own_words() -> None:
    """Refused connections, unknown names and closed connections are told apart."""

    def look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
        raise OSError("no such name")

    async with Scripted([{"mode": "close"}]) as server:
        sender, lost = Sender(), Sender(look_up=look_up)
        found = [
            await sender.send(Call(url=URL("http://127.0.0.1:1/")), soon()),
            await lost.send(Call(url=URL("http://nowhere.example/")), soon()),
            await sender.send(Call(url=URL(server.url + "/")), soon()),
        ]
        await sender.close()
        await lost.close()
    assert [each.detail for each in found if isinstance(each, Missing)] == [
        "connection refused",
        "its name cannot be looked up",
        "the server closed the connection without an answer",
    ]


@asynccontextmanager
async def _serving(serve: "asyncio.streams._ClientConnectedCallback") -> AsyncIterator[str]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_a_header_given_in_two_spellings_is_sent_twice() -> None:
    """Both values go out under the first spelling, as Go adds them under one name (net/http Header.Add)."""
    async with Scripted([vector_answer("5")]) as server:
        sender = Sender()
        source = a_source(server.url, headers=(("X-A", "2"), ("x-a", "1")))
        await answer(sender, Question(source=source, text="sum(x)"))
        await sender.close()
    assert server.requests[0].header("x-a") == ["2", "1"]


async def test_the_status_of_a_failure_counts_whatever_its_body_is() -> None:
    """A body that breaks off, or is packed as nobody asked for, does not hide the status (ExecutePromQuery)."""
    torn = {"status": 500, "body": "x", "mode": "truncated"}
    packed = {"status": 503, "body": "x", "headers": [["Content-Encoding", "br"]]}
    async with Scripted([torn, packed]) as server:
        sender = Sender()
        found = [await answer(sender, Question(source=a_source(server.url), text=text)) for text in "ab"]
        await sender.close()
    assert [each.status for each in found if isinstance(each, Response)] == [500, 503]
