"""The real daemon as a process, for end-to-end tests: its objects as files, its log as records."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, role, role_binding, rule, workload
from tests.servers.prometheus import Prometheus

SCALES = ("deployments/scale", "statefulsets/scale")
FAST = ("--guard-beat", "1s", "--guard-recovery-min", "3s")
"""A source guard that believes after seconds what it otherwise believes after a minute."""

SCALED_OBJECT = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: {name}, namespace: {namespace}{annotations}}}
spec:
  scaleTargetRef: {{name: {name}}}
  pollingInterval: {poll}
  cooldownPeriod: {cooldown}
  minReplicaCount: {minimum}
  maxReplicaCount: {maximum}
{more}  triggers:
  - type: prometheus
    metadata: {{serverAddress: "{server}", query: '{query}', threshold: "{threshold}"}}
"""


def scaled_object(
    namespace: str,
    server: str,
    query: str,
    *,
    name: str = "web",
    poll: int = 1,
    cooldown: int = 5,
    minimum: int = 0,
    maximum: int = 10,
    threshold: int = 10,
    more: str = "",
    annotations: str = "",
) -> str:
    """A ScaledObject document for a Deployment of the same name."""
    return SCALED_OBJECT.format(
        namespace=namespace,
        server=server,
        query=query,
        name=name,
        poll=poll,
        cooldown=cooldown,
        minimum=minimum,
        maximum=maximum,
        threshold=threshold,
        more=more,
        annotations=f", annotations: {{{annotations}}}" if annotations else "",
    )


def await_that(holds: Callable[[], Any], *, within_seconds: float = 10, what: str = "") -> float:
    """Wait until a condition holds, and give how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_seconds, f"not within {within_seconds} s: {what or holds}"
        time.sleep(0.02)
    return time.monotonic() - began


class RunningDaemon:
    """``autoscaler run`` against a real API server, until ``stop`` or ``kill``."""

    def __init__(self, folder: Path, kubeconfig: Path, *flags: str, objects: dict[str, str] | None = None) -> None:
        self.objects = folder / "objects"
        self.state = folder / "state"
        self.objects.mkdir(parents=True, exist_ok=True)
        self.records: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self._kubeconfig = kubeconfig
        self._flags = flags
        self._process: subprocess.Popen[str] | None = None
        for name, text in (objects or {}).items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        """Put a document where the daemon looks, at once and whole."""
        fresh = self.objects.parent / f".{name}"
        fresh.write_text(text)
        fresh.rename(self.objects / name)

    def start(self) -> "RunningDaemon":
        """Start the process and wait until it has started its work."""
        command = [
            *(sys.executable, "-m", "autoscaler", "run", "-f", str(self.objects)),
            *("--kubeconfig", str(self._kubeconfig), "--state-dir", str(self.state)),
            *("--listen", "127.0.0.1:0", "--log-format", "json", *self._flags),
        ]
        self.records = []
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={key: text for key, text in os.environ.items() if "proxy" not in key.lower()},
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        threading.Thread(target=self._read_errors, args=(self._process.stderr,), daemon=True).start()
        self.await_event("started", within_seconds=20)
        return self

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.records.append(json.loads(line))

    def _read_errors(self, stream: Any) -> None:
        self.errors.extend(stream)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Every record of one event so far."""
        return [record for record in list(self.records) if record["event"] == name]

    def await_event(self, name: str, *, within_seconds: float = 10, count: int = 1) -> dict[str, Any]:
        """Wait for the ``count``-th record of an event and give it."""
        await_that(
            lambda: len(self.events(name)) >= count or self.ended(),
            within_seconds=within_seconds,
            what=f"{count} x {name}",
        )
        found = self.events(name)
        assert len(found) >= count, f"the daemon ended: {self.records[-3:]} {self.errors[-20:]}"
        return found[count - 1]

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def get(self, path: str) -> tuple[int, str]:
        """Ask the daemon's own listener, and give the status and the text."""
        address = self.await_event("listening")["address"]
        try:
            with urlopen(f"http://{address}{path}", timeout=5) as response:
                return response.status, response.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def stop(self) -> float:
        """End it in order, and give how long that took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(timeout=10)
        return time.monotonic() - began

    def end(self) -> None:
        """End it whatever state it is in, a suspended one too."""
        if self._process is not None and not self.ended():
            self._process.kill()
            self._process.wait(timeout=10)

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)


class Stage:
    """A namespace with its daemons, and a Prometheus: where one course of events is played."""

    def __init__(
        self, plane: ControlPlane, prometheus: Prometheus, namespace: str, folder: Path, kubeconfig: Path
    ) -> None:
        self.plane = plane
        self.prometheus = prometheus
        self.namespace = namespace
        self.kubeconfig = kubeconfig
        self._folder = folder
        self._daemons: list[RunningDaemon] = []

    def launch(self, *flags: str, name: str = "daemon", config: Path | None = None, **objects: str) -> RunningDaemon:
        """Start a daemon with objects given by file name."""
        files = {f"{file}.yaml": text for file, text in objects.items()}
        daemon = RunningDaemon(self._folder / name, config or self.kubeconfig, *flags, objects=files)
        self._daemons.append(daemon)
        return daemon.start()

    def mount(self, daemon: str, data: dict[str, str]) -> None:
        """Write a ConfigMap's data where a daemon looks, as the kubelet mounts it; again for its next version.

        Every file is a link through ``..data``, itself a link to a dated folder that is replaced by renaming.
        """
        folder = self._folder / daemon / "objects"
        dated = folder / f"..{token_hex(4)}"
        dated.mkdir(parents=True)
        for name, text in data.items():
            (dated / name).write_text(text)
            if not (folder / name).is_symlink():
                (folder / name).symlink_to(f"..data/{name}")
        fresh = folder / "..data_tmp"
        fresh.symlink_to(dated.name)
        fresh.rename(folder / "..data")

    def end(self) -> None:
        """End every daemon."""
        for daemon in self._daemons:
            daemon.end()

    def make(self, *names: str, replicas: int = 0) -> None:
        """Create Deployments."""
        make(self.plane, self.namespace, *names, replicas=replicas)

    def query(self, name: str) -> str:
        """The query that asks for the load of one object."""
        return f'load{{namespace="{self.namespace}",object="{name}"}}'

    def push(self, name: str, value: float, *, to: Prometheus | None = None) -> datetime:
        """Set the load of one object, and say when a query could see it."""
        (to or self.prometheus).push("load", value, namespace=self.namespace, object=name)
        return datetime.now(UTC)

    def scaled(self, name: str, *, to: Prometheus | None = None, **rest: Any) -> str:
        """A ScaledObject of a Deployment of that name, on its own load."""
        server = (to or self.prometheus).url
        return scaled_object(self.namespace, server, self.query(name), name=name, **rest)

    def replicas(self, name: str) -> int:
        """The count that the API server holds now."""
        return replicas(self.plane, self.namespace, name)

    def writes(self, name: str) -> list[tuple[datetime, int]]:
        """When which counts were written to a Deployment's scale, oldest first, refused ones left out."""
        found = self.plane.audit.scale_writes(namespace=self.namespace, name=name)
        return [(write.at, write.body["spec"]["replicas"]) for write in found if write.status == 200 and write.body]

    def await_replicas(self, name: str, count: int, *, within_seconds: float = 5) -> None:
        """Wait for a count."""
        await_that(
            lambda: self.replicas(name) == count, within_seconds=within_seconds, what=f"{name} at {count} replicas"
        )


def grant(plane: ControlPlane, namespace: str, *verbs: str, account: str = "scaler") -> Path:
    """Make an account with these verbs on scale subresources, and its kubeconfig."""
    token = plane.token_for(namespace, account)
    plane.admin.create(path_of(namespace, "roles"), role(account, rule(["apps"], SCALES, verbs)))
    plane.admin.create(
        path_of(namespace, "rolebindings"), role_binding(account, service_account=account, namespace=namespace)
    )
    return plane.kubeconfig_for(token, namespace=namespace)


@contextmanager
def on_a_thread() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Run an event loop on a thread of its own, for servers that a test plays; what is lent does one thing there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)


def make(plane: ControlPlane, namespace: str, *names: str, replicas: int = 0) -> None:
    """Create Deployments."""
    for name in names:
        plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", name, replicas=replicas))


def replicas(plane: ControlPlane, namespace: str, name: str = "web") -> int:
    """The count that the API server holds now."""
    found = plane.admin.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale")
    return int(found["spec"].get("replicas", 0))
