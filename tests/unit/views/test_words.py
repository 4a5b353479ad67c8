"""A decision in one line, as a log or a demo shows it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.model.objects import Fallback, MetricTarget, Pause, TargetType
from autoscaler.model.observation import Hold, HoldReason, PodSamples, PodUsage
from autoscaler.views.series import number
from autoscaler.views.words import because, deciding, reading, span, target, values
from tests.unit.builders import (
    POLL,
    START,
    SYNC,
    a_behavior,
    a_memory,
    a_past,
    a_trigger,
    an_object,
    an_observation,
    missing,
    percent,
    pods,
    rules,
)
from tests.unit.formulas import a_composed
from tests.unit.sinks.fleet import decided

WEB = an_object(10, maximum=10, cooldown=15, behavior=a_behavior(down=rules(percent(100), window=20)))
HOLD = Hold(reason=HoldReason.SOURCE_BLIND, detail="Prometheus came back empty (targets up: 12 → 0)")


@pytest.mark.parametrize(
    ("obj", "seen", "words"),
    [
        (WEB, an_observation(34, replicas=0), "active: 34.0 > 0; 34.0 / 10 → 4"),
        (WEB, an_observation(61.5, replicas=4), "61.5 / 10 → 7"),
        (WEB, an_observation(212, replicas=7), "212.0 / 10 → 22, held at maxReplicaCount 10 (12 short)"),
        (WEB, an_observation(18, replicas=10), "18.0 / 10 → 2, and nothing higher in the last 20 s"),
        (WEB, an_observation(71, replicas=7), "71.0 / 10 → 7 (within tolerance)"),
        (WEB, an_observation(missing(), replicas=7), "activity unknown: a trigger is missing; no recommendation: gone"),
        (WEB, an_observation(0, replicas=0), "idle"),
        (WEB, an_observation(34, replicas=0, slots=SYNC), "active, wakes at the next poll"),
        (WEB, an_observation(0, replicas=0, slots=SYNC), "idle"),
        (WEB, an_observation(10, replicas=12), "above maxReplicaCount 10"),
        (replace(WEB, min_replicas=2), an_observation(10, replicas=2), "10.0 / 10 → 1, held at minReplicaCount 2"),
        (
            replace(WEB, min_replicas=2),
            an_observation(0, replicas=1),
            "below minReplicaCount 2; 0.0 / 10 → 0, held at minReplicaCount 2",
        ),
        (WEB, an_observation(10, replicas=5, slots=POLL), "10.0 / 10 → 1, shrinks only at a sync"),
        (replace(WEB, pause=Pause(paused=True)), an_observation(replicas=5), "paused"),
        (replace(WEB, pause=Pause(replicas=3)), an_observation(replicas=5), "paused at 3 replicas"),
        (a_composed("a + b"), an_observation(4, 6, replicas=3), "formula 10.0 / 2 → 5"),
        (
            a_composed("a + b", activation=9.5),
            an_observation(4, 6, replicas=0),
            "active: formula 10.0 > 9.5; formula 10.0 / 2 → 5, limited to 4 by policy",
        ),
        (
            a_composed("a / b"),
            an_observation(4, 0, replicas=3),
            "activity unknown: the formula gives no number; "
            "no recommendation: the formula gives inf, which is no finite 64-bit number",
        ),
        (
            a_composed("a + b"),
            an_observation(4, missing(), replicas=3),
            'activity unknown: a trigger is missing; no recommendation: trigger "b" gave no sample: gone',
        ),
        (replace(WEB, force_activation=True), an_observation(5, replicas=0), "active by annotation; 5.0 / 10 → 1"),
    ],
)
def test_each_way_to_a_number_has_its_words(obj, seen, words):
    """A reader learns from one line what was measured and what limited it."""
    memory = a_memory(past=a_past(replicas=seen.scale.spec))
    assert because(decided(obj, seen, memory=memory)) == words


def test_a_cooldown_is_named_with_its_length():
    """While the cooldown runs, the line says for how long it is."""
    record = decided(replace(WEB, cooldown=timedelta(seconds=300)), an_observation(0, replicas=1, now=20))
    assert because(record).startswith("idle, cooldownPeriod 300 s not over")


def test_a_hold_says_what_the_guard_saw():
    """Nobody has to look up why nothing shrinks."""
    record = decided(WEB, an_observation(10, replicas=9, holds=(HOLD,)), memory=a_memory(past=a_past(replicas=9)))
    assert because(record).endswith("source blind: Prometheus came back empty (targets up: 12 → 0); no shrinking")


def test_a_policy_that_limits_is_said():
    """Growth that is cut by a policy says to how many."""
    slow = replace(WEB, behavior=a_behavior(up=rules(pods(2))))
    assert because(decided(slow, an_observation(80, replicas=3))) == "80.0 / 10 → 8, limited to 5 by policy"


def test_a_window_that_holds_growth_is_said():
    """A lower recommendation in the scaleUp window is why nothing grows."""
    calm = replace(WEB, behavior=a_behavior(up=rules(pods(9), window=60)))
    record = decided(calm, an_observation(80, replicas=3), memory=a_memory((3, -10), past=a_past(replicas=3)))
    assert because(record) == "80.0 / 10 → 8, held at 3 by the stabilization window"


def test_a_fallback_is_said_with_its_metric():
    """A number that comes from a fallback never looks measured."""
    obj = replace(WEB, fallback=Fallback(threshold=1, replicas=6))
    memory = a_memory(failures=(5,), past=a_past(replicas=3))
    record = decided(obj, an_observation(missing(), replicas=3), memory=memory)
    assert because(record) == "fallback for s0-prometheus; 2.00 x target → 6"


def test_the_deciding_step_is_the_last_that_moved_the_number():
    """The reason in the log is that of the station that set the number."""
    record = decided(WEB, an_observation(212, replicas=7))
    assert deciding(record.decision).reason.value == "TooManyReplicas"
    steady = decided(WEB, an_observation(70, replicas=7))
    assert deciding(steady.decision) == steady.decision.steps[-1]


def test_values_show_what_was_measured_and_what_was_not():
    """Each trigger is one entry: value over target, or the reason of its absence."""
    cpu = a_trigger(60, type=TargetType.UTILIZATION, metric="cpu")
    obj = an_object(triggers=(a_trigger(10), a_trigger(5, metric="s1-prometheus"), cpu))
    usage = PodSamples(pods=(PodUsage(name="web-0", usage=10, request=20),), at=START)
    record = decided(obj, an_observation(12.5, missing(), usage, replicas=2))
    assert values(record) == {"s0-prometheus": "12.5/10", "s1-prometheus": "unreachable", "cpu": "1 pods/60 %"}


@pytest.mark.parametrize(
    ("milli", "text"),
    [(0, "0.0"), (212000, "212.0"), (125, "0.125"), (61500, "61.5"), (12345, "12.3"), (-500, "-0.5"), (999, "0.999")],
)
def test_a_reading_shows_the_digits_that_matter(milli, text):
    """Small values keep their thousandths, large ones one digit."""
    assert reading(milli) == text


@pytest.mark.parametrize(("milli", "text"), [(0, "0"), (10000, "10"), (-1500, "-1.5"), (1, "0.001"), (-1, "-0.001")])
def test_a_number_is_exact(milli, text):
    """Metrics and targets lose no digit."""
    assert number(milli) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(15, "15 s"), (0.5, "0.5 s"), (300, "300 s"), (600, "10 min"), (5400, "90 min"), (7200, "2 h")],
)
def test_a_duration_reads_well(seconds, text):
    """Seconds as people configure them, minutes and hours where they are whole and long."""
    assert span(timedelta(seconds=seconds)) == text


def test_a_target_shows_its_unit():
    """Percent is written as such."""
    assert target(MetricTarget(type=TargetType.UTILIZATION, amount=60)) == "60 %"
    assert target(MetricTarget(type=TargetType.VALUE, amount=1500)) == "1.5"
