"""Parsing of cpu and memory triggers."""

from typing import Any

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, TargetType
from autoscaler.scalers.cpu_memory import CpuMemoryScaler
from tests.conformance.triggers import parse
from tests.conformance.verdict import Agrees, Disagrees, Verdict


def recognise(vector: dict[str, Any]) -> bool:
    return vector["id"].startswith("cpu_memory-")


def judge(vector: dict[str, Any]) -> Verdict:
    given, expected = vector["in"], vector["out"]
    built = parse(CpuMemoryScaler(given["type"]), given)
    if isinstance(built, Faults):
        return _judge_refusal(expected, built)
    if "spec" not in expected:
        return Disagrees(expected, built)
    got = _described(built.ask)
    wanted = {key: expected["spec"].get(key) for key in ("name", "type", "target_type", "container")}
    wanted["amount"] = str(
        expected["spec"].get("average_utilization", (expected["spec"].get("average_value") or {}).get("milli"))
    )
    return Agrees() if got == wanted else Disagrees(wanted, got)


def _judge_refusal(expected: dict[str, Any], faults: Faults) -> Verdict:
    """Missing values are told apart; KEDA's other refusals, and its panic on a quantity, are one class."""
    missing = any(fault.reason == "missing_parameter" for fault in faults.faults)
    if "error_class" not in expected:
        return Disagrees(expected, faults)
    if expected["error_class"] == "missing_parameter":
        return Agrees() if missing else Disagrees(expected, faults)
    return Disagrees(expected, faults) if missing else Agrees()


def _described(ask: Ask) -> dict[str, Any]:
    settings = dict(ask.settings)
    assert ask.target.type is not TargetType.VALUE
    return {
        "name": ask.metric,
        "type": ask.kind.value,
        "target_type": ask.target.type.value,
        "container": settings["container"] or None,
        "amount": str(ask.target.amount),
    }
