"""From apiVersion and kind to a path."""

from aiohttp import web

from autoscaler.kube.discovery import Discovery, segment
from autoscaler.kube.pods import needs_pods
from autoscaler.kube.rights import Right, rights_for, role_rules
from autoscaler.model.objects import MetricKind, ScaleTarget, TargetType
from autoscaler.model.observation import Unreadable, UnreadableReason
from tests.unit.builders import a_trigger, an_object
from tests.unit.kube.servers import a_reader, served, status

MODEL = ScaleTarget(namespace="ml", api_version="ml.example.com/v1", kind="Model", name="m")


def kinds(*entries: tuple[str, str, bool]) -> web.Response:
    listed = [{"name": name, "kind": kind, "namespaced": namespaced} for name, kind, namespaced in entries]
    return web.json_response({"kind": "APIResourceList", "resources": listed})


async def test_the_kinds_of_apps_need_no_look_up():
    """Deployments, StatefulSets and ReplicaSets are known without asking."""
    async with a_reader("http://127.0.0.1:1") as client:
        discovery = Discovery(client)
        target = ScaleTarget(namespace="shop", kind="StatefulSet", name="db")
        await discovery.learn([target])
        assert discovery.locate(target) == "/apis/apps/v1/namespaces/shop/statefulsets/db/scale"


async def test_a_custom_kind_is_asked_for_once():
    """One list of an API group's kinds serves every target of that group."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return kinds(("models", "Model", True), ("models/scale", "Scale", True), ("models/status", "Model", True))

    async with served(answer) as address, a_reader(address) as client:
        discovery = Discovery(client)
        await discovery.learn([MODEL])
        await discovery.learn([MODEL])
        assert discovery.locate(MODEL) == "/apis/ml.example.com/v1/namespaces/ml/models/m/scale"
        discovery.forget(MODEL)
        assert isinstance(discovery.locate(MODEL), Unreadable)
    assert asked == ["/apis/ml.example.com/v1"]


async def test_a_kind_without_scale_says_what_to_add():
    """A custom kind that cannot be scaled names the field of its definition that would change that."""

    async def answer(request: web.Request) -> web.Response:
        return kinds(("models", "Model", True), ("zones", "Zone", False), ("zones/scale", "Scale", False))

    async with served(answer) as address, a_reader(address) as client:
        discovery = Discovery(client)
        await discovery.learn([MODEL])
        found = discovery.locate(MODEL)
        zone = discovery.locate(ScaleTarget(namespace="ml", api_version=MODEL.api_version, kind="Zone", name="z"))
    assert isinstance(found, Unreadable)
    assert (found.reason, "add subresources.scale" in found.detail) == (UnreadableReason.NO_SCALE, True)
    assert isinstance(zone, Unreadable)
    assert "not namespaced" in zone.detail


async def test_a_refused_look_up_is_told_as_such():
    """Where the list of kinds is refused that is said, and not that the kind does not exist."""

    async def refuse(request: web.Request) -> web.Response:
        return status(403, "forbidden")

    async with served(refuse) as address, a_reader(address) as client:
        discovery = Discovery(client)
        await discovery.learn([MODEL])
        found = discovery.locate(MODEL)
    assert found == Unreadable(
        reason=UnreadableReason.FORBIDDEN, detail="the kinds of ml.example.com/v1: 403, forbidden"
    )


def test_a_name_is_one_segment_of_a_path():
    """No name leads to another path (S12)."""
    assert [segment(name) for name in ("web", "a/b", "..", ".", "a b", "")] == [
        "web", "a%2Fb", "%2E%2E", "%2E", "a%20b", "%20"
    ]  # fmt: skip


def test_who_needs_pods():
    """Pods are counted for Value targets, cpu and memory, and for nobody else."""
    average, value = a_trigger(), a_trigger(type=TargetType.VALUE)
    cpu = a_trigger(type=TargetType.UTILIZATION, kind=MetricKind.RESOURCE)
    container = a_trigger(kind=MetricKind.CONTAINER_RESOURCE)
    assert [needs_pods(an_object(triggers=[average, one])) for one in (average, value, cpu, container)] == [
        False, True, True, True
    ]  # fmt: skip


async def test_what_objects_need():
    """Rights are listed once each: the scale of each kind, pods where they are counted; a dry run never patches."""
    objects = [an_object(name="a"), an_object(name="b", triggers=[a_trigger(type=TargetType.VALUE)])]
    async with a_reader("http://127.0.0.1:1") as client:
        discovery = Discovery(client)
        needed = rights_for(objects, discovery, writes=True)
        dry = rights_for(objects, discovery, writes=False)
    pods = Right(namespace="shop", group="", resource="pods", verb="list")
    get = Right(namespace="shop", group="apps", resource="deployments/scale", verb="get")
    patch = Right(namespace="shop", group="apps", resource="deployments/scale", verb="patch")
    assert (needed, dry) == ((pods, get, patch), (pods, get))
    assert str(patch) == "patch deployments/scale.apps in shop"


async def test_a_token_needs_the_right_to_create_it_for_its_account_alone():
    """Who presents an account's token needs to create it, and the Role names that account and no other."""
    async with a_reader("http://127.0.0.1:1") as client:
        (needed,) = rights_for([], Discovery(client), writes=False, accounts=[("shop", "scraper")])
    assert str(needed) == "create serviceaccounts/token of scraper in shop"
    assert role_rules([needed]) == (
        'rules: [{apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [scraper], verbs: [create]}]'
    )
