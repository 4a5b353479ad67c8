"""The service proxy of a real API server: Services that only it can reach."""

import json
import socket
from collections.abc import AsyncIterator
from urllib.parse import SplitResult, urlsplit

import pytest
from aiohttp import web

from autoscaler.kube.client import Answer
from autoscaler.kube.proxy import ServiceProxy, Via, service_of
from autoscaler.kube.rights import Right, lacking, rights_for
from autoscaler.model.observation import Missing
from tests.contract.worlds import Hands
from tests.e2e.hands import SCALE, grant, hands_for
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of
from tests.servers.pods import PodReadier
from tests.unit.kube.servers import served

pytestmark = pytest.mark.e2e


@pytest.fixture
async def admin(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Hands]:
    async with hands_for(control_plane.admin_kubeconfig(namespace=namespace), namespace) as hands:
        yield hands


def _own_address() -> str:
    """Name an address of this machine that is not loopback: the API server takes no other for an endpoint."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _service_of_a_pod(plane: ControlPlane, namespace: str, name: str, address: SplitResult) -> None:
    """Make a Service with one endpoint: the API server's proxy goes only to addresses that a pod has."""
    spec = {"containers": [{"name": "main", "image": "registry.invalid/nothing:1"}]}
    plane.admin.create(path_of(namespace, "pods"), {"metadata": {"name": name}, "spec": spec})
    status = {"phase": "Running", "podIP": address.hostname, "podIPs": [{"ip": address.hostname}]}
    plane.admin.patch(path_of(namespace, "pods", f"{name}/status"), {"status": status})
    ports = [{"port": 9090, "targetPort": address.port}]
    plane.admin.create(path_of(namespace, "services"), {"metadata": {"name": name}, "spec": {"ports": ports}})
    target = {"kind": "Pod", "name": name, "namespace": namespace}
    subset = {"addresses": [{"ip": address.hostname, "targetRef": target}], "ports": [{"port": address.port}]}
    plane.admin.create(path_of(namespace, "endpoints"), {"metadata": {"name": name}, "subsets": [subset]})


async def test_a_service_answers_through_the_api_server(control_plane: ControlPlane, admin: Hands, pods: PodReadier):
    """A question to a Service arrives through the API server as it was written, and so does the answer."""
    seen: list[tuple[str, str, bytes, str | None]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, await request.read(), request.headers.get("Authorization")))
        return web.json_response({"status": "success"}, status=200)

    async with served(answer, _own_address()) as address:
        pods.hold(admin.namespace)
        _service_of_a_pod(control_plane, admin.namespace, "prometheus", urlsplit(address))
        url = f"http://prometheus.{admin.namespace}.svc:9090/api/v1/query?query=a%2Bb"
        proxy = ServiceProxy(admin.client, via=Via.AUTO)
        assert await proxy.takes(url)
        got = await proxy.fetch(url, timeout_seconds=20)
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        await proxy.fetch(url, method="POST", headers=form, body=b"query=up", timeout_seconds=20)
    assert isinstance(got, Answer)
    assert (got.status, json.loads(got.body)) == (200, {"status": "success"})
    path = "/api/v1/query?query=a%2Bb"
    assert seen == [("GET", path, b"", None), ("POST", path, b"query=up", None)]


async def test_a_service_that_is_not_there(admin: Hands):
    """A Service that does not exist is Missing, in the API server's own words."""
    got = await ServiceProxy(admin.client).fetch(f"http://gone.{admin.namespace}.svc:9090/", timeout_seconds=20)
    assert isinstance(got, Missing)
    assert 'services "gone" not found' in got.detail


async def test_the_right_to_a_proxy_is_asked_for(control_plane: ControlPlane, namespace: str):
    """Who may not use services/proxy is told which right is missing."""
    service = service_of(f"http://prometheus.{namespace}.svc:9090")
    assert service is not None
    async with hands_for(grant(control_plane, namespace, SCALE), namespace) as hands:
        missing = await lacking(hands.client, rights_for([], hands.discovery, writes=False, proxied=[service]))
        got = await ServiceProxy(hands.client).fetch(f"http://prometheus.{namespace}.svc:9090/", timeout_seconds=20)
    assert missing == (Right(namespace=namespace, group="", resource="services/proxy", verb="get"),)
    assert not isinstance(got, Answer)
    assert "services/proxy" in got.detail
