"""``scalingModifiers`` of one object: the formula's own faults, and a target that an HPA can hold."""

import math
import re
from dataclasses import replace
from typing import Final

from autoscaler.manifests.faults import error
from autoscaler.manifests.written import RESOURCE_TYPES, WrittenModifiers, WrittenSpec
from autoscaler.model.faults import Fault, Faults
from autoscaler.model.gotext import parse_float
from autoscaler.model.objects import MetricTarget, Modifiers

UNWRITABLE: Final = "unwritable"
"""The reason of a target that KEDA's webhook lets pass and the API server does not."""
_LARGEST: Final = 2**63 - 1
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")


def written_modifiers(spec: WrittenSpec | None) -> WrittenModifiers | None:
    """Give the modifiers as written, None where all four fields are empty."""
    found = None if spec is None or spec.advanced is None else spec.advanced.scaling_modifiers
    return found if found is not None and found.in_use else None


def read_modifiers(spec: WrittenSpec, path: str) -> tuple[Modifiers | None, tuple[Fault, ...]]:
    """Read the modifiers of a spec that stands at ``path``; None where there are none or they do not work."""
    written = written_modifiers(spec)
    if written is None:
        return None, ()
    from autoscaler.manifests.formula import parse_modifiers  # here, as few objects have a formula to load a parser for

    where = f"{path}.advanced.scalingModifiers"
    names = [one.name for one in spec.triggers if one.name and one.type not in RESOURCE_TYPES]
    read = parse_modifiers(
        formula=written.formula or "",
        target=written.target or "",
        activation_target=written.activation_target or "",
        metric_type=written.metric_type or "",
        names=names,
        others=[one.name for one in spec.triggers if one.name and one.type in RESOURCE_TYPES],
        path=where,
    )
    assert read is not None, "modifiers in use are never empty"
    if isinstance(read, Faults):
        return None, tuple(replace(fault, code="E108") for fault in read.faults)
    amount = _cut(parse_float(written.target or "") or 0.0)
    if amount is None:
        message = "target must lie between 0.001 and 9e15, as an HPA holds it in whole thousandths"
        return None, (replace(error("E108", f"{where}.target", message), reason=UNWRITABLE),)
    return replace(read, target=MetricTarget(type=read.target.type, amount=amount)), ()


def lets_fallback_act(modifiers: WrittenModifiers) -> bool:
    """Say whether a fallback acts beside a formula: only where its target is written as a whole number above zero.

    Source: KEDA fallback.go, validateFallback.
    """
    target = modifiers.target or ""
    return _WHOLE.fullmatch(target) is not None and 0 < int(target) <= _LARGEST


def _cut(target: float) -> int | None:
    """Cut to thousandths in doubles, as KEDA does: 2.01 is 2009. None where no HPA takes it. Source: KEDA hpa.go."""
    if not math.isfinite(target) or not 1 <= target * 1000 <= _LARGEST:
        return None
    return int(target * 1000)
