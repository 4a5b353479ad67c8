"""Objects with a formula, written as their authors write it."""

from functools import cache

from autoscaler.manifests.formula import parse_formula
from autoscaler.model.formula import Formula
from autoscaler.model.objects import MetricTarget, Modifiers, ScaledObject, TargetType
from tests.unit.builders import a_trigger, an_object


def some_modifiers(
    formula: str,
    *names: str,
    target: int = 2,
    activation: float = 0.0,
    type: TargetType = TargetType.AVERAGE_VALUE,
) -> Modifiers:
    """Parse ``scalingModifiers`` over triggers of these names; ``target`` counts in whole units."""
    return Modifiers(
        formula=_parsed(formula, names), target=MetricTarget(type=type, amount=target * 1000), activation=activation
    )


@cache
def _parsed(formula: str, names: tuple[str, ...]) -> Formula:
    parsed = parse_formula(formula, names, path="formula")
    assert isinstance(parsed, Formula), parsed
    return parsed


def a_composed(formula: str, *, target: int = 2, activation: float = 0.0, **more) -> ScaledObject:
    """An object with the triggers ``a`` and ``b``, and a formula over them."""
    triggers = (a_trigger(1, name="a"), a_trigger(1, metric="s1-prometheus", name="b"))
    modifiers = some_modifiers(formula, "a", "b", target=target, activation=activation)
    return an_object(triggers=triggers, modifiers=modifiers, **more)
