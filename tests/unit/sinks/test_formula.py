"""A formula that gives no number is seen: in the log when that begins and ends, in the metrics while it lasts (D24)."""

from autoscaler.model.observation import MissingReason
from tests.unit.builders import an_observation, missing
from tests.unit.formulas import a_composed
from tests.unit.sinks.fleet import a_round, decided
from tests.unit.sinks.test_log import events, logged
from tests.unit.sinks.test_metrics import exposition, value

RATIO = a_composed("int(a) % int(b)")
FAILING = decided(RATIO, an_observation(4, 0, replicas=3))
WORKING = decided(RATIO, an_observation(6, 10, replicas=3))


def test_a_failing_formula_warns_once_and_its_return_is_said_once():
    """Every trigger answers and nothing would be written: the log must not be silent."""
    assert events(FAILING, FAILING, WORKING, WORKING) == [
        ("warning", "formula failed"),
        ("info", "formula worked again"),
    ]


def test_a_failing_formula_names_its_text_and_its_column():
    """The warning says what to look at."""
    (line,) = logged(FAILING)
    assert (line["object"], line["formula"]) == ("shop/web", "int(a) % int(b)")
    assert line["detail"] == "integer divide by zero, at column 8"


def test_a_missing_trigger_is_told_as_that():
    """Where a trigger is missing its own line is enough; that it comes back to a formula that fails is said then."""
    lost = decided(RATIO, an_observation(4, missing(), replicas=3))
    assert events(lost, FAILING) == [
        ("warning", "trigger missing"),
        ("info", "trigger answered again"),
        ("warning", "formula failed"),
    ]


def test_the_metrics_show_the_formula():
    """Its value, or why there is none; a tick without one counts as an error of the object."""
    working, failing, lost = (
        exposition({RATIO.key: RATIO}, [a_round(record)], {})
        for record in (
            WORKING,
            FAILING,
            decided(RATIO, an_observation(4, missing(MissingReason.TIMEOUT), replicas=3)),
        )
    )
    assert value(working, "autoscaler_formula_value") == 6
    assert value(working, "keda_scaled_object_errors_total") == 0
    assert value(failing, "autoscaler_formula_value") is None
    assert value(failing, "autoscaler_formula_missing", reason="formula") == 1
    assert value(failing, "keda_scaled_object_errors_total") == 1
    assert value(failing, "autoscaler_errors_total", kind="formula") == 1
    assert value(lost, "autoscaler_formula_missing", reason="timeout") == 1


def test_a_change_shows_the_composite_beside_the_triggers():
    """The line of a change holds every value that went into the number."""
    (line,) = logged(decided(a_composed("a + b"), an_observation(4, 6, replicas=3)))
    assert line["why"] == "formula 10.0 / 2 → 5"
    assert line["values"] == {"s0-prometheus": "4.0/1", "s1-prometheus": "6.0/1", "composite-metric": "10.0/2"}
