"""One call to the API server, and what may go wrong with it."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from autoscaler.kube.access import Fixed, TokenFile
from autoscaler.kube.client import Answer, NoAnswer, Reader, Request
from autoscaler.model.fatal import FatalError
from autoscaler.model.text import Secret
from tests.unit.kube.servers import a_reader, a_writer, served, status


async def test_an_answer_is_given_whatever_its_status():
    """A refusal is a value like any other answer."""

    async def refuse(request: web.Request) -> web.Response:
        return status(403, "no", Retry_After="3")

    async with served(refuse) as address, a_writer(address) as client:
        reply = await client.get("/x", timeout_seconds=2)
    assert isinstance(reply, Answer)
    assert (reply.status, reply.retry_after) == (403, 3.0)


async def test_no_answer_in_time_is_a_value():
    """A server that accepts and never answers costs the deadline and no more; whether it acted is not known."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with served(hang) as address, a_writer(address) as client:
        reply = await client.get("/x", timeout_seconds=0.1)
    assert reply == NoAnswer(detail=f"no answer from {address} in 0.1 s", sent=True, timed_out=True)


async def test_a_refused_connection_sent_nothing():
    """Where nobody listens it is known that nothing arrived."""
    async with a_writer("http://127.0.0.1:1") as client:
        reply = await client.get("/x", timeout_seconds=1)
    assert isinstance(reply, NoAnswer)
    assert (reply.sent, reply.timed_out) == (False, False)
    assert "cannot connect to http://127.0.0.1:1" in reply.detail


async def test_half_a_body_is_no_answer():
    """An answer that breaks off is no answer, and may have been acted on."""

    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with served(break_off) as address, a_writer(address) as client:
        reply = await client.get("/x", timeout_seconds=2)
    assert isinstance(reply, NoAnswer)
    assert reply.sent


async def test_a_long_answer_is_cut_off():
    """No answer is read beyond its limit."""

    async def pour(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 4096)

    async with served(pour) as address, a_reader(address) as client:
        path = "/api/v1/namespaces/shop/services/web:80/proxy/"
        reply = await client.relay(Request(verb="GET", path=path, limit=1024), timeout_seconds=2)
    assert isinstance(reply, NoAnswer)
    assert "longer than 1 KiB" in reply.detail


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(code: int):
    """A redirect reaches nobody: not another host, and no other path of the same one (S4)."""
    reached: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(status=code, headers={"Location": "/api/v1/namespaces/kube-system/secrets"})

    async with served(redirect) as address, a_writer(address, Fixed(Secret("Bearer x"))) as client:
        reply = await client.get("/x", timeout_seconds=2)
    assert reached == ["/x"]
    assert isinstance(reply, NoAnswer)
    assert "redirect" in reply.detail


async def test_a_token_is_read_again_after_a_401(tmp_path: Path):
    """A token that was renewed in its file is used at once when the old one is refused (R28)."""
    path = tmp_path / "token"
    path.write_text("old")
    shown: list[str | None] = []

    async def know_the_new(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Authorization"))
        if shown[-1] != "Bearer new":
            path.write_text("new")
            return status(401, "Unauthorized")
        return web.json_response({})

    async with served(know_the_new) as address, a_writer(address, TokenFile(path)) as client:
        reply = await client.get("/x", timeout_seconds=2)
    assert shown == ["Bearer old", "Bearer new"]
    assert isinstance(reply, Answer)
    assert reply.status == 200


async def test_a_401_of_a_fixed_token_is_final():
    """Where there is nothing newer a refused credential is sent once."""
    asked: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        asked.append(request.path)
        return status(401, "Unauthorized")

    async with served(refuse) as address, a_writer(address, Fixed(Secret("Bearer x"))) as client:
        await client.get("/x", timeout_seconds=2)
    assert asked == ["/x"]


def test_a_token_file_that_is_missing_is_named(tmp_path: Path):
    """Without a token there is nothing to start with."""
    with pytest.raises(FatalError, match=str(tmp_path / "token")):
        TokenFile(tmp_path / "token")


async def test_a_token_survives_its_replacement(tmp_path: Path):
    """While the file is being replaced the last good token is kept."""
    path = tmp_path / "token"
    path.write_text("old\n")
    token = TokenFile(path)
    path.unlink()
    assert await token.header() == Secret("Bearer old")
    path.write_text("newer")
    assert await token.header() == Secret("Bearer newer")


def test_a_reader_has_no_way_to_patch():
    """A dry run's client has no method that writes, and its channel refuses the verb."""
    assert not hasattr(Reader, "patch")
    assert Reader.verbs == {"GET", "POST"}


async def test_a_reader_posts_only_to_reviews_and_proxies():
    """What a dry run may POST is a question about rights, or one to a Service."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    async with served(answer) as address, a_reader(address) as client:
        with pytest.raises(AssertionError):
            await client.relay(Request(verb="POST", path="/api/v1/namespaces/shop/pods"), timeout_seconds=1)


@pytest.mark.parametrize("tail", ["../../../secrets", "%2e%2e/secrets", "a/../b", "./a", "..%2fsecrets"])
async def test_a_relay_stays_with_its_service(tail: str):
    """No spelling of a parent folder leads from a Service's proxy to another path of the API server."""
    async with a_reader("http://127.0.0.1:1") as client:
        path = f"/api/v1/namespaces/shop/services/web:80/proxy/{tail}"
        with pytest.raises(AssertionError):
            await client.relay(Request(verb="GET", path=path), timeout_seconds=1)
