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
from tests.conformance.keda_schema import refuses
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
    reasons = {outcome.get("reason") for outcome in outcomes}
    verdicts = [_compare(given, outcome, reasons, faults, errors) for outcome in outcomes]
    for wanted in (Agrees, Explained):
        for verdict in verdicts:
            if isinstance(verdict, wanted):
                return verdict
    return Disagrees(outcomes, [(fault.code, fault.path, fault.message) for fault in errors])


def _compare(
    given: dict[str, Any], outcome: dict[str, Any], reasons: set[str | None], faults: list[Fault], errors: list[Fault]
) -> Verdict:
    reason = outcome.get("reason")
    if outcome["allowed"]:
        return _allowed(given, outcome, faults, errors)
    if reason in OURS and any(error.code in OURS[reason] for error in errors):
        return Agrees()
    if errors:  # refused here too, by what stands before the webhook, what it never asks, or would have asked after
        return Explained("D10") if _unreached(given, reasons, errors) else Disagrees(reason, errors)
    if reason in NAMES and any(fault.code == "W120" for fault in faults):
        return Explained("D10")
    if reason in HPA:
        return Explained("D32")
    return Explained("D10") if reason in ELSEWHERE else Disagrees(reason, errors)


def _unreached(given: dict[str, Any], reasons: set[str | None], errors: list[Fault]) -> bool:
    """Say whether the webhook, having refused for one of ``reasons``, never comes to ask what we found.

    Triggers come last of all; after a container without requests nobody asks about zero; after a neighbour or an
    unknown kind nobody asks about the formula, and after a neighbour of unknown kind nobody asks about the others.
    """
    rest = [
        error
        for error in errors
        if error.code != "E106"
        and not (_of_zero(error) and reasons & {"missing-requests", None})
        and not (_of_formula(error) and reasons & {"other-scaled-object", "other-scaled-object-hpa", None})
        and not (error.code == "E109" and None in reasons)
    ]
    return not rest or _not_asked_by_keda(given, rest)


def _of_zero(error: Fault) -> bool:
    return "cpu and memory alone" in error.message


def _of_formula(error: Fault) -> bool:
    return error.code == "E108" or (error.code == "E107" and error.path.endswith(".behavior"))


def _allowed(given: dict[str, Any], outcome: dict[str, Any], faults: list[Fault], errors: list[Fault]) -> Verdict:
    if errors and all(error.reason == "bad_activation_target" for error in errors):
        return Explained("D8")
    if errors:
        return Explained("D10") if _not_asked_by_keda(given, errors) else Disagrees("allowed", errors)
    if _is_skipped(given):
        return Agrees()
    warned = [text for text in outcome.get("warnings", ()) if text.startswith(COOLDOWN)]
    if bool(warned) is not any(fault.code == "I121" and fault.path == "spec.cooldownPeriod" for fault in faults):
        return Disagrees(outcome.get("warnings", []), faults)
    if any(text.startswith(POLLING) for text in outcome.get("warnings", ())):
        return Explained("D18")
    return Agrees()


def _not_asked_by_keda(given: dict[str, Any], errors: list[Fault]) -> bool:
    """Where the webhook looks away and the rule holds all the same.

    It never sees what the schema refuses, nor names and labels that the API server does. It skips the cpu rules for
    dry runs, everything for an object that only loses finalizers, another version of a neighbour's target, and two
    words of a formula: an activation target that is none, an HPA target that cannot be written to the API server.
    """
    if refuses(given["object"]["spec"]) or _is_skipped(given):
        return True
    for error in errors:
        metadata = error.code == "E101" and error.path.startswith("metadata.")
        dry = given.get("dryRun") and _of_zero(error)
        unknown_type = error.code == "E106" and error.path.endswith(".type")
        formula = error.code == "E108" and error.reason in ("unwritable", "bad_activation_target")
        version = error.code == "E109" and _reference(given["object"]) not in map(_reference, _neighbours(given))
        if not (metadata or dry or unknown_type or formula or version):
            return False
    return True


def _is_skipped(given: dict[str, Any]) -> bool:
    """Say whether an update takes away finalizers and leaves the spec alone: then nothing is asked or warned of."""
    if given["operation"] != "UPDATE":
        return False
    before, now = (given[which]["metadata"].get("finalizers", []) for which in ("old", "object"))
    return len(now) < len(before) and given["old"]["spec"] == given["object"]["spec"]


def _reference(one: dict[str, Any]) -> tuple[str, str, str]:
    ref = one["spec"]["scaleTargetRef"]
    return ref.get("apiVersion") or "apps/v1", ref.get("kind") or "Deployment", ref["name"]


def _neighbours(given: dict[str, Any]) -> list[dict[str, Any]]:
    new = given["object"]
    return [one for one in given.get("existing", ()) if one["kind"] == "ScaledObject" and not _same(one, new)]


def _faults(given: dict[str, Any]) -> list[Fault]:
    """Load the neighbours first, so that they govern their targets, and then the object beside them."""
    files = [SourceFile(path=f"{n}.yaml", text=json.dumps(one)) for n, one in enumerate(_neighbours(given))]
    catalog, _ = _updated(Catalog(), files)
    _, changes = _updated(catalog, [*files, SourceFile(path="new.yaml", text=json.dumps(given["object"]))])
    return [one.fault for one in changes.findings if one.file == "new.yaml"]


def _updated(catalog: Catalog, files: list[SourceFile]) -> tuple[Catalog, Any]:
    return update(catalog, Snapshot(files=tuple(files)), SCALERS, Settings(), at=AT, governed={})


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one["metadata"].get(field) == other["metadata"].get(field) for field in ("namespace", "name"))
