"""Probes and metrics over real sockets: they tell the truth, and strangers cannot hurt the daemon."""

import json

import aiohttp
import pytest

from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.sinks.web import METRICS_TYPE, is_known
from tests.unit.builders import at
from tests.unit.sinks.listener import ask, listening, well


async def test_a_daemon_that_is_well_says_so():
    """Every probe of a healthy daemon answers 200."""
    async with listening(well()) as port:
        assert (await ask(port, "/livez"))[:2] == (200, "ok\n")
        assert (await ask(port, "/readyz"))[:2] == (200, "ok\n")
        assert (await ask(port, "/health/ping"))[:2] == (200, "pong\n")
        status, body, _ = await ask(port, "/health/status")
        assert status == 200
        assert json.loads(body)["status"] == "ok"


async def test_a_daemon_without_an_api_server_is_live_but_not_ready_and_says_why():
    """Losing the API server is no reason to restart, and is told in words."""
    vitals = well()
    vitals.server = Unreadable(reason=UnreadableReason.UNREACHABLE, detail="connection refused")
    async with listening(vitals) as port:
        assert (await ask(port, "/livez"))[0] == 200
        assert (await ask(port, "/readyz"))[:2] == (503, "apiserver: unreachable: connection refused\n")
        status, body, _ = await ask(port, "/health/status")
        answer = json.loads(body)
        assert (status, answer["status"]) == (503, "fail")
        assert answer["reason"] == "apiserver: unreachable: connection refused"


async def test_a_daemon_whose_loop_stands_still_is_not_live():
    """A loop that no longer beats fails the liveness probe, so that it is restarted."""
    vitals = well()
    vitals.beat_at = at(70)
    async with listening(vitals) as port:
        assert (await ask(port, "/livez"))[:2] == (503, "beat: the loop has not moved for 30 s\n")
        assert (await ask(port, "/health/ping"))[0] == 503


async def test_a_daemon_that_stops_is_not_ready():
    """From the moment of SIGTERM nothing new is sent to this process."""
    vitals = well()
    vitals.stopping = True
    async with listening(vitals) as port:
        assert (await ask(port, "/readyz"))[:2] == (503, "stopping\n")


async def test_verbose_readiness_names_every_check():
    """The detail lists what was looked at, in JSON, refused objects included."""
    vitals = well()
    vitals.refused["shop/web"] = "E104 min > max"
    async with listening(vitals) as port:
        status, body, _ = await ask(port, "/readyz?verbose")
        answer = json.loads(body)
        assert (status, answer["status"], answer["ready"]) == (200, "warning", True)
        assert {"name": "shop/web", "status": "warning", "detail": "E104 min > max"} in answer["checks"]
        assert {"name": "apiserver", "status": "ok", "detail": "reached"} in answer["checks"]


async def test_metrics_are_served_as_prometheus_text():
    """All families arrive, in order, under the content type of the text format."""
    async with listening(well()) as port:
        status, body, headers = await ask(port, "/metrics")
        assert (status, body) == (200, "# TYPE a gauge\na 1\n# TYPE b gauge\nb 2\n")
        assert headers["Content-Type"] == METRICS_TYPE


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez", "/readyz", "/health/ping", "/health/status", "/nowhere"])
async def test_every_answer_forbids_to_be_embedded_or_kept(path: str):
    """No page can frame, sniff or cache an answer, and no answer names the libraries behind it."""
    async with listening(well()) as port:
        _, _, headers = await ask(port, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "autoscaler"
        assert "Access-Control-Allow-Origin" not in headers


async def test_a_foreign_host_name_is_refused():
    """A page that points its own name at us gets 421 and no answer."""
    async with listening(well()) as port:
        status, body, _ = await ask(port, "/metrics", Host="evil.example:8080")
        assert (status, body) == (421, "this host name is not served here: add --allow-host evil.example\n")
        assert (await ask(port, "/metrics", Host="autoscaler.shop.svc:8080"))[0] == 200


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("10.1.2.3:8080", True),
        ("[::1]:8080", True),
        ("[::1]", True),
        ("", False),
        ("localhost.evil.example", False),
        ("10.1.2.3.evil.example", False),
        ("autoscaler.shop.svc:8080", True),
        ("autoscaler.shop.svc.cluster.local", True),
        ("autoscaler.shop.svc.evil.example", False),
        ("autoscaler.shop", False),
        ("localhost:80:90", False),
        ("localhost:http", False),
        ("[::1", False),
        ("[evil]", False),
        ("[::1]evil", False),
    ],
)
def test_a_host_is_known_by_its_whole_name(host: str, known: bool):
    """Addresses and listed names pass; what only looks like them does not."""
    assert is_known(host, frozenset({"localhost"})) is known


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_can_be_changed(method: str):
    """The listener is read-only."""
    async with (
        listening(well()) as port,
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/metrics") as answer,
    ):
        assert answer.status == 405
