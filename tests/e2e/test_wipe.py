"""A real Prometheus that restarts with an empty store, within a moment, and never hears of the load again."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

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


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Lend a Prometheus with one target, which is up."""
    one = Prometheus(binaries.program("prometheus"), tmp_path_factory.mktemp("wiped"))
    one.start()
    one.push("up", 1, job="shop")
    yield one
    one.close()


def test_a_store_that_is_wiped_within_a_moment_shrinks_nothing(stage: Stage, server: Prometheus) -> None:
    """No request failed twice and the probe is well again at once; the lost history alone tells, and ten stay ten."""
    stage.make("wiped")
    stage.push("wiped", 95, to=server)
    daemon = stage.launch(*FLAGS, wiped=stage.scaled("wiped", to=server, cooldown=3))
    stage.await_replicas("wiped", 10)
    await_that(
        lambda: any(each["now"] == "ok" for each in daemon.events("source changed")),
        within_seconds=20,
        what="a source that is ok",
    )
    time.sleep(3)
    server.stop(wipe=True)
    server.start()
    server.push("up", 1, job="shop")
    began = datetime.now(UTC)
    time.sleep(WATCHED_SECONDS)
    assert [count for at, count in stage.writes("wiped") if at > began] == []
    assert daemon.events("source changed")[-1]["source"] == server.url
    assert "blind" in [each["now"] for each in daemon.events("source changed")]
