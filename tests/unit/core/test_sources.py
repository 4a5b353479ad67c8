"""The source guard: signs, states, holds and distrust, scenario by scenario."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.core.signs import Crowd, GuardSettings, SourceHistory
from autoscaler.core.sources import believe, holds, horizons, judge, recovery, resume, state_of
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import ObjectKey, ScaledObject, Source
from autoscaler.model.observation import HoldReason, Measurement, Missing, MissingReason, Origin
from autoscaler.model.source import Sign, SourceHealth, SourceState
from autoscaler.model.turn import Heard, Probe, Reply, Report
from tests.unit.builders import START, a_sample, a_trigger, an_object, at, missing, seconds

SOURCE = a_trigger().ask.question.source
WELL, EMPTY_PROBE = Probe(up=10, count=10), Probe(up=None, count=None)
OK, DEGRADED, BLIND, RECOVERING = SourceHealth.OK, SourceHealth.DEGRADED, SourceHealth.BLIND, SourceHealth.RECOVERING
HOUR = 3600


class Watch:
    """A guard that hears one source: every beat, with a well probe and one busy trigger, unless told otherwise."""

    def __init__(self, **known) -> None:
        self.guard: Mapping[Source, SourceHistory] = {}
        self.now = 0.0
        self.settings = GuardSettings()
        self.known = known

    def hear(
        self,
        replies: Mapping[str, Reply] | None = None,
        *,
        beats: int = 1,
        probe: Probe | None = WELL,
        failures: int = 0,
        requests: int = 1,
        beat: float = 15,
        **crowd,
    ) -> SourceState:
        for _ in range(beats):
            self.now += beat
            told = {"web": Reply.DATA} if replies is None else replies
            report = Report(
                source=SOURCE,
                at=at(self.now),
                requests=requests,
                failures=failures,
                took=timedelta(0),
                heard=tuple(Heard(key=key_of(name), trigger=0, reply=reply) for name, reply in told.items()),
                probe=probe,
            )
            self.guard = judge(self.guard, (report,), at(self.now), self.settings, crowd=Crowd(**crowd), **self.known)
        return state_of(self.guard[SOURCE])

    def fail(self, *, beats: int = 1, replies: Mapping[str, Reply] | None = None, **words) -> SourceState:
        told = {"web": Reply.FAILED} if replies is None else replies
        return self.hear(told, beats=beats, probe=None, failures=1, **words)

    def holds(self, obj: ScaledObject | None = None) -> list[HoldReason]:
        return [hold.reason for hold in holds(obj or an_object(), self.guard, at(self.now))]

    def believes(self, found: Measurement, *, data_at: float | None = None) -> Measurement:
        memory = Memory(triggers=(TriggerMemory(data_at=None if data_at is None else at(data_at)),))
        return believe(an_object(), (found,), memory, self.guard, at(self.now))[0]

    @property
    def zero(self):
        return a_sample(0, when=at(self.now), origin=Origin.NULL_AS_ZERO)


def key_of(name: str) -> ObjectKey:
    namespace, _, rest = name.rpartition("/")
    return ObjectKey(namespace=namespace or "shop", name=rest)


def every(names: Iterable[str], reply: Reply) -> dict[str, Reply]:
    return dict.fromkeys(names, reply)


def a_calm_watch(replies: Mapping[str, Reply] | None = None, **known) -> Watch:
    """A source that has answered for ten minutes and is ok."""
    watch = Watch(**known)
    assert watch.hear(replies, beats=40).health is OK
    return watch


def is_blind(found: Measurement) -> bool:
    return isinstance(found, Missing) and found.reason is MissingReason.BLIND


TEN = [f"w{n}" for n in range(10)]


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


def test_degraded_ends_after_a_beat_without_failures():
    """Some failures of a beat make a source degraded; a beat without any ends it."""
    watch = a_calm_watch()
    assert watch.hear(requests=4, failures=1).health is DEGRADED
    assert watch.hear().health is OK


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


def test_the_recovery_time_has_bounds():
    """H is at least a minute and at most an hour, whatever the query looks back on."""
    ask = an_object().triggers[0].ask
    spans = (None, seconds(5), seconds(300), timedelta(days=7))
    found = [recovery(replace(ask, looks_back=span)) for span in spans]
    assert found == [seconds(60), seconds(60), seconds(300), seconds(3600)]


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
