"""Short outages: a store that kept its history spares queries over long ranges their recovery time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.sources import horizons, resume
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import HoldReason
from autoscaler.model.source import SourceState
from autoscaler.model.turn import Reply
from tests.unit.builders import START, an_object, at
from tests.unit.core.watch import (
    BLIND,
    EMPTY_PROBE,
    OK,
    RECOVERING,
    SOURCE,
    TEN,
    Watch,
    every,
)

HELD = [HoldReason.SOURCE_RECOVERING]


def over(**span: float) -> ScaledObject:
    """An object whose query looks back so far."""
    trigger = an_object().triggers[0]
    return an_object(triggers=(replace(trigger, ask=replace(trigger.ask, looks_back=timedelta(**span))),))


HOUR, MINUTE = over(hours=1), over(minutes=1)


def well(*objects: ScaledObject, replies: Mapping[str, Reply] | None = None) -> Watch:
    """A source that has been well for longer than these objects' queries look back."""
    watch = Watch(horizons=horizons(objects))
    assert watch.hear(replies, beats=300).health is OK
    return watch


def after_an_outage(*objects: ScaledObject) -> Watch:
    """The same after an empty probe: 30 s lie between the well ones around it, and the source recovers."""
    watch = well(*objects)
    watch.hear(probe=EMPTY_PROBE)
    assert watch.hear(beats=2).health is RECOVERING
    return watch


def test_a_short_cut_is_not_waited_out():
    """A cut of 20 s, Prometheus healthy: [1h] is ok at once, [1m] after 60 s."""
    watch = after_an_outage(HOUR, MINUTE)
    recovering_at = watch.now
    assert (watch.holds(HOUR), watch.holds(MINUTE)) == (HELD, HELD)
    state = watch.shows(10)
    assert (state.health, state.clear_at) == (RECOVERING, at(recovering_at + 60))
    assert (watch.holds(HOUR), watch.holds(MINUTE)) == ([], HELD)
    assert watch.hear(beats=2).health is RECOVERING
    assert watch.hear().health is OK
    assert (watch.holds(HOUR), watch.holds(MINUTE)) == ([], [])


def test_where_nothing_waits_the_source_is_ok_at_once():
    """With nothing but long ranges on a source its recovery ends with the answer, and says why."""
    watch = after_an_outage(HOUR)
    state = watch.shows(10)
    assert (state.health, state.detail) == (OK, "its history was kept over an outage of 30 s")


def test_the_guard_asks_of_two_minutes_before_the_outage():
    """The history wanted is that of two minutes before the source was last well, until it is heard."""
    watch = well(HOUR)
    well_at = watch.now
    assert watch.recalls() is None
    watch.hear(probe=EMPTY_PROBE)
    assert (watch.hear().health, watch.recalls()) == (BLIND, None)
    watch.hear()
    assert watch.recalls() == well_at - 120
    watch.hear()
    assert watch.recalls() == well_at - 120
    watch.shows(None)
    assert watch.recalls() is None


@pytest.mark.parametrize(("count", "found"), [(5, []), (4.9, HELD), (0, HELD), (None, HELD)])
def test_half_of_the_targets_must_be_there(count: float | None, found: list[HoldReason]):
    """The store kept its history if it shows half of the targets counted before; no answer shows none."""
    watch = after_an_outage(HOUR)
    watch.shows(count)
    assert watch.holds(HOUR) == found


def test_one_answer_counts():
    """What the store showed first stands: a later answer changes nothing."""
    watch = after_an_outage(HOUR)
    watch.shows(None)
    watch.shows(10)
    assert watch.holds(HOUR) == HELD


@pytest.mark.parametrize(("seconds", "found"), [(300, []), (299, HELD)])
def test_an_outage_is_short_for_ten_times_its_range(seconds: float, found: list[HoldReason]):
    """30 s are short for a query over 300 s and long for one over 299 s."""
    watch = after_an_outage(HOUR, looks := over(seconds=seconds))
    watch.shows(10)
    assert watch.holds(looks) == found


def test_nothing_is_asked_where_it_could_not_help():
    """An outage that is long for every query on the source is waited out, whatever the store kept."""
    watch = after_an_outage(MINUTE, over(seconds=299))
    assert watch.recalls() is None
    watch.shows(10)
    assert watch.holds(over(seconds=299)) == HELD


def test_failures_count_from_the_last_success():
    """F is seen after two beats of failures: what was lost began with the first of them."""
    watch = well(HOUR, looks := over(seconds=450))
    well_at = watch.now
    assert watch.fail(beats=2).health is BLIND
    assert watch.hear(beats=2).health is RECOVERING
    assert watch.recalls() == well_at - 120
    watch.shows(10)
    assert (watch.holds(HOUR), watch.holds(looks)) == ([], [])
    assert "of 45 s" in watch.guard[SOURCE].detail


def test_series_that_were_away_count_as_an_outage():
    """E with a well probe is an outage like another; it began a beat before it was seen."""
    watch = well(HOUR, replies=every(TEN, Reply.DATA))
    assert watch.hear(every(TEN, Reply.EMPTY)).health is BLIND
    watch.hear(every(TEN, Reply.DATA), beats=2)
    assert watch.shows(10).health is OK


def test_nothing_is_asked_at_the_start():
    """A process that starts knows of no outage and waits; so does one that starts in the middle of one."""
    watch = Watch(horizons=horizons([HOUR]))
    assert (watch.hear().health, watch.recalls()) == (RECOVERING, None)
    watch.hear(probe=EMPTY_PROBE)
    watch.hear(beats=3)
    assert (watch.guard[SOURCE].health, watch.recalls()) == (RECOVERING, None)
    watch.guard = resume({SOURCE: SourceState(health=BLIND, since=at(-30))}, at(-5), START)
    assert watch.recalls() is None
    watch.shows(10)
    assert watch.holds(HOUR) == HELD


def test_without_a_probe_nothing_is_asked():
    """Mimir, Thanos or agents have no ``up`` whose history could be shown: their outages are waited out."""
    watch = Watch(horizons=horizons([HOUR]))
    watch.hear(probe=EMPTY_PROBE, beats=300)
    assert watch.fail(beats=3).health is BLIND
    assert watch.hear(probe=EMPTY_PROBE, beats=4).health is RECOVERING
    assert watch.recalls() is None


def test_an_answer_from_before_the_last_sign_is_of_another_outage():
    """A sign while recovering forgets what the store showed; an answer still under way from before does not count."""
    watch = after_an_outage(HOUR, MINUTE)
    asked_at = watch.now
    watch.shows(10)
    watch.hear(probe=EMPTY_PROBE)
    watch.hear(beats=2)
    assert (watch.guard[SOURCE].health, watch.holds(HOUR)) == (RECOVERING, HELD)
    watch.shows(10, asked_at=asked_at)
    assert watch.holds(HOUR) == HELD
    watch.shows(10)
    assert watch.holds(HOUR) == []


def test_outages_within_an_hour_count_together():
    """Gaps that one query may see are summed up: the second outage of 30 s is long for a query over 599 s."""
    watch = after_an_outage(HOUR, looks := over(seconds=599), longer := over(seconds=600))
    assert watch.shows(10).health is OK
    watch.hear(probe=EMPTY_PROBE)
    watch.hear(beats=2)
    watch.shows(10)
    assert (watch.holds(looks), watch.holds(longer)) == (HELD, [])


def test_an_outage_that_was_waited_out_is_over():
    """After a full recovery, or an hour of trust, the next outage counts alone."""
    for count, beats in ((None, 300), (10, 241)):
        watch = after_an_outage(HOUR, looks := over(seconds=300))
        watch.shows(count)
        watch.hear(beats=beats)
        watch.hear(probe=EMPTY_PROBE)
        watch.hear(beats=2)
        watch.shows(10)
        assert watch.holds(looks) == []


def test_what_was_believed_in_doubt_is_no_outage():
    """A sign that was believed leaves nothing to ask about, then or at the next outage."""
    watch = well(over(seconds=300))
    watch.hear(probe=EMPTY_PROBE, beats=41)
    assert (watch.guard[SOURCE].health, watch.guard[SOURCE].outage) == (OK, None)
    watch.hear(beats=2)
    watch.hear(probe=EMPTY_PROBE)
    watch.hear(beats=2)
    assert watch.recalls() is not None


def test_a_wiped_store_is_waited_for():
    """A store that restarts empty shows none of the targets of before: the whole range is waited out."""
    watch = after_an_outage(HOUR)
    watch.shows(None)
    assert watch.hear(beats=237).health is RECOVERING
    assert watch.holds(HOUR) == HELD
    assert watch.hear(beats=2).health is OK


def test_an_answer_that_nobody_waits_for_changes_nothing():
    """A well source is not moved by an answer about its past."""
    watch = well(MINUTE)
    assert watch.shows(10).health is OK
    assert watch.guard[SOURCE].outage is None
