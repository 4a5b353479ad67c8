"""Who wrote a count."""

from dataclasses import replace

from aiohttp import web

from autoscaler.kube.discovery import Discovery
from autoscaler.kube.writers import METADATA, Writers
from autoscaler.model.objects import ScaleTarget
from tests.unit.builders import a_scale
from tests.unit.kube.servers import a_reader, served, status

TARGET = ScaleTarget(namespace="shop", name="web")
SCALE = a_scale(3)


class Server:
    """An API server with one Deployment, whose count ``manager`` wrote."""

    def __init__(self, version: str = "v1.36.2+k3s1", manager: str = "helm", *, allowed: bool = True) -> None:
        self.version = version
        self.manager = manager
        self.allowed = allowed
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/version":
            return web.json_response({"gitVersion": self.version})
        self.asked.append(request.headers["Accept"])
        if not self.allowed:
            return status(403, "forbidden")
        entry = {"manager": self.manager, "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
        return web.json_response({"kind": "PartialObjectMetadata", "metadata": {"uid": "u", "managedFields": [entry]}})


async def test_a_count_is_looked_up_once():
    """The writer is asked for when a count is new, and only the object's metadata is read."""
    server = Server()
    async with served(server.answer) as address, a_reader(address) as client:
        writers = Writers(client, Discovery(client))
        first = [(await writers.name(TARGET, SCALE)).writer for _ in range(3)]
        server.manager = "kubectl"
        second = (await writers.name(TARGET, replace(SCALE, spec=4))).writer
    assert (first, second) == (["helm"] * 3, "kubectl")
    assert server.asked == [METADATA, METADATA]


async def test_a_refusal_is_not_repeated():
    """Where the object may not be read nothing is named, and the question is not asked again for a while."""
    server = Server(allowed=False)
    async with served(server.answer) as address, a_reader(address) as client:
        writers = Writers(client, Discovery(client))
        found = [(await writers.name(TARGET, replace(SCALE, spec=n))).writer for n in range(3)]
    assert found == [None, None, None]
    assert len(server.asked) == 1


async def test_an_old_server_is_not_believed():
    """Before 1.22 writes of a scale left the name of an earlier writer in place: nothing is named."""
    server = Server(version="v1.20.2")
    async with served(server.answer) as address, a_reader(address) as client:
        assert await Writers(client, Discovery(client)).name(TARGET, SCALE) == SCALE
    assert server.asked == []


async def test_a_scale_that_tells_is_left_as_it_is():
    """Where the scale itself carries its writer nothing is asked."""
    server = Server()
    named = replace(SCALE, writer="autoscaler")
    async with served(server.answer) as address, a_reader(address) as client:
        assert await Writers(client, Discovery(client)).name(TARGET, named) == named
    assert server.asked == []
