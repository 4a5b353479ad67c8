"""S12: one question is exactly one request on the wire, whatever stands in headers, secrets and parameters."""

import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Missing, MissingReason, Sample
from autoscaler.scalers.http import Sender
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import REF, a_resolver, an_ask, measure, parse

EVIL = "a\r\nHost: evil\r\n\r\nGET /second HTTP/1.1\r\n"
OURS = ("Host", "Connection", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "TE", "Upgrade")


@pytest.mark.parametrize("key", ["namespace", "customHeaders", "queryParameters"])
def test_control_characters_in_metadata_are_refused_at_load(key: str) -> None:
    """A line break in what becomes part of a request is a fault that names the key."""
    text = EVIL if key == "namespace" else f"X={EVIL}"
    parsed = parse(**{key: text})
    assert isinstance(parsed, Faults)
    assert parsed.faults[0].path == f"spec.triggers[0].metadata.{key}"


@pytest.mark.parametrize("name", OURS)
def test_headers_that_frame_a_request_are_ours_alone(name: str) -> None:
    """Host, hop-by-hop and length headers cannot be given."""
    parsed = parse(customHeaders=f"{name}=x")
    assert isinstance(parsed, Faults)
    assert [fault.reason for fault in parsed.faults] == ["bad_header"]


@pytest.mark.parametrize(
    ("modes", "parameters"),
    [
        ("bearer", {"bearerToken": EVIL}),
        ("bearer", {"bearerToken": "a\nb"}),
        ("bearer", {"bearerToken": "a\x00b"}),
        ("custom", {"customAuthHeader": "X-Auth", "customAuthValue": EVIL}),
        ("custom", {"customAuthHeader": "X-Auth: y\r\nZ", "customAuthValue": "v"}),
        ("custom", {"customAuthHeader": "Content-Length", "customAuthValue": "0"}),
        ("apiKey", {"apiKey": EVIL}),
    ],
)
async def test_a_secret_with_a_line_break_sends_nothing(modes: str, parameters: dict[str, str]) -> None:
    """A resolved secret that would break out of its header makes the trigger Missing, and no request leaves."""
    async with Scripted([vector_answer("5")]) as server:
        sound = {name: "x" if name != "customAuthHeader" else "X-Auth" for name in parameters}
        ask = an_ask(sound, auth=REF, authModes=modes, serverAddress=server.url)
        sender = Sender()
        found = await measure(ask, sender, a_resolver(parameters))
        await sender.close()
        assert isinstance(found, Missing)
        assert (found.reason, server.connections) == (MissingReason.REFUSED, 0)


async def test_one_trailing_newline_of_a_secret_is_dropped() -> None:
    """``echo token > file`` leaves a newline that nobody means."""
    async with Scripted([vector_answer("5")]) as server:
        ask = an_ask({"bearerToken": "x"}, auth=REF, authModes="bearer", serverAddress=server.url)
        sender = Sender()
        await measure(ask, sender, a_resolver({"bearerToken": "token\n"}))
        await sender.close()
        assert server.requests[0].header("Authorization") == ["Bearer token"]


@pytest.mark.parametrize("text", ["a b", "a&x=y", "a#frag", "a%20b", "a+b", "ä", "a=b;c", "'\"<>"])
async def test_every_part_of_a_url_is_encoded(text: str) -> None:
    """What an author writes arrives as one parameter, as it was written, in exactly one request."""
    async with Scripted([vector_answer("5")]) as server:
        ask = an_ask(namespace=text, query=f"x  {{a=`{text}`}}", serverAddress=server.url)
        sender = Sender()
        found = await measure(ask, sender)
        await sender.close()
        assert isinstance(found, Sample)
        assert server.requests[0].pairs == [("query", ask.question.text), ("namespace", text)]
        assert (server.requests[0].method, len(server.requests)) == ("GET", 1)
