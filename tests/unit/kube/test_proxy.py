"""Services reached through the API server."""

import pytest
from aiohttp import web

from autoscaler.kube.client import Answer
from autoscaler.kube.proxy import Service, ServiceProxy, Via, remap, service_of
from autoscaler.model.observation import Missing, MissingReason
from tests.unit.kube.servers import a_reader, served, status

URL = "http://prometheus.monitoring.svc:9090/api/v1/query?query=a%2Bb&x=1+2"


@pytest.mark.parametrize(
    ("url", "service"),
    [
        (URL, Service(scheme="http", name="prometheus", namespace="monitoring", port=9090)),
        ("http://p.m.svc.cluster.local./x", Service(scheme="http", name="p", namespace="m", port=80)),
        ("https://p.m.svc", Service(scheme="https", name="p", namespace="m", port=443)),
        ("http://prometheus.example.com", None),
        ("http://p.m", None),
        ("http://pod.p.m.svc", None),
        ("http://.svc", None),
        ("http://p.m.svc:port", None),
        ("ftp://p.m.svc", None),
    ],
)
def test_the_service_in_a_url(url: str, service: Service | None):
    """A Service is known by its name, its namespace and the ending .svc or .svc.cluster.local."""
    assert service_of(url) == service


def test_a_proxy_path_says_scheme_and_port():
    """An https Service is marked so in the path of its proxy."""
    service = Service(scheme="https", name="p", namespace="m", port=443)
    assert service.path == "/api/v1/namespaces/m/services/https:p:443/proxy"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("p.m.svc:9090", "127.0.0.1:8080", "http://127.0.0.1:8080/q?a=1"),
        ("p.m.svc", "https://prom.example.com/base/", "https://prom.example.com/base/q?a=1"),
        ("http://p.m.svc:9090", "http://localhost:1", "http://localhost:1/q?a=1"),
        ("other", "localhost", "http://p.m.svc:9090/q?a=1"),
    ],
)
def test_one_address_stands_in_for_another(old: str, new: str, expected: str):
    """--map replaces host, host and port, or the whole origin, and keeps path and query."""
    assert remap("http://p.m.svc:9090/q?a=1", {old: new}) == expected


async def test_who_goes_through_the_api_server():
    """auto takes Services whose names do not resolve, direct none, proxy all; other hosts never."""
    asked: list[str] = []

    async def look_up(host: str, port: int) -> bool:
        asked.append(host)
        return host.startswith("known")

    async with a_reader("http://127.0.0.1:1") as client:
        auto = ServiceProxy(client, look_up=look_up)
        taken = [await auto.takes(f"http://{host}") for host in ("known.m.svc", "p.m.svc", "p.m.svc", "example.com")]
        assert taken == [False, True, True, False]
        assert asked == ["known.m.svc", "p.m.svc"]
        assert not await ServiceProxy(client, via=Via.DIRECT, look_up=look_up).takes("http://p.m.svc")
        assert await ServiceProxy(client, via=Via.PROXY, look_up=look_up).takes("http://known.m.svc")


async def test_a_question_arrives_as_it_was_written():
    """Path, query, headers and body reach the Service unchanged."""
    seen: list[tuple[str, str, str | None, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, request.headers.get("X-Scope-OrgID"), await request.read()))
        return web.json_response({"status": "success"})

    form = [("X-Scope-OrgID", "a"), ("Content-Type", "application/x-www-form-urlencoded")]
    async with served(answer) as address, a_reader(address) as client:
        proxy = ServiceProxy(client)
        got = await proxy.fetch(URL, headers=[("X-Scope-OrgID", "a")], timeout_seconds=2)
        await proxy.fetch(URL, method="POST", headers=form, body=b"query=up%2B1", timeout_seconds=2)
    path = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query?query=a%2Bb&x=1+2"
    assert seen == [("GET", path, "a", b""), ("POST", path, "a", b"query=up%2B1")]
    assert isinstance(got, Answer)
    assert (got.status, got.content_type.split(";")[0]) == (200, "application/json")


@pytest.mark.parametrize("name", ["Authorization", "Impersonate-User", "impersonate-group", "X-Remote-User", "Host"])
async def test_no_header_speaks_to_the_api_server(name: str):
    """A header that would change who we are at the API server is refused before anything is sent."""
    async with a_reader("http://127.0.0.1:1") as client:
        got = await ServiceProxy(client).fetch(URL, headers=[(name, "x")], timeout_seconds=1)
    assert isinstance(got, Missing)
    assert got.reason is MissingReason.REFUSED


@pytest.mark.parametrize(
    ("code", "reason"),
    [(403, MissingReason.REFUSED), (404, MissingReason.UNREACHABLE), (503, MissingReason.UNREACHABLE)],
)
async def test_a_refusal_of_the_api_server_is_told_apart(code: int, reason: MissingReason):
    """What the API server itself refuses is Missing; what the Service refuses is an answer."""

    async def refuse(request: web.Request) -> web.Response:
        return status(code, "services/proxy is forbidden")

    async def refuse_itself(request: web.Request) -> web.Response:
        return web.Response(status=code, text="the service says no")

    async with served(refuse) as address, a_reader(address) as client:
        got = await ServiceProxy(client).fetch(URL, timeout_seconds=2)
    assert isinstance(got, Missing)
    assert got.reason is reason
    async with served(refuse_itself) as address, a_reader(address) as client:
        got = await ServiceProxy(client).fetch(URL, timeout_seconds=2)
    assert isinstance(got, Answer)
    assert got.status == code
