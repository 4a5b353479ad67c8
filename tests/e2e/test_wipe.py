"""A real Prometheus that restarts with an empty store, within a moment, and never hears of the load again."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.e2e.daemon import Stage, await_that
from tests.servers import binaries
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e

FLAGS = (
    *("--guard-beat", "1s", "--guard-recovery-min", "3s"),
    *("--downscale-stabilization", "2s", "--sync-period", "1s"),
)
WATCHED_SECONDS = 12  # four cooldowns, and twice the way from blind to ok again


@dataclass
class Wiped:
    """What came of it: counts written after the wipe, and the states that the source was said to be in."""

    writes: list[int]
    states: list[str]


def play(stage: Stage) -> Wiped:
    """Ten replicas from one Prometheus; it is stopped, wiped and started, and only its target is known again."""
    with TemporaryDirectory() as folder:
        server = Prometheus(binaries.program("prometheus"), Path(folder))
        try:
            return _watch(stage, server)
        finally:
            server.close()


def _watch(stage: Stage, server: Prometheus) -> Wiped:
    server.start()
    server.push("up", 1, job="shop")
    stage.make("wiped")
    stage.push("wiped", 95, to=server)
    daemon = stage.launch(*FLAGS, wiped=stage.scaled("wiped", to=server, cooldown=3))
    stage.await_replicas("wiped", 10)

    def states() -> list[str]:
        told: list[dict[str, Any]] = daemon.events("source changed")
        return [each["now"] for each in told if each["source"] == server.url]

    await_that(lambda: "ok" in states(), within_seconds=20, what="a source that is ok")
    time.sleep(3)
    server.stop(wipe=True)
    server.start()
    server.push("up", 1, job="shop")
    began, before = datetime.now(UTC), len(states())
    time.sleep(WATCHED_SECONDS)
    return Wiped(writes=[count for at, count in stage.writes("wiped") if at > began], states=states()[before:])


def test_a_store_that_is_wiped_within_a_moment_shrinks_nothing(played: Wiped) -> None:
    """No request failed twice and the probe is well again at once; the lost history alone tells, and ten stay ten."""
    assert played.writes == []
    assert "blind" in played.states
