"""S2: redirects stay with the server that was asked, and no credential leaves it."""

from itertools import product

import pytest
from yarl import URL

from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.headers import Header
from autoscaler.scalers.http import Call, Moved, Sender, next_call
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import soon

CODES = (301, 302, 303, 307, 308)
CREDENTIALS: dict[str, Header] = {
    "bearer": ("Authorization", Secret("Bearer canary-1")),
    "basic": ("Authorization", Secret("Basic Y2FuYXJ5LTI=")),
    "custom": ("X-Token", Secret("canary-3")),
    "tenant": ("X-Scope-OrgID", "canary-4"),
    "key": ("X-API-KEY", Secret("canary-5")),
}
TARGETS = (
    "http://127.0.0.1:{port}/x",
    "https://127.0.0.1:{port}/x",
    "http://localhost:{port}/x",
    "//127.0.0.1:{port}/x",
    "http://user:pass@127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}/x",
)


@pytest.mark.parametrize(("code", "target", "credential"), list(product(CODES, TARGETS, CREDENTIALS)))
async def test_a_redirect_elsewhere_is_refused_and_nothing_is_sent(code: int, target: str, credential: str) -> None:
    """Another host, port or scheme, or an address with a password, gets neither a credential nor a connection."""
    async with Scripted([vector_answer("5")]) as other:
        async with Scripted([{"status": code, "headers": [["Location", target.format(port=other.port)]]}]) as server:
            found = await _send(server.url, CREDENTIALS[credential])
        assert (_reason(found), other.connections, len(server.requests)) == (MissingReason.REFUSED, 0, 1)


@pytest.mark.parametrize("location", ["http://", "%zz", "/a%2", "/x#%"])
async def test_a_redirect_to_what_is_no_url_is_refused(location: str) -> None:
    """A scheme without a host, and a percent sign that escapes nothing, lead nowhere (net/url Parse)."""
    async with Scripted([{"status": 302, "headers": [["Location", location]]}, vector_answer("5")]) as server:
        found = await _send(server.url, CREDENTIALS["bearer"])
        assert (_reason(found), len(server.requests)) == (MissingReason.REFUSED, 1)


@pytest.mark.parametrize("code", CODES)
async def test_a_redirect_on_the_same_server_is_followed(code: int) -> None:
    """The same host, port and scheme is the same server: it is asked again with the same headers."""
    async with Scripted([{"status": code, "headers": [["Location", "/moved?a=b"]]}, vector_answer("5")]) as server:
        found = await _send(server.url, CREDENTIALS["bearer"])
        assert isinstance(found, Response)
        assert server.requests[1].target == "/moved?a=b"
        assert server.requests[1].header("Authorization") == ["Bearer canary-1"]


async def test_a_post_becomes_a_get_unless_the_code_keeps_the_method() -> None:
    """307 and 308 keep method and body; the others turn a POST into a GET without a body."""
    seen = {}
    for code in CODES:
        async with Scripted([{"status": code, "headers": [["Location", "/moved"]]}, vector_answer("5")]) as server:
            sender = Sender()
            await sender.send(Call(url=URL(server.url + "/"), method="POST", body=b"query=x"), soon())
            await sender.close()
            seen[code] = (server.requests[1].method, server.requests[1].body)
    kept, changed = ("POST", b"query=x"), ("GET", b"")
    assert seen == {301: changed, 302: changed, 303: changed, 307: kept, 308: kept}


async def test_the_fourth_redirect_is_refused() -> None:
    """At most three redirects are followed."""
    async with Scripted([{"status": 302, "headers": [["Location", "/loop"]]}]) as server:
        found = await _send(server.url, CREDENTIALS["bearer"])
        assert (_reason(found), len(server.requests)) == (MissingReason.REFUSED, 4)


def test_http_may_move_to_https_on_the_same_host_alone() -> None:
    """From http to https on the same host is an upgrade; back, or with another port than 443, is another server."""
    here = URL("http://prom.example/api")
    judged = {
        location: isinstance(next_call(Call(url=here), Moved(status=301, location=location)), Call)
        for location in (
            "https://prom.example/api",
            "https://prom.example:443/api",
            "https://prom.example:8443/api",
            "https://other.example/api",
            "http://prom.example:81/api",
        )
    }
    assert [location for location, followed in judged.items() if followed] == [
        "https://prom.example/api",
        "https://prom.example:443/api",
    ]
    back = next_call(Call(url=URL("https://prom.example/")), Moved(status=301, location="http://prom.example/"))
    assert isinstance(back, Missing)


async def _send(url: str, header: Header) -> Answer:
    sender = Sender()
    try:
        return await sender.send(Call(url=URL(url + "/api/v1/query?query=x"), headers=(header,)), soon())
    finally:
        await sender.close()


def _reason(found: Answer) -> MissingReason | None:
    return found.reason if isinstance(found, Missing) else None
