"""Two Prometheus that are cut off for seconds: one that kept its history spares a long range its recovery, one not."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.daemon import RunningDaemon, Stage, await_that
from tests.servers import binaries
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e

GUARD = ("--guard-beat", "500ms", "--guard-recovery-min", "3s")
FLAGS = (*GUARD, "--downscale-stabilization", "1s", "--sync-period", "1s")
CUT_SECONDS = 4
LATEST = "min_over_time({query}[2m])"
TARGETS = 6


@dataclass
class Cut:
    """What was seen of three objects: two on the source that kept its history, one on the source that lost it."""

    stage: Stage
    kept: Prometheus
    wiped: Prometheus
    daemon: RunningDaemon

    def states(self, source: Prometheus) -> list[dict[str, str]]:
        """The changes of a source's state since it was cut off."""
        told = [each for each in self.daemon.events("source changed") if each["source"] == source.url]
        return told[[each["now"] for each in told].index("blind") :]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prometheus, Prometheus]]:
    """Lend two Prometheus that know of six targets for four minutes."""
    both = [Prometheus(binaries.program("prometheus"), tmp_path_factory.mktemp(name)) for name in ("kept", "wiped")]
    for server in both:
        server.start()
        scrape(server, minutes=4)
    yield both[0], both[1]
    for server in both:
        server.close()


def scrape(server: Prometheus, *, minutes: float) -> None:
    """Let six targets have been up for so long."""
    now = datetime.now(UTC)
    instants = [now - timedelta(seconds=15 * step) for step in range(int(minutes * 4), -1, -1)]
    for number in range(TARGETS):
        server.push_history("up", [(at, 1.0) for at in instants], job="shop", instance=str(number))


@pytest.fixture(scope="module")
def cut(stage: Stage, servers: tuple[Prometheus, Prometheus]) -> Cut:
    """Play it: four replicas each; both servers go for four seconds, and what comes back wants one replica."""
    kept, wiped = servers
    homes = {"long": kept, "short": kept, "lost": wiped}
    stage.make(*homes)
    for name, home in homes.items():
        stage.push(name, 35, to=home)
    plain = {name: stage.scaled(name, to=home, minimum=1) for name, home in homes.items()}
    daemon = stage.launch(*FLAGS, **plain)
    for name in homes:
        stage.await_replicas(name, 4)
    await_that(lambda: oks(daemon) == 2, what="two sources that are ok")
    for name in ("long", "lost"):
        ranged = LATEST.format(query=stage.query(name))
        daemon.write(f"{name}.yaml", plain[name].replace(stage.query(name), ranged))
    await_that(lambda: len(daemon.events("object changed")) == 2, within_seconds=15, what="two ranges")
    time.sleep(1)
    kept.stop()
    wiped.stop(wipe=True)
    time.sleep(CUT_SECONDS)
    for server in servers:
        server.start()
    scrape(wiped, minutes=0)
    for name, home in homes.items():
        stage.push(name, 5, to=home)
    return Cut(stage, kept, wiped, daemon)


def oks(daemon: RunningDaemon) -> int:
    """How often a source became ok."""
    return sum(each["now"] == "ok" for each in daemon.events("source changed"))


def test_history_that_was_kept_spares_the_wait(cut: Cut):
    """After a cut of seconds a query over two minutes may shrink its object at once, one without a range after 3 s."""
    for name in ("long", "short"):
        cut.stage.await_replicas(name, 1)
    recovering = next(each for each in cut.states(cut.kept) if each["now"] == "recovering")
    since = datetime.fromisoformat(recovering["clear_at"]) - timedelta(minutes=2)
    waited = {name: (cut.stage.writes(name)[-1][0] - since).total_seconds() for name in ("long", "short")}
    print("from recovering to the fall, in seconds:", waited)
    assert (waited["long"] < 12, waited["short"] > 3) == (True, True)


def test_the_log_says_that_history_was_kept(cut: Cut):
    """The source is ok again as soon as the shortest recovery is over, and its line says why."""
    await_that(lambda: cut.states(cut.kept)[-1]["now"] == "ok", within_seconds=15, what="a source that is ok")
    states = cut.states(cut.kept)
    assert [each["now"] for each in states] == ["blind", "recovering", "ok"]
    assert states[-1]["detail"].startswith("its history was kept over an outage of ")


def test_history_that_was_lost_is_waited_for(cut: Cut):
    """A store that came back empty holds the query over two minutes, though the cut was as short."""
    await_that(lambda: cut.states(cut.wiped)[-1]["now"] == "recovering", within_seconds=15, what="recovery")
    state = cut.states(cut.wiped)[-1]
    left = datetime.fromisoformat(state["clear_at"]) - datetime.now(UTC)
    assert (cut.stage.replicas("lost"), left > timedelta(seconds=90)) == (4, True)
