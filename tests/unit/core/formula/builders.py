"""Builders for tests of formulas."""

import re
from datetime import UTC, datetime

from autoscaler.core.formula.evaluate import compose, execute
from autoscaler.core.formula.values import FormulaError, Value
from autoscaler.manifests.formula import parse_formula
from autoscaler.model.faults import Fault
from autoscaler.model.formula import Formula
from autoscaler.model.objects import (
    Ask,
    Fallback,
    FallbackBehavior,
    MetricKind,
    MetricTarget,
    Modifiers,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
VALUES = {"a": 3.0, "b": 4.5, "c": 10.0}


def parsed(text: str, names: tuple[str, ...] = ("a", "b", "c")) -> Formula:
    formula = parse_formula(text, names, path="formula")
    assert isinstance(formula, Formula), formula
    return formula


def refused(text: str, names: tuple[str, ...] = ("a", "b", "c")) -> tuple[str, int | None]:
    fault = parse_formula(text, names, path="formula")
    assert isinstance(fault, Fault), fault
    return fault.reason, fault.column


def value_of(text: str, **values: float | None) -> Value:
    return execute(parsed(text, (*VALUES, *values)), {**VALUES, **values}, AT)


def failure_of(text: str, **values: float | None) -> FormulaError:
    formula = parsed(text, (*VALUES, *values))
    try:
        execute(formula, {**VALUES, **values}, AT)
    except FormulaError as error:
        return error
    raise AssertionError(f"{text} gives a value")


def a_trigger(name: str | None, kind: MetricKind = MetricKind.EXTERNAL) -> Trigger:
    ask = Ask(
        question=Question(source=Source(transport="prometheus"), text=name or ""),
        metric="s0-prometheus",
        kind=kind,
        target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000),
    )
    return Trigger(type="prometheus", name=name, ask=ask)


def a_sample(value: float, origin: Origin = Origin.MEASURED) -> Sample:
    return Sample(value_milli=round(value * 1000), active=True, at=AT, origin=origin)


def a_missing() -> Missing:
    return Missing(reason=MissingReason.TIMEOUT, detail="no answer within 3 s")


def composed(
    formula: str,
    *measured: Measurement,
    triggers: tuple[Trigger, ...] = (),
    nil: tuple[int, ...] = (),
    activation: float = 0.0,
    fallback: FallbackBehavior | None = None,
) -> Sample | Missing:
    named = triggers or tuple(a_trigger(name) for name, _ in zip("abc", measured, strict=False))
    names = tuple(trigger.name for trigger in named if trigger.name)
    obj = ScaledObject(
        key=ObjectKey(namespace="ns", name="so"),
        target=ScaleTarget(namespace="ns", name="web"),
        triggers=named,
        modifiers=Modifiers(
            formula=parsed(formula, names),
            target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=2500),
            activation=activation,
        ),
        fallback=None if fallback is None else Fallback(threshold=3, replicas=4, behavior=fallback),
    )
    return compose(obj, measured, nil, at=AT, wall=AT)


def refusal(text: str) -> str:
    """What the fault of a formula says."""
    fault = parse_formula(text, tuple(VALUES), path="formula")
    assert isinstance(fault, Fault), fault
    return fault.message


def kind_of(text: str) -> str | None:
    """What is known of a value before it runs, None where it is refused.

    Nothing can be added to a function, and the refusal says what was tried.
    """
    found = re.match(r"\+ cannot be used on (.*) and a function", refusal(f"({text}) + len"))
    return found[1] if found else None
