import pytest

from autoscaler.model.objects import MetricTarget, TargetType
from tests.unit.manifests.builders import WEB, judge, loaded

NAMED = WEB.replace("- type: prometheus", "- name: load\n      type: prometheus")


def modified(**fields: str) -> str:
    lines = "".join(f"      {name}: {text!r}\n" for name, text in fields.items())
    return NAMED + "  advanced:\n    scalingModifiers:\n" + lines


def test_modifiers_become_a_formula_and_a_target():
    """Formula, target, activation and type are read; the target is cut to thousandths in doubles as KEDA's is."""
    modifiers = loaded(modified(formula="load * 2", target="2.01", activationTarget="1", metricType="Value")).modifiers
    assert modifiers is not None
    assert modifiers.formula.text == "load * 2"
    assert modifiers.target == MetricTarget(type=TargetType.VALUE, amount=2009)
    assert modifiers.activation == 1.0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"formula": "load", "target": ""}, "target"),
        ({"target": "5"}, "formula"),
        ({"formula": "laod", "target": "5"}, "formula"),
        ({"formula": "load +", "target": "5"}, "formula"),
        ({"formula": "load", "target": "0"}, "target"),
        ({"formula": "load", "target": "0.0004"}, "target"),
        ({"formula": "load", "target": "NaN"}, "target"),
        ({"formula": "load", "target": "1e30"}, "target"),
        ({"formula": "load", "target": "5", "activationTarget": "much"}, "activationTarget"),
    ],
)
def test_modifiers_that_do_not_work_are_refused_at_their_field(fields, field):
    """Formula and target come together, the formula parses and knows its names, the target fits an HPA."""
    judged = judge(modified(**fields))
    assert judged.obj is None
    assert [(one.code, one.path) for one in judged.faults] == [("E108", f"spec.advanced.scalingModifiers.{field}")]
    assert all(one.line is not None and one.line > 15 for one in judged.faults)


@pytest.mark.parametrize(("target", "codes"), [("5", []), ("2.5", ["I121"])])
def test_a_fallback_beside_a_fraction_never_acts_and_says_so(target, codes):
    """KEDA's fallback wants a whole number as the target of a formula; elsewhere it does nothing, without a word."""
    text = modified(formula="load", target=target) + "  fallback: {failureThreshold: 3, replicas: 2}\n"
    judged = judge(text)
    assert judged.obj is not None
    assert judged.obj.fallback is not None
    assert judged.obj.fallback.usable is (not codes)
    assert [one.code for one in judged.faults] == codes


def test_a_formula_replaces_all_targets_but_those_of_cpu_and_memory():
    """A target of 0 is fine where the HPA never holds it (KEDA hpa.go, getScaledObjectMetricSpecs)."""
    text = modified(formula="load", target="5").replace('threshold: "10"', 'threshold: "0"')
    assert judge(text).obj is not None
    cpu = '  triggers:\n    - type: cpu\n      metricType: Utilization\n      metadata:\n        value: "0"\n'
    judged = judge(text.replace("  triggers:\n", cpu))
    assert judged.obj is None
    assert [(one.code, one.path) for one in judged.faults] == [("E104", "spec.triggers[0].metadata.value")]


def test_empty_modifiers_are_none():
    """Four empty fields mean that no modifiers are in use."""
    assert loaded(modified(formula="", target="")).modifiers is None


def test_a_trigger_without_target_is_refused_unless_a_formula_makes_it_needless():
    """The API server takes no HPA with a target of zero, but a composite needs no target of its triggers."""
    zero = '"0"'
    assert [one.code for one in judge(NAMED.replace('"10"', zero)).faults] == ["E104"]
    assert loaded(modified(formula="load", target="5").replace('"10"', zero)).modifiers is not None
