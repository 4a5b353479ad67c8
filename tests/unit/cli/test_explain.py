"""``autoscaler explain``: every word that the command uses has a page."""

import pytest

from autoscaler.views.fields import FIELDS
from autoscaler.views.findings import PAGES
from autoscaler.views.metrics import ALL
from autoscaler.views.reasons import MEANINGS
from autoscaler.views.triggers import TRIGGERS
from tests.unit.cli.run import typed


def test_a_finding_says_why_and_how_to_fix_it():
    """A code leads to its meaning, its remedy and an example."""
    done = typed("explain", "e300")
    page = PAGES["E300"]
    assert done.status == 0
    assert done.out.startswith(f"E300  {page.title}\n")
    assert page.why in done.out
    assert f"Fix: {page.fix}" in done.out


def test_a_field_shows_type_default_and_what_lies_below():
    """A path may be written as in a finding, with or without spec."""
    out = typed("explain", "spec.pollingInterval").out
    assert out.startswith("spec.pollingInterval  (seconds, from 1, default 30)\n  Time between two polls")
    assert typed("explain", "pollinginterval").out == out
    assert "spec.fallback.replicas" in typed("explain", "spec.fallback").out
    assert typed("explain", "spec.triggers[0].type").out.startswith("spec.triggers.type  (text, required)\n")


def test_an_annotation_may_be_asked_for_by_its_last_part():
    """``paused`` leads to the annotation as its full name does."""
    out = typed("explain", "autoscaling.keda.sh/paused").out
    assert out.startswith("autoscaling.keda.sh/paused  (")
    assert typed("explain", "paused").out == out


def test_a_trigger_type_shows_its_keys():
    """Every key of a trigger type is listed with its meaning."""
    out = typed("explain", "trigger.prometheus").out
    assert all(f"\n{field.path}  (" in out for field in TRIGGERS["prometheus"])
    for path in ("triggers[0].metadata.threshold", "spec.triggers[0].metadata.threshold", "threshold"):
        assert typed("explain", path).out.startswith("threshold  (number, required)")


def test_a_metric_shows_type_labels_and_meaning():
    """What /metrics shows is explained offline."""
    assert typed("explain", "autoscaler_held").out == (
        "autoscaler_held  (gauge)\n"
        "  1 for each guard that keeps the object from falling.\n"
        "  labels: namespace, scaledObject, reason\n"
    )


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("findings", PAGES),
        ("fields", FIELDS),
        ("reasons", [reason.value for reason in MEANINGS]),
        ("metrics", [metric.name for metric in ALL]),
        ("triggers", TRIGGERS),
    ],
)
def test_a_list_names_everything(topic: str, names):
    """Each list is complete."""
    out = typed("explain", topic).out
    assert all(any(line.startswith(f"{name} ") for line in out.splitlines()) for name in names)


def test_an_unknown_topic_gets_a_suggestion():
    """A typo ends with the nearest topic and status 2."""
    done = typed("explain", "spec.polingInterval")
    assert done.status == 2
    assert "did you mean 'spec.pollingInterval'?" in done.err


def test_without_a_topic_the_lists_are_named():
    """Nobody has to guess what can be explained."""
    done = typed("explain")
    assert done.status == 0
    assert "autoscaler explain findings\n" in done.out
