"""A daemon for a test: a Role's rights and no other, files in a folder, and an end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from tests.e2e.daemon import RunningDaemon, Stage, grant
from tests.servers.control_plane import ControlPlane
from tests.servers.prometheus import Prometheus

Launch = Callable[..., RunningDaemon]


@pytest.fixture
def kubeconfig(control_plane: ControlPlane, namespace: str) -> Path:
    """A kubeconfig with the rights of the daemon's Role in one namespace, and no other."""
    return grant(control_plane, namespace, "get", "patch")


@pytest.fixture
def launch(tmp_path: Path, kubeconfig: Path) -> Iterator[Launch]:
    """Start daemons, each with objects given by file name; they end with the test.

    ``name`` tells the daemons of one test apart, ``config`` is another kubeconfig.
    """
    running: list[RunningDaemon] = []

    def start(*flags: str, name: str = "daemon", config: Path | None = None, **objects: str) -> RunningDaemon:
        files = {f"{file}.yaml": text for file, text in objects.items()}
        daemon = RunningDaemon(tmp_path / name, config or kubeconfig, *flags, objects=files)
        running.append(daemon)
        return daemon.start()

    yield start
    for daemon in running:
        daemon.end()


@pytest.fixture(scope="module")
def stage(
    control_plane: ControlPlane, prometheus: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Lend a namespace, its daemons and a Prometheus to all tests of a module, which look at one course of events."""
    name = f"test-{token_hex(4)}"
    control_plane.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    config = grant(control_plane, name, "get", "patch")
    here = Stage(control_plane, prometheus, name, tmp_path_factory.mktemp("stage"), config)
    yield here
    here.end()
    control_plane.admin.delete(f"/api/v1/namespaces/{name}")
