"""What an instant query promises, whatever answers it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
import pytest

QUERY = 'sum(demo_load{app="web"})'


class QueryServer(Protocol):
    """A Prometheus with one series ``demo_load{app="web"}``."""

    url: str

    async def set(self, number: float | None) -> None:
        """Give the series this value from now on; None: it is gone."""


Ask = Callable[..., Awaitable[tuple[int, Any]]]


class QuerySuite:
    """Every test gets a server whose series is 34."""

    @pytest.fixture
    async def ask(self, server: QueryServer):  # type: ignore[no-untyped-def]
        async with aiohttp.ClientSession() as session:

            async def ask(method: str = "GET", **fields: str) -> tuple[int, Any]:
                url = f"{server.url}/api/v1/query"
                where = f"{url}?{urlencode(fields)}" if method == "GET" else url
                async with session.request(method, where, data=fields if method == "POST" else None) as response:
                    return response.status, json.loads(await response.text())

            yield ask

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_query_gives_a_vector(self, ask: Ask, method: str):
        """One series comes back with its labels, the server's own time and a number written as text."""
        status, document = await ask(method, query=QUERY)
        assert (status, document["status"], document["data"]["resultType"]) == (200, "success", "vector")
        (series,) = document["data"]["result"]
        at, number = series["value"]
        assert (series["metric"], number) == ({}, "34")
        assert at > 1_700_000_000

    async def test_a_fraction_is_written_in_full(self, ask: Ask, server: QueryServer):
        """A number has no exponent and no superfluous zeros."""
        await server.set(61.5)
        assert (await ask(query=QUERY))[1]["data"]["result"][0]["value"][1] == "61.5"

    async def test_nothing_to_say_is_an_empty_vector(self, ask: Ask, server: QueryServer):
        """A query without data succeeds with no series."""
        await server.set(None)
        status, document = await ask(query=QUERY)
        assert (status, document["status"]) == (200, "success")
        assert document["data"] == {"resultType": "vector", "result": []}

    @pytest.mark.parametrize("query", ["", "sum(demo_load{"])
    async def test_a_bad_query_is_refused(self, ask: Ask, query: str):
        """A query that cannot be parsed is a 400 with its type and a sentence."""
        status, document = await ask(query=query)
        assert (status, document["status"], document["errorType"]) == (400, "error", "bad_data")
        assert "parse error" in document["error"]

    async def test_a_bad_time_is_refused(self, ask: Ask):
        """A time that is none is a 400."""
        status, document = await ask(query=QUERY, time="yesterday")
        assert (status, document["errorType"]) == (400, "bad_data")

    async def test_members_of_a_batch_keep_their_labels(self, ask: Ask):
        """Queries joined under a label of their own are told apart in the answer."""
        members = [f'label_replace((\n{text}\n), "m7", "{place}", "", "")' for place, text in enumerate([QUERY, QUERY])]
        _, document = await ask("POST", query=" or ".join(members))
        marks = sorted(series["metric"]["m7"] for series in document["data"]["result"])
        assert marks == ["0", "1"]
