"""Deployments that exist only here: their counts, their versions and their pods. No network."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

Now = Callable[[], float]


class RefusedError(Exception):
    """What the API server would refuse, with its code, its word and its sentence."""

    def __init__(self, code: int, reason: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.name = name


@dataclass(slots=True, kw_only=True)
class Workload:
    """One Deployment. ``pods`` holds the instant at which each pod was made, oldest first, in seconds."""

    namespace: str
    name: str
    replicas: int
    labels: Mapping[str, str]
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    version: int = 1
    pods: list[float] = field(default_factory=list)
    manager: str = "kubectl"
    written_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Workloads:
    """All workloads of the stand-in. ``ready_seconds`` is how long a pod takes from its making to Ready."""

    def __init__(self, now: Now, *, ready_seconds: float = 2.0) -> None:
        self._now = now
        self._ready_seconds = ready_seconds
        self._version = 1000
        self._all: dict[tuple[str, str], Workload] = {}

    def add(self, namespace: str, name: str, replicas: int, labels: Mapping[str, str] | None = None) -> Workload:
        """Make a Deployment whose first pods are ready at once."""
        made = Workload(
            namespace=namespace,
            name=name,
            replicas=replicas,
            labels=labels or {"app": name},
            version=self._next(),
            pods=[self._now() - self._ready_seconds] * replicas,
        )
        self._all[namespace, name] = made
        return made

    def remove(self, namespace: str, name: str) -> None:
        """Delete a Deployment and its pods."""
        self._all.pop((namespace, name), None)

    def find(self, namespace: str, name: str) -> Workload:
        """Give a Deployment; RefusedError when it does not exist."""
        found = self._all.get((namespace, name))
        if found is None:
            raise RefusedError(404, "NotFound", f'deployments.apps "{name}" not found', name)
        return found

    def matching(self, namespace: str, labels: Mapping[str, str]) -> list[Workload]:
        """Give the Deployments of a namespace whose labels hold all of these."""
        return [
            found
            for found in self._all.values()
            if found.namespace == namespace and labels.items() <= found.labels.items()
        ]

    def ready(self, workload: Workload) -> int:
        """Count the pods that are ready now."""
        return sum(self.is_ready(made_at) for made_at in workload.pods)

    def is_ready(self, made_at: float) -> bool:
        """Say whether a pod of that age is ready."""
        return self._now() - made_at >= self._ready_seconds

    def scale(
        self, workload: Workload, replicas: int, *, manager: str, version: str | None = None, uid: str | None = None
    ) -> None:
        """Set the count as the API server does: on the right version and identity, or RefusedError."""
        if uid is not None and uid != workload.uid:
            raise _conflict(
                workload, f"Precondition failed: UID in precondition: {uid}, UID in object meta: {workload.uid}"
            )
        if version is not None and version != str(workload.version):
            raise _conflict(
                workload,
                "the object has been modified; please apply your changes to the latest version and try again",
            )
        if replicas < 0:
            raise RefusedError(
                422,
                "Invalid",
                f'Scale.autoscaling "{workload.name}" is invalid: spec.replicas: Invalid value: {replicas}: '
                "must be greater than or equal to 0",
                workload.name,
            )
        if replicas == workload.replicas:
            return
        workload.pods = [*workload.pods[:replicas], *([self._now()] * (replicas - len(workload.pods)))]
        workload.replicas, workload.version = replicas, self._next()
        workload.manager, workload.written_at = manager, datetime.now(UTC)

    def _next(self) -> int:
        self._version += 1
        return self._version


def _conflict(workload: Workload, why: str) -> RefusedError:
    text = f'Operation cannot be fulfilled on deployments.apps "{workload.name}": {why}'
    return RefusedError(409, "Conflict", text, workload.name)
