"""What KEDA's ScaledObject schema makes of a spec: what is stored, and the one rule it has across fields."""

from typing import Any

from autoscaler.manifests.positions import Data
from autoscaler.manifests.rules import Case
from autoscaler.manifests.rules import judge as rules
from autoscaler.manifests.schema import fit, without_nulls
from autoscaler.manifests.written import WrittenSpec
from autoscaler.model.faults import Fault

_UNKNOWN = ("W103", "W120")


def stored(written: WrittenSpec) -> dict[str, Any]:
    """Give the spec as the API server stores it: pruned, and with its one default."""
    spec = written.model_dump(by_alias=True, exclude_unset=True)
    if written.fallback is not None:
        spec["fallback"]["behavior"] = written.fallback.behavior
    return spec


def pruned(raw: dict[str, Any]) -> dict[str, Any]:
    """Give a spec as another schema of the same fields without ranges stores it."""
    written, faults = fit(WrittenSpec, raw, "")
    if written is not None:
        return stored(written)
    unknown = {fault.path for fault in faults if fault.code in _UNKNOWN}
    known = without_nulls({key: held for key, held in raw.items() if key not in unknown})
    assert isinstance(known, dict)
    fallback = known.get("fallback")
    return known if not isinstance(fallback, dict) else {**known, "fallback": {"behavior": "static", **fallback}}


def across_fields(written: WrittenSpec, path: str = "spec") -> list[Fault]:
    """Name what the schema refuses across fields: a minimum above the maximum."""
    case = Case(name="", spec=written, path=path, types=frozenset(), may_cache=frozenset())
    return [fault for fault in rules(case) if fault.path == f"{path}.minReplicaCount" and "above" in fault.message]


def refuses(raw: Data) -> bool:
    """Say whether the API server refuses a spec."""
    written, _ = fit(WrittenSpec, raw, "spec")
    return written is None or bool(across_fields(written))
