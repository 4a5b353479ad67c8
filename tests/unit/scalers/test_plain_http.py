"""Triggers whose question is a URL go through the same sender."""

from autoscaler.model.objects import Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.contract import Response
from autoscaler.scalers.http import Sender
from autoscaler.scalers.plain_http import PlainHttpTransport
from tests.scripted import Scripted
from tests.unit.scalers.builders import REF, a_resolver


async def test_a_url_is_asked_as_it_stands_with_its_credentials() -> None:
    """The question is the URL; a key in the query is one more pair of it."""
    async with Scripted([{"body": "7"}]) as server:
        options = (("authModes", "apiKey"), ("keyParamName", "key"), ("method", "query"))
        source = Source(transport="http", addresses=(server.url,), credential=REF, options=options)
        found = await _ask(Question(source=source, text=f"{server.url}/a?b=c"))
        assert [(request.path, request.pairs) for request in server.requests] == [("/a", [("b", "c"), ("key", "k&y")])]
    assert isinstance(found, Response)
    assert (found.status, found.body) == (200, b"7")


async def test_a_key_in_the_query_writes_the_query_anew() -> None:
    """Pairs are sorted, and what cannot be read goes (net/url Values.Encode)."""
    async with Scripted([{"body": "7"}]) as server:
        options = (("authModes", "apiKey"), ("method", "query"))
        source = Source(transport="http", addresses=(server.url,), credential=REF, options=options)
        await _ask(Question(source=source, text=f"{server.url}/../%41?z=1&b=2&c=%zz&d=1;2&z=0&api_key=old"))
        assert server.requests[0].target == "/../%41?api_key=k%26y&b=2&z=1&z=0"


async def test_every_endpoint_of_a_service_cannot_be_asked_here() -> None:
    """What needs knowledge of endpoints is refused with the key to leave out, and nothing is sent."""
    source = Source(transport="http", addresses=("http://a.b",), options=(("aggregate", "true"),))
    found = await _ask(Question(source=source, text="http://a.b/x"))
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.REFUSED
    assert "aggregateFromKubeServiceEndpoints" in found.detail


async def _ask(question: Question) -> object:
    sender = Sender()
    try:
        transport = PlainHttpTransport(sender, a_resolver({"apiKey": "k&y"}))
        return (await transport.fetch((question,)))[question]
    finally:
        await sender.close()
