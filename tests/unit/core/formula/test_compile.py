"""What a formula is refused for, and where the fault points."""

import pytest

from autoscaler.manifests.formula import parse_formula, parse_modifiers, wrap
from autoscaler.model.faults import Fault, Faults
from autoscaler.model.objects import MetricTarget, TargetType
from tests.unit.core.formula.builders import refused

COMPILE = {
    "a +": 4,
    "(a": 3,
    "a b": 3,
    "a = 5": 3,
    "a ~ b": 3,
    "1trig": 1,
    "a % 2": 3,
    "1 % 0": 3,
    "a && b": 3,
    "a > 1": 1,
    "[a]": 1,
    "nil": 1,
    "a.b": 3,
    "a[0]": 3,
    "a(1)": 1,
    "sum(a)": 5,
    "max()": 1,
    'a == "3" ? 1 : 2': 3,
    "count([a], {#})": 13,
    "# + 1": 1,
    "let a = 1; a": 5,
    "let max = 1; max": 5,
    "a ?? 0 + b": 8,
    "9223372036854775808": 1,
    "map([a], {1: 2})": 11,
    "max({a > 1})": 6,
    '"x" matches "(" ? 1 : 0': 13,
    "bitand(a, 1)": 1,
    "a // comment": 3,
    '"a\\q"': 1,
    "filter([a], # > 1)": 1,
    "now().Foo()": 7,
    'duration("1h").Hours(1)': 16,
    "a²": 2,  # a letter or a decimal digit only: lexer/utils
    "½ + a": 1,
    "[a, 1] | sort()[0]": 16,  # nothing can be taken out of a pipe: parser.go
    '"now" | date().Year()': 15,
    '"\\\'" + a': 1,  # of the quotes only the text's own are escaped: lexer/utils, unescape
    '"\\400" + a': 1,
    "$env.a.b": 8,
    "2.5[unknown]": 1,  # nothing follows a constant: parser.go
    "nil?.x": 1,
    "a > 1 ? now() : first([1])": 1,
    "1 ? unknown : 2": 1,  # the first fault in the checker's order
    '$env("a")': 1,
    "(7 % 3) % 0": 9,
    "7 % (0 % 5)": 3,
}


@pytest.mark.parametrize(("text", "column"), COMPILE.items())
def test_what_cannot_work_is_refused_at_its_column(text, column):
    """Syntax and types are checked at load, and the fault points at the column in the author's text."""
    assert refused(text) == ("compile", column)


@pytest.mark.parametrize(("text", "column"), [("a + unknown", 5), ("average(a)", 1), ("my-trig", 1), ("A", 1)])
def test_unknown_names_are_told_apart(text, column):
    """A name that is no trigger's and no function's is a fault of its own."""
    assert refused(text) == ("unknown_name", column)


@pytest.mark.parametrize(
    ("text", "column"),
    [("[a, b][2]", 8), ("max([])", 1), ('float("x")', 1), ("int(a) % 0", 8)],
)
def test_the_trial_run_refuses_what_always_fails(text, column):
    """A formula is tried with every trigger at -1, and refused if that fails."""
    assert refused(text) == ("dummy_run", column)


def test_a_fault_quotes_the_line_and_the_caret():
    """In a formula of several lines the fault shows its line and the place in it."""
    fault = parse_formula("a +\n  b *\n  nosuch", ("a", "b"), path="spec.advanced.scalingModifiers.formula")
    assert isinstance(fault, Fault)
    assert (fault.excerpt, fault.caret, fault.column) == ("  nosuch", 2, 13)
    assert fault.path == "spec.advanced.scalingModifiers.formula"


def test_an_unknown_name_lists_those_there_are():
    """The message tells which names could have been meant."""
    fault = parse_formula("other", ("load", "queue"), path="f")
    assert isinstance(fault, Fault)
    assert "load, queue" in fault.message


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("a", "float(a)"),
        ("float(a) + 1", "float(a) + 1"),
        (" float(a)", "float( float(a))"),
        (
            "a ?? 1",
            "let _kedaCompositeResult = (a ?? 1); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)",
        ),
    ],
)
def test_the_cast_is_added_as_keda_does(text, wrapped):
    """The text decides what is put around it, before anything is parsed."""
    assert wrap(text)[0] == wrapped


def modifiers(**fields):
    given = {"formula": "a", "target": "5", "activation_target": "", "metric_type": "", **fields}
    return parse_modifiers(**given, names=("a",))


def test_modifiers_without_anything_are_none():
    """All four fields empty mean that there are no modifiers."""
    assert modifiers(formula="", target="") is None


def test_modifiers_are_read():
    """Target and activation are Go's floats; the target becomes thousandths."""
    got = modifiers(target="2.5", activation_target="1e1", metric_type="Value")
    assert (got.target, got.activation) == (MetricTarget(type=TargetType.VALUE, amount=2500), 10.0)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"formula": "", "target": "x"}, "formula_missing"),
        ({"target": "", "formula": "a +"}, "target_missing"),
        ({"formula": "a +", "target": "x"}, "compile"),
        ({"formula": "[a][1]", "target": "x"}, "dummy_run"),
        ({"target": "0", "metric_type": "Foo"}, "bad_target"),
        ({"target": "10m"}, "bad_target"),
        ({"target": " 5"}, "bad_target"),
        ({"metric_type": "Utilization"}, "bad_metric_type"),
        ({"activation_target": "x"}, "bad_activation_target"),
    ],
)
def test_the_first_fault_in_kedas_order_is_given(fields, reason):
    """Formula missing, target missing, formula, trial run, target, metric type: one after the other."""
    got = modifiers(**fields)
    assert isinstance(got, Faults)
    assert [fault.reason for fault in got.faults] == [reason]
