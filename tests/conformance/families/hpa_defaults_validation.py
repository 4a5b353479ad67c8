"""HorizontalPodAutoscalers as the API server decodes, defaults, converts and judges them."""

from typing import Any

from autoscaler.manifests.hpa_object import Admitted, Gates, admit
from autoscaler.model.quantity import parse_quantity
from tests.conformance.verdict import Agrees, Disagrees, Verdict

Vector = dict[str, Any]
QUANTITIES = ("tolerance", "value", "averageValue")


def recognise(vector: Vector) -> bool:
    return vector.get("op") in ("create", "update") and "gates" in vector


def judge(vector: Vector) -> Verdict:
    gates = Gates(
        scale_to_zero=vector["gates"].get("HPAScaleToZero", False),
        tolerance=vector["gates"].get("HPAConfigurableTolerance", True),
    )
    got = admit(vector["input"], gates, vector.get("old"))
    expected = _expected(vector["expect"])
    ours = _ours(got) if isinstance(got, Admitted) else {"decodeError": True}
    return Agrees() if ours == expected else Disagrees(expected, ours)


def _expected(recorded: Vector) -> Vector:
    if "decodeError" in recorded:
        return {"decodeError": True}
    expected = {"object": _by_value(recorded["object"]), "errors": recorded["errors"]}
    if not recorded["errors"]:
        expected["readBack"] = _by_value(recorded.get("readBack", recorded["object"]))
    return expected


def _ours(got: Admitted) -> Vector:
    errors = [{"type": fault.reason, "field": fault.path} for fault in got.faults]
    errors.sort(key=lambda error: (error["field"], error["type"]))
    ours: Vector = {"object": _by_value(got.spec), "errors": errors}
    if not errors:
        ours["readBack"] = _by_value(got.read_back)
    return ours


def _by_value(raw: Any, name: str = "", inside: str = "") -> Any:
    """Compare quantities by value, and an empty list as none, for the API server writes none."""
    if isinstance(raw, dict):
        held = {key: _by_value(item, key, name) for key, item in raw.items()}
        return {key: item for key, item in held.items() if item not in ([], None)}
    if isinstance(raw, list):
        return [_by_value(item, "", name) for item in raw]
    if name == "tolerance" or (inside == "target" and name in QUANTITIES):
        return parse_quantity(str(raw))
    return raw
