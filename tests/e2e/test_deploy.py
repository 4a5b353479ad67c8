"""What ``deploy/`` applies is enough: the daemon runs with that account's token, under that Role, on that ConfigMap."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.daemon import FAST, Stage
from tests.servers.objects import path_of

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.mark.usefixtures("kubectl")
@pytest.mark.parametrize(("overlay", "expected"), [("deploy", [4]), ("deploy/dry-run", [])])
def test_what_is_applied_is_enough_to_scale(stage: Stage, overlay: str, expected: list[int]):
    """The manifests are accepted by the API server; their Role lets the daemon do its job, and no more."""
    plane, namespace = stage.plane, stage.namespace
    name = "applied" if overlay == "deploy" else "applied-dry"
    rendered = plane.kubectl("kustomize", str(ROOT / overlay))
    plane.kubectl("apply", "-n", namespace, "-f", "-", stdin=rendered)
    config_map = path_of(namespace, "configmaps", "autoscaler-objects")
    shipped = plane.admin.get(config_map)["data"]
    assert all(yaml.safe_load(text)["kind"] == "ScaledObject" for text in shipped.values())
    stage.make(name)
    stage.push(name, 34)
    mine = stage.scaled(name).replace(f", namespace: {namespace}", "")
    plane.admin.patch(config_map, {"data": {**dict.fromkeys(shipped), "mine.yaml": mine}})
    stage.mount(name, plane.admin.get(config_map)["data"])
    token = plane.kubeconfig_for(plane.token_for(namespace, "autoscaler"), namespace=namespace)
    flags = ["--dry-run"] if "--dry-run" in rendered else []
    daemon = stage.launch(*FAST, *flags, "--namespace", namespace, name=name, config=token)
    event = "would scale" if flags else "scaled"
    daemon.await_event(event)
    assert [count for _, count in stage.writes(name)] == expected
    user = f"system:serviceaccount:{namespace}:autoscaler"
    assert {event.status for event in plane.audit.requests(user=user, namespace=namespace)} <= {200, 201}
    assert not daemon.events("rights missing")
