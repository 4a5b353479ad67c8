"""SeldonDeployments to ScaledObjects: names, labels and specs, and what Seldon or KEDA would refuse."""

import json
from typing import Any

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.faults import has_error
from autoscaler.manifests.scaledobject import parse
from autoscaler.manifests.seldon import Operator, candidates
from autoscaler.manifests.settings import Settings
from tests.conformance.keda_schema import pruned, refuses
from tests.conformance.standins import SCALERS
from tests.conformance.verdict import Agrees, Disagrees, Verdict


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its input."""
    return "seldonDeployment" in vector["in"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the ScaledObjects that the operator would create, and which of them KEDA's schema refuses."""
    given, expected = vector["in"], vector["out"]
    found = read([SourceFile(path="vector", text=json.dumps(given["seldonDeployment"]))])
    made = candidates(found.documents[0], _operator(given["operatorEnv"]))
    if not expected["admitted"]:
        return _refused(made, expected)
    ours, theirs = [_manifest(one) for one in made.candidates], [_essence(one) for one in expected["scaledObjects"]]
    if ours != theirs:
        return Disagrees(theirs, ours)
    refused = any(refuses(one.spec) for one in made.candidates)
    if refused is not bool(expected.get("kedaApiRejects")):
        return Disagrees(f"kedaApiRejects {expected.get('kedaApiRejects')}", f"KEDA's schema refuses: {refused}")
    return Agrees()


def _refused(made: Any, expected: dict[str, Any]) -> Verdict:
    """What Seldon refuses gives no object here: by Seldon's webhook rules, or by the schema they share."""
    judged = [parse(one, SCALERS, Settings(), lambda _ref: None) for one in made.candidates]
    refused = has_error(made.faults) or any(one.obj is None for one in judged)
    return Agrees() if refused else Disagrees(f"rejected by {expected['rejectedBy']}", made.candidates)


def _operator(env: dict[str, str]) -> Operator:
    return Operator(
        enabled=env.get("KEDA_ENABLED") == "true",
        name_as_prefix=env.get("DEPLOYMENT_NAME_AS_PREFIX") == "true",
        controller_id=env.get("CONTROLLER_ID", ""),
    )


def _manifest(made: Any) -> dict[str, Any]:
    key = made.key
    spec = pruned(dict(made.spec))
    return {"name": key.name, "namespace": key.namespace, "labels": dict(made.labels), "spec": spec}


def _essence(manifest: dict[str, Any]) -> dict[str, Any]:
    about, spec = manifest["metadata"], {"triggers": [], **manifest["spec"]}
    return {"name": about["name"], "namespace": about["namespace"], "labels": about["labels"], "spec": spec}
