"""The main job over real sockets: a real Prometheus, a real API server, the real daemon, timed by the audit log."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

pytestmark = pytest.mark.e2e

PROBES = 6  # objects with phases of their own, for the time from metric to write
WAVES = 3
DEFAULT, RULED = "default", "ruled"
BEHAVIOR = "  advanced: {horizontalPodAutoscalerConfig: {behavior: {}}}\n"
BUSY = timedelta(milliseconds=400)  # what a machine that runs all the servers may add to a tenth of a second
STALLED = 3.0  # seconds that nothing runs at all, now and then


@dataclass
class Climb:
    """What was written, and when its cause could be seen."""

    stage: Stage
    daemon: RunningDaemon
    waves: list[dict[str, datetime]]

    def latencies(self, wave: int) -> list[timedelta]:
        """From metric to write, of each probe; every wave is two writes, up and down."""
        return sorted(self.stage.writes(name)[2 * wave][0] - at for name, at in self.waves[wave].items())

    def levels(self, name: str) -> list[tuple[float, int]]:
        """The writes in seconds after the first."""
        writes = self.stage.writes(name)
        return [((at - writes[0][0]).total_seconds(), count) for at, count in writes]


@pytest.fixture(scope="module")
def climb(stage: Stage) -> Climb:
    """From zero up to what a load needs, by the default rules and by ``behavior: {}``; meanwhile others come and go."""
    probes = [f"probe-{number}" for number in range(PROBES)]
    stage.make(*probes, DEFAULT, RULED)
    for name in (*probes, DEFAULT, RULED):
        stage.push(name, 0)
    objects = {name: stage.scaled(name, cooldown=2) for name in probes}
    objects[DEFAULT] = stage.scaled(DEFAULT, maximum=16)
    objects[RULED] = stage.scaled(RULED, maximum=20, more=BEHAVIOR)
    daemon = stage.launch(*FAST, **objects)
    time.sleep(4)  # every object has had its first tick, and the source is believed
    for name in (DEFAULT, RULED):
        stage.push(name, 1000)
    waves = []
    for _ in range(WAVES):
        waves.append({name: stage.push(name, 34) for name in probes})
        await_that(lambda: all(stage.replicas(name) == 4 for name in probes), what="probes at 4")
        for name in probes:
            stage.push(name, 0)
        await_that(lambda: all(stage.replicas(name) == 0 for name in probes), what="probes at 0")
    for name, top in ((DEFAULT, 16), (RULED, 20)):
        stage.await_replicas(name, top, within_seconds=90)
    return Climb(stage, daemon, waves)


def test_the_first_write_follows_the_metric_within_a_poll(climb: Climb):
    """With pollingInterval 1 the first write leaves within one poll and 100 ms of the metric being visible.

    A moment at which the machine stood still spoils one wave, not all of them.
    """
    waves = [climb.latencies(wave) for wave in range(WAVES)]
    for latencies in waves:
        print("metric to write, ms:", [round(each.total_seconds() * 1000) for each in latencies])
    scaled = [record for record in climb.daemon.events("scaled") if "probe" in record["object"]]
    print("lateness, ms:", [record["lateness_ms"] for record in scaled])
    print("write, ms:", [record["took_ms"] for record in scaled])
    assert min(latencies[-1] for latencies in waves) <= timedelta(seconds=1.1) + BUSY
    assert max(latencies[-1] for latencies in waves) <= timedelta(seconds=1.1 + STALLED)


def test_load_that_ends_ends_at_zero(climb: Climb):
    """Up in one write and, after the cooldown, down to zero in another, with nothing in between."""
    found = [[count for _, count in climb.stage.writes(f"probe-{number}")] for number in range(PROBES)]
    assert found == [[4, 0] * WAVES] * PROBES


@pytest.mark.parametrize(
    ("name", "hpa"), [(DEFAULT, [(0, 4), (15, 8), (30, 16)]), (RULED, [(0, 5), (15, 10), (30, 20)])]
)
def test_every_level_of_growth_is_no_later_than_the_hpas(climb: Climb, name: str, hpa: list[tuple[float, int]]):
    """Counted from the first write, each level is reached no later than by an HPA whose first pass falls on it."""
    levels = climb.levels(name)
    print(name, [(round(second, 2), count) for second, count in levels])
    for due, wanted in hpa:
        reached = next(second for second, count in levels if count >= wanted)
        assert reached <= due + STALLED


def test_growth_keeps_to_the_policies(climb: Climb):
    """Each level of ``behavior: {}`` comes a full period after the slot that the one before was written for (D39)."""
    assert [count for _, count in climb.levels(RULED)] == [5, 10, 20]
    written = [record for record in climb.daemon.events("scaled") if record["object"].endswith(f"/{RULED}")]
    slots = [datetime.fromisoformat(record["at"]) for record in written]
    assert min(after - before for before, after in pairwise(slots)) >= timedelta(seconds=15)
    steps = [after[0] - before[0] for before, after in pairwise(climb.levels(RULED))]
    assert min(steps) > 15 - STALLED
