"""The real daemon as a process, for end-to-end tests: its objects as files, its log as records."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.servers.control_plane import ControlPlane

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

    def get(self, path: str) -> str:
        """Ask the daemon's own listener."""
        address = self.await_event("listening")["address"]
        with urlopen(f"http://{address}{path}", timeout=5) as response:
            return response.read().decode()

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

    def kill(self) -> None:
        """End it at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)


def replicas(plane: ControlPlane, namespace: str, name: str = "web") -> int:
    """The count that the API server holds now."""
    found = plane.admin.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale")
    return int(found["spec"].get("replicas", 0))
