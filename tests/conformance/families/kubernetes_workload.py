"""The kubernetes-workload trigger over a list of pods."""

import json
from datetime import UTC, datetime
from typing import Any

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Sample
from autoscaler.scalers.contract import Response
from autoscaler.scalers.kubernetes_workload import KubernetesWorkloadScaler
from tests.conformance.triggers import differs, judge_refusal, parse
from tests.conformance.verdict import Agrees, Disagrees, Verdict

_AT = datetime(2026, 1, 1, tzinfo=UTC)


def recognise(vector: dict[str, Any]) -> bool:
    return vector["id"].startswith("kubernetes_workload-")


def judge(vector: dict[str, Any]) -> Verdict:
    given, expected = vector["in"], vector["out"]
    built = parse(KubernetesWorkloadScaler(), given)
    if isinstance(built, Faults):
        return judge_refusal(given, expected, built)
    if expected["build"] != "ok" or differs(expected["spec"], built.ask):
        return Disagrees(expected, built)
    (namespace,) = built.ask.question.source.addresses
    pods = [pod for pod in given.get("pods", []) if pod["ns"] == namespace]
    body = json.dumps([{key: pod[key] for key in ("labels", "phase", "node") if key in pod} for pod in pods])
    answer = Response(status=200, content_type="application/json", body=body.encode())
    got = KubernetesWorkloadScaler().read(built.ask, answer, _AT)
    if isinstance(got, Sample) and (str(got.value_milli), got.active) == (expected.get("milli"), expected["active"]):
        return Agrees()
    return Disagrees(expected, got)
