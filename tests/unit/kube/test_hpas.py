"""Which targets an HPA scales."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from aiohttp import web

from autoscaler.kube.actuator import ScaleActuator
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.hpas import Hpas
from autoscaler.kube.pods import Pods
from autoscaler.kube.rights import Right, rights_to_see_rivals
from autoscaler.kube.targets import ScaleReader
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.record import Withheld
from tests.contract.worlds import a_cohort, a_decision, now
from tests.unit.builders import a_scale, an_object
from tests.unit.kube.servers import a_reader, a_writer, served, status

WEB = ScaleTarget(namespace="shop", name="web")


def an_hpa(name: str, kind: str, target: str, version: str | None = "apps/v1") -> dict[str, object]:
    reference = {"kind": kind, "name": target} | ({"apiVersion": version} if version is not None else {})
    return {"metadata": {"name": name}, "spec": {"scaleTargetRef": reference, "maxReplicas": 3}, "status": {}}


class Server:
    """An API server with HPAs, in pages of one, and one Deployment's scale."""

    def __init__(self, *hpas: dict[str, object], refusal: int | None = None, anywhere: bool = False) -> None:
        self.hpas = list(hpas)
        self.anywhere = anywhere
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusal = refusal
        self.asked = 0

    async def answer(self, request: web.Request) -> web.Response:
        if not request.path.endswith("/horizontalpodautoscalers"):
            return web.json_response({"metadata": {"resourceVersion": "1", "uid": "u"}, "spec": {"replicas": 2}})
        assert self.anywhere or request.path == "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers"
        self.asked += 1
        await self.gate.wait()
        if self.refusal is not None:
            return status(self.refusal, "no")
        at = int(request.query.get("continue", "0"))
        more = {"continue": str(at + 1)} if at + 1 < len(self.hpas) else {}
        return web.json_response({"metadata": more, "items": self.hpas[at : at + 1]})


@asynccontextmanager
async def looking(server: Server, clock=lambda: 0.0):
    """The HPAs of a server, by a clock of the test's own."""
    async with served(server.answer) as address, a_reader(address) as client:
        yield Hpas(client, clock)


async def find(server: Server, target: ScaleTarget = WEB) -> str | None:
    async with looking(server) as hpas:
        await hpas.look(["shop"])
        return hpas.find(target)


async def test_an_hpa_on_the_target_is_named():
    """Kind, name and API group must be the target's; every page is read."""
    other = (an_hpa("a", "Deployment", "other"), an_hpa("b", "StatefulSet", "web"), an_hpa("c", "Deployment", "web"))
    assert await find(Server(*other)) == "c"
    assert await find(Server(*other[:2])) is None
    assert await find(Server()) is None


async def test_groups_are_compared_and_versions_are_not():
    """An HPA written for another version of the same group is meant; another group's kind is not."""
    assert await find(Server(an_hpa("h", "Deployment", "web", "apps/v1beta2"))) == "h"
    assert await find(Server(an_hpa("h", "Deployment", "web", None))) == "h"
    assert await find(Server(an_hpa("h", "Deployment", "web", "example.com/v1"))) is None


async def test_an_hpa_that_appears_is_seen_by_the_next_tick():
    """One list per namespace and 5 s; the tick that finds it old waits for the new one, so it sees what came."""
    server, seconds = Server(), [0.0]
    async with looking(server, lambda: seconds[0]) as hpas:
        await hpas.look(["shop"])
        server.hpas.append(an_hpa("late", "Deployment", "web"))
        seconds[0] = 4.9
        await hpas.look(["shop"])
        assert (server.asked, hpas.find(WEB)) == (1, None)
        seconds[0] = 5.0
        await hpas.look(["shop"])
        async with asyncio.timeout(5):
            while hpas.find(WEB) is None:  # a busy machine may take longer than a tick waits
                await asyncio.sleep(0)
        assert (server.asked, hpas.find(WEB)) == (2, "late")


async def test_a_list_that_is_slow_does_not_keep_a_tick():
    """A tick waits a tenth of a second for the HPAs, goes on with what is known, and asks no second time meanwhile."""
    server, seconds = Server(an_hpa("h", "Deployment", "web")), [0.0]
    async with looking(server, lambda: seconds[0]) as hpas:
        await hpas.look(["shop"])
        server.gate.clear()
        for seconds[0] in (5.0, 10.0, 15.0):
            await hpas.look(["shop"])
        assert hpas.find(WEB) == "h"
        server.gate.set()
        assert server.asked <= 2


async def test_many_namespaces_share_two_lists_a_second():
    """Ten namespaces are listed at once every 5 s; what is due beyond that waits its turn."""
    server, seconds = Server(anywhere=True), [0.0]
    names = [f"n{i}" for i in range(14)]
    async with looking(server, lambda: seconds[0]) as hpas:
        await hpas.look(names)
        first, seconds[0] = server.asked, 100.0
        await hpas.look(names)
        async with asyncio.timeout(5):
            while server.asked < first + 10:
                await asyncio.sleep(0)
        assert first + 10 <= server.asked < first + len(names)


async def test_a_refusal_is_not_repeated_for_a_while():
    """Without the right to list nothing is known, and the question rests for ten minutes."""
    server, seconds = Server(refusal=403), [0.0]
    async with looking(server, lambda: seconds[0]) as hpas:
        for seconds[0] in (0.0, 30.0, 599.0):
            await hpas.look(["shop"])
        assert (server.asked, hpas.find(WEB)) == (1, None)


async def test_a_failing_list_leaves_what_was_known():
    """An API server that stumbles does not make an HPA vanish."""
    server, seconds = Server(an_hpa("h", "Deployment", "web")), [0.0]
    async with looking(server, lambda: seconds[0]) as hpas:
        await hpas.look(["shop"])
        server.refusal, seconds[0] = 500, 31.0
        await hpas.look(["shop"])
        async with asyncio.timeout(5):
            while server.asked < 2:
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert hpas.find(WEB) == "h"


async def test_a_scale_that_is_read_names_its_rival():
    """What a tick sees of a target holds the HPA beside us, from the first tick on."""
    server = Server(an_hpa("keda-hpa-web", "Deployment", "web"))
    async with served(server.answer) as address, a_reader(address) as client:
        reader = ScaleReader(client, Discovery(client), Pods(client), hpas=Hpas(client))
        scale = (await reader.read(a_cohort(an_object())))[WEB]
    assert (scale.spec, scale.rival) == (2, "keda-hpa-web")


async def test_nothing_is_written_beside_an_hpa():
    """A write for a target that an HPA scales is withheld, and says whose it is (D32)."""
    sent: list[str] = []

    async def note(request: web.Request) -> web.Response:
        sent.append(request.method)
        return status(500, "no")

    async with served(note) as address, a_writer(address) as client:
        actuator = ScaleActuator(client, Discovery(client), now)
        record = a_decision(an_object(maximum=10), a_scale(2, rival="keda-hpa-web"), 5)
        outcome = await actuator.apply(record, deadline=now() + timedelta(seconds=1))
    assert outcome == Withheld(why="HPA keda-hpa-web scales the same target")
    assert sent == []


def test_seeing_rivals_takes_one_right_per_namespace():
    """Listing HPAs is optional, and asked for once per namespace."""
    wanted = Right(namespace="shop", group="autoscaling", resource="horizontalpodautoscalers", verb="list")
    assert rights_to_see_rivals([an_object(name="a"), an_object(name="b")]) == (wanted,)
