"""KEDA's ScaledObject schema on a real API server, judged against what loading accepts, keeps and points at.

Rules that span fields are no part of that schema, nor are those on ``behavior`` that belong to the HPA; so the schema
alone is asked here, with the one rule that the schema has across fields (min and max).
"""

import json
import re
from typing import Any

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.faults import has_error
from autoscaler.manifests.scaledobject import about, candidate, kind_fault
from autoscaler.manifests.schema import fit
from autoscaler.manifests.written import WrittenSpec
from autoscaler.model.faults import Fault, Severity
from tests.conformance.keda_schema import across_fields, stored
from tests.conformance.verdict import Agrees, Disagrees, Verdict

_ACROSS_FIELDS = "spec"
"""The API server reports its one rule across fields on the whole of ``spec``."""


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its answers: accepted or not, by an API server."""
    return set(vector["in"]) == {"object"} and "accepted" in vector["out"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare acceptance, what is stored, and the field of the first real cause."""
    expected, (kept, faults) = vector["out"], _ours(vector["in"]["object"])
    if expected["accepted"]:
        return Agrees() if kept == expected["storedSpec"] else Disagrees(expected["storedSpec"], kept or faults)
    fields = [field for field, _ in expected.get("causes") or () if field != "<nil>"]
    paths = [_plain(fault.path) for fault in faults]
    if kept is not None:
        return Disagrees("refused", kept)
    if not fields or any(_names(fields[0], path) for path in paths):
        return Agrees()
    return Disagrees(fields[0], paths)


def _ours(manifest: dict[str, Any]) -> tuple[dict[str, Any] | None, list[Fault]]:
    found = read([SourceFile(path="vector", text=json.dumps(manifest))])
    if found.findings:
        return None, [one.fault for one in found.findings]
    stranger = kind_fault(found.documents[0])
    if stranger is not None:
        return None, [stranger]
    what = candidate(found.documents[0])
    misfits = [*about(what).faults]
    written, faults = fit(WrittenSpec, what.spec, what.path)
    misfits.extend(faults)
    if written is not None:
        misfits.extend(across_fields(written))
    if written is None or has_error(misfits):
        return None, [fault for fault in misfits if fault.severity is Severity.ERROR]
    return stored(written), misfits


def _names(field: str, path: str) -> bool:
    return path == field or (field == _ACROSS_FIELDS and path == "spec.minReplicaCount")


def _plain(path: str) -> str:
    """The API server names the map of labels, we the label."""
    return re.sub(r"^(metadata\.(?:labels|annotations))\..*", r"\1", path)
