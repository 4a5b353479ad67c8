"""``autoscaler plan`` against an API server and a Prometheus that stand in on loopback: it asks, decides and prints."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autoscaler.demo.kube import KubeStandIn
from autoscaler.demo.prometheus import PrometheusStandIn, Series
from autoscaler.demo.workloads import Workloads
from autoscaler.model.text import Secret
from tests.unit.cli.run import ROOT, Done, environment

OBJECT = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: web, namespace: shop}}
spec:
  scaleTargetRef: {{name: web}}
  maxReplicaCount: 10
  triggers:
    - type: prometheus
      metadata:
        serverAddress: {address}
        query: sum(rate(http_requests_total[2m]))
        threshold: "10"
"""


@dataclass
class World:
    """A cluster, a Prometheus with one number (None: it answers without data), and a folder with one object."""

    folder: Path
    number: float | None = 34.0
    workloads: Workloads = field(default_factory=lambda: Workloads(time.time))

    def answers(self, query: str, at: float) -> tuple[Series, ...]:
        """Answer every query with the one number."""
        return () if self.number is None else (Series(labels={}, number=self.number),)

    async def plan(self, *arguments: str) -> Done:
        """Type ``autoscaler plan`` in the folder."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "autoscaler",
            "plan",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            env=environment(KUBECONFIG=str(self.folder / "kubeconfig"), TZ="UTC"),
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Done(process.returncode, out.decode(), err.decode())

    def replicas(self) -> int:
        """The count as the cluster has it."""
        return self.workloads.find("shop", "web").replicas


@asynccontextmanager
async def a_world(folder: Path, *, replicas: int) -> AsyncIterator[World]:
    world = World(folder)
    world.workloads.add("shop", "web", replicas)
    kube, prometheus = KubeStandIn(world.workloads, Secret("t0ken")), PrometheusStandIn(world.answers, time.time)
    await kube.start()
    (folder / "web.yaml").write_text(OBJECT.format(address=await prometheus.start()))
    (folder / "kubeconfig").write_text(json.dumps(kube.kubeconfig("shop")))
    (folder / "kubeconfig").chmod(0o600)
    try:
        yield world
    finally:
        await prometheus.stop()
        await kube.stop()


async def test_a_plan_shows_the_whole_decision_and_writes_nothing(tmp_path: Path):
    """One tick, from the value to the write that is withheld; the cluster is as before."""
    async with a_world(tmp_path, replicas=2) as world:
        done = await world.plan("web.yaml")
        assert done.status == 0, done.err
        first, *rest = done.out.splitlines()
        stations = {line[:15].strip(): " ".join(line[15:].split()) for line in rest if line.startswith("  ")}
        assert first.startswith("web  2 → 4 at ")
        assert first.endswith(" UTC  deploy/web in shop")
        assert stations["tolerance"] == "34.0 / (10 x 2) = 1.70 outside 0.9 .. 1.1"
        assert stations["bounds"] == "min 0, max 10 inside"
        assert stations["written"] == "nothing 4 withheld: a plan never writes"
        assert done.out.endswith("\n1 planned, 1 would change. Nothing was written.\n")
        assert "demo: Kubernetes v1.36.0-demo. Read-only." in done.err
        assert world.replicas() == 2


async def test_a_plan_can_fail_a_pipeline(tmp_path: Path):
    """With --exit-code, 1 says that something would change, 0 that nothing would."""
    async with a_world(tmp_path, replicas=2) as world:
        assert (await world.plan("web.yaml", "--exit-code")).status == 1
        world.number = 20.0
        assert (await world.plan("web.yaml", "--exit-code")).status == 0


async def test_a_plan_as_json_is_a_record(tmp_path: Path):
    """Programs get the numbers, the words and the whole record."""
    async with a_world(tmp_path, replicas=2) as world:
        body = json.loads((await world.plan("-f", "web.yaml", "-o", "json")).out)
        (one,) = body["records"]
        assert (body["apiVersion"], body["kind"]) == ("autoscaler.sh/v1", "Plan")
        assert (one["object"], one["current"], one["desired"]) == ({"namespace": "shop", "name": "web"}, 2, 4)
        assert one["why"] == "34.0 / 10 → 4"
        assert one["record"]["decision"]["recommendation"] == 4
        assert one["record"]["outcome"] == {"kind": "Withheld", "why": "a plan never writes"}


async def test_a_plan_reads_the_settings_of_the_daemon(tmp_path: Path):
    """With the daemon's settings file a plan decides as the daemon would."""
    async with a_world(tmp_path, replicas=3) as world:
        (tmp_path / "autoscaler.yaml").write_text("tolerance: 0.5\nlisten: off\n")
        assert "web  3 → 4" in (await world.plan("web.yaml")).out
        assert (await world.plan("web.yaml", "--config", "autoscaler.yaml")).out.startswith("web  3 at ")


async def test_a_shrink_waits_for_its_window(tmp_path: Path):
    """Without memory the object counts as just seen, as after any restart."""
    async with a_world(tmp_path, replicas=9) as world:
        done = await world.plan("web.yaml")
        assert done.status == 0
        assert done.out.startswith("web  9 at ")
        assert "4 → 9  ScaleDownStabilized" in done.out


async def test_a_workload_that_is_not_there_is_no_answer(tmp_path: Path):
    """What could not be found out ends with 3 and says what is missing."""
    async with a_world(tmp_path, replicas=1) as world:
        text = (tmp_path / "web.yaml").read_text()
        (tmp_path / "web.yaml").write_text(text.replace("scaleTargetRef: {name: web}", "scaleTargetRef: {name: gone}"))
        done = await world.plan("web.yaml")
        assert done.status == 3
        assert "deploy/gone in shop" in done.out
        assert "not found" in done.out


async def test_a_source_that_is_away_is_no_answer(tmp_path: Path):
    """A trigger that gives nothing ends with 3, and the count stays."""
    async with a_world(tmp_path, replicas=3) as world:
        (tmp_path / "web.yaml").write_text(OBJECT.format(address="http://127.0.0.1:1"))
        done = await world.plan("web.yaml")
        assert done.status == 3
        assert "unreachable" in done.out
        assert "web  3 at " in done.out


async def test_a_formula_that_fails_is_no_answer(tmp_path: Path):
    """Every source answers, and still nothing was found out: 3, as where a trigger is missing."""
    async with a_world(tmp_path, replicas=3) as world:
        modifiers = '  advanced: {scalingModifiers: {formula: a / (a - 34), target: "2"}}\n'
        text = (tmp_path / "web.yaml").read_text().replace("  triggers:\n", f"{modifiers}  triggers:\n")
        (tmp_path / "web.yaml").write_text(text.replace("- type: prometheus", "- type: prometheus\n      name: a"))
        done = await world.plan("web.yaml")
        assert done.status == 3
        assert "the formula gives inf" in done.out


async def test_a_refused_document_is_shown_as_check_shows_it(tmp_path: Path):
    """Findings come before the plan, the other objects are planned all the same."""
    async with a_world(tmp_path, replicas=2) as world:
        bad = (tmp_path / "web.yaml").read_text().replace("name: web,", "name: bad,").replace("threshold", "treshold")
        (tmp_path / "bad.yaml").write_text(bad)
        done = await world.plan(".")
        assert done.status == 1
        assert "bad.yaml:10:9: E102" in done.err
        assert "web  2 → 4" in done.out


async def test_a_folder_without_objects_is_wrong_usage(tmp_path: Path):
    """Nothing to plan ends with 2 and what to type next."""
    async with a_world(tmp_path, replicas=2) as world:
        (tmp_path / "web.yaml").unlink()
        (tmp_path / "none.yaml").write_text("# nothing\n")
        done = await world.plan("none.yaml")
        assert done.status == 2
        assert done.err.endswith("Try:   autoscaler check none.yaml\n")


async def test_without_a_kubeconfig_the_way_out_is_named(tmp_path: Path):
    """A missing kubeconfig ends with wrong usage and the flag that names one."""
    async with a_world(tmp_path, replicas=2) as world:
        (tmp_path / "kubeconfig").unlink()
        done = await world.plan("web.yaml")
        assert done.status == 2
        assert "--kubeconfig" in done.err
        assert tmp_path != ROOT
