"""``/metrics`` is a contract: a golden file, a parser, and a table that documents every name.

A change that is meant is written down by ``python -m tests.unit.sinks.test_metrics``.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from autoscaler.model.decision import Decision, Stage
from autoscaler.model.objects import ObjectKey
from autoscaler.model.record import Round
from autoscaler.sinks.counters import Counters
from autoscaler.sinks.latest import Latest
from autoscaler.views.metrics import ALL, BY_NAME, MetricType
from tests.unit.builders import a_trigger, an_object, an_observation, missing
from tests.unit.sinks.fleet import OUTCOMES, a_report, a_round, decided, the_fleet

GOLDEN = Path(__file__).with_name("metrics.golden")


def exposition(objects: dict, rounds: Iterable[Round], faulty: dict) -> str:
    latest = Latest(objects, lambda: faulty, lambda: (2, True))
    counters = Counters(lambda: timedelta(seconds=4), process=False)
    for done in rounds:
        latest(done)
        counters(done)
    return "".join(chain(latest.families(), (without_build(counters.text()),)))


def without_build(text: str) -> str:
    """The build's labels change with Python and with every release."""
    lines = text.splitlines(keepends=True)
    return "".join(
        'autoscaler_build_info{version="...",python="..."} 1.0\n' if line.startswith("autoscaler_build_info{") else line
        for line in lines
    )


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float | None:
    """The one series of that name that has these labels; None where there is none."""
    found = [v for (n, pairs), v in samples(text).items() if n == name and set(labels.items()) <= set(pairs)]
    assert len(found) < 2
    return found[0] if found else None


def test_the_text_is_the_contract():
    """Names, labels, types, meanings and values are what dashboards and alerts rely on."""
    assert exposition(*the_fleet()) == GOLDEN.read_text(encoding="utf-8")


def test_every_family_is_documented_and_every_documented_family_can_appear():
    """What ``explain METRIC`` prints and what ``/metrics`` shows are one table: name, type, labels and meaning."""
    text = exposition(*the_fleet())
    families = {family.name: family for family in text_string_to_metric_families(text)}
    shown = {
        (f"{name}_total" if family.type == "counter" else name): (family.type, family.documentation)
        for name, family in families.items()
    }
    assert shown == {metric.name: (metric.type.value, metric.meaning) for metric in ALL}


def test_the_labels_are_those_of_the_table():
    """No series carries a label that the table does not name."""
    for (name, pairs), _ in samples(exposition(*the_fleet())).items():
        family = name
        for end in ("_bucket", "_count", "_sum"):
            if name.removesuffix(end) in BY_NAME:
                family = name.removesuffix(end)
        extra = {"le"} if BY_NAME[family].type is MetricType.HISTOGRAM else set()
        assert {key for key, _ in pairs} - extra == set(BY_NAME[family].labels)


def test_no_series_appears_twice():
    """A scrape with duplicates is refused by Prometheus as a whole."""
    lines = [line.rsplit(" ", 1)[0] for line in exposition(*the_fleet()).splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


def test_a_hostile_name_stays_inside_its_label():
    """Quotes, backslashes and newlines in a name break neither the line nor the label."""
    name = 'x"} 1\nfake_metric{a="\\\x1b[31m\udc80'
    obj = an_object(10, name=name, triggers=(a_trigger(1, metric=name, name=name),))
    text = exposition({obj.key: obj}, [a_round(decided(obj, an_observation(5)))], {})
    assert value(text, "autoscaler_desired_replicas", scaledObject=name.replace("\udc80", "?")) == 4
    assert not any(key == "fake_metric" for key, _ in samples(text))


def test_what_is_deleted_vanishes_at_once():
    """A deleted object leaves no series behind, and neither does a source that only it used."""
    objects, rounds, _ = the_fleet()
    latest = Latest(objects, dict)
    for done in rounds:
        latest(done)
    del objects[ObjectKey(namespace="shop", name="busy")]
    assert 'scaledObject="busy"' not in "".join(latest.families())
    assert "autoscaler_source_state" in "".join(latest.families())
    objects.clear()
    assert "{" not in "".join(latest.families())


def test_a_late_record_of_a_deleted_object_does_not_bring_it_back():
    """A tick that ends after the deletion, and the restore after it, leave no series."""
    obj = an_object(10)
    latest = Latest({}, dict)
    latest(a_round(decided(obj, an_observation(5))))
    assert "{" not in "".join(latest.families())
    assert latest.record(obj.key) is None


def test_an_edit_keeps_counts_of_what_stayed():
    """Counters of a trigger go on over an edit of its object; those of a changed trigger begin anew."""
    before = an_object(10, name="web", triggers=(a_trigger(10), a_trigger(10, metric="s1-prometheus")))
    after = replace(before, triggers=(before.triggers[0], a_trigger(10, metric="s1-other")), max_replicas=7)
    rounds = [
        a_round(decided(before, an_observation(missing(), missing()))),
        a_round(decided(after, an_observation(missing(), missing()))),
    ]
    text = exposition({before.key: after}, rounds, {})
    assert value(text, "keda_scaler_detail_errors_total", metric="s0-prometheus") == 2
    assert value(text, "keda_scaler_detail_errors_total", metric="s1-other") == 1
    assert value(text, "keda_scaled_object_errors_total") == 2
    assert value(text, "autoscaler_max_replicas") == 7


def test_the_numbers_are_those_of_the_last_record():
    """Metrics agree with the newest decision, raw recommendation and limits included."""
    obj = an_object(10, maximum=10)
    record = decided(obj, an_observation(212, replicas=7))
    text = exposition({obj.key: obj}, [a_round(record)], {})
    decision: Decision = record.decision
    assert value(text, "autoscaler_current_replicas") == decision.current == 7
    assert value(text, "autoscaler_desired_replicas") == decision.desired == 10
    assert value(text, "autoscaler_recommended_replicas") == decision.recommendation == 22
    assert value(text, "autoscaler_trigger_proposed_replicas") == 22
    assert value(text, "autoscaler_limited", reason="TooManyReplicas") == 1
    assert decision.steps[-1].stage is Stage.BOUND


def test_a_missing_trigger_has_no_value():
    """Missing is never zero, on a dashboard neither."""
    obj = an_object(10)
    text = exposition({obj.key: obj}, [a_round(decided(obj, an_observation(missing())))], {})
    assert value(text, "autoscaler_trigger_value") is None
    assert value(text, "keda_scaler_metrics_value") is None
    assert value(text, "keda_scaler_active") is None
    assert value(text, "autoscaler_trigger_missing", reason="unreachable") == 1


def test_every_outcome_is_counted_under_its_own_name():
    """Writes are counted by what became of them; what needed none is no write."""
    obj = an_object(10)
    counters = Counters(lambda: None, process=False)
    for outcome in OUTCOMES:
        counters(a_round(decided(obj, an_observation(34, replicas=1), outcome)))
    text = counters.text()
    outcomes = {"applied", "withheld", "superseded", "failed", "unknown"}
    assert {outcome: value(text, "autoscaler_writes_total", outcome=outcome) for outcome in outcomes} == dict.fromkeys(
        outcomes, 1
    )
    assert value(text, "autoscaler_ticks_total", result="decided") == 6
    assert value(text, "autoscaler_tick_seconds_count") == 6
    assert value(text, "autoscaler_write_seconds_sum") == 0.05


def test_a_series_starts_at_zero():
    """Rates need a first point: outcomes and results exist before the first of their kind."""
    text = Counters(lambda: None, process=False).text()
    assert value(text, "autoscaler_writes_total", outcome="failed") == 0
    assert value(text, "autoscaler_ticks_total", result="broken") == 0


def test_the_state_has_no_age_before_it_is_saved():
    """An age is shown only where there is something that ages."""
    assert value(Counters(lambda: None, process=False).text(), "autoscaler_state_age_seconds") is None
    saved = Counters(lambda: timedelta(seconds=7), process=False)
    assert value(saved.text(), "autoscaler_state_age_seconds") == 7


def test_the_process_shows_its_memory_and_cpu():
    """The usual dashboards for processes work."""
    text = Counters(lambda: None).text()
    assert value(text, "process_resident_memory_bytes") is not None


def test_failures_of_a_source_are_counted_by_kind():
    """Requests and failures of a source add up over rounds."""
    obj = an_object(10)
    done = replace(a_round(decided(obj, an_observation(5))), reports=(a_report(failures=1), a_report(failures=2)))
    text = exposition({obj.key: obj}, [done], {})
    assert value(text, "autoscaler_source_requests_total") == 4
    assert value(text, "autoscaler_source_failures_total", kind="timeout") == 3


def test_the_state_of_a_source_is_one_of_four():
    """Exactly one state of a source is 1."""
    objects, rounds, _ = the_fleet()
    text = exposition(objects, rounds, {})
    found = {dict(pairs)["state"]: v for (name, pairs), v in samples(text).items() if name == "autoscaler_source_state"}
    assert found == {"ok": 0, "degraded": 1, "blind": 0, "recovering": 0}


if __name__ == "__main__":
    GOLDEN.write_text(exposition(*the_fleet()), encoding="utf-8")
