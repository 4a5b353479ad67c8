"""What becomes of a write when the API server does not simply say yes."""

import asyncio
import json
from datetime import datetime, timedelta

from aiohttp import web

from autoscaler.kube.actuator import ScaleActuator, Withholding, out_of_bounds
from autoscaler.kube.budget import Budget
from autoscaler.kube.discovery import Discovery
from autoscaler.model.objects import Pause, ScaledObject
from autoscaler.model.record import Applied, Decided, Failed, Outcome, Superseded, Unknown, Unneeded, Withheld
from tests.contract.worlds import a_decision, now
from tests.unit.builders import a_memory, a_past, a_scale, an_object
from tests.unit.kube.servers import Handler, a_writer, served, status

OBJ = an_object(maximum=10)
CONFLICT = "the object has been modified"


def scale_document(replicas: int, version: str = "1", uid: str = "uid-1") -> dict[str, object]:
    return {"metadata": {"resourceVersion": version, "uid": uid}, "spec": {"replicas": replicas}, "status": {}}


async def write(handler: Handler, desired: int = 5, *, current: int = 2, seconds: float = 2) -> Outcome:
    """Write once through a fresh actuator."""
    async with served(handler) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), now)
        record = a_decision(OBJ, a_scale(current), desired)
        return await actuator.apply(record, deadline=now() + timedelta(seconds=seconds))


async def test_a_write_names_version_identity_and_manager():
    """A write is a merge patch with the version and uid it was decided on, in our name (L7)."""
    seen: list[tuple[str, str, object]] = []

    async def accept(request: web.Request) -> web.Response:
        seen.append((request.content_type, request.query["fieldManager"], json.loads(await request.text())))
        return web.json_response(scale_document(5, "2"))

    outcome = await write(accept)
    assert isinstance(outcome, Applied)
    assert outcome.resource_version == "2"
    body = {"metadata": {"resourceVersion": "1", "uid": "uid-1"}, "spec": {"replicas": 5}}
    assert seen == [("application/merge-patch+json", "autoscaler", body)]


async def test_a_time_out_is_unknown():
    """A write without an answer in time may have been applied: the next read settles it (R16)."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    assert isinstance(await write(hang, seconds=0.2), Unknown)


async def test_a_write_that_could_hardly_be_answered_is_not_sent():
    """With a moment left nothing leaves: it would only be unknown."""

    async def fail(request: web.Request) -> web.Response:
        raise AssertionError("nothing may arrive")

    outcome = await write(fail, seconds=0.09)
    assert outcome == Superseded(why="the deadline of this write passed before it could leave")


async def test_a_write_that_waits_in_vain_for_its_turn_names_the_flag():
    """A budget that is used up is told in words, with the flag that widens it (R27)."""

    async def accept(request: web.Request) -> web.Response:
        return web.json_response(scale_document(5, "2"))

    async with served(accept) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), now, Budget(rate=2, burst=1))
        record = a_decision(OBJ, a_scale(2), 5)
        outcomes = [await actuator.apply(record, deadline=now() + timedelta(seconds=0.2)) for _ in range(2)]
    assert isinstance(outcomes[0], Applied)
    assert isinstance(outcomes[1], Superseded)
    assert "no more than 2 writes leave in a second (--writes-per-second), growth first" in outcomes[1].why


async def test_a_broken_connection_is_unknown():
    """A connection that breaks after the write was sent says nothing about what was applied."""

    async def hang_up(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    assert isinstance(await write(hang_up), Unknown)


async def test_an_absent_server_fails_the_write():
    """Where nothing can be sent the write has failed for certain."""
    async with a_writer("http://127.0.0.1:1") as client:
        actuator = ScaleActuator(client, Discovery(client), now)
        outcome = await actuator.apply(a_decision(OBJ, a_scale(2), 5), deadline=now() + timedelta(seconds=2))
    assert isinstance(outcome, Failed)
    assert "cannot connect" in outcome.why


async def test_a_denial_is_told_in_the_webhooks_words_cleaned():
    """What an admission webhook says is shown, with control characters made harmless (R29, S13)."""

    async def deny(request: web.Request) -> web.Response:
        return status(403, 'admission webhook "quota.example.com" denied the request: no\x1b[31m more')

    outcome = await write(deny)
    assert isinstance(outcome, Failed)
    assert outcome.status == 403
    assert 'admission webhook "quota.example.com" denied the request: no\\x1b[31m more' in outcome.why


async def test_a_page_of_a_proxy_is_no_success():
    """An answer that is no scale leaves it open whether the write was applied."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<html>welcome</html>", content_type="text/html")

    assert isinstance(await write(page), Unknown)


async def test_a_count_changed_on_the_way_is_a_failure():
    """A webhook that stores another number has not done what was decided."""

    async def halve(request: web.Request) -> web.Response:
        return web.json_response(scale_document(3, "2"))

    outcome = await write(halve)
    assert isinstance(outcome, Failed)
    assert "stored 3 instead of 5" in outcome.why


async def test_five_conflicts_are_enough():
    """A conflict with the same count is tried five times in all, then it has failed (L7)."""
    patches = 0

    async def conflict(request: web.Request) -> web.Response:
        nonlocal patches
        if request.method == "GET":
            return web.json_response(scale_document(2, str(patches)))
        patches += 1
        return status(409, CONFLICT, "Conflict")

    outcome = await write(conflict)
    assert isinstance(outcome, Failed)
    assert (patches, outcome.status) == (5, 409)


async def test_a_conflict_carries_the_new_version():
    """After a conflict the write goes out on the version that was found."""
    versions: list[str] = []

    async def move_on(request: web.Request) -> web.Response:
        if request.method == "GET":
            return web.json_response(scale_document(2, "9"))
        versions.append(json.loads(await request.text())["metadata"]["resourceVersion"])
        return web.json_response(scale_document(5, "10")) if versions[-1] == "9" else status(409, CONFLICT)

    assert isinstance(await write(move_on), Applied)
    assert versions == ["1", "9"]


class Clock:
    """A steady clock that a test moves."""

    def __init__(self) -> None:
        self.now = now()

    def __call__(self) -> datetime:
        return self.now


async def test_a_refused_write_waits_before_the_next():
    """A refusal is repeated after 1 s, then 2 s, ..., so that a denying webhook is not asked at every tick (R29).

    What is answered meanwhile is the same word for word, so that the log tells it once.
    """
    clock, asked = Clock(), 0

    async def deny(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return status(403, "denied")

    async with served(deny) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), clock)
        counts, outcomes = [], set()
        for _ in range(8):
            outcomes.add(
                await actuator.apply(a_decision(OBJ, a_scale(2), 5), deadline=clock.now + timedelta(seconds=2))
            )
            counts.append(asked)
            clock.now += timedelta(seconds=1)
    assert counts == [1, 2, 2, 3, 3, 3, 3, 4]
    assert len(outcomes) == 1


async def test_an_outage_does_not_delay_the_next_write():
    """A server error is no refusal: the next tick tries again at once."""
    asked = 0

    async def fail(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return status(500, "etcdserver: request timed out")

    async with served(fail) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), now)
        for _ in range(3):
            await actuator.apply(a_decision(OBJ, a_scale(2), 5), deadline=now() + timedelta(seconds=2))
    assert asked == 3


async def test_a_request_to_slow_down_is_honoured():
    """After a 429 with Retry-After nothing is written for so long (R27)."""
    asked = 0

    async def slow_down(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return status(429, "too many requests", Retry_After="30")

    async with served(slow_down) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), now)
        first = await actuator.apply(a_decision(OBJ, a_scale(2), 5), deadline=now() + timedelta(seconds=1))
        second = await actuator.apply(a_decision(OBJ, a_scale(2), 5), deadline=now() + timedelta(seconds=0.1))
    assert isinstance(first, Failed)
    assert isinstance(second, Superseded)
    assert asked == 1


async def test_a_dry_run_says_what_it_withholds():
    """Under --dry-run a change is Withheld and no change is Unneeded."""
    hands = Withholding()
    assert isinstance(await hands.apply(a_decision(OBJ, a_scale(2), 5), deadline=now()), Withheld)
    assert await hands.apply(a_decision(OBJ, a_scale(2), 2), deadline=now()) == Unneeded()


def decided(obj: ScaledObject, desired: int, *, original: int | None = None) -> Decided:
    record = a_decision(obj, a_scale(2), desired)
    if original is None:
        return record
    return Decided(
        obj=obj,
        memory=a_memory(past=a_past(original=original)),
        seen=record.seen,
        decision=record.decision,
        outcome=Unneeded(),
    )


def test_what_may_be_written():
    """Lawful are min (at least 1) to max, 0 where min is 0, idle, the paused count and the original one (L4)."""
    plain = an_object(minimum=2, maximum=10)
    assert [out_of_bounds(decided(plain, n)) is None for n in (0, 1, 2, 10, 11)] == [False, False, True, True, False]
    assert out_of_bounds(decided(an_object(minimum=0, maximum=10), 0)) is None
    assert out_of_bounds(decided(an_object(minimum=2, idle=0, maximum=10), 0)) is None
    assert out_of_bounds(decided(an_object(minimum=2, maximum=10, pause=Pause(replicas=40)), 40)) is None
    assert out_of_bounds(decided(plain, 25, original=25)) is None
    assert out_of_bounds(decided(plain, 24, original=25)) is not None
