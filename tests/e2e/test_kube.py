"""The room of the API server against a real one: kinds, rights, pods, outages."""

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import anyio.to_thread
import pytest

from autoscaler.kube.actuator import ScaleActuator
from autoscaler.kube.client import Reader
from autoscaler.kube.connect import reach
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.kubeconfig import find_access
from autoscaler.kube.rights import Right, lacking, rights_for, role_rules
from autoscaler.model.fatal import FatalError
from autoscaler.model.objects import TargetType
from autoscaler.model.observation import PodCount, Unreadable, UnreadableReason
from autoscaler.model.record import Applied, Failed, Unknown
from tests.contract.worlds import Hands, a_decision, now
from tests.e2e.hands import SCALE, grant, hands_for
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import CRDS, path_of, rule, scalable_crd, workload
from tests.servers.pods import PodReadier
from tests.unit.builders import a_trigger

pytestmark = pytest.mark.e2e

VALUE = [a_trigger(type=TargetType.VALUE)]


@pytest.fixture
async def admin(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Hands]:
    async with hands_for(control_plane.admin_kubeconfig(namespace=namespace), namespace) as hands:
        yield hands


async def test_the_version_is_known(admin: Hands):
    """The first contact gives the API server's version."""
    assert (await reach(admin.client)).startswith("v1.")


@pytest.mark.parametrize("kind", ["StatefulSet", "ReplicaSet"])
async def test_other_workloads_are_scaled(control_plane: ControlPlane, admin: Hands, kind: str):
    """StatefulSets and ReplicaSets are read and written like Deployments."""
    plural = f"{kind.lower()}s"
    control_plane.admin.create(path_of(admin.namespace, plural), workload(kind, "db", replicas=1))
    obj = admin.object("db", kind=kind)
    assert isinstance(await admin.apply(obj, await admin.scale(obj), 3), Applied)
    assert control_plane.admin.get(path_of(admin.namespace, plural, "db"))["spec"]["replicas"] == 3


async def test_a_custom_resource_is_scaled(control_plane: ControlPlane, admin: Hands):
    """Any custom resource with a scale subresource is found by discovery, read and written."""
    control_plane.admin.create(CRDS, scalable_crd(group="ml.example.com", plural="models", kind="Model"))
    try:
        path = f"/apis/ml.example.com/v1/namespaces/{admin.namespace}/models"
        body = {"apiVersion": "ml.example.com/v1", "kind": "Model", "metadata": {"name": "m"}, "spec": {"replicas": 1}}
        await anyio.to_thread.run_sync(_create_when_served, control_plane, path, body)
        obj = admin.object("m", kind="Model", api_version="ml.example.com/v1")
        assert isinstance(await admin.apply(obj, await admin.scale(obj), 4), Applied)
        assert control_plane.admin.get(f"{path}/m")["spec"]["replicas"] == 4
    finally:
        control_plane.admin.delete(f"{CRDS}/models.ml.example.com")


def _create_when_served(plane: ControlPlane, path: str, body: dict[str, object]) -> None:
    import time

    from tests.servers.api import RefusedError

    ends_at = time.monotonic() + 30
    while True:
        try:
            plane.admin.create(path, body)
            return
        except RefusedError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


async def test_a_kind_without_scale_is_named(admin: Hands):
    """A kind that has no scale subresource is told apart from one that does not exist."""
    found = await admin.read(admin.object("web", kind="ConfigMap", api_version="v1"))
    assert isinstance(found, Unreadable)
    assert found.reason is UnreadableReason.NO_SCALE
    found = await admin.read(admin.object("web", kind="DaemonSet"))
    assert isinstance(found, Unreadable)
    assert (found.reason, "DaemonSet of apps/v1 has no scale" in found.detail) == (UnreadableReason.NO_SCALE, True)


async def test_least_rights_are_enough(control_plane: ControlPlane, namespace: str):
    """Get and patch on the scale subresource are all that scaling takes."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=2))
    async with hands_for(grant(control_plane, namespace, SCALE), namespace) as hands:
        obj = hands.object("web")
        assert isinstance(await hands.apply(obj, await hands.scale(obj), 3), Applied)
    *conflicts, last = control_plane.audit.scale_writes(namespace=namespace)
    assert {write.status for write in conflicts} <= {409}  # the controller touches a new Deployment, too
    assert (last.status, last.user) == (200, f"system:serviceaccount:{namespace}:scaler")


async def test_a_missing_right_is_named(control_plane: ControlPlane, namespace: str):
    """Without the right to patch the write fails with 403, and the rights page names the rule to add."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=2))
    kubeconfig = grant(control_plane, namespace, rule(["apps"], ["deployments/scale"], ["get"]))
    async with hands_for(kubeconfig, namespace) as hands:
        obj = hands.object("web", triggers=VALUE)
        outcome = await hands.apply(obj, await hands.scale(obj), 3)
        missing = await lacking(hands.client, rights_for([obj], hands.discovery, writes=True))
    assert isinstance(outcome, Failed)
    assert (outcome.status, 'cannot patch resource "deployments/scale"' in outcome.why) == (403, True)
    assert missing == (
        Right(namespace=namespace, group="", resource="pods", verb="list"),
        Right(namespace=namespace, group="apps", resource="deployments/scale", verb="patch"),
    )
    assert role_rules(missing) == (
        'rules: [{apiGroups: [""], resources: [pods], verbs: [list]}, '
        '{apiGroups: ["apps"], resources: [deployments/scale], verbs: [patch]}]'
    )


async def test_a_dry_run_asks_for_reading_only(control_plane: ControlPlane, namespace: str):
    """Under --dry-run nothing but get is needed, and nothing is missing when that is there."""
    kubeconfig = grant(control_plane, namespace, rule(["apps"], ["deployments/scale"], ["get"]))
    access = await find_access(kubeconfig=str(kubeconfig), context=None, announce=print, environ={})
    client = Reader(access)
    obj = Hands(access, namespace).object("web")
    assert await lacking(client, rights_for([obj], Discovery(client), writes=False)) == ()
    await client.close()


async def test_pods_are_counted(control_plane: ControlPlane, admin: Hands, pods: PodReadier):
    """For a Value target the ready pods are counted; one that is not ready is counted in the total."""
    control_plane.admin.create(path_of(admin.namespace, "deployments"), workload("Deployment", "web", replicas=2))
    path = path_of(admin.namespace, "deployments", "web")
    await anyio.to_thread.run_sync(lambda: control_plane.await_status(path, "readyReplicas", 2))
    obj = admin.object("web", triggers=VALUE)
    assert (await admin.scale(obj)).pods == PodCount(total=2, ready=2)
    pods.hold(admin.namespace)
    assert isinstance(await admin.apply(obj, await admin.scale(obj), 3), Applied)
    await anyio.to_thread.run_sync(lambda: control_plane.await_status(path, "replicas", 3))
    assert (await admin.scale(obj)).pods == PodCount(total=3, ready=2)
    pods.release(admin.namespace)


async def test_without_the_right_to_list_pods_the_status_is_read(
    control_plane: ControlPlane, namespace: str, pods: PodReadier
):
    """Where pods may not be listed the workload's own status counts, and the count says that it is not exact."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=2))
    path = path_of(namespace, "deployments", "web")
    await anyio.to_thread.run_sync(lambda: control_plane.await_status(path, "readyReplicas", 2))
    rules = (SCALE, rule(["apps"], ["deployments"], ["get"]))
    async with hands_for(grant(control_plane, namespace, *rules), namespace) as hands:
        scale = await hands.scale(hands.object("web", triggers=VALUE))
    assert scale.pods == PodCount(total=2, ready=2, exact=False)


async def test_nobody_is_told_apart_from_a_missing_target(control_plane: ControlPlane, namespace: str):
    """A token that is not accepted and one without rights are Unreadable for their own reasons."""
    async with hands_for(control_plane.kubeconfig_for("no-such-token"), namespace) as hands:
        found = await hands.read(hands.object("web"))
        assert isinstance(found, Unreadable)
        assert found.reason is UnreadableReason.UNAUTHORIZED
        with pytest.raises(FatalError, match="does not accept our credentials"):
            await reach(hands.client, patience_seconds=0.1)
    async with hands_for(control_plane.kubeconfig_for(control_plane.as_user("alice").token), namespace) as hands:
        found = await hands.read(hands.object("web"))
        assert isinstance(found, Unreadable)
        assert (found.reason, "alice" in found.detail) == (UnreadableReason.FORBIDDEN, True)


async def test_an_api_server_that_is_gone(control_plane: ControlPlane, admin: Hands):
    """During an outage reading is Unreadable and writing Failed; a start ends with the address; then all goes on."""
    control_plane.admin.create(path_of(admin.namespace, "deployments"), workload("Deployment", "web", replicas=2))
    obj = admin.object("web")
    scale = await admin.scale(obj)
    with control_plane.outage():
        found = await admin.read(obj)
        assert isinstance(found, Unreadable)
        assert found.reason is UnreadableReason.UNREACHABLE
        assert isinstance(await admin.apply(obj, scale, 3), Failed)
        with pytest.raises(FatalError, match=admin.client.access.address) as caught:
            await reach(admin.client, patience_seconds=0.1)
        assert caught.value.exit_code == 3
    assert isinstance(await admin.apply(obj, await admin.scale(obj), 3), Applied)


async def test_an_api_server_that_never_answers(control_plane: ControlPlane, admin: Hands):
    """A write that gets no answer is Unknown, and the next read says what became of it (R16)."""
    control_plane.admin.create(path_of(admin.namespace, "deployments"), workload("Deployment", "web", replicas=2))
    obj = admin.object("web")
    scale = await admin.scale(obj)
    with control_plane.suspended():
        assert isinstance(await admin.apply(obj, scale, 3, seconds=0.5), Unknown)
        found = await admin.read(obj)
        assert isinstance(found, Unreadable)
        assert found.reason is UnreadableReason.TIMEOUT
    assert (await admin.scale(obj)).spec in (2, 3)


async def test_a_revoked_kind_is_looked_up_again(control_plane: ControlPlane, admin: Hands):
    """A custom kind that disappears is Unreadable, and is not taken for a missing object for ever."""
    control_plane.admin.create(CRDS, scalable_crd(group="ai.example.com", plural="brains", kind="Brain"))
    path = f"/apis/ai.example.com/v1/namespaces/{admin.namespace}/brains"
    body = {"apiVersion": "ai.example.com/v1", "kind": "Brain", "metadata": {"name": "b"}, "spec": {"replicas": 1}}
    await anyio.to_thread.run_sync(_create_when_served, control_plane, path, body)
    obj = admin.object("b", kind="Brain", api_version="ai.example.com/v1")
    assert (await admin.scale(obj)).spec == 1
    control_plane.admin.delete(f"{CRDS}/brains.ai.example.com")
    found = await admin.read(obj)
    with anyio.fail_after(30):
        while not (isinstance(found, Unreadable) and found.reason is UnreadableReason.NOT_FOUND):
            found = await admin.read(obj)
    assert isinstance(found, Unreadable)


async def test_a_write_through_a_slow_budget_respects_its_fence(control_plane: ControlPlane, admin: Hands):
    """Nothing leaves after its fence, however long it waited for its turn (R27)."""
    control_plane.admin.create(path_of(admin.namespace, "deployments"), workload("Deployment", "web", replicas=2))
    obj = admin.object("web")
    scale = await admin.scale(obj)
    from autoscaler.kube.budget import Budget

    empty = Budget(rate=0.5, burst=0)
    actuator = ScaleActuator(admin.client, admin.discovery, now, empty)
    await actuator.apply(a_decision(obj, scale, 5), deadline=now() + timedelta(seconds=0.2))
    assert control_plane.audit.scale_writes(namespace=admin.namespace) == []
