"""A formula and one tick's measurements to the composite sample. Source: KEDA pkg/scaling/modifiers/formula.go.

What fails is a Missing, never inactivity (D24), and what is no finite 64-bit number too (D12).
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from autoscaler.core.formula.machine import Machine
from autoscaler.core.formula.values import FormulaError, Instant, Value, name_of
from autoscaler.core.numbers import MILLI
from autoscaler.model.formula import Formula
from autoscaler.model.objects import FallbackBehavior, MetricKind, Modifiers, ScaledObject, Trigger
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample


def compose(
    obj: ScaledObject, measurements: tuple[Measurement, ...], nil: tuple[int, ...], *, at: datetime, wall: datetime
) -> Sample | Missing:
    """Give the composite sample of an object with ``modifiers``.

    ``nil`` are the indices of triggers that read as nil: their failures are beyond the threshold and fallback's
    behavior is scalingModifiers. A sample of fallback takes the formula's place; else any other Missing of an external
    trigger fails the composite, for that trigger's reason. cpu and memory take no part.
    """
    modifiers = obj.modifiers
    assert modifiers is not None, f"{obj.key} has no scalingModifiers"
    external = [
        (index, trigger, measured)
        for index, (trigger, measured) in enumerate(zip(obj.triggers, measurements, strict=True))
        if trigger.ask.kind is MetricKind.EXTERNAL
    ]
    for _, _, measured in external:
        if isinstance(measured, Sample) and measured.origin is Origin.FALLBACK:
            return _sample(modifiers, measured.value_milli, at, Origin.FALLBACK)
    for index, trigger, measured in external:
        if isinstance(measured, Missing) and index not in nil:
            return replace(measured, detail=f"trigger {_called(index, trigger)} gave no sample: {measured.detail}")
    env = {
        trigger.name: _variable(measured, is_nil=index in nil) for index, trigger, measured in external if trigger.name
    }
    return _composed(obj, modifiers, env, at, wall)


def execute(formula: Formula, env: Mapping[str, Value], wall: datetime, *, absent: Value = None) -> Value:
    """Run a formula. ``absent`` is what ``$env`` gives for an unknown name. Raises FormulaError."""
    return Machine(env, Instant(at=wall), absent).run(formula.root)


def evaluate(formula: Formula, env: Mapping[str, Value], wall: datetime) -> float | None:
    """Evaluate a formula; None where its result is nil. Raises FormulaError, also for a result that is no float."""
    result = execute(formula, env, wall)
    if result is None or type(result) is float:
        return result
    raise FormulaError(f"the formula gives {name_of(result)} where a float is needed", formula.root.column)


def _composed(
    obj: ScaledObject, modifiers: Modifiers, env: Mapping[str, Value], at: datetime, wall: datetime
) -> Sample | Missing:
    try:
        result = evaluate(modifiers.formula, env, wall)
    except FormulaError as error:
        return _failed(f"{error.message}, at column {error.column}")
    if result is None:
        return _stood_in(obj, modifiers, at)
    if not math.isfinite(result) or abs(result * 1000.0) >= 2.0**63:
        return _failed(f"the formula gives {result}, which is no finite 64-bit number")
    return _sample(modifiers, int(result * 1000.0), at, Origin.COMPOSED)


def _stood_in(obj: ScaledObject, modifiers: Modifiers, at: datetime) -> Sample | Missing:
    """Let fallback's replicas speak for a result that is nil."""
    fallback = obj.fallback
    if fallback is None or fallback.behavior is not FallbackBehavior.SCALING_MODIFIERS:
        return _failed("the formula gives nil and no fallback of behavior scalingModifiers is set")
    return _sample(modifiers, fallback.replicas * modifiers.target.amount, at, Origin.COMPOSED)


def _variable(measured: Measurement, *, is_nil: bool) -> Value:
    return None if is_nil or not isinstance(measured, Sample) else measured.value_milli * MILLI


def _sample(modifiers: Modifiers, milli: int, at: datetime, origin: Origin) -> Sample:
    return Sample(value_milli=milli, active=milli * MILLI > modifiers.activation, at=at, origin=origin)


def _called(index: int, trigger: Trigger) -> str:
    return f'"{trigger.name}"' if trigger.name else f"number {index}"


def _failed(why: str) -> Missing:
    return Missing(reason=MissingReason.FORMULA, detail=why)
