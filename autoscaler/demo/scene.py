"""The demo's stage: both stand-ins, the clock that the daemon is given, and the files that are kept afterwards."""

import json
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from autoscaler.core.cadence import due
from autoscaler.demo import load
from autoscaler.demo.kube import KubeStandIn
from autoscaler.demo.prometheus import PrometheusStandIn, Series
from autoscaler.demo.workloads import Workloads
from autoscaler.loop.clock import FastClock
from autoscaler.loop.ports import Clock
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget
from autoscaler.model.observation import Slot
from autoscaler.model.text import Secret

NAMESPACE: Final = "demo"
NAME: Final = "web"
MANIFEST: Final = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: web
  namespace: demo
spec:
  scaleTargetRef: {{name: web}}
  pollingInterval: 1
  cooldownPeriod: 15
  maxReplicaCount: 10
  advanced: {{horizontalPodAutoscalerConfig: {{behavior: {{scaleDown: {{stabilizationWindowSeconds: 20}}}}}}}}
  triggers:
    - type: prometheus
      metadata:
        serverAddress: {server}
        query: {query}
        threshold: "10"
"""
LEAD_SECONDS: Final = 1.5  # of the machine's time, from the daemon's start to the demo's zero


class Scene:
    """Stand-ins on loopback, and a folder with the object, the kubeconfig and the daemon's log."""

    def __init__(self, folder: Path, clock: Clock, zero: datetime) -> None:
        self.folder = folder
        self.clock = clock
        self.zero = zero
        self._workloads = Workloads(self._seconds, ready_seconds=2.0)
        self._workloads.add(NAMESPACE, NAME, 0)
        self._kube = KubeStandIn(self._workloads, Secret(secrets.token_urlsafe(24)))
        self._prometheus = PrometheusStandIn(self._answer, self._seconds)

    @property
    def manifest(self) -> Path:
        """Where the ScaledObject lies."""
        return self.folder / "web.yaml"

    @property
    def kubeconfig(self) -> Path:
        """Where the kubeconfig of the stand-in lies."""
        return self.folder / "kubeconfig"

    @property
    def log(self) -> Path:
        """Where the daemon's log lies."""
        return self.folder / "log.jsonl"

    async def open(self) -> None:
        """Start both stand-ins and write the files."""
        await self._kube.start()
        server = await self._prometheus.start()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manifest.write_text(MANIFEST.format(server=server, query=load.QUERY))
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(json.dumps(self._kube.kubeconfig(NAMESPACE)))

    async def close(self) -> None:
        """End both stand-ins; the kubeconfig leads nowhere then and goes."""
        await self._kube.stop()
        await self._prometheus.stop()
        self.kubeconfig.unlink(missing_ok=True)

    def elapsed(self, at: datetime) -> float:
        """Give the seconds since the demo's zero."""
        return (at - self.zero).total_seconds()

    def _seconds(self) -> float:
        return self.clock.now().timestamp()

    def _answer(self, query: str, at: float) -> tuple[Series, ...] | None:
        return load.answer(query, at - self.zero.timestamp())


def fast_clock(rate: float, zero: datetime) -> FastClock:
    """Give a clock on which ``zero`` lies a moment ahead, in the machine's time."""
    start = zero.timestamp() - LEAD_SECONDS * rate
    return FastClock(rate, wall=lambda: start)


def next_sync(now: datetime) -> datetime:
    """Give a sync slot of the demo's object: the zero of its times, so that every run shows the same ones."""
    obj = ScaledObject(
        key=ObjectKey(namespace=NAMESPACE, name=NAME),
        target=ScaleTarget(namespace=NAMESPACE, name=NAME),
        triggers=(),
        polling_interval=timedelta(seconds=1),
    )
    turn = due(obj, Memory(), now, now)
    while Slot.SYNC not in turn.slots:
        turn = due(obj, Memory(), turn.at, turn.at)
    return turn.at
