"""KEDA's admission rules, judged against what loading refuses (D10).

The rules on replicas, idle, fallback, triggers, modifiers and double targets are ours too. Those on the HPA object, on
neighbours, on existing targets and on cpu requests need a cluster or an HPA and are not; an HPA on the same target is
met where the cluster is read (D32).
"""

import json
from datetime import UTC, datetime
from typing import Any

from autoscaler.manifests.catalog import Catalog, Snapshot, update
from autoscaler.manifests.document import SourceFile
from autoscaler.manifests.settings import Settings
from autoscaler.model.faults import Fault, Severity
from tests.conformance.standins import SCALERS
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

OURS = {
    "incorrect-replicas": ("E105", "E101", "E106"),
    "scale-to-zero-requirements-not-met": ("E105",),
    "incorrect-triggers": ("E106", "E101"),
    "incorrect-fallback": ("E107", "E101"),
    "scaling-modifiers-fallback": ("E107",),
    "scaling-modifiers": ("E108", "E101"),
    "other-scaled-object": ("E109",),
}
"""Which code stands for which of KEDA's reasons; E101 and E106 where the schema refuses it before any rule is asked."""
NAMES = ("name-too-long", "hpa-name-too-long")
HPA = ("other-hpa", "transfer-ownership-missing-hpa-name")
ELSEWHERE = ("missing-requests", "other-scaled-object-hpa", None)
"""Refused by KEDA for what is around the object: cpu requests, HPA names, kinds and targets that are not there."""
AT = datetime(2026, 1, 1, tzinfo=UTC)
COOLDOWN, POLLING = "CooldownPeriod is configured", "PollingInterval is configured"


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its answers: outcomes of an admission request."""
    return "operation" in vector["in"] and "outcomes" in vector["out"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Match any of the recorded outcomes: refused for the same reason, or accepted with the same warnings."""
    given, outcomes = vector["in"], vector["out"]["outcomes"]
    if given["operation"] == "DELETE":  # what is deleted is not loaded, so nothing refuses it
        return Agrees() if outcomes == [{"allowed": True}] else Disagrees(outcomes, "deleted")
    faults = _faults(given)
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    verdicts = [_compare(given, outcome, faults, errors) for outcome in outcomes]
    for wanted in (Agrees, Explained):
        for verdict in verdicts:
            if isinstance(verdict, wanted):
                return verdict
    return Disagrees(outcomes, [(fault.code, fault.path, fault.message) for fault in errors])


def _compare(given: dict[str, Any], outcome: dict[str, Any], faults: list[Fault], errors: list[Fault]) -> Verdict:
    reason = outcome.get("reason")
    if outcome["allowed"]:
        return _allowed(given, outcome, faults, errors)
    if reason in OURS:
        met = any(error.code in OURS[reason] for error in errors)
        return Agrees() if met else Disagrees(reason, errors)
    if any("cpu and memory alone" not in error.message for error in errors):
        return Disagrees(f"loaded, for KEDA's {reason} needs a cluster", errors)
    if reason in NAMES and any(fault.code == "W120" for fault in faults):
        return Explained("D10")
    if reason in HPA:
        return Explained("D32")
    return Explained("D10") if reason in ELSEWHERE else Disagrees(reason, errors)


def _allowed(given: dict[str, Any], outcome: dict[str, Any], faults: list[Fault], errors: list[Fault]) -> Verdict:
    if errors and all(error.reason == "bad_activation_target" for error in errors):
        return Explained("D8")
    if errors:
        return Explained("D10") if _not_asked_by_keda(given, errors) else Disagrees("allowed", errors)
    warned = [text for text in outcome.get("warnings", ()) if text.startswith(COOLDOWN)]
    if bool(warned) is not any(fault.code == "I121" for fault in faults):
        return Disagrees(outcome.get("warnings", []), faults)
    if any(text.startswith(POLLING) for text in outcome.get("warnings", ())):
        return Explained("D18")
    return Agrees()


def _not_asked_by_keda(given: dict[str, Any], errors: list[Fault]) -> bool:
    """Where the webhook looks away and the rule holds all the same.

    It skips the cpu rules for dry runs, everything for an object that only loses finalizers, leaves ranges to the
    schema, and an HPA target that cannot be written to the API server.
    """
    for error in errors:
        schema = error.code == "E101"
        skipped = given["operation"] == "UPDATE" and _loses_finalizers(given)
        dry = given.get("dryRun") and "cpu and memory" in error.message
        unknown_type = error.code == "E106" and error.path.endswith(".type")
        unwritable = error.code == "E108" and error.reason == "unwritable"
        if not (schema or skipped or dry or unknown_type or unwritable):
            return False
    return True


def _loses_finalizers(given: dict[str, Any]) -> bool:
    before, now = (given[which]["metadata"].get("finalizers", []) for which in ("old", "object"))
    return len(now) < len(before)


def _faults(given: dict[str, Any]) -> list[Fault]:
    """Load the neighbours first, so that they govern their targets, and then the object beside them."""
    new = given["object"]
    neighbours = [one for one in given.get("existing", ()) if one["kind"] == "ScaledObject" and not _same(one, new)]
    files = [SourceFile(path=f"{n}.yaml", text=json.dumps(one)) for n, one in enumerate(neighbours)]
    catalog, _ = _updated(Catalog(), files)
    _, changes = _updated(catalog, [*files, SourceFile(path="new.yaml", text=json.dumps(new))])
    return [one.fault for one in changes.findings if one.file == "new.yaml"]


def _updated(catalog: Catalog, files: list[SourceFile]) -> tuple[Catalog, Any]:
    return update(catalog, Snapshot(files=tuple(files)), SCALERS, Settings(), at=AT, governed={})


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one["metadata"].get(field) == other["metadata"].get(field) for field in ("namespace", "name"))
