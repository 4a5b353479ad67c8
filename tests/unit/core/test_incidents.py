"""Incidents from their first sign to the replicas that are left, where the guard's states and a tick's clocks meet."""

from dataclasses import replace

from autoscaler.model.observation import HoldReason, Origin
from autoscaler.model.source import Sign
from autoscaler.model.turn import Probe, Reply, Report, Turn
from tests.unit.builders import a_memory, a_past, a_sample, an_object, at, seconds
from tests.unit.core.watch import (
    BLIND,
    EMPTY_PROBE,
    OK,
    RECOVERING,
    SOURCE,
    TEN,
    Watch,
    every,
    is_blind,
    key_of,
)
from tests.unit.core.world import World

IDLE_AT = 105


class Consumers(World):
    """One of 30 batch consumers, whose series all vanish with its own; the probe is well throughout."""

    def _report(self, turn: Turn, measured: tuple[object, ...]) -> Report:
        report = super()._report(turn, measured)
        crowd = tuple(replace(each, key=key_of(f"c{n}")) for n in range(29) for each in report.heard)
        return replace(report, heard=(*report.heard, *crowd))


def idle_at_night(now: float, index: int) -> object:
    return a_sample(10, when=at(now)) if now < IDLE_AT else a_sample(0, when=at(now), origin=Origin.NULL_AS_ZERO)


def test_consumers_that_are_idle_at_night_reach_zero():
    """30 consumers' series vanish together, probe well: zero 10 min and a cooldown later, not before."""
    memory = a_memory((10, -15), active=-15, past=a_past(replicas=10, last=-15))
    world = Consumers(
        an_object(poll=15, cooldown=300, maximum=10), idle_at_night, replicas=10, memory=memory,
        probe=lambda now: Probe(up=9, count=9), guard={},
    )  # fmt: skip
    assert world.run(3600)[-1] == (IDLE_AT + 600 + 300, 0)
    assert [count for second, count in world.trace if second < IDLE_AT + 600] == []


def test_a_daemon_that_starts_in_an_outage_goes_on_holding():
    """Who starts while the source fails waits a minute and then goes by the signs: blind as long as nothing answers."""
    watch = Watch()
    assert [watch.fail().health for _ in range(6)] == [RECOVERING, *[BLIND] * 5]
    assert watch.fail(beats=300).signs == {Sign.FAILING}
    assert watch.hear(beats=2).health is RECOVERING
    assert watch.hear(beats=4).health is OK


def test_a_daemon_that_starts_with_an_empty_store_holds_a_minute():
    """Who starts after the store was emptied has no baseline to miss: 60 s of hold, then answers are believed."""
    watch = Watch()
    told = every(TEN, Reply.EMPTY)
    assert [watch.hear(told, probe=EMPTY_PROBE).health for _ in range(5)] == [*[RECOVERING] * 4, OK]
    assert watch.holds() == []


def test_without_any_probe_series_that_vanish_are_still_a_sign():
    """Mimir, Thanos, agents: no ``up`` at all; E needs none."""
    watch = Watch()
    watch.hear(every(TEN, Reply.DATA), probe=EMPTY_PROBE, beats=60)
    assert watch.hear(every(TEN, Reply.EMPTY), probe=EMPTY_PROBE).signs == {Sign.EMPTY}
    assert watch.holds() == [HoldReason.SOURCE_BLIND]


def test_a_sign_while_recovering_belongs_to_the_same_incident():
    """Data lost in the first blindness stay distrusted when a second one interrupts the recovery."""
    watch = Watch(horizons={SOURCE: (seconds(3600),)})
    watch.hear(beats=600)
    had_data_at = watch.now
    watch.hear({"web": Reply.EMPTY}, probe=EMPTY_PROBE)
    assert watch.hear({"web": Reply.EMPTY}, beats=60).health is RECOVERING
    watch.hear({"web": Reply.EMPTY}, probe=EMPTY_PROBE)
    assert watch.hear({"web": Reply.EMPTY}, beats=245).health is OK
    assert is_blind(watch.believes(watch.zero, data_at=had_data_at))
