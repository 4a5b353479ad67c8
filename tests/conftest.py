"""Real servers as fixtures, and the report of those that this machine lacks."""

import os
from collections.abc import Iterator
from secrets import token_hex

import pytest
from hypothesis import settings

from tests.servers import binaries
from tests.servers.control_plane import ControlPlane
from tests.servers.pods import PodReadier
from tests.servers.prometheus import Prometheus

NEEDS = {
    "control_plane": ("etcd", "kube-apiserver"),
    "pods": ("kube-controller-manager",),
    "kubectl": ("kubectl",),
    "prometheus": ("prometheus",),
    "own_prometheus": ("prometheus",),
}
settings.register_profile("ci", derandomize=True, deadline=None)  # a red build must be red again when it is repeated
if os.environ.get("CI"):
    settings.load_profile("ci")

LACKING = pytest.StashKey[dict[str, set[str]]]()
REMEDY = "make test-servers   (or: python -m tests.servers.install)"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Lend the session's Kubernetes API server; a test keeps to its own ``namespace``."""
    plane = ControlPlane(tmp_path_factory.mktemp("control-plane"))
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """Lend a namespace that no other test uses."""
    name = f"test-{token_hex(4)}"
    control_plane.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    control_plane.admin.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="session")
def pods(control_plane: ControlPlane) -> PodReadier:
    """Promise that Deployments and StatefulSets get pods, and that these become Ready within a second."""
    control_plane.await_controllers()
    return control_plane.pods


@pytest.fixture
def kubectl() -> None:
    """Promise that ``control_plane.kubectl`` works."""


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Lend the session's Prometheus, scraping; a test gives its series a label of its own and stops nothing."""
    for server in _prometheus(tmp_path_factory):
        server.await_scraping()
        yield server


@pytest.fixture
def own_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Lend a Prometheus that the test may stop, wipe and suspend; it answers at once and scrapes after five seconds."""
    yield from _prometheus(tmp_path_factory)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Keep a test from running without its servers: a skip that the report names, and with CI=true a failure."""
    needed = {program for fixture in getattr(item, "fixturenames", ()) for program in NEEDS.get(fixture, ())}
    missing = binaries.missing(*sorted(needed))
    if not missing:
        return
    lacking = item.config.stash.setdefault(LACKING, {})
    for program in missing:
        lacking.setdefault(program, set()).add(item.nodeid)
    message = f"this machine has no {' and no '.join(missing)}; get it with: {REMEDY}"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what this machine lacks, so that nobody takes a partial run for a whole one."""
    lacking = config.stash.get(LACKING, {})
    if not lacking:
        return
    tests: set[str] = set().union(*lacking.values())
    terminalreporter.section("SERVERS ARE MISSING", sep="!", red=True, bold=True)
    for program, users in sorted(lacking.items()):
        terminalreporter.line(f"{program}: needed by {len(users)} test{'s' if len(users) > 1 else ''} that did not run")
    terminalreporter.line(f"Tests that did not run: {len(tests)}. Get the servers with: {REMEDY}", red=True, bold=True)


def _prometheus(folders: pytest.TempPathFactory) -> Iterator[Prometheus]:
    server = Prometheus(binaries.program("prometheus"), folders.mktemp("prometheus"))
    try:
        server.start()
        yield server
    finally:
        server.close()
