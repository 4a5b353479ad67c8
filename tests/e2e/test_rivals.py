"""Other writers on a real API server: an HPA on the same target, and somebody who undoes what we write."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that
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


def seeing(stage: Stage) -> Path:
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


@dataclass
class Seen:
    """What a daemon said and wrote, and its pages while the other writer was at work."""

    daemon: RunningDaemon
    key: str
    metrics: str
    ready: tuple[int, str]
    meanwhile: list[int]
    """What it had written by then."""


def look(stage: Stage, daemon: RunningDaemon, name: str) -> Seen:
    """Take down what shows now."""
    key = f'namespace="{stage.namespace}",scaledObject="{name}"'
    metrics, ready = daemon.get("/metrics")[1], daemon.get("/readyz?verbose")
    return Seen(daemon, key, metrics, ready, [count for _, count in stage.writes(name)])


def play_hpa(stage: Stage, config: Path) -> Seen:
    """Start beside KEDA's HPA on the same target, and delete that HPA once the daemon has said what it would write."""
    stage.make("shared", replicas=1)
    stage.push("shared", 34)
    stage.plane.admin.create(hpas(stage.namespace), an_hpa("keda-hpa-shared", "shared"))
    daemon = stage.launch(*FAST, name="shared", config=config, shared=stage.scaled("shared"))
    daemon.await_event("rival appeared")
    daemon.await_event("would scale")
    seen = look(stage, daemon, "shared")
    stage.plane.admin.delete(hpas(stage.namespace, "keda-hpa-shared"))
    stage.await_replicas("shared", 4, within_seconds=60)
    daemon.await_event("rival left")
    return seen


def play_shadow(stage: Stage, config: Path) -> RunningDaemon:
    """A dry run beside an HPA."""
    stage.make("shadowed", replicas=1)
    stage.push("shadowed", 34)
    stage.plane.admin.create(hpas(stage.namespace), an_hpa("keda-hpa-shadowed", "shadowed"))
    objects = {"shadowed": stage.scaled("shadowed")}
    daemon = stage.launch("--dry-run", *FAST, name="shadowed", config=config, **objects)
    daemon.await_event("would scale")
    daemon.await_event("rival appeared")
    return daemon


def undo(stage: Stage, name: str, back: int, times: int) -> Callable[[], bool]:
    """Somebody who sets the count back to ``back`` whenever it is another, so many times."""
    left = [times]

    def look() -> bool:
        if stage.replicas(name) != back and left[0]:
            left[0] -= 1
            stage.plane.admin.patch(path_of(stage.namespace, "deployments", name), {"spec": {"replicas": back}})
        return left[0] == 0

    return look


def play_fight(stage: Stage) -> Seen:
    """Undo three writes of a daemon that may not see HPAs, and let it have the last word."""
    stage.make("fought", replicas=1)
    stage.push("fought", 34)
    daemon = stage.launch(*FAST, name="fought", fought=stage.scaled("fought", poll=3))
    await_that(undo(stage, "fought", back=1, times=3), within_seconds=60, what="three writes undone")
    daemon.await_event("contest began")
    seen = look(stage, daemon, "fought")
    stage.await_replicas("fought", 4, within_seconds=60)
    daemon.await_event("scaled", count=4)
    return seen


def play(stage: Stage) -> dict[str, Any]:
    """Play all three side by side: they mostly wait."""
    config = seeing(stage)
    with ThreadPoolExecutor() as pool:
        begun = {
            "hpa": pool.submit(play_hpa, stage, config),
            "shadow": pool.submit(play_shadow, stage, config),
            "fight": pool.submit(play_fight, stage),
        }
        return {name: each.result() for name, each in begun.items()}


def test_an_hpa_on_the_target_is_refused_until_it_goes(played: dict[str, Any]):
    """Nothing is written beside KEDA's HPA, log, metric and readiness say so, and within 30 s of its end we scale."""
    seen: Seen = played["hpa"]
    (appeared,), (left,) = seen.daemon.events("rival appeared"), seen.daemon.events("rival left")
    wish = seen.daemon.events("would scale")[0]
    assert (appeared["level"], appeared["hpa"], left["hpa"]) == ("warning", "keda-hpa-shared", "keda-hpa-shared")
    assert (wish["desired"], wish["cause"]) == (4, "HPA keda-hpa-shared scales the same target")
    assert f'autoscaler_rival{{{seen.key},hpa="keda-hpa-shared"}} 1' in seen.metrics
    status, detail = seen.ready
    assert (status, "HPA keda-hpa-shared scales the same target" in detail) == (200, True)
    assert seen.meanwhile == []
    assert not seen.daemon.events("optional rights missing")


def test_a_dry_run_beside_an_hpa_decides_as_ever(played: dict[str, Any]):
    """A dry run notes the HPA and logs what it would do: that is what it is for."""
    daemon: RunningDaemon = played["shadow"]
    wish = daemon.events("would scale")[0]
    assert (wish["desired"], wish["cause"]) == (4, "--dry-run writes nothing")
    assert daemon.events("rival appeared")[0]["level"] == "info"


def test_who_undoes_our_writes_is_named_and_answered_at_syncs_only(played: dict[str, Any]):
    """Without the right to see HPAs a fight shows: three undone writes, then one write per sync and no more."""
    seen: Seen = played["fight"]
    assert seen.daemon.events("optional rights missing")[0]["level"] == "info"
    assert seen.daemon.events("contest began")[0]["reason"] == "ForeignWriter"
    found = seen.daemon.events("foreign write")
    assert [(write["before"], write["after"]) for write in found] == [(4, 1)] * 3
    assert f"autoscaler_foreign_writer{{{seen.key}," in seen.metrics
    assert f"autoscaler_foreign_writes_total{{{seen.key}}} 3" in seen.metrics
    assert "ForeignWriter" in seen.ready[1]
    written = seen.daemon.events("scaled")
    assert [record["desired"] for record in written] == [4] * 4
    assert "sync" in written[-1]["slots"]
