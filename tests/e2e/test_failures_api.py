"""An API server that refuses, goes away or hangs: each has a line, changes nothing it should not, and passes."""

import json
import time
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp import web

from autoscaler.demo.kube import KubeStandIn
from autoscaler.demo.workloads import Workloads
from autoscaler.model.text import Secret
from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that, grant
from tests.e2e.threads import on_a_thread
from tests.servers.objects import path_of, role, rule
from tests.unit.cli.run import typed

pytestmark = pytest.mark.e2e

SCALES = rule(["apps"], ["deployments/scale"], ["get", "patch"])


@pytest.fixture(scope="module")
def daemon(stage: Stage) -> RunningDaemon:
    """A daemon with two objects at work."""
    stage.make("api", "other")
    stage.push("api", 25)
    stage.push("other", 25)
    daemon = stage.launch(*FAST, "--api-timeout", "3s", api=stage.scaled("api"), other=stage.scaled("other"))
    for name in ("api", "other"):
        stage.await_replicas(name, 3)
    return daemon


def await_ready(daemon: RunningDaemon, status: int, *words: str) -> None:
    """Wait until /readyz answers so, with one of these words in it."""

    def says() -> bool:
        found, text = daemon.get("/readyz")
        return found == status and any(word in text for word in words or ("",))

    await_that(says, within_seconds=60, what=f"/readyz {status} {words}")


def reasons(daemon: RunningDaemon, name: str) -> list[str]:
    """Why the scale of an object could not be read, in order."""
    return [r["reason"] for r in daemon.events("scale unreadable") if r["object"].endswith(f"/{name}")]


def test_a_workload_that_is_deleted_and_comes_back(stage: Stage, daemon: RunningDaemon):
    """404: said once, the others go on, the daemon stays ready; the new workload is scaled from where it stands."""
    stage.plane.admin.delete(path_of(stage.namespace, "deployments", "api"))
    await_that(lambda: "not found" in reasons(daemon, "api"), what="not found")
    assert daemon.get("/readyz")[0] == 200
    stage.push("other", 35)
    stage.await_replicas("other", 4)
    stage.make("api", replicas=1)
    stage.await_replicas("api", 3)
    assert reasons(daemon, "api").count("not found") == 1


def test_rights_that_are_taken_and_given_back(stage: Stage, daemon: RunningDaemon):
    """403: the line names the right, a fleet that may not be read is not ready, and it goes on when it may."""
    name = path_of(stage.namespace, "roles", "scaler")
    stage.plane.admin.replace(name, role("scaler"))
    await_ready(daemon, 503, "may not", "cannot get")
    await_that(lambda: reasons(daemon, "api")[-1] == "forbidden", what="forbidden")
    stage.push("api", 35)
    time.sleep(1)
    assert stage.replicas("api") == 3
    stage.plane.admin.replace(name, role("scaler", SCALES))
    await_ready(daemon, 200)
    stage.await_replicas("api", 4)


def test_a_right_to_write_that_is_missing(stage: Stage, daemon: RunningDaemon):
    """403 on the PATCH alone: the decision is logged as failed, once, and written when it may be."""
    name = path_of(stage.namespace, "roles", "scaler")
    stage.plane.admin.replace(name, role("scaler", rule(["apps"], ["deployments/scale"], ["get"])))
    stage.push("api", 55)
    failed = daemon.await_event("write failed")
    assert (failed["status"], failed["current"], "patch" in failed["cause"]) == (403, 4, True)
    stage.plane.admin.replace(name, role("scaler", SCALES))
    stage.await_replicas("api", 6, within_seconds=60)


def test_another_writer_is_met(stage: Stage, daemon: RunningDaemon):
    """409: a count that somebody else wrote meanwhile is decided on anew; the last word is what the load needs."""
    for count in (1, 2, 9, 1, 2):
        stage.plane.admin.patch(path_of(stage.namespace, "deployments", "other/scale"), {"spec": {"replicas": count}})
        time.sleep(0.4)
    stage.await_replicas("other", 4, within_seconds=60)
    assert not daemon.events("tick broke")


def test_a_server_that_hangs_and_one_that_is_gone(stage: Stage, daemon: RunningDaemon):
    """Suspended or down: not ready and why, the process lives, and it goes on by itself when the server is back."""
    with stage.plane.suspended():
        await_ready(daemon, 503, "no answer from")
    await_ready(daemon, 200)
    with stage.plane.outage():
        await_ready(daemon, 503, "cannot connect to")
    await_ready(daemon, 200)
    stage.push("api", 85)
    stage.await_replicas("api", 9)
    assert not daemon.ended()


def test_a_token_that_is_revoked(stage: Stage, daemon: RunningDaemon):
    """401: not ready and why; nothing else changes, and no credential is tried twice a second for ever."""
    stage.plane.admin.delete(path_of(stage.namespace, "serviceaccounts", "scaler"))
    await_ready(daemon, 503, "no longer accepts our credentials")
    stage.push("api", 30)
    time.sleep(2)
    assert (stage.replicas("api"), daemon.ended()) == (9, False)


def test_a_namespace_without_rights_is_named(stage: Stage):
    """Where nothing may be read the log says what is missing and the rule that grants it; nothing else happens."""
    elsewhere = stage.scaled("api").replace(f"namespace: {stage.namespace}", "namespace: default")
    lost = grant(stage.plane, stage.namespace, "get", account="lost")
    daemon = stage.launch(*FAST, name="lost", config=lost, lost=elsewhere)
    missing = daemon.await_event("rights missing")
    assert "patch deployments/scale.apps in default" in missing["rights"]
    assert "resources: [deployments/scale]" in missing["add"]
    assert daemon.await_event("scale unreadable")["reason"] == "forbidden"


def test_a_plan_without_rights_says_which_rule_to_add(stage: Stage, tmp_path: Path):
    """The rule that reading takes stands under what was refused, and can be copied."""
    (tmp_path / "api.yaml").write_text(
        stage.scaled("api").replace(f"namespace: {stage.namespace}", "namespace: default")
    )
    poor = grant(stage.plane, stage.namespace, "get", account="poor")
    done = typed("plan", "api.yaml", "--kubeconfig", str(poor), cwd=tmp_path)
    assert (done.status, "forbidden" in done.out) == (3, True)
    rule = 'rules: [{apiGroups: ["apps"], resources: [deployments/scale], verbs: [get]}]'
    assert f"Try:   a Role in default with {rule}" in done.err


class Busy(KubeStandIn):
    """An API server that refuses writes a few times before it takes them."""

    refusals: ClassVar[list[tuple[int, dict[str, str]]]] = [(429, {"Retry-After": "1"}), (500, {}), (503, {})]

    async def _patch_scale(self, request: web.Request) -> web.Response:
        if self.refusals:
            status, headers = self.refusals.pop(0)
            body = {"kind": "Status", "status": "Failure", "code": status, "message": "too busy"}
            return web.json_response(body, status=status, headers=headers)
        return await super()._patch_scale(request)


def test_a_server_that_is_too_busy_is_asked_again(stage: Stage, tmp_path: Path):
    """429 with Retry-After, 500 and 503: each write that failed is told, and the count is written when it is taken."""
    stage.push("busy", 25)
    workloads = Workloads(time.monotonic)
    workload = workloads.add("demo", "busy", 0)
    with on_a_thread() as do:
        server = Busy(workloads, Secret("let-me-in"))
        do(server.start())
        config = tmp_path / "kubeconfig"
        config.write_text(json.dumps(server.kubeconfig("demo")))
        config.chmod(0o600)
        document = stage.scaled("busy").replace(f"namespace: {stage.namespace}", "namespace: demo")
        daemon = stage.launch(*FAST, name="busy", config=config, busy=document)
        await_that(lambda: workload.replicas == 3, within_seconds=60, what="3 replicas")
        statuses = [record["status"] for record in daemon.events("write failed")]
        daemon.end()
        do(server.stop())
    assert statuses[0] == 429
    assert not Busy.refusals
