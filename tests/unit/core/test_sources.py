"""The source guard: signs, states, holds and distrust, scenario by scenario."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.sources import holds, horizons, judge, recovery, resume
from autoscaler.model.observation import HoldReason
from autoscaler.model.source import Sign, SourceHealth, SourceState
from autoscaler.model.turn import Heard, Probe, Reply, Report
from tests.unit.builders import START, an_object, at, seconds
from tests.unit.core.watch import (
    BLIND,
    DEGRADED,
    EMPTY_PROBE,
    OK,
    RECOVERING,
    SOURCE,
    TEN,
    Watch,
    a_calm_watch,
    every,
    key_of,
)


def test_a_new_source_recovers_for_a_minute():
    """At the start nothing shrinks for 60 s; then the source is ok."""
    watch = Watch()
    assert [watch.hear().health for _ in range(5)] == [RECOVERING] * 4 + [OK]
    assert watch.holds() == []


def test_a_source_never_heard_holds():
    """Before its first answer a source is not believed to be well."""
    assert [hold.reason for hold in holds(an_object(), {}, START)] == [HoldReason.SOURCE_RECOVERING]


def test_two_beats_of_failures_are_a_sign():
    """F: every request of the last two beats failed, and there were at least two."""
    watch = a_calm_watch()
    assert watch.fail().health is not BLIND
    assert (watch.fail().health, watch.fail().signs) == (BLIND, frozenset({Sign.FAILING}))
    assert watch.holds() == [HoldReason.SOURCE_BLIND]


def test_one_success_in_two_beats_is_no_blindness():
    """A request that succeeds within two beats keeps F away, whatever else fails: degraded at most."""
    watch = a_calm_watch()
    for _ in range(10):
        assert watch.fail(beat=7).health is not BLIND
        assert watch.hear(beat=7).health is DEGRADED
    assert watch.holds() == []


def test_a_state_says_since_when():
    """A source that begins to fail, and one that is well again, is so since the report that showed it."""
    watch = a_calm_watch()
    failing = watch.hear(failures=1, requests=2)
    assert (failing.health, failing.since) == (DEGRADED, at(watch.now))
    well = watch.hear(beats=2)
    assert (well.health, well.since) == (OK, at(watch.now - 15))
    assert (failing.detail != "", well.detail) == (True, "")
    watch.fail()
    first = watch.fail()
    later = watch.fail(beats=4)
    assert (first.health, later.health, first.since, later.since) == (BLIND, BLIND, at(watch.now - 60), first.since)


@pytest.mark.parametrize(("health", "signed"), [(BLIND, 290), (RECOVERING, 200)])
def test_an_incident_outlives_the_process(health: SourceHealth, signed: float):
    """A source saved blind or recovering goes on with its incident; a blind one showed signs until it was saved."""
    resumed = resume({SOURCE: SourceState(health=health, since=at(200))}, at(290), at(300))[SOURCE]
    assert (resumed.health, resumed.incident_at, resumed.signed_at) == (RECOVERING, at(200), at(signed))


def test_degraded_ends_after_a_beat_without_failures():
    """Some failures of a beat make a source degraded; a beat without any ends it."""
    watch = a_calm_watch()
    assert watch.hear(requests=4, failures=1).health is DEGRADED
    assert watch.hear().health is OK


def test_a_source_whose_every_request_fails_is_never_ok():
    """From its first failure on a source that is down is degraded, until F makes it blind."""
    watch = a_calm_watch()
    states = [watch.fail(beat=5).health for _ in range(6)]
    assert states == [DEGRADED] * 5 + [BLIND]


def test_a_failure_with_no_success_after_it_does_not_age():
    """One failed request of a source that is asked once a minute leaves it degraded until a request succeeds."""
    watch = a_calm_watch()
    watch.fail(beat=60)
    assert watch.hear(requests=0, beat=20).health is DEGRADED
    assert watch.hear(beat=20).health is OK


def test_a_partial_answer_holds_only_its_own_object():
    """An answer that is itself partial may grow and not shrink; other objects on the source go on."""
    watch = a_calm_watch({"web": Reply.DATA, "api": Reply.DATA})
    assert watch.hear({"web": Reply.PARTIAL, "api": Reply.DATA}).health is DEGRADED
    assert watch.holds(an_object(name="web")) == [HoldReason.SOURCE_PARTIAL]
    assert watch.holds(an_object(name="api")) == []


def test_an_empty_probe_is_a_sign():
    """P: a probe that answered lately comes back empty."""
    watch = a_calm_watch()
    assert (watch.hear(probe=EMPTY_PROBE).signs, watch.holds()) == ({Sign.PROBE}, [HoldReason.SOURCE_BLIND])


def test_a_probe_below_half_its_baseline_is_a_sign():
    """P: fewer than half of the share of targets that were up in the last hour."""
    watch = a_calm_watch()
    assert watch.hear(probe=Probe(up=5, count=10)).health is OK
    assert watch.hear(probe=Probe(up=4, count=10)).signs == {Sign.PROBE}


def test_a_ratio_over_few_targets_is_not_judged():
    """Under five targets a ratio says nothing; an empty answer counts however few there were."""
    watch = Watch()
    watch.hear(beats=40, probe=Probe(up=3, count=3))
    assert watch.hear(probe=Probe(up=1, count=3)).health is OK
    assert watch.hear(probe=EMPTY_PROBE).health is BLIND


def test_the_size_of_the_cluster_is_no_sign():
    """A deleted namespace, a drained pool or half the nodes gone leave the share of targets as it is."""
    watch = a_calm_watch()
    assert watch.hear(probe=Probe(up=1000, count=1000), beats=4).health is OK
    assert watch.hear(probe=Probe(up=60, count=61), beats=20).health is OK


@pytest.mark.parametrize(("beat", "health"), [(15, BLIND), (16, OK)])
def test_an_empty_probe_is_judged_by_the_last_ten_minutes(beat: float, health: SourceHealth):
    """An empty probe is a sign only if the probe had an answer within ten minutes."""
    watch = a_calm_watch()
    watch.hear(probe=None, beats=39)
    assert watch.hear(probe=EMPTY_PROBE, beat=beat).health is health


def test_without_any_probe_it_judges_nothing():
    """Mimir, Thanos or agents have no ``up``: an empty probe from the start is no sign, failures still are."""
    watch = Watch()
    assert watch.hear(probe=EMPTY_PROBE, beats=60).health is OK
    assert watch.fail(beats=3).health is BLIND


def test_many_triggers_that_turn_empty_together_are_a_sign():
    """E: at least three triggers of at least two objects, more than half of those that had data, turn empty."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    turned = every(TEN[:6], Reply.EMPTY) | every(TEN[6:], Reply.DATA)
    assert watch.hear(turned).signs == {Sign.EMPTY}
    assert watch.holds(an_object(name="other")) == [HoldReason.SOURCE_BLIND]


@pytest.mark.parametrize(("left", "signs"), [(4, {Sign.EMPTY}), (3, set())])
def test_the_sign_lasts_while_more_than_half_stay_empty(left: int, signs: set[Sign]):
    """E ends when half of the triggers that it stands on have data again."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    watch.hear(every(TEN[:6], Reply.EMPTY) | every(TEN[6:], Reply.DATA))
    back = every(TEN[:left], Reply.EMPTY) | every(TEN[left:], Reply.DATA)
    assert watch.hear(back, beats=2).signs == signs


@pytest.mark.parametrize("empty", [5, 2, 0])
def test_fewer_empty_triggers_are_none(empty: int):
    """Half of the triggers, or two of them, may turn empty without a sign."""
    names = TEN if empty > 2 else TEN[:3]
    watch = a_calm_watch(every(names, Reply.DATA))
    assert watch.hear(every(names[:empty], Reply.EMPTY) | every(names[empty:], Reply.DATA)).health is OK


def test_a_beat_is_folded_from_many_cohorts():
    """E is seen across the cohorts of one beat, each of them a slice of the fleet."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    states = [watch.hear({name: Reply.EMPTY}, beat=1).health for name in TEN]
    assert states == [*[OK] * 5, *[BLIND] * 5]


def test_triggers_of_one_object_are_no_crowd():
    """Three triggers of a single object are its own affair."""
    watch = a_calm_watch()
    guard = watch.guard
    for second, reply in ((615, Reply.DATA), (630, Reply.EMPTY)):
        heard = tuple(Heard(key=key_of("web"), trigger=n, reply=reply) for n in range(4))
        report = Report(source=SOURCE, at=at(second), requests=1, failures=0, took=timedelta(0), heard=heard)
        guard = judge(guard, (report,), at(second))
    assert guard[SOURCE].health is OK


def test_our_own_zeros_are_no_sign():
    """80 % of a dev cluster is taken to zero and its pods were the targets: no change of state."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    asleep = frozenset(key_of(name) for name in TEN[:8])
    gone = every(TEN[:8], Reply.EMPTY) | every(TEN[8:], Reply.DATA)
    assert watch.hear(gone, beats=4, asleep=asleep, probe=Probe(up=2, count=2)).health is OK


def test_an_object_woken_within_ten_minutes_of_its_zero_does_not_count():
    """Triggers of an object that we had at zero ten minutes ago are not counted for E."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    asleep = frozenset(key_of(name) for name in TEN)
    watch.hear(every(TEN, Reply.DATA), asleep=asleep)
    assert watch.hear(every(TEN, Reply.DATA), beats=4).health is OK
    assert watch.hear(every(TEN, Reply.EMPTY)).health is OK


def test_old_answers_do_not_count():
    """A previous answer more than five minutes old says nothing about turning empty."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    assert watch.hear(every(TEN, Reply.EMPTY), beat=301).health is OK


def test_blind_recovers_after_two_beats_without_a_sign():
    """Two beats without a sign: recovering; then H passes before anything may shrink."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    assert [watch.hear().health for _ in range(6)] == [BLIND, *[RECOVERING] * 4, OK]


def test_any_sign_while_recovering_starts_anew():
    """A sign during recovery is blindness again, and H runs from its new end."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    assert watch.hear(beats=4).health is RECOVERING
    assert watch.hear(probe=EMPTY_PROBE).health is BLIND
    assert watch.hear(beats=2).health is RECOVERING
    assert watch.hear(beats=3).health is RECOVERING


def test_an_alternating_pair_is_never_ok():
    """An HA pair of which one side is fresh answers in turns: it is never ok while it alternates."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    for _ in range(20):
        assert watch.hear(every(TEN, Reply.EMPTY), probe=EMPTY_PROBE).health is BLIND
        assert watch.hear(every(TEN, Reply.DATA)).health is BLIND


def test_each_trigger_waits_for_its_own_range():
    """A query over an hour waits an hour after an outage, one without a range a minute."""
    short = an_object()
    ask = replace(short.triggers[0].ask, looks_back=timedelta(minutes=10))
    long = an_object(triggers=(replace(short.triggers[0], ask=ask),))
    watch = Watch(horizons=horizons((short, long)))
    assert watch.hear(beats=41).health is OK
    watch.hear(probe=EMPTY_PROBE)
    assert watch.hear(beats=6).health is RECOVERING
    assert (watch.holds(short), watch.holds(long)) == ([], [HoldReason.SOURCE_RECOVERING])
    assert watch.hear(beats=36).health is OK
    assert watch.holds(long) == []


@pytest.mark.parametrize("ranges", [(2, 10), (10, 2), (10, 10)])
def test_of_two_triggers_the_hold_lasts_as_long_as_the_longer(ranges: tuple[int, int]):
    """Triggers of one source give one hold, which ends when the last of them sees no gap."""
    one = an_object().triggers[0]
    asks = [replace(one.ask, looks_back=timedelta(minutes=minutes)) for minutes in ranges]
    obj = an_object(triggers=[replace(one, ask=ask) for ask in asks])
    watch = Watch(horizons=horizons((obj,)))
    since = watch.hear().since
    (hold,) = holds(obj, watch.guard, at(15))
    assert hold.until == since + timedelta(minutes=max(ranges))
    assert hold.detail == f"{SOURCE} was first asked a moment ago"


def test_the_recovery_time_has_bounds():
    """H is at least a minute and at most an hour, whatever the query looks back on."""
    ask = an_object().triggers[0].ask
    spans = (None, seconds(5), seconds(300), timedelta(days=7))
    found = [recovery(replace(ask, looks_back=span)) for span in spans]
    assert found == [seconds(60), seconds(60), seconds(300), seconds(3600)]


def test_blindness_says_since_when_and_why():
    """The last failure's cause stands in the state; one that never answered did not fail for long."""
    watch = Watch()
    state = watch.fail(beats=2, failure="the server answered status 401", beat=0.1)
    assert (state.health, state.detail) == (
        BLIND,
        "no request got a usable answer yet (the last one: the server answered status 401)",
    )
    watch = a_calm_watch()
    assert (
        watch.fail(failure="no complete answer in time").detail
        == "requests fail (the last one: no complete answer in time)"
    )
    assert watch.fail(beats=4, failure="connection refused").detail == (
        f"no request got a usable answer since {at(600):%H:%M:%SZ} (the last one: connection refused)"
    )
