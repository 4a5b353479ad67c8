"""``behavior`` with the API server's defaults and refusals."""

import json

import pytest

from autoscaler.manifests.hpa import read_behavior
from autoscaler.manifests.hpa_object import Admitted, Gates, admit
from autoscaler.manifests.hpa_schema import Misfit
from autoscaler.manifests.names import container_resource_problems, is_label, is_subdomain, segment_problems
from autoscaler.model.faults import Faults
from autoscaler.model.objects import SelectPolicy
from tests.unit.builders import a_behavior, percent, pods, rules, seconds


def read(raw):
    return read_behavior(raw, "behavior", tolerance=0.2, downscale_window=seconds(90.5))


def refused(raw) -> list[tuple[str, str, str]]:
    found = read(raw)
    assert isinstance(found, Faults)
    return [(fault.code, fault.path, fault.reason) for fault in found.faults]


def test_no_behavior_stays_none():
    """Without a behavior the legacy rules hold."""
    assert read(None) is None


@pytest.mark.parametrize("raw", [{}, {"scaleUp": {}, "scaleDown": None}])
def test_an_empty_behavior_gets_all_defaults(raw):
    """The defaults are four pods or 100 % in 15 s up, 100 % down, and the daemon's window and tolerance."""
    assert read(raw) == a_behavior(
        up=rules(pods(4), percent(100), tolerance=0.2), down=rules(percent(100), window=90, tolerance=0.2)
    )


def test_given_fields_replace_their_defaults():
    """Each field is filled by itself; given policies replace the default ones."""
    raw = {
        "scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}], "tolerance": "0.059"},
        "scaleDown": {"selectPolicy": "Disabled", "stabilizationWindowSeconds": 0, "policies": None},
    }
    assert read(raw) == a_behavior(
        up=rules(pods(2, 60), tolerance=59 * 0.001),
        down=rules(percent(100), window=0, select=SelectPolicy.DISABLED, tolerance=0.2),
    )


def test_every_fault_at_once():
    """What the API server would refuse is named, each with its path."""
    raw = {
        "scaleUp": {"stabilizationWindowSeconds": 3601, "selectPolicy": "max", "policies": [], "tolerance": "-1m"},
        "scaleDown": {"policies": [{"type": "pods", "value": 0, "periodSeconds": 1801}]},
    }
    assert refused(raw) == [
        ("E104", "behavior.scaleUp.stabilizationWindowSeconds", "FieldValueInvalid"),
        ("E104", "behavior.scaleUp.selectPolicy", "FieldValueNotSupported"),
        ("E102", "behavior.scaleUp.policies", "FieldValueRequired"),
        ("E104", "behavior.scaleUp.tolerance", "FieldValueInvalid"),
        ("E104", "behavior.scaleDown.policies[0].type", "FieldValueNotSupported"),
        ("E104", "behavior.scaleDown.policies[0].value", "FieldValueInvalid"),
        ("E104", "behavior.scaleDown.policies[0].periodSeconds", "FieldValueInvalid"),
    ]


def test_the_edges_are_accepted():
    """Windows of 0 to 3600 s, periods of 1 to 1800 s and a tolerance of 0 are fine."""
    edge = {"stabilizationWindowSeconds": 3600, "tolerance": 0}
    policies = [{"type": "Percent", "value": 1, "periodSeconds": period} for period in (1, 1800)]
    assert read({"scaleUp": {**edge, "policies": policies}}) == a_behavior(
        up=rules(percent(1, 1), percent(1, 1800), window=3600, tolerance=0.0),
        down=rules(percent(100), window=90, tolerance=0.2),
    )


def an_hpa(version: str = "autoscaling/v2", **spec):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "apiVersion": version,
        "metadata": {"name": "web"},
        "spec": {"maxReplicas": 5, "scaleTargetRef": target, **spec},
    }


def test_an_hpa_gets_its_defaults():
    """An object without metrics gets cpu at 80 %, and one replica as its minimum."""
    found = admit(an_hpa(), Gates())
    assert isinstance(found, Admitted)
    assert found.faults == ()
    assert found.spec["minReplicas"] == 1
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    assert found.spec["metrics"] == [{"type": "Resource", "resource": cpu}]
    assert "behavior" not in found.spec


def test_the_old_form_is_converted():
    """autoscaling/v1 holds one cpu target in its spec; annotations that cannot be read are left."""
    document = an_hpa("autoscaling/v1", targetCPUUtilizationPercentage=60)
    document["metadata"]["annotations"] = {"autoscaling.alpha.kubernetes.io/metrics": "{"}
    found = admit(document, Gates())
    assert isinstance(found, Admitted)
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    assert found.spec["metrics"] == [{"type": "Resource", "resource": cpu}]


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({}, {"type": "Value", "value": "0"}),
        ({"targetValue": "0"}, {"type": "Value", "value": "0"}),
        ({"targetValue": "0", "averageValue": "4"}, {"type": "AverageValue", "averageValue": "4"}),
        ({"targetValue": "3", "averageValue": "4"}, {"type": "AverageValue", "value": "3", "averageValue": "4"}),
    ],
)
def test_a_zero_in_the_old_form(given: dict[str, str], target: dict[str, str]):
    """A targetValue of 0 is none only beside an averageValue (kubernetes pkg/apis/autoscaling/v1/conversion.go)."""
    document = an_hpa("autoscaling/v1")
    source = {"metricName": "o", "target": {"kind": "Service", "name": "s"}, **given}
    metrics = [{"type": "Object", "object": source}]
    document["metadata"]["annotations"] = {"autoscaling.alpha.kubernetes.io/metrics": json.dumps(metrics)}
    found = admit(document, Gates())
    assert isinstance(found, Admitted)
    assert found.spec["metrics"][0]["object"]["target"] == target
    assert bool(found.faults) == (target["type"] == "Value")


def test_an_odd_object_excuses_only_as_an_object_metric():
    """A stored apiVersion that does not parse counts in a metric of type Object alone (kubernetes strategy.go)."""
    described = {"kind": "Service", "name": "s", "apiVersion": "a/b/c"}
    target = {"type": "Value", "value": "3"}
    metric = {"type": "Object", "object": {"describedObject": described, "metric": {"name": "m"}, "target": target}}
    for kind, faults in (("Object", 0), ("Pods", 1)):
        found = admit(an_hpa(metrics=[metric]), Gates(), an_hpa(metrics=[{**metric, "type": kind}]))
        assert isinstance(found, Admitted)
        assert len(found.faults) == faults


def test_a_wrong_type_refuses_the_whole_object():
    """A field of the wrong type is named; nothing else is judged."""
    assert admit(an_hpa(minReplicas="2"), Gates()) == Misfit(
        path="spec.minReplicas", message="must be a whole number of 32 bits, found '2'"
    )


@pytest.mark.parametrize(
    ("text", "is_read"), [("7", True), (" 7 ", True), ("7\t", False), ("\n7", False), ("7 m", False)]
)
def test_blanks_around_a_quantity(text, is_read):
    """Only blanks that JSON writes as they are do not count (kubernetes quantity.go, UnmarshalJSON)."""
    behavior = {"scaleUp": {"tolerance": text}}
    assert isinstance(admit(an_hpa(behavior=behavior), Gates()), Admitted) == is_read


@pytest.mark.parametrize(
    ("selector", "read"),
    [
        ({"matchLabels": {"a": None}}, {"matchLabels": {"a": ""}}),
        ({"matchLabels": {}}, {}),
        ({"matchLabels": {"a": 1}}, None),
        ({"matchLabels": "a=b"}, None),
        (
            {"matchExpressions": [{"key": "a", "values": ["b", None]}]},
            {"matchExpressions": [{"key": "a", "operator": "", "values": ["b", ""]}]},
        ),
        ({"matchExpressions": [{"values": "b"}]}, None),
    ],
)
def test_selectors_have_types_too(selector, read):
    """A selector holds texts (kubernetes apimachinery meta/v1, LabelSelector)."""
    external = {"metric": {"name": "q", "selector": selector}, "target": {"type": "Value", "value": "1"}}
    found = admit(an_hpa(metrics=[{"type": "External", "external": external}]), Gates())
    if read is None:
        assert isinstance(found, Misfit)
    else:
        assert isinstance(found, Admitted)
        assert found.spec["metrics"][0]["external"]["metric"]["selector"] == read


def test_zero_needs_its_gate_or_a_past():
    """A minimum of 0 takes the feature gate, or an object that already had it, and an external metric."""
    external = {"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "1"}}}
    zero = an_hpa(minReplicas=0, metrics=[external])
    for gates, old, faults in (
        (Gates(), None, ["spec.minReplicas"]),
        (Gates(scale_to_zero=True), None, []),
        (Gates(), zero, []),
        (Gates(), an_hpa(), ["spec.minReplicas"]),
    ):
        found = admit(zero, gates, old)
        assert isinstance(found, Admitted)
        assert [fault.path for fault in found.faults] == faults


def test_names():
    """Names of containers, objects, paths and resources follow Kubernetes' rules."""
    assert (is_label("a-1"), is_label("a.b"), is_label("a" * 64), is_label("")) == (True, False, False, False)
    assert (is_subdomain("a.b-c"), is_subdomain("-a"), is_subdomain("a" * 254)) == (True, False, False)
    assert [len(list(segment_problems(name))) for name in ("a", ".", "..", "a/b%c")] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cpu", 0),
        ("hugepages-2Mi", 0),
        ("example.com/gpu", 0),
        ("requests.kubernetes.io/x", 0),
        ("pods", 1),
        ("requests.hugepages-2Mi", 1),
        ("requests.example.com/x", 1),
        ("foo", 2),
        ("a b", 2),
        ("UP/x", 2),
        ("a/b/c", 2),
        ("/x", 2),
        ("example.com/" + "x" * 64, 2),
        ("example.com/", 3),
    ],
)
def test_resources_of_containers(name: str, count: int):
    """As many problems as core validation's ValidateContainerResourceName has."""
    assert len(list(container_resource_problems(name))) == count
