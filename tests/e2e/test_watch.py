"""Scales from a watch of a real API server: what it sees, what it costs, and what it survives."""

from collections.abc import AsyncIterator, Callable

import anyio
import anyio.to_thread
import pytest

from autoscaler.kube.kubeconfig import find_access
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import ScaleStatus
from autoscaler.model.record import Applied
from tests.contract.scale_suite import until_watched
from tests.contract.worlds import Hands, a_cohort
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, workload

pytestmark = pytest.mark.e2e


@pytest.fixture
async def hands(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Hands]:
    """Our side, whose watch knows the Deployments ``web``, ``w0`` to ``w9``."""
    for name in ("web", *(f"w{number}" for number in range(10))):
        control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", name, replicas=2))
    path = control_plane.admin_kubeconfig(namespace=namespace)
    access = await find_access(kubeconfig=str(path), context=None, announce=print, environ={})
    hands = Hands(access, namespace, watching=True)
    await hands.read(hands.object("web"))
    await until_watched(hands)
    yield hands
    await hands.close()


async def until(hands: Hands, obj: ScaledObject, is_so: Callable[[ScaleStatus], bool], seconds: float = 30) -> None:
    with anyio.fail_after(seconds):
        while not (isinstance(found := await hands.read(obj), ScaleStatus) and is_so(found)):
            await anyio.sleep(0.02)


async def test_a_quiet_fleet_asks_nothing(control_plane: ControlPlane, hands: Hands):
    """While nothing changes, reading the scales sends no request at all."""
    cohort = a_cohort(*(hands.object(f"w{number}") for number in range(10)))
    await hands.reader.read(cohort)
    before, found = -1, 0
    while before != found:  # what setting up has asked is in the log when it has stopped to grow
        await anyio.sleep(0.5)
        before, found = found, len(control_plane.audit.requests(namespace=hands.namespace))
    for _ in range(20):
        await hands.reader.read(cohort)
    await anyio.sleep(0.5)
    assert len(control_plane.audit.requests(namespace=hands.namespace)) == before


async def test_another_writer_is_seen(control_plane: ControlPlane, hands: Hands):
    """A count that somebody else wrote comes by itself."""
    obj = hands.object("web")
    body = {"spec": {"replicas": 7}}
    control_plane.admin.patch(path_of(hands.namespace, "deployments", "web"), body)
    await until(hands, obj, lambda scale: scale.spec == 7)


async def test_our_own_writes_follow_each_other(hands: Hands):
    """Write after write goes out on the version before it: none meets a conflict of our own making."""
    obj = hands.object("web")
    for desired in (3, 4, 5, 6, 7, 8):
        scale = await hands.scale(obj)
        assert scale.spec == desired - 1 or desired == 3
        assert isinstance(await hands.apply(obj, scale, desired), Applied)


async def test_a_watch_survives_its_api_server(control_plane: ControlPlane, hands: Hands):
    """After an outage the watch goes on, and sees what changes then."""
    obj = hands.object("web")
    with control_plane.outage():
        assert (await hands.scale(obj)).spec == 2
    body = {"spec": {"replicas": 9}}
    control_plane.admin.patch(path_of(hands.namespace, "deployments", "web"), body)
    await until(hands, obj, lambda scale: scale.spec == 9, seconds=60)


async def test_a_target_made_again_is_another(control_plane: ControlPlane, hands: Hands):
    """A Deployment that is deleted and made again has a new identity in what is read."""
    obj = hands.object("web")
    before = await hands.scale(obj)
    path = path_of(hands.namespace, "deployments", "web")
    control_plane.admin.delete(path)
    control_plane.admin.create(path_of(hands.namespace, "deployments"), workload("Deployment", "web", replicas=2))
    await until(hands, obj, lambda scale: scale.uid != before.uid)
