"""Tokens of service accounts, as the API server issues them."""

import asyncio
from datetime import datetime, timedelta

from aiohttp import web

from autoscaler.kube.tokens import SERVES, Tokens
from autoscaler.model.observation import Missing
from autoscaler.model.text import Secret
from tests.unit.builders import START
from tests.unit.kube.servers import a_reader, served, status


class Issuer:
    """Issues a different token each time, good for an hour of the test's time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, object]] = []
        self.time = START

    def now(self) -> datetime:
        return self.time

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, (await request.json())["spec"]["audiences"]))
        ends_at = (self.time + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        issued = {"token": f"token-{len(self.asked)}", "expirationTimestamp": ends_at}
        return web.json_response({"kind": "TokenRequest", "status": issued}, status=201)


async def test_a_token_is_asked_for_an_audience_and_kept():
    """The request names the account and the audience; the token serves until a fifth of its life is left."""
    issuer = Issuer()
    async with served(issuer.handle) as address, a_reader(address) as client:
        tokens = Tokens(client, issuer.now)
        first = await tokens.request("shop", "scaler", "prometheus")
        again = await tokens.request("shop", "scaler", "prometheus")
        issuer.time += timedelta(minutes=49)
        renewed = await tokens.request("shop", "scaler", "prometheus")
    assert (first, again, renewed) == (Secret("token-1"), Secret("token-1"), Secret("token-2"))
    assert issuer.asked[0] == ("/api/v1/namespaces/shop/serviceaccounts/scaler/token", ["prometheus"])


async def test_a_token_that_the_source_refused_is_asked_anew():
    """A source that no longer takes a token gets a new one at once, but not one for each question it refuses."""
    issuer = Issuer()
    async with served(issuer.handle) as address, a_reader(address) as client:
        tokens = Tokens(client, issuer.now)
        first = await tokens.request("shop", "scaler", "prometheus")
        too_soon = await tokens.request("shop", "scaler", "prometheus", anew=True)
        issuer.time += SERVES
        renewed = [await tokens.request("shop", "scaler", "prometheus", anew=True) for _ in range(3)]
    assert (first, too_soon, renewed) == (Secret("token-1"), Secret("token-1"), [Secret("token-2")] * 3)


async def test_who_asks_at_once_shares_one_request():
    """Many sources that present one account's token at a start cost one request."""
    issuer = Issuer()
    async with served(issuer.handle) as address, a_reader(address) as client:
        tokens = Tokens(client, issuer.now)
        found = await asyncio.gather(*(tokens.request("shop", "scaler", "prometheus") for _ in range(5)))
    assert (found, len(issuer.asked)) == ([Secret("token-1")] * 5, 1)


async def test_each_audience_has_a_token_of_its_own():
    """A token for one audience never goes to another."""
    issuer = Issuer()
    async with served(issuer.handle) as address, a_reader(address) as client:
        tokens = Tokens(client, issuer.now)
        found = [await tokens.request("shop", "scaler", audience) for audience in ("a", "b")]
    assert found == [Secret("token-1"), Secret("token-2")]


async def test_a_refusal_says_whose_token_may_not_be_asked_for():
    """Without the right to create tokens there is no credential, and the reason names the account."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        return status(403, "cannot create resource serviceaccounts/token", "Forbidden")

    async with served(refuse) as address, a_reader(address) as client:
        found = await Tokens(client, lambda: START).request("shop", "scaler", "prometheus")
    assert isinstance(found, Missing)
    assert "service account scaler in shop" in found.detail
