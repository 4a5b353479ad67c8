"""A Prometheus that goes away, and one that comes back empty: nothing shrinks, and what wants more gets it."""

import time
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.e2e.daemon import RunningDaemon, Stage, await_that
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e

GUARD = ("--guard-beat", "1s", "--guard-recovery-min", "5s", "--downscale-stabilization", "5s", "--sync-period", "2s")
TWO = """\
  - type: prometheus
    metadata: {{serverAddress: "{server}", query: '{query}', threshold: "10"}}
"""
STARTING = {"http status", "timeout"}
"""What a server that is just starting may answer with besides."""


@dataclass
class Outage:
    """What was seen of three objects while their Prometheus was away, and when it was back."""

    stage: Stage
    broken: Prometheus
    daemon: RunningDaemon
    lowest: dict[str, int]
    grown: list[int]


def play(stage: Stage) -> Outage:
    """Ten replicas each; the server stops for 12 s, comes back empty for 15 s; a second source wants more."""
    broken = stage.start_prometheus()
    names = ("gauge", "rate", "pair")
    stage.make(*names)
    for name in names:
        stage.push(name, 95, to=broken)
    stage.push("second", 0)
    second = TWO.format(server=stage.prometheus.url, query=stage.query("second"))
    objects = {name: stage.scaled(name, to=broken, cooldown=4, maximum=20) for name in names}
    objects["pair"] += second
    daemon = stage.launch(*GUARD, **objects)
    for name in names:
        stage.await_replicas(name, 10)
    await_that(lambda: "ok" in states(daemon, broken), what="a source that has recovered")
    time.sleep(6)
    lowest = dict.fromkeys(names, 10)

    def look(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name in names:
                lowest[name] = min(lowest[name], stage.replicas(name))
            time.sleep(0.2)

    broken.stop(wipe=True)
    look(6)
    stage.push("second", 145)
    stage.await_replicas("pair", 15)
    look(6)
    broken.start()
    look(15)
    grown = [count for _, count in stage.writes("pair")]
    for name, load in (("rate", 95), ("pair", 95), ("gauge", 5)):
        stage.push(name, load, to=broken)
    stage.await_replicas("gauge", 1, within_seconds=60)
    stage.push("gauge", 0, to=broken)
    stage.await_replicas("gauge", 0)
    return Outage(stage, broken, daemon, lowest, grown)


def states(daemon: RunningDaemon, source: Prometheus) -> list[str]:
    """The states that a source has come to, in order."""
    return [record["now"] for record in daemon.events("source changed") if record["source"] == source.url]


def test_nothing_shrinks_while_the_source_is_away_or_empty(played: Outage):
    """Through an outage and a restart with an empty store, longer than window and cooldown, no replica goes."""
    print("lowest:", played.lowest)
    assert played.lowest == {"gauge": 10, "rate": 10, "pair": 10}


def test_another_trigger_that_wants_more_is_followed(played: Outage):
    """While one source is blind, an object grows on what the other says."""
    assert played.grown[-1] == 15


def test_the_log_says_when_the_source_went_and_came(played: Outage):
    """The source's states and each object's missing trigger are told, each once per change."""
    told = states(played.daemon, played.broken)
    assert told[0] == "recovering"
    assert "ok" in told[: told.index("blind")]
    missing = [record for record in played.daemon.events("trigger missing") if record["object"].endswith("/gauge")]
    reasons = [record["reason"] for record in missing]
    assert (reasons[0], reasons[-1]) == ("unreachable", "blind")
    assert set(reasons[1:-1]) <= STARTING
    assert all(before != after for before, after in pairwise(reasons))


def test_believed_data_end_the_hold(played: Outage):
    """Once the source answers with data again and recovery, window and cooldown have passed, idleness ends at zero."""
    assert [count for _, count in played.stage.writes("gauge")][-3:] == [10, 1, 0]
