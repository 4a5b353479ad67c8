"""Authentication mode oauth: access tokens by the client credentials grant."""

from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl

from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import NOW, REF, a_resolver, an_ask

CLIENT = {"clientID": "me", "clientSecret": "s3cret-canary", "scopes": "read,write", "endpointParams": "aud=prom"}


async def test_a_token_is_asked_for_once_and_sent_as_bearer() -> None:
    """The client names itself in a header, scopes and parameters go in the form, and the token serves until it ends."""
    async with Scripted([granted("t1")]) as tokens, Scripted([vector_answer("5")]) as server:
        found = await ask(server, tokens, times=2)
        (asked,) = tokens.requests
        assert asked.header("Authorization") == [f"Basic {b64encode(b'me:s3cret-canary').decode()}"]
        assert dict(parse_qsl(asked.body.decode())) == {
            "grant_type": "client_credentials",
            "aud": "prom",
            "scope": "read write",
        }
        assert [each.header("Authorization") for each in server.requests] == [["Bearer t1"]] * 2
    assert [type(each) for each in found] == [Sample, Sample]


async def test_a_token_that_ends_soon_is_not_kept() -> None:
    """A token whose life is over within ten seconds is asked for at each tick."""
    async with Scripted([granted("t1", 5), granted("t2", 5)]) as tokens, Scripted([vector_answer("5")]) as server:
        await ask(server, tokens, times=2)
        assert [each.header("Authorization") for each in server.requests] == [["Bearer t1"], ["Bearer t2"]]


async def test_a_refused_token_is_replaced_at_once() -> None:
    """A 401 asks for a new token and repeats the question in the same tick."""
    answers = [{"status": 401}, vector_answer("5")]
    async with Scripted([granted("old"), granted("new")]) as tokens, Scripted(answers) as server:
        found = await ask(server, tokens)
        assert [each.header("Authorization") for each in server.requests] == [["Bearer old"], ["Bearer new"]]
    assert isinstance(found[0], Sample)


async def test_a_server_that_wants_the_client_in_the_form_gets_it_there() -> None:
    """Where the header is refused, client and secret go in the form."""
    async with Scripted([{"status": 401}, granted("t")]) as tokens, Scripted([vector_answer("5")]) as server:
        found = await ask(server, tokens)
        form = dict(parse_qsl(tokens.requests[1].body.decode()))
    assert (form["client_id"], form["client_secret"]) == ("me", "s3cret-canary")
    assert isinstance(found[0], Sample)


async def test_without_a_token_nothing_is_asked_and_no_secret_is_told() -> None:
    """A token server that is down, refuses or talks nonsense makes the trigger Missing."""
    seen = []
    for answer in (
        {"status": 500},
        {"body": "s3cret-canary"},
        {"mode": "close"},
        {"status": 302, "headers": [["Location", "http://evil/"]]},
    ):
        async with Scripted([answer]) as tokens, Scripted([vector_answer("5")]) as server:
            (found,) = await ask(server, tokens)
            assert isinstance(found, Missing)
            assert server.connections == 0
            assert "s3cret-canary" not in found.detail
            assert found.detail.startswith("no access token")
            seen.append(found.reason)
    assert seen == [
        MissingReason.UNRESOLVED,
        MissingReason.UNRESOLVED,
        MissingReason.UNREACHABLE,
        MissingReason.REFUSED,
    ]


def granted(token: str, seconds: float = 3600) -> dict[str, Any]:
    return {"body": f'{{"access_token":"{token}","token_type":"bearer","expires_in":{seconds}}}'}


async def ask(server: Scripted, tokens: Scripted, *, times: int = 1) -> list[Measurement]:
    parameters = {**CLIENT, "oauthTokenURI": f"{tokens.url}/token"}
    trigger = an_ask(parameters, auth=REF, authModes="oauth", serverAddress=server.url)
    sender = Sender()
    transport = PrometheusTransport(sender, a_resolver(parameters))
    found = []
    for _ in range(times):
        answers = await transport.fetch((trigger.question,))
        found.append(PrometheusScaler().read(trigger, answers[trigger.question], NOW))
    await sender.close()
    return found
