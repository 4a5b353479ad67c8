"""The main job over real sockets: a real Prometheus, a real API server, the real daemon, timed by the audit log."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

pytestmark = pytest.mark.e2e

PROBES = 6  # objects with phases of their own, for the time from metric to write
DEFAULT, RULED = "default", "ruled"
BEHAVIOR = "  advanced: {horizontalPodAutoscalerConfig: {behavior: {}}}\n"
BUSY = timedelta(milliseconds=400)  # what a machine that tests share may add to a tenth of a second


@dataclass
class Climb:
    """What was written, and when its cause could be seen."""

    stage: Stage
    daemon: RunningDaemon
    visible_at: dict[str, datetime]

    def latencies(self) -> list[timedelta]:
        return [self.stage.writes(f"probe-{n}")[0][0] - self.visible_at[f"probe-{n}"] for n in range(PROBES)]

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
    objects = {name: stage.scaled(name, cooldown=3) for name in probes}
    objects[DEFAULT] = stage.scaled(DEFAULT, maximum=16)
    objects[RULED] = stage.scaled(RULED, maximum=20, more=BEHAVIOR)
    daemon = stage.launch(*FAST, **objects)
    time.sleep(2)  # every object has had its first tick
    visible_at = {name: stage.push(name, 1000) for name in (DEFAULT, RULED)}
    for name in probes:
        visible_at[name] = stage.push(name, 34)
    await_that(lambda: all(stage.replicas(name) == 4 for name in probes), within_seconds=10, what="probes at 4")
    for name in probes:
        stage.push(name, 0)
    await_that(lambda: all(stage.replicas(name) == 0 for name in probes), within_seconds=30, what="probes at 0")
    stage.await_replicas(DEFAULT, 16, within_seconds=45)
    stage.await_replicas(RULED, 20, within_seconds=45)
    return Climb(stage, daemon, visible_at)


def test_the_first_write_follows_the_metric_within_a_poll(climb: Climb):
    """With pollingInterval 1 the first write leaves within one poll and 100 ms of the metric being visible."""
    latencies = climb.latencies()
    scaled = [record for record in climb.daemon.events("scaled") if "probe" in record["object"]]
    print("metric to write, ms:", sorted(round(each.total_seconds() * 1000) for each in latencies))
    print(
        "lateness, ms:",
        [record["lateness_ms"] for record in scaled],
        "write:",
        [record["took_ms"] for record in scaled],
    )
    assert max(latencies) <= timedelta(seconds=1.1) + BUSY


def test_load_that_ends_ends_at_zero(climb: Climb):
    """Up in one write and, after the cooldown, down to zero in another, with nothing in between."""
    found = [[count for _, count in climb.stage.writes(f"probe-{number}")] for number in range(PROBES)]
    assert found == [[4, 0]] * PROBES


@pytest.mark.parametrize(
    ("name", "hpa"), [(DEFAULT, [(0, 4), (15, 8), (30, 16)]), (RULED, [(0, 5), (15, 10), (30, 20)])]
)
def test_every_level_of_growth_is_no_later_than_the_hpas(climb: Climb, name: str, hpa: list[tuple[float, int]]):
    """Counted from the first write, each level is reached no later than by an HPA whose first pass falls on it."""
    levels = climb.levels(name)
    print(name, [(round(second, 2), count) for second, count in levels])
    for due, wanted in hpa:
        reached = next(second for second, count in levels if count >= wanted)
        assert reached <= due + BUSY.total_seconds()


def test_growth_keeps_to_the_policies(climb: Climb):
    """Each level of ``behavior: {}`` comes a full period after the slot that the one before was written for (D39)."""
    levels = climb.levels(RULED)
    assert [count for _, count in levels] == [5, 10, 20]
    steps = [after[0] - before[0] for before, after in pairwise(levels)]
    assert min(steps) > 15 - BUSY.total_seconds()
