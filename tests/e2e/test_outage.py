"""A Prometheus that goes away, and one that comes back empty: nothing shrinks, and what wants more gets it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.daemon import RunningDaemon, Stage, await_that
from tests.servers import binaries
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e

GUARD = ("--guard-beat", "1s", "--guard-recovery-min", "5s", "--downscale-stabilization", "5s", "--sync-period", "2s")
TWO = """\
  - type: prometheus
    metadata: {{serverAddress: "{server}", query: '{query}', threshold: "10"}}
"""


@dataclass
class Outage:
    """What was seen of three objects while their Prometheus was away."""

    stage: Stage
    broken: Prometheus
    daemon: RunningDaemon
    lowest: dict[str, int]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Lend a Prometheus that this module stops and wipes."""
    server = Prometheus(binaries.program("prometheus"), tmp_path_factory.mktemp("prometheus"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def outage(stage: Stage, broken: Prometheus) -> Outage:
    """Play it: ten replicas each; the server stops for 12 s, comes back empty for 15 s; a second source wants more."""
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
        stage.await_replicas(name, 10, within_seconds=20)
    await_that(lambda: daemon.events("source changed"), within_seconds=10, what="a source that has recovered")
    time.sleep(7)
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
    stage.await_replicas("pair", 15, within_seconds=10)
    look(6)
    broken.start()
    look(15)
    return Outage(stage, broken, daemon, lowest)


def test_nothing_shrinks_while_the_source_is_away_or_empty(outage: Outage):
    """Through an outage and a restart with an empty store, longer than window and cooldown, no replica goes."""
    print("lowest:", outage.lowest)
    assert outage.lowest == {"gauge": 10, "rate": 10, "pair": 10}


def test_another_trigger_that_wants_more_is_followed(outage: Outage):
    """While one source is blind, an object grows on what the other says."""
    assert [count for _, count in outage.stage.writes("pair")][-1] == 15


def test_the_log_says_when_the_source_went_and_came(outage: Outage):
    """The source's states and each object's missing trigger are told, each once per change."""
    states = [
        record["now"] for record in outage.daemon.events("source changed") if record["source"] == outage.broken.url
    ]
    assert states[0] == "recovering"
    assert "ok" in states[: states.index("blind")]
    missing = [record for record in outage.daemon.events("trigger missing") if record["object"].endswith("/gauge")]
    assert [record["reason"] for record in missing] == ["unreachable", "blind"]


def test_believed_data_end_the_hold(outage: Outage):
    """Once the source answers with data again and recovery, window and cooldown have passed, idleness ends at zero."""
    stage = outage.stage
    for name, load in (("rate", 95), ("pair", 95), ("gauge", 5)):
        stage.push(name, load, to=outage.broken)
    stage.await_replicas("gauge", 1, within_seconds=30)
    stage.push("gauge", 0, to=outage.broken)
    stage.await_replicas("gauge", 0, within_seconds=20)
    assert [count for _, count in stage.writes("gauge")][-2:] == [1, 0]
