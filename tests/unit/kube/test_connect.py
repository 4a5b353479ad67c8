"""The first contact with the API server, and what the one who waits is told."""

import pytest
from aiohttp import web

from autoscaler.kube.connect import reach
from autoscaler.model.fatal import FatalError
from tests.unit.kube.servers import a_reader, served, status


async def test_a_wait_is_told_once_with_address_and_cause():
    """Whoever started the daemon hears at once why nothing happens yet, and then no more."""
    asked = 0

    async def wake_up(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return status(503, "starting") if asked < 3 else web.json_response({"gitVersion": "v1.36.0"})

    said: list[str] = []
    async with served(wake_up) as address, a_reader(address) as client:
        assert await reach(client, announce=said.append) == "v1.36.0"
    (text,) = said
    assert text.startswith(f"waiting up to 30 s for the API server {address}: 503")


async def test_an_api_server_that_is_there_needs_no_words():
    """A start that goes well says nothing of waiting."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.36.0"})

    said: list[str] = []
    async with served(answer) as address, a_reader(address) as client:
        await reach(client, announce=said.append)
    assert said == []


async def test_a_wait_ends_with_the_address():
    """After its patience the start ends with status 3 and names what it waited for."""
    async with a_reader("http://127.0.0.1:1") as client:
        with pytest.raises(FatalError, match=r"http://127\.0\.0\.1:1 .*did not answer") as caught:
            await reach(client, patience_seconds=0.1)
    assert caught.value.exit_code == 3
