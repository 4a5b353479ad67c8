"""The main job over real sockets: a real Prometheus, a real API server, the real daemon."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.daemon import RunningDaemon, await_that, replicas, scaled_object
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, role, role_binding, rule, workload
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e

Launch = Callable[..., RunningDaemon]


@pytest.fixture
def kubeconfig(control_plane: ControlPlane, namespace: str) -> Path:
    """A kubeconfig with the rights of the daemon's Role in one namespace, and no other."""
    token = control_plane.token_for(namespace, "scaler")
    control_plane.admin.create(
        path_of(namespace, "roles"), role("scaler", rule(["apps"], ["deployments/scale"], ["get", "patch"]))
    )
    control_plane.admin.create(
        path_of(namespace, "rolebindings"), role_binding("scaler", service_account="scaler", namespace=namespace)
    )
    return control_plane.kubeconfig_for(token, namespace=namespace)


@pytest.fixture
def launch(tmp_path: Path, kubeconfig: Path) -> Iterator[Launch]:
    """Start a daemon with objects given by file name; it ends with the test."""
    running: list[RunningDaemon] = []

    def start(*flags: str, **objects: str) -> RunningDaemon:
        files = {f"{name}.yaml": text for name, text in objects.items()}
        daemon = RunningDaemon(tmp_path / "daemon", kubeconfig, *flags, objects=files)
        running.append(daemon)
        return daemon.start()

    yield start
    for daemon in running:
        if not daemon.ended():
            daemon.kill()


def test_a_load_comes_and_goes(
    control_plane: ControlPlane, namespace: str, prometheus: Prometheus, launch: Launch
) -> None:
    """From zero to what the load needs, and back to zero after the cooldown; each write is seen in the audit log."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=0))
    prometheus.push("load", 0, namespace=namespace)
    query = f'sum(load{{namespace="{namespace}"}})'
    launch(web=scaled_object(namespace, prometheus.url, query, cooldown=3))
    prometheus.push("load", 34, namespace=namespace)
    await_that(lambda: replicas(control_plane, namespace) == 4, within_seconds=3, what="0 to 4")
    prometheus.push("load", 0, namespace=namespace)
    await_that(lambda: replicas(control_plane, namespace) == 0, within_seconds=90, what="4 to 0")
    written = [write.body["spec"]["replicas"] for write in control_plane.audit.scale_writes(namespace=namespace)]
    assert written == [4, 0]
