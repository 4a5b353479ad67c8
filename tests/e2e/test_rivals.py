"""Other writers on a real API server: an HPA on the same target, and somebody who undoes what we write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.daemon import FAST, Stage, await_that
from tests.servers.objects import path_of, role, role_binding, rule

pytestmark = pytest.mark.e2e


def hpas(namespace: str, name: str = "") -> str:
    """The path of a namespace's HPAs, in the version that KEDA writes on this server."""
    return f"/apis/autoscaling/v2beta2/namespaces/{namespace}/horizontalpodautoscalers" + (f"/{name}" if name else "")


def an_hpa(name: str, target: str) -> dict[str, object]:
    metric = {
        "external": {"metric": {"name": "s0-prometheus"}, "target": {"type": "AverageValue", "averageValue": "9"}}
    }
    return {
        "apiVersion": "autoscaling/v2beta2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "maxReplicas": 10,
            "metrics": [{"type": "External", **metric}],
        },
    }


@pytest.fixture(scope="module")
def config(stage: Stage) -> Path:
    """A kubeconfig whose account may list HPAs as well, as the Role in deploy/ says."""
    namespace, account = stage.namespace, "seeing"
    token = stage.plane.token_for(namespace, account)
    rules = (
        rule(["apps"], ["deployments/scale"], ["get", "patch"]),
        rule(["autoscaling"], ["horizontalpodautoscalers"], ["list"]),
    )
    stage.plane.admin.create(path_of(namespace, "roles"), role(account, *rules))
    binding = role_binding(account, service_account=account, namespace=namespace)
    stage.plane.admin.create(path_of(namespace, "rolebindings"), binding)
    return stage.plane.kubeconfig_for(token, namespace=namespace)


def test_an_hpa_on_the_target_is_refused_until_it_goes(stage: Stage, config: Path):
    """Nothing is written beside KEDA's HPA, log, metric and readiness say so, and within 30 s of its end we scale."""
    admin = stage.plane.admin
    stage.make("shared", replicas=1)
    stage.push("shared", 34)
    admin.create(hpas(stage.namespace), an_hpa("keda-hpa-shared", "shared"))
    daemon = stage.launch(*FAST, name="shared", config=config, shared=stage.scaled("shared"))
    appeared = daemon.await_event("rival appeared")
    wish = daemon.await_event("would scale")
    assert (appeared["level"], appeared["hpa"]) == ("warning", "keda-hpa-shared")
    assert (wish["desired"], wish["cause"]) == (4, "HPA keda-hpa-shared scales the same target")
    key = f'namespace="{stage.namespace}",scaledObject="shared"'
    assert f'autoscaler_rival{{{key},hpa="keda-hpa-shared"}} 1' in daemon.get("/metrics")[1]
    status, detail = daemon.get("/readyz?verbose")
    assert (status, "HPA keda-hpa-shared scales the same target" in detail) == (200, True)
    assert stage.writes("shared") == []
    admin.delete(hpas(stage.namespace, "keda-hpa-shared"))
    stage.await_replicas("shared", 4, within_seconds=40)
    assert daemon.events("rival left")
    assert not daemon.events("optional rights missing")
    daemon.stop()


def test_a_dry_run_beside_an_hpa_decides_as_ever(stage: Stage, config: Path):
    """A dry run notes the HPA and logs what it would do: that is what it is for."""
    stage.make("shadowed", replicas=1)
    stage.push("shadowed", 34)
    stage.plane.admin.create(hpas(stage.namespace), an_hpa("keda-hpa-shadowed", "shadowed"))
    objects = {"shadowed": stage.scaled("shadowed")}
    daemon = stage.launch("--dry-run", *FAST, name="shadowed", config=config, **objects)
    wish = daemon.await_event("would scale")
    assert (wish["desired"], wish["cause"]) == (4, "--dry-run writes nothing")
    assert daemon.await_event("rival appeared")["level"] == "info"
    daemon.stop()


def undo(stage: Stage, name: str, back: int, times: int) -> Callable[[], bool]:
    """Somebody who sets the count back to ``back`` whenever it is another, so many times."""
    left = [times]

    def look() -> bool:
        if stage.replicas(name) != back and left[0]:
            left[0] -= 1
            stage.plane.admin.patch(path_of(stage.namespace, "deployments", name), {"spec": {"replicas": back}})
        return left[0] == 0

    return look


def test_who_undoes_our_writes_is_named_and_answered_at_syncs_only(stage: Stage):
    """Without the right to see HPAs a fight shows: three undone writes, then one write per sync and no more."""
    stage.make("fought", replicas=1)
    stage.push("fought", 34)
    daemon = stage.launch(*FAST, name="fought", fought=stage.scaled("fought"))
    assert daemon.await_event("optional rights missing")["level"] == "info"
    await_that(undo(stage, "fought", back=1, times=3), within_seconds=20, what="three writes undone")
    began = daemon.await_event("contest began")
    assert began["reason"] == "ForeignWriter"
    found = daemon.events("foreign write")
    assert [(write["before"], write["after"]) for write in found] == [(4, 1)] * 3
    key = f'namespace="{stage.namespace}",scaledObject="fought"'
    assert f"autoscaler_foreign_writer{{{key}," in daemon.get("/metrics")[1]
    assert "autoscaler_foreign_writes_total 3.0" in daemon.get("/metrics")[1]
    assert "ForeignWriter" in daemon.get("/readyz?verbose")[1]
    stage.await_replicas("fought", 4, within_seconds=20)
    last = [record for record in daemon.events("scaled") if "fought" in record["object"]][-1]
    assert "sync" in last["slots"]
    daemon.stop()
