"""Single calls of the HPA's replica calculators, and of its reader of quantities."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from autoscaler.core.grouping import count, group
from autoscaler.core.numbers import I32_MAX, I64_MAX, Band, Wanted, band, wrap_i64
from autoscaler.core.pods import NO_USABLE_METRICS, ZERO_REQUESTS, propose_pods
from autoscaler.core.proposals import average_value, plain_value
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.observation import Missing
from autoscaler.model.pods import Container, Phase, Pod, PodMetrics, Readiness
from autoscaler.model.quantity import parse_quantity
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
Vector = dict[str, Any]
CODES = (
    (NO_USABLE_METRICS, "no-usable-metrics"),
    (ZERO_REQUESTS, "zero-requests"),
    ("no pods match", "no-pods"),
    ("the metrics API has no", "metrics-empty"),
    ("container ", "container-not-found"),
    ("no request for", "missing-request"),
)


def recognise(vector: Vector) -> bool:
    return "fn" in vector and ("expect" in vector or "input" in vector)


def judge(vector: Vector) -> Verdict:
    if vector["fn"] == "quantity":
        return _quantity(vector)
    expected = vector.get("expectSaturating") or vector["expect"]
    if vector.get("fetch"):
        # A source that fails or answers nothing never reaches a calculator: it is a Missing.
        return Agrees() if expected.get("error") == f"metrics-{vector['fetch']}" else Disagrees(expected, "Missing")
    got = _call(vector)
    if (own := _explained(vector)) is not None:
        count_of_ours = None if isinstance(got, str) else got.replicas
        if count_of_ours == expected.get("replicas"):
            return Agrees()
        return Explained(own[0]) if count_of_ours == own[1] else Disagrees(own[1], count_of_ours)
    if isinstance(got, str):
        code = next((code for start, code in CODES if got.startswith(start)), got)
        same = expected.get("error", "").replace("missing-pod-request", "missing-request") == code
        return Agrees() if same else Disagrees(expected, code)
    if "error" not in expected and got.replicas == expected["replicas"] and _same_usage(vector, expected, got):
        return Agrees()
    return Disagrees(expected, got._asdict())


def _explained(vector: Vector) -> tuple[str, int | None] | None:
    """The row that a call touches, and by its rule our count; None for a call that has nothing to go on."""
    target = float(vector["targetMilli"]) if "targetMilli" in vector else 0.0
    if vector["fn"] == "externalAverageValue" and _turns_negative(vector["values"]):
        total, status = float(sum(vector["values"])), vector["statusReplicas"]
        held = status and total >= 0 and _inside(vector, total / (target * float(status)))
        return "D11", 0 if total < 0 else status if held else min(math.ceil(total / target), I32_MAX)
    if vector["fn"] == "externalValue" and vector["currentReplicas"] == 0:
        ratio = float(_total(vector["values"])) / target
        pods = [_pod(pod) for pod in vector["pods"]]
        ready = sum(pod.phase is Phase.RUNNING and pod.ready is Readiness.TRUE for pod in pods)
        if _inside(vector, ratio):
            return "D40", 1
        return "D40", min(math.ceil(ratio * float(ready)), I32_MAX) if pods else None
    return None


def _inside(vector: Vector, ratio: float) -> bool:
    return bool(1.0 - vector["tolerance"]["down"] <= ratio <= 1.0 + vector["tolerance"]["up"])


def _call(vector: Vector) -> Wanted | str:
    tolerance = band(down=vector["tolerance"]["down"], up=vector["tolerance"]["up"])
    match vector["fn"]:
        case "externalValue":
            pods = count([_pod(pod) for pod in vector["pods"]])
            current = vector["currentReplicas"] or 1  # a pass from zero starts at 1 (D40, L2)
            return plain_value(_total(vector["values"]), vector["targetMilli"], current, pods, tolerance)
        case "externalAverageValue":
            status = vector["statusReplicas"]
            return average_value(min(sum(vector["values"]), I64_MAX), vector["targetMilli"], status, tolerance)
        case "resourceUtilization":
            return _resource(vector, TargetType.UTILIZATION, vector["targetUtilization"], tolerance)
        case _:
            return _resource(vector, TargetType.AVERAGE_VALUE, vector["targetMilli"], tolerance)


def _resource(vector: Vector, kind: TargetType, amount: int, tolerance: Band) -> Wanted | str:
    samples = group(
        [_pod(pod) for pod in vector["pods"]],
        [_metrics(sample) for sample in vector.get("metrics", ())],
        vector["resource"],
        vector.get("container", ""),
        at=_at(vector["now_ms"]),
        initialization=timedelta(milliseconds=vector["cpuInitializationPeriod_ms"]),
        delay=timedelta(milliseconds=vector["initialReadinessDelay_ms"]),
    )
    if isinstance(samples, Missing):
        return samples.detail
    return propose_pods(samples, MetricTarget(type=kind, amount=amount), vector["currentReplicas"], tolerance)


def _same_usage(vector: Vector, expected: Vector, got: Wanted) -> bool:
    """The usage an HPA reports is the ratio before the division; a status of 0 leaves it to the platform."""
    match vector["fn"]:
        case "externalValue":
            return expected["usageMilli"] == _total(vector["values"])
        case "resourceUtilization":
            return got.ratio == float(expected["utilization"]) / float(vector["targetUtilization"])
        case "resourceAverageValue":
            return got.ratio == float(expected["usageMilli"]) / float(vector["targetMilli"])
        case _:
            return True


def _total(values: list[int]) -> int:
    """One series is one sample; of several the sum, as the reader of external metrics makes it in 64 bits."""
    total = 0
    for value in values:
        if value > 0 and total > I64_MAX - value:
            return I64_MAX
        total = wrap_i64(total + value)
    return total


def _turns_negative(values: list[int]) -> bool:
    total = 0
    for value in values:
        total += value
        if total < 0:
            return True
    return False


def _pod(raw: Vector) -> Pod:
    return Pod(
        name=raw.get("name", ""),
        phase=Phase(raw["phase"]),
        deleting=raw.get("deleting", False),
        ready=Readiness(raw["ready"]) if "ready" in raw else None,
        ready_since=_at(raw["readySince_ms"]) if "readySince_ms" in raw else None,
        started_at=_at(raw["start_ms"]) if "start_ms" in raw else None,
        containers=tuple(_container(held) for held in raw.get("containers", ())),
        init_containers=tuple(_container(held) for held in raw.get("initContainers", ())),
        requests=raw.get("podRequests", {}),
        overhead=raw.get("overhead", {}),
    )


def _container(raw: Vector) -> Container:
    return Container(name=raw["name"], requests=raw.get("requests", {}), sidecar=raw.get("sidecar", False))


def _metrics(raw: Vector) -> PodMetrics:
    return PodMetrics(
        pod=raw["pod"],
        at=_at(raw["t_ms"]),
        window=timedelta(milliseconds=raw["window_ms"]),
        usage=tuple((held["name"], held["usage"]) for held in raw["containers"]),
    )


def _quantity(vector: Vector) -> Verdict:
    got = parse_quantity(vector["input"])
    if got is None:
        return Agrees() if vector.get("invalid") else Disagrees(vector, "invalid")
    expected = {"milli": vector.get("milli"), "float": float(vector.get("float", "nan"))}
    ours = {"milli": got.milli, "float": got.number}
    if vector.get("invalid") or parse_quantity(vector["canonical"]) != got or ours["float"] != expected["float"]:
        return Disagrees(vector, ours)
    if abs(got.milli) > I64_MAX:
        # The double is right on both sides; thousandths beyond 64 bits wrap around on theirs.
        whole = math.isclose(float(got.milli), expected["float"] * 1000, rel_tol=1e-15)
        return Explained("D12") if whole else Disagrees(vector, ours)
    return Agrees() if ours == expected else Disagrees(vector, ours)


def _at(t_ms: int) -> datetime:
    return START + timedelta(milliseconds=t_ms)
