"""Clusters for the contract of the scale port: the real API server and the stand-in, driven alike."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import anyio.to_thread

from autoscaler.demo.kube import KubeStandIn
from autoscaler.demo.workloads import Workloads
from autoscaler.kube.access import Access
from autoscaler.kube.actuator import ScaleActuator
from autoscaler.kube.client import Writer
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.kubeconfig import find_access
from autoscaler.kube.pods import Pods
from autoscaler.kube.targets import ScaleReader
from autoscaler.kube.watch import Watches
from autoscaler.model.decision import Activity, Decision, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject, ScaleTarget
from autoscaler.model.observation import Observation, ScaleStatus, Slot, Unreadable
from autoscaler.model.record import Decided, Outcome, Unneeded
from autoscaler.model.turn import Cohort, Turn
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, workload
from tests.unit.builders import an_object


class World(Protocol):
    """A cluster in which a test moves things behind our back."""

    namespace: str

    def kubeconfig(self) -> Path:
        """Write the kubeconfig of somebody who may do everything."""

    def make(self, name: str, replicas: int) -> None:
        """Create a Deployment."""

    def write(self, name: str, replicas: int) -> None:
        """Set its count as another writer."""

    def touch(self, name: str) -> None:
        """Change it without changing its count."""

    def remove(self, name: str) -> None:
        """Delete it."""

    def count(self, name: str) -> int:
        """Give the count that is stored."""


class StandIn:
    """The demo's API server."""

    namespace = "shop"

    def __init__(self, folder: Path, workloads: Workloads, server: KubeStandIn) -> None:
        self._folder = folder
        self._workloads = workloads
        self._server = server

    def kubeconfig(self) -> Path:
        path = self._folder / "kubeconfig"
        path.write_text(json.dumps(self._server.kubeconfig(self.namespace)))
        return path

    def make(self, name: str, replicas: int) -> None:
        self._workloads.add(self.namespace, name, replicas)

    def write(self, name: str, replicas: int) -> None:
        self._workloads.scale(self._workloads.find(self.namespace, name), replicas, manager="somebody")

    def touch(self, name: str) -> None:
        now = self._workloads.find(self.namespace, name).replicas
        self.write(name, now + 1)
        self.write(name, now)

    def remove(self, name: str) -> None:
        self._workloads.remove(self.namespace, name)

    def count(self, name: str) -> int:
        return self._workloads.find(self.namespace, name).replicas


class Real:
    """The session's kube-apiserver."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self._plane = plane
        self.namespace = namespace

    def kubeconfig(self) -> Path:
        return self._plane.admin_kubeconfig(namespace=self.namespace)

    def make(self, name: str, replicas: int) -> None:
        self._plane.admin.create(
            path_of(self.namespace, "deployments"), workload("Deployment", name, replicas=replicas)
        )

    def write(self, name: str, replicas: int) -> None:
        self._patch(name, {"spec": {"replicas": replicas}})

    def touch(self, name: str) -> None:
        self._patch(name, {"metadata": {"annotations": {"touched": datetime.now(UTC).isoformat()}}})

    def remove(self, name: str) -> None:
        self._plane.admin.delete(path_of(self.namespace, "deployments", name))

    def count(self, name: str) -> int:
        replicas = self._plane.admin.get(path_of(self.namespace, "deployments", name))["spec"]["replicas"]
        assert isinstance(replicas, int)
        return replicas

    def _patch(self, name: str, body: dict[str, object]) -> None:
        self._plane.admin.patch(path_of(self.namespace, "deployments", name), body)


class Hands:
    """Our side of the port: one client, its reader and its actuator."""

    def __init__(self, access: Access, namespace: str, *, watching: bool = False) -> None:
        self.client = Writer(access)
        self.discovery = Discovery(self.client)
        self.watches = Watches(self.client) if watching else None
        self.reader = ScaleReader(self.client, self.discovery, Pods(self.client), self.watches)
        self.actuator = ScaleActuator(self.client, self.discovery, now, noticed=self.reader.note)
        self.namespace = namespace

    def object(
        self, name: str, *, kind: str = "Deployment", api_version: str = "apps/v1", maximum: int = 100, **rest: object
    ) -> ScaledObject:
        target = ScaleTarget(namespace=self.namespace, name=name, kind=kind, api_version=api_version)
        return an_object(workload=target, maximum=maximum, **rest)  # type: ignore[arg-type]

    async def read(self, obj: ScaledObject) -> ScaleStatus | Unreadable:
        return (await self.reader.read(a_cohort(obj)))[obj.target]

    async def scale(self, obj: ScaledObject) -> ScaleStatus:
        found = await self.read(obj)
        assert isinstance(found, ScaleStatus), found
        return found

    async def apply(self, obj: ScaledObject, scale: ScaleStatus, desired: int, *, seconds: float = 5) -> Outcome:
        record = a_decision(obj, scale, desired)
        return await self.actuator.apply(record, deadline=now() + timedelta(seconds=seconds))

    async def close(self) -> None:
        await self.client.close()


async def hands_of(world: World, *, watching: bool = False) -> Hands:
    """Make our side of a world's port."""
    path = await anyio.to_thread.run_sync(world.kubeconfig)
    access = await find_access(kubeconfig=str(path), context=None, announce=print, environ={})
    return Hands(access, world.namespace, watching=watching)


def now() -> datetime:
    """Steady time is good enough as the machine's here."""
    return datetime.now(UTC)


def a_cohort(*objects: ScaledObject) -> Cohort:
    """A cohort of objects that poll now."""
    slots = frozenset({Slot.POLL, Slot.SYNC})
    turns = tuple(Turn(obj=obj, at=now(), slots=slots, asks=(0,)) for obj in objects)
    return Cohort(at=now(), wall=now(), turns=turns)


def a_decision(obj: ScaledObject, scale: ScaleStatus, desired: int) -> Decided:
    """A record that wants ``desired`` of what was read."""
    seen = Observation(at=now(), wall=now(), slots=frozenset({Slot.SYNC}), scale=scale, measurements=())
    step = Step(stage=Stage.BOUND, before=scale.spec, after=desired, reason=Reason.DESIRED_WITHIN_RANGE)
    decision = Decision(current=scale.spec, base=scale.spec, desired=desired, activity=Activity.ACTIVE, steps=(step,))
    return Decided(obj=obj, memory=Memory(), seen=seen, decision=decision, outcome=Unneeded())


async def a_stand_in(folder: Path, clock: Callable[[], float] | None = None) -> tuple[StandIn, KubeStandIn]:
    """Start the demo's API server, with pods that are ready at once."""
    from autoscaler.model.text import Secret

    workloads = Workloads(clock or asyncio.get_running_loop().time, ready_seconds=0.0)
    server = KubeStandIn(workloads, Secret("let-me-in"))
    await server.start()
    return StandIn(folder, workloads, server), server
