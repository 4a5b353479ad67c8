"""The source guard: what is believed, of whom, for how long, and over a restart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.belief import believe
from autoscaler.core.sources import holds, judge, resume
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import Source
from autoscaler.model.observation import HoldReason, Missing, MissingReason, Origin
from autoscaler.model.source import SourceState
from autoscaler.model.turn import Probe, Reply, Report
from tests.unit.builders import START, a_sample, a_trigger, an_object, at, missing
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
    is_blind,
    key_of,
)


def test_a_rule_group_that_dies_is_held_ten_minutes_and_then_believed():
    """E with a well probe: held 10 min, then believed with one loud word, distrust included."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    had_data_at = watch.now
    watch.hear(every(TEN, Reply.EMPTY))
    assert watch.hear(every(TEN, Reply.EMPTY), beats=39).health is BLIND
    assert is_blind(watch.believes(watch.zero, data_at=had_data_at))
    state = watch.hear(every(TEN, Reply.EMPTY))
    assert (state.health, "believed after" in state.detail) == (OK, True)
    assert watch.believes(watch.zero, data_at=had_data_at) == watch.zero
    assert watch.hear(every(TEN, Reply.EMPTY), beats=40).health is OK
    assert watch.holds() == []


def test_a_low_probe_alone_is_believed_after_ten_minutes():
    """P alone is doubted for at most 10 min; the share of targets it shows then is the new baseline."""
    watch = a_calm_watch()
    low = Probe(up=3, count=10)
    watch.hear(probe=low)
    assert watch.hear(probe=low, beats=39).health is BLIND
    assert watch.hear(probe=low, beats=1).health is OK
    assert watch.hear(probe=low, beats=40).health is OK


def test_an_empty_probe_alone_is_believed_after_ten_minutes():
    """A probe that stays empty while nothing else is wrong is believed, and judged again once it answers."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    assert watch.hear(probe=EMPTY_PROBE, beats=39).health is BLIND
    assert watch.hear(probe=EMPTY_PROBE, beats=40).health is OK
    watch.hear()
    assert watch.hear(probe=EMPTY_PROBE).health is BLIND


def test_company_ends_doubt():
    """E and P together are no doubt: the source stays blind as long as both are seen."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    assert watch.hear(every(TEN, Reply.EMPTY), probe=Probe(up=2, count=10), beats=100).health is BLIND


def test_failures_are_never_believed_to_be_idleness():
    """F holds as long as nothing answers."""
    watch = a_calm_watch()
    assert watch.fail(beats=1000).health is BLIND


def test_answers_that_come_back_end_e():
    """E ends when at least half of the triggers it stands on have data again."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    watch.hear(every(TEN, Reply.EMPTY))
    assert watch.hear(every(TEN, Reply.DATA)).health is BLIND
    assert watch.hear(every(TEN, Reply.DATA), beats=2).health is RECOVERING


def test_a_zero_of_a_blind_source_is_missing():
    """A substituted zero is not believed while its source is blind; a measured zero is."""
    watch = a_calm_watch()
    measured = a_sample(0, when=at(watch.now + 15))
    assert watch.believes(watch.zero) == watch.zero
    watch.hear(probe=EMPTY_PROBE)
    assert is_blind(watch.believes(watch.zero))
    assert watch.believes(measured) == measured


def test_a_trigger_that_lost_its_data_in_the_incident_is_distrusted():
    """Data before the blindness and none since: Missing until it answers once, or the source was ok for an hour."""
    watch = a_calm_watch()
    had_data_at = watch.now
    watch.hear(probe=EMPTY_PROBE)
    watch.hear({"web": Reply.EMPTY}, beats=10)
    assert watch.guard[SOURCE].health is OK
    assert is_blind(watch.believes(watch.zero, data_at=had_data_at))
    assert watch.believes(watch.zero, data_at=watch.now - 1) == watch.zero
    watch.hear({"web": Reply.EMPTY}, beats=4 * 58)
    assert is_blind(watch.believes(watch.zero, data_at=had_data_at))
    watch.hear({"web": Reply.EMPTY}, beats=8)
    assert watch.believes(watch.zero, data_at=had_data_at) == watch.zero


def test_a_trigger_that_was_idle_before_the_incident_is_not_distrusted():
    """Who had no data when the source went blind, or never had any, is believed after it."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    watch.hear({"web": Reply.EMPTY}, beats=10)
    assert watch.believes(watch.zero, data_at=0) == watch.zero
    assert watch.believes(watch.zero) == watch.zero


def test_distrust_spans_an_incident_of_several_blindnesses():
    """A second blindness does not launder data that was lost in the first."""
    watch = a_calm_watch()
    had_data_at = watch.now
    for _ in range(3):
        watch.hear({"web": Reply.EMPTY}, probe=EMPTY_PROBE)
        watch.hear({"web": Reply.EMPTY}, beats=30)
    assert is_blind(watch.believes(watch.zero, data_at=had_data_at))


def test_tenants_of_one_namespace_alone_cannot_blind_a_source():
    """Failures and empty answers of one tenant namespace need the probe as well (S8)."""
    names = [f"evil/{name}" for name in TEN]
    tenants = frozenset(key_of(name) for name in names)
    watch = a_calm_watch(every(names, Reply.DATA), horizons={})
    assert watch.hear(every(names, Reply.EMPTY), tenants=tenants).health is OK
    lone = a_calm_watch()
    states = [lone.hear(every(names, Reply.FAILED), failures=1, tenants=tenants) for _ in range(8)]
    assert BLIND not in [state.health for state in states]


def test_tenants_of_two_namespaces_or_a_silent_probe_can():
    """Two namespaces, or a probe that is silent too, make a tenant's failures a sign."""
    names = ["one/a", "two/b"]
    tenants = frozenset(key_of(name) for name in names)
    both = a_calm_watch()
    assert both.fail(replies=every(names, Reply.FAILED), beats=2, tenants=tenants).health is BLIND
    silent = a_calm_watch()
    assert silent.fail(replies={"one/a": Reply.FAILED}, beats=2, tenants=tenants).health is BLIND


def test_a_rollout_is_no_sign():
    """Every pod replaced, Prometheus healthy: data goes on and nothing is held."""
    watch = a_calm_watch(every(TEN, Reply.DATA))
    assert watch.hear(every(TEN, Reply.DATA), probe=Probe(up=10, count=18), beats=8).health is OK
    assert watch.holds() == []


def test_an_object_may_opt_out():
    """``guards.source: off`` exempts an object from holds and from disbelief, not from stale answers."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    obj = replace(an_object(), guard_source=False)
    assert watch.holds(obj) == []
    assert believe(obj, (watch.zero,), Memory(), watch.guard, at(watch.now)) == (watch.zero,)


def test_a_source_without_an_address_is_not_guarded():
    """cron, pods and usage have no server that could be blind."""
    trigger = a_trigger()
    here = replace(trigger.ask.question, source=Source(transport="cron"))
    obj = an_object(triggers=(replace(trigger, ask=replace(trigger.ask, question=here)),))
    assert holds(obj, {}, START) == ()
    report = Report(source=here.source, at=START, requests=1, failures=1, took=timedelta(0))
    assert judge({}, (report,), START) == {}


def test_sources_are_judged_apart():
    """One blind source says nothing of another, and both hold an object that asks both."""
    watch = a_calm_watch()
    watch.hear(probe=EMPTY_PROBE)
    other = replace(a_trigger().ask.question, source=replace(SOURCE, addresses=("http://other:9090",)))
    mine = replace(a_trigger(), ask=replace(a_trigger().ask, question=other))
    assert watch.holds(an_object(triggers=(mine,))) == [HoldReason.SOURCE_RECOVERING]
    assert watch.holds(an_object(triggers=(a_trigger(), mine))) == [
        HoldReason.SOURCE_BLIND,
        HoldReason.SOURCE_RECOVERING,
    ]


def test_a_restart_with_a_fresh_ok_state_goes_on():
    """Saved ok and younger than 60 s: no hold; older or anything else: recovering."""
    ok = SourceState(health=OK, since=at(-900))
    assert resume({SOURCE: ok}, at(-59), START)[SOURCE].health is OK
    assert resume({SOURCE: ok}, at(-60), START)[SOURCE].health is RECOVERING
    for health in (DEGRADED, BLIND, RECOVERING):
        assert resume({SOURCE: replace(ok, health=health)}, at(-1), START)[SOURCE].health is RECOVERING


def test_distrust_survives_a_restart():
    """A trigger that lost its data before the restart is not believed after it."""
    watch = Watch()
    watch.guard = resume({SOURCE: SourceState(health=BLIND, since=at(-100))}, at(-5), START)
    watch.hear({"web": Reply.EMPTY}, beats=10)
    assert watch.guard[SOURCE].health is OK
    assert is_blind(watch.believes(watch.zero, data_at=-110))
    assert watch.believes(watch.zero, data_at=20) == watch.zero


@pytest.mark.parametrize(("answered", "before"), [(100, 100), (99, 100), (-91, None)])
def test_an_old_answer_is_stale(answered: float, before: float | None):
    """An answer whose timestamp does not move, or is older than two intervals and a minute, is Missing (D38)."""
    memory = Memory(triggers=(TriggerMemory(answered_at=None if before is None else at(before)),))
    found = believe(an_object(), (a_sample(5, when=at(answered)),), memory, {}, at(0))[0]
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.STALE


def test_a_fresh_answer_is_believed():
    """A timestamp that moves and is recent enough changes nothing; nor does one that has none of its own."""
    memory = Memory(triggers=(TriggerMemory(answered_at=at(-15)),))
    for found in (
        a_sample(5, when=at(-14)),
        a_sample(5, when=at(-900), origin=Origin.CACHED),
        a_sample(0, when=at(-15), origin=Origin.NULL_AS_ZERO),
        missing(),
    ):
        assert believe(an_object(), (found,), memory, {}, at(0)) == (found,)


def test_a_day_leaves_a_bounded_history():
    """Tallies, peaks and slices do not grow with time, and forgotten triggers go."""
    watch = Watch()
    watch.hear(every(TEN, Reply.DATA), beats=100)
    watch.hear(beats=4 * 60 * 3)
    history = watch.guard[SOURCE]
    assert (len(history.told), len(history.slices), len(history.peaks) <= 61) == (1, 1, True)


def test_a_late_cohort_does_not_turn_back_time():
    """A cohort that ends after a later one is judged at the later one's instant."""
    watch = a_calm_watch()
    late = Report(source=SOURCE, at=at(watch.now - 30), requests=1, failures=0, took=timedelta(0))
    assert judge(watch.guard, (late,), at(watch.now - 30))[SOURCE].judged_at == at(watch.now)
