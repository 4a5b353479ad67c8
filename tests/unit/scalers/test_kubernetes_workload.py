"""The kubernetes-workload trigger: selectors and the count of pods."""

import json
from datetime import UTC, datetime

import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Missing, MissingReason, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.scalers.contract import Response
from autoscaler.scalers.kubernetes_workload import KubernetesWorkloadScaler
from autoscaler.scalers.selector import parse_selector, selects

AT = datetime(2026, 1, 1, tzinfo=UTC)
PODS = [
    {"labels": {"app": "web", "idx": "1"}, "phase": "Running", "node": "n1"},
    {"labels": {"app": "web", "idx": "9"}, "phase": "Pending", "node": ""},
    {"labels": {"app": "web"}, "phase": "Running", "node": "n1"},
    {"labels": {"app": "web"}, "phase": "Succeeded", "node": "n2"},
    {"labels": {"app": "web"}, "phase": "Failed", "node": "n3"},
    {"labels": {"app": "db"}, "phase": "Running", "node": "n4"},
]


def parse(*, composed: bool = False, **metadata: str) -> Parsed | Faults:
    spec = TriggerSpec(
        index=0,
        type="kubernetes-workload",
        metadata=metadata,
        namespace="app",
        object_name="so",
        env={},
        as_metric_source=composed,
        path="spec.triggers[0]",
    )
    return KubernetesWorkloadScaler().parse(spec, {})


def read(body: bytes = json.dumps(PODS).encode(), **metadata: str):
    built = parse(**{"podSelector": "app=web", "value": "1", **metadata})
    assert isinstance(built, Parsed), built
    return KubernetesWorkloadScaler().read(built.ask, Response(status=200, content_type="", body=body), AT)


def test_pods_that_have_not_ended_count():
    """Pending pods count, those that succeeded or failed do not."""
    assert read() == Sample(value_milli=3000, active=True, at=AT)


def test_nodes_count_once():
    """With groupByNode distinct nodes count, and a pod without one does not."""
    assert read(groupByNode="true").value_milli == 1000


@pytest.mark.parametrize(("threshold", "active"), [("2.9", True), ("3", False)])
def test_activity_is_strict(threshold, active):
    """Active is above activationValue."""
    assert read(activationValue=threshold).active is active


def test_an_answer_that_is_no_list_of_pods_is_missing():
    """What cannot be read is Missing, never no pods."""
    got = read(b'{"pods": 3}')
    assert isinstance(got, Missing)
    assert got.reason is MissingReason.MALFORMED


def test_the_question_names_namespace_and_selector():
    """Equal selectors in one namespace are one question."""
    built = parse(podSelector="app=web", value="2.5")
    assert isinstance(built, Parsed)
    assert (built.ask.question.source.addresses, built.ask.question.text) == (("app",), "app=web")
    assert (built.ask.metric, built.ask.target.amount) == ("s0-workload-app", 2500)


@pytest.mark.parametrize("amount", ["0", "-1", ""])
def test_a_target_is_needed_without_a_formula(amount):
    """A value above 0 is needed, except where a formula uses the trigger."""
    assert isinstance(parse(podSelector="app", value=amount), Faults)
    assert isinstance(parse(podSelector="app", value=amount, composed=True), Parsed)


LABELS = {"app": "web", "tier": "a", "idx": "5", "kubernetes.io/x": "y"}


@pytest.mark.parametrize(
    "selector",
    [
        "app=web",
        "app==web,tier=a",
        "app!=db",
        "app in (db, web)",
        "app notin (db)",
        "tier",
        "!nosuch",
        "idx>4",
        "idx<6",
        "nosuch!=x",
        "kubernetes.io/x=y",
        "nosuch notin (a)",
        " app = web ",
        "tier in (a,)",
        "",
    ],
)
def test_selectors_that_match(selector):
    """Every operator of label selectors is known."""
    requirements = parse_selector(selector)
    assert requirements is not None
    assert selects(requirements, LABELS)


@pytest.mark.parametrize(
    "selector", ["app=", "app in ()", "app=db", "app=web,tier=b", "!app", "nosuch", "idx>5", "app>4", "tier notin (a)"]
)
def test_selectors_that_do_not_match(selector):
    """An empty value is a value; a label that is no number is neither above nor below one."""
    requirements = parse_selector(selector)
    assert requirements is not None
    assert not selects(requirements, LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        "=",
        "app=web,",
        "app=web;tier=a",
        "a/b/c=d",
        "bad key!=x",
        "app=web tier=a",
        "app in web",
        "app in (a",
        "idx>x",
        "idx>9223372036854775808",
        "idx<99999999999999999999",
        "app=web\x0b",
        "\x1capp",
        "app in (a b)",
        "app=-x",
        "!",
        ",",
        "app=(a)",
        "UPPER/x=y",
        "x" * 64,
        "!app=web",
    ],
)
def test_selectors_that_are_refused(selector):
    """What the API server would refuse is refused."""
    assert parse_selector(selector) is None
