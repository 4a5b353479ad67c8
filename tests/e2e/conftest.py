"""A daemon for a test, with a Role's rights and no other; and plays, which begin together and mostly wait.

A module with a function ``play(stage)`` has it played from the first end-to-end test on, beside all others; its tests
ask for ``played``, which is what came of it. Modules in ``LAST`` come when every play is over.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any

import pytest

from tests.e2e.daemon import Stage, grant
from tests.servers import binaries
from tests.servers.control_plane import ControlPlane
from tests.servers.prometheus import Prometheus

HERE = "tests.e2e."
LAST = ("test_run", "test_fleet", "test_failures_api", "test_kube", "test_servers", "test_watch")
"""The first two measure time, the others take the API server away."""
NEEDED = ("etcd", "kube-apiserver", "prometheus")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of this folder in order: those that can run beside plays, those of plays, and ``LAST``."""
    places = [place for place, item in enumerate(items) if _module(item).__name__.startswith(HERE)]
    for place, item in zip(places, sorted((items[place] for place in places), key=_turn), strict=True):
        items[place] = item


def _turn(item: pytest.Item) -> int:
    module = _module(item)
    name = module.__name__.removeprefix(HERE)
    return 2 + LAST.index(name) if name in LAST else int(hasattr(module, "play"))


def _module(item: pytest.Item) -> ModuleType:
    assert isinstance(item, pytest.Function)
    module: ModuleType = item.module
    return module


@contextmanager
def a_stage(plane: ControlPlane, prometheus: Prometheus, folder: Path) -> Iterator[Stage]:
    """Lend a namespace, with an account that may scale in it, and end what was started there."""
    name = f"test-{token_hex(4)}"
    plane.admin.create("/api/v1/namespaces", {"metadata": {"name": name}})
    stage = Stage(plane, prometheus, name, folder, grant(plane, name, "get", "patch"))
    try:
        yield stage
    finally:
        stage.end()
        plane.admin.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def stage(
    control_plane: ControlPlane, prometheus: Prometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Lend a namespace, its daemons and a Prometheus to all tests of a module, which look at one course of events."""
    with a_stage(control_plane, prometheus, tmp_path_factory.mktemp("stage")) as here:
        yield here


@pytest.fixture(scope="session")
def plays(
    request: pytest.FixtureRequest,
    control_plane: ControlPlane,
    prometheus: Prometheus,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[ModuleType, "Future[Any]"]]:
    """Begin the plays of all modules whose tests are to run, each on a stage of its own."""

    def play(module: ModuleType) -> Any:
        with a_stage(control_plane, prometheus, tmp_path_factory.mktemp("play")) as here:
            return module.play(here)

    modules = _modules_with_plays(request.session)
    with ThreadPoolExecutor(max_workers=len(modules)) as pool:
        yield {module: pool.submit(play, module) for module in modules}


@pytest.fixture(scope="session", autouse=True)
def _plays_begin(request: pytest.FixtureRequest) -> None:
    """Begin the plays with the first test of this folder, where this machine has what they need."""
    if _modules_with_plays(request.session) and not binaries.missing(*NEEDED):
        request.getfixturevalue("plays")


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, control_plane: ControlPlane, prometheus: Prometheus) -> Any:
    """Give what came of the module's play, when it is over."""
    plays: dict[ModuleType, Future[Any]] = request.getfixturevalue("plays")
    return plays[request.module].result()


def _modules_with_plays(session: pytest.Session) -> list[ModuleType]:
    return [*dict.fromkeys(module for item in session.items if hasattr(module := _module(item), "play"))]
