"""``behavior`` of a HorizontalPodAutoscaler: as written, with the API server's defaults, and as the model has it.

Source: kubernetes pkg/apis/autoscaling/v2/defaults.go and validation/validation.go.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from autoscaler.manifests.faults import error, guess
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault, Faults
from autoscaler.model.objects import Behavior, PolicyType, ScalingPolicy, ScalingRules, SelectPolicy
from autoscaler.model.quantity import parse_quantity
from autoscaler.model.text import plain

REQUIRED, INVALID = "FieldValueRequired", "FieldValueInvalid"
NOT_SUPPORTED, FORBIDDEN = "FieldValueNotSupported", "FieldValueForbidden"

_CODES: Final = {REQUIRED: "E102", INVALID: "E104", NOT_SUPPORTED: "E104", FORBIDDEN: "E105"}
_LONGEST_WINDOW: Final = 3600
_LONGEST_PERIOD: Final = 1800
_PERCENT: Final[dict[str, Data]] = {"type": "Percent", "value": 100, "periodSeconds": 15}
_PODS: Final[dict[str, Data]] = {"type": "Pods", "value": 4, "periodSeconds": 15}
_SELECT: Final = tuple(select.value for select in SelectPolicy)
_TYPES: Final = tuple(kind.value for kind in PolicyType)


def read_behavior(
    raw: Mapping[str, Data] | None, path: str, *, tolerance: float, downscale_window: timedelta
) -> Behavior | Faults | None:
    """Make the behavior of a mapping whose types are already right; None where the author gave none.

    ``tolerance`` and ``downscale_window`` are the daemon's settings, for what the API server leaves open; a fraction
    of a second of the window is dropped, as the controller does.
    """
    if raw is None:
        return None
    written = with_defaults(raw)
    faults = tuple(behavior_faults(written, path))
    if faults:
        return Faults(faults=faults)
    whole = timedelta(seconds=int(downscale_window.total_seconds()))
    return Behavior(
        scale_up=_rules(_mapping(written["scaleUp"]), tolerance, whole),
        scale_down=_rules(_mapping(written["scaleDown"]), tolerance, whole),
    )


def with_defaults(raw: Mapping[str, Data]) -> dict[str, Data]:
    """Fill both directions field by field; an empty list of policies is not filled and so is a fault."""
    return {
        "scaleUp": _filled(_mapping(raw.get("scaleUp")), [dict(_PODS), dict(_PERCENT)], window=0),
        "scaleDown": _filled(_mapping(raw.get("scaleDown")), [dict(_PERCENT)], window=None),
    }


def behavior_faults(behavior: Mapping[str, Data], path: str) -> Iterator[Fault]:
    """Name everything the API server would refuse; a direction that is absent is fine."""
    for direction in ("scaleUp", "scaleDown"):
        rules = behavior.get(direction)
        if isinstance(rules, Mapping):
            yield from _rules_faults(rules, f"{path}.{direction}")


def refusal(kind: str, path: str, message: str) -> Fault:
    """Make a fault that says by ``reason`` which of the API server's four kinds of error it is."""
    return replace(error(_CODES[kind], path, message), reason=kind)


def _filled(rules: Mapping[str, Data], policies: list[Data], *, window: int | None) -> dict[str, Data]:
    filled: dict[str, Data] = {"selectPolicy": "Max", "policies": policies}
    if window is not None:
        filled["stabilizationWindowSeconds"] = window
    filled.update({name: held for name, held in rules.items() if held is not None})
    return filled


def _rules_faults(rules: Mapping[str, Data], path: str) -> Iterator[Fault]:
    window, select, policies = (rules.get(n) for n in ("stabilizationWindowSeconds", "selectPolicy", "policies"))
    if isinstance(window, int) and not 0 <= window <= _LONGEST_WINDOW:
        text = f"must be 0 to {_LONGEST_WINDOW} seconds, found {window}"
        yield refusal(INVALID, f"{path}.stabilizationWindowSeconds", text)
    if select is not None and select not in _SELECT:
        yield refusal(NOT_SUPPORTED, f"{path}.selectPolicy", _one_of(_SELECT, select))
    if not policies:
        text = "at least one policy is needed; remove the field to get the defaults"
        yield refusal(REQUIRED, f"{path}.policies", text)
    for index, policy in enumerate(policies if isinstance(policies, list) else ()):
        yield from _policy_faults(_mapping(policy), f"{path}.policies[{index}]")
    tolerance = rules.get("tolerance")
    if tolerance is not None and _quantity(tolerance) < 0:
        yield refusal(INVALID, f"{path}.tolerance", f"must not be negative, found {plain(str(tolerance), 30)}")


def _policy_faults(policy: Mapping[str, Data], path: str) -> Iterator[Fault]:
    kind, amount, period = policy.get("type"), _number(policy.get("value")), _number(policy.get("periodSeconds"))
    if kind not in _TYPES:
        yield refusal(NOT_SUPPORTED, f"{path}.type", _one_of(_TYPES, kind))
    if amount <= 0:
        yield refusal(INVALID, f"{path}.value", f"must be above 0, found {amount}")
    if period <= 0 or period > _LONGEST_PERIOD:
        text = f"must be 1 to {_LONGEST_PERIOD} seconds, found {period}"
        yield refusal(INVALID, f"{path}.periodSeconds", text)


def _rules(rules: Mapping[str, Data], tolerance: float, downscale_window: timedelta) -> ScalingRules:
    window, policies = rules.get("stabilizationWindowSeconds"), rules["policies"]
    given = rules.get("tolerance")
    assert isinstance(policies, list), "policies were judged before"
    return ScalingRules(
        window=downscale_window if window is None else timedelta(seconds=_number(window)),
        select=SelectPolicy(rules["selectPolicy"]),
        policies=tuple(_policy(_mapping(policy)) for policy in policies),
        tolerance=tolerance if given is None else _quantity(given),
    )


def _policy(policy: Mapping[str, Data]) -> ScalingPolicy:
    return ScalingPolicy(
        type=PolicyType(policy["type"]),
        amount=_number(policy["value"]),
        period=timedelta(seconds=_number(policy["periodSeconds"])),
    )


def _one_of(known: tuple[str, ...], found: Data) -> str:
    shown = f"{plain(str(found), 30)}{guess(str(found), known)}" if found else "nothing"
    return f"must be one of {', '.join(known)}, found {shown}"


def _mapping(raw: "Data | Mapping[str, Data]") -> Mapping[str, Data]:
    return raw if isinstance(raw, Mapping) else {}


def _number(raw: Data) -> int:
    return int(raw) if isinstance(raw, int | float) else 0


def _quantity(raw: Data) -> float:
    """Give the double that the HPA makes of a tolerance; its text is known to be a quantity."""
    quantity = parse_quantity(str(raw))
    assert quantity is not None, f"{raw!r} is no quantity, which the schema should have said"
    return quantity.number
