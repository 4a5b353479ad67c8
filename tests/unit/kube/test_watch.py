"""What a watch knows, and when it says that it does not."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from autoscaler.kube.client import Reader
from autoscaler.kube.selectors import Requirement, Selector, selector_text
from autoscaler.kube.watch import AWAIT_SECONDS, TRUST_SECONDS, Watch
from autoscaler.model.observation import ScaleStatus
from tests.unit.kube.servers import a_reader, served, status

COLLECTION = "/apis/apps/v1/namespaces/shop/deployments"


def a_deployment(replicas: int, version: str, *, name: str = "web", uid: str = "u") -> dict[str, object]:
    return {
        "metadata": {"name": name, "uid": uid, "resourceVersion": version},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}},
        "status": {"replicas": replicas},
    }


def a_scale(replicas: int, version: str, uid: str = "u") -> ScaleStatus:
    return ScaleStatus(spec=replicas, status=replicas, resource_version=version, uid=uid, selector="app=web")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """An API server with one collection: lists as told, then streams what a test sends."""

    def __init__(self, *lists: list[dict[str, object]]) -> None:
        self.lists = list(lists)
        self.asked: list[str] = []
        self.events: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.asked.append("list")
            items = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
            return web.json_response({"metadata": {"resourceVersion": "10"}, "items": items})
        self.asked.append(f"watch {request.query['resourceVersion']}")
        response = web.StreamResponse()
        await response.prepare(request)
        while (event := await self.events.get()) is not None:
            await response.write(event)
        return response

    def send(self, kind: str, document: dict[str, object]) -> None:
        self.events.put_nowait(json.dumps({"type": kind, "object": document}).encode() + b"\n")


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


def follow(client: Reader, clock: Clock) -> Watch:
    watch = Watch(client, COLLECTION, clock)
    client.spawn(watch.run())
    return watch


async def test_a_list_and_what_changes_after_it():
    """A scale is known from the list, follows every change, and is unknown after a deletion."""
    server = Server([a_deployment(2, "9")])
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        assert watch.scale("web") is None
        await until(lambda: watch.scale("web") is not None)
        assert watch.scale("web") == a_scale(2, "9")
        server.send("MODIFIED", a_deployment(5, "11"))
        await until(lambda: watch.scale("web") == a_scale(5, "11"))
        server.send("DELETED", a_deployment(5, "12"))
        await until(lambda: watch.scale("web") is None)
        server.events.put_nowait(None)


async def test_an_event_may_come_in_pieces():
    """What comes is put together before it is read."""
    server = Server([a_deployment(2, "9")])
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        whole = json.dumps({"type": "MODIFIED", "object": a_deployment(5, "11")}).encode() + b"\n"
        for place in range(0, len(whole), 40):
            server.events.put_nowait(whole[place : place + 40])
        await until(lambda: watch.scale("web") == a_scale(5, "11"))
        server.events.put_nowait(None)


async def test_a_watch_goes_on_where_it_ended():
    """After a regular end it goes on from the last version, bookmarks included, without a new list."""
    server = Server([a_deployment(2, "9")])
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        server.send("BOOKMARK", {"metadata": {"resourceVersion": "40"}})
        server.events.put_nowait(None)
        await until(lambda: len(server.asked) == 3)
        assert server.asked == ["list", "watch 10", "watch 40"]
        assert watch.scale("web") == a_scale(2, "9")
        server.events.put_nowait(None)


async def test_an_expired_version_means_a_new_list():
    """When the API server no longer has the version (410), everything is listed anew (R25)."""
    server = Server([a_deployment(2, "9")], [a_deployment(7, "50")])
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        server.send("ERROR", {"kind": "Status", "code": 410, "reason": "Expired"})
        await until(lambda: watch.scale("web") == a_scale(7, "50"))
        server.events.put_nowait(None)


async def test_a_server_that_ends_every_watch_is_not_asked_without_end():
    """Watches that end at once are renewed with pauses."""
    server = Server([a_deployment(2, "9")])
    for _ in range(100):
        server.events.put_nowait(None)
    async with served(server.answer) as address, a_reader(address) as client:
        follow(client, Clock())
        await until(lambda: len(server.asked) == 3)
        for _ in range(2000):
            await asyncio.sleep(0)
    assert server.asked == ["list", "watch 10", "watch 10"]


async def test_what_was_written_counts_until_something_newer_comes():
    """After a write its answer is the scale; older events that are still on their way do not undo it (L7)."""
    server = Server([a_deployment(2, "9")])
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        await until(lambda: watch.scale("web") is not None)
        watch.note("web", a_scale(5, "12"))
        assert watch.scale("web") == a_scale(5, "12")
        server.send("MODIFIED", a_deployment(2, "11"))
        server.send("MODIFIED", a_deployment(1, "1", name="other"))
        await until(lambda: watch.scale("other") is not None)
        assert watch.scale("web") == a_scale(5, "12")
        server.send("MODIFIED", a_deployment(5, "12"))
        server.send("MODIFIED", a_deployment(4, "13"))
        await until(lambda: watch.scale("web") == a_scale(4, "13"))
        watch.note("web", a_scale(5, "12"))
        assert watch.scale("web") == a_scale(4, "13")
        server.events.put_nowait(None)


async def test_a_version_that_never_comes_by_is_not_waited_for_for_ever():
    """Where the written version does not show up the API server is asked."""
    server, clock = Server([a_deployment(2, "9")]), Clock()
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, clock)
        await until(lambda: watch.scale("web") is not None)
        watch.note("web", a_scale(5, "12"))
        clock.now += AWAIT_SECONDS + 1
        assert watch.scale("web") is None
        server.events.put_nowait(None)


async def test_old_knowledge_is_none():
    """Three minutes without a word, and nothing is known (R23)."""
    server, clock = Server([a_deployment(2, "9")]), Clock()
    async with served(server.answer) as address, a_reader(address) as client:
        watch = follow(client, clock)
        await until(lambda: watch.scale("web") is not None)
        clock.now += TRUST_SECONDS + 1
        assert watch.scale("web") is None
        server.events.put_nowait(None)


async def test_a_refusal_is_taken_for_an_answer():
    """Where listing is not allowed nothing is known, and the question is not repeated at once."""
    asked = 0

    async def refuse(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return status(403, "forbidden")

    async with served(refuse) as address, a_reader(address) as client:
        watch = follow(client, Clock())
        await until(lambda: asked == 1)
        for _ in range(2000):
            await asyncio.sleep(0)
        assert watch.scale("web") is None
    assert asked == 1


def test_a_selector_as_text():
    """Labels and expressions are written as the label selector of a list takes them."""
    selector = Selector(
        match_labels={"b": "2", "a": "1"},
        match_expressions=(
            Requirement(key="tier", operator="In", values=("x", "w")),
            Requirement(key="env", operator="NotIn", values=("dev",)),
            Requirement(key="c", operator="Exists"),
            Requirement(key="d", operator="DoesNotExist"),
        ),
    )
    assert selector_text(selector) == "a=1,b=2,tier in (w,x),env notin (dev),c,!d"
