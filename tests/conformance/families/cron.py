"""The cron trigger at a given instant."""

from datetime import datetime
from typing import Any

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Missing, MissingReason, Sample
from autoscaler.scalers.contract import Response
from autoscaler.scalers.cron import CronScaler
from tests.conformance.triggers import differs, judge_refusal, parse
from tests.conformance.verdict import Agrees, Disagrees, Verdict

_ANSWER = Response(status=200, content_type="", body=b"")


def recognise(vector: dict[str, Any]) -> bool:
    return vector["id"].startswith("cron-")


def judge(vector: dict[str, Any]) -> Verdict:
    given, expected = vector["in"], vector["out"]
    built = parse(CronScaler(), given)
    if isinstance(built, Faults):
        return judge_refusal(given, expected, built)
    if expected["build"] != "ok":
        return Disagrees(expected, built)
    if differs(expected["spec"], built.ask):
        return Disagrees(expected["spec"], built.ask)
    got = CronScaler().read(built.ask, _ANSWER, datetime.fromisoformat(given["now"]))
    match got:
        case Missing(reason=MissingReason.MALFORMED) if expected.get("error_class") == "timezone":
            return Agrees()
        case Sample(value_milli=milli, active=active) if (str(milli), active) == (
            expected.get("milli"),
            expected.get("active"),
        ):
            return Agrees()
    return Disagrees(expected, got)
