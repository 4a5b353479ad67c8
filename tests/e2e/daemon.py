"""The real daemon as a process, for end-to-end tests: its objects as files, its log as records."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.e2e.documents import scaled_object
from tests.servers import binaries
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, role, role_binding, rule, workload
from tests.servers.prometheus import Prometheus

SCALES = ("deployments/scale", "statefulsets/scale")
PATIENCE = 30.0
"""Seconds after which a wait is given up; figures that are promised have bounds of their own."""
FAST = ("--guard-beat", "1s", "--guard-recovery-min", "3s")
"""A source guard that believes after seconds what it otherwise believes after a minute."""


def await_that(holds: Callable[[], Any], *, within_seconds: float = PATIENCE, what: str = "") -> float:
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
        self.await_event("started", within_seconds=60)
        return self

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.records.append(json.loads(line))

    def _read_errors(self, stream: Any) -> None:
        self.errors.extend(stream)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Every record of one event so far."""
        return [record for record in list(self.records) if record["event"] == name]

    def await_event(self, name: str, *, within_seconds: float = PATIENCE, count: int = 1) -> dict[str, Any]:
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
            with urlopen(f"http://{address}{path}", timeout=20) as response:
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
        self._process.wait(timeout=PATIENCE)
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
        self._sources: list[Prometheus] = []

    def launch(self, *flags: str, name: str = "daemon", config: Path | None = None, **objects: str) -> RunningDaemon:
        """Start a daemon with objects given by file name."""
        files = {f"{file}.yaml": text for file, text in objects.items()}
        daemon = RunningDaemon(self._folder / name, config or self.kubeconfig, *flags, objects=files)
        self._daemons.append(daemon)
        return daemon.start()

    def start_prometheus(self) -> Prometheus:
        """Start a Prometheus that this stage may stop and wipe; it ends with the stage."""
        source = Prometheus(binaries.program("prometheus"), self._folder / f"prometheus-{len(self._sources)}")
        self._sources.append(source)
        source.start()
        return source

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
        """End every daemon, and every Prometheus of this stage's own."""
        for daemon in self._daemons:
            daemon.end()
        for source in self._sources:
            source.close()

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
        """When which counts were written to a Deployment's scale, oldest first, refused ones left out.

        A write that its writer gave up waiting for is answered with 500; what it said counts, and saying it again does
        not.
        """
        found: list[tuple[datetime, int]] = []
        cut_off = False
        for write in self.plane.audit.scale_writes(namespace=self.namespace, name=name):
            if write.body is None or write.status not in (200, 500):
                continue
            count = write.body["spec"]["replicas"]
            if not (cut_off and found[-1][1] == count):
                found.append((write.at, count))
            cut_off = write.status == 500
        return found

    def await_writes(self, name: str, *counts: int) -> None:
        """Wait until the audit log holds these counts and no other: a count is stored before its line is written."""

        def written() -> list[int]:
            return [count for _, count in self.writes(name)]

        with contextlib.suppress(AssertionError):
            await_that(lambda: written() == list(counts), within_seconds=5)
        assert written() == list(counts)

    def await_replicas(self, name: str, count: int, *, within_seconds: float = PATIENCE) -> None:
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


def make(plane: ControlPlane, namespace: str, *names: str, replicas: int = 0) -> None:
    """Create Deployments."""
    for name in names:
        plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", name, replicas=replicas))


def replicas(plane: ControlPlane, namespace: str, name: str = "web") -> int:
    """The count that the API server holds now."""
    found = plane.admin.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale")
    return int(found["spec"].get("replicas", 0))
