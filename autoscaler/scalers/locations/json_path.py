"""A number in JSON by a GJSON path, in bodies that nobody validates, as KEDA reads them. Pure.

Source: KEDA metrics_api_scaler.go, getValueFromJSONResponse.
"""

from autoscaler.scalers.locations.found import NotFound, to_number
from autoscaler.scalers.locations.gjson_budget import Budget, TooCostlyError
from autoscaler.scalers.locations.gjson_modifiers import modify
from autoscaler.scalers.locations.gjson_search import get
from autoscaler.scalers.locations.gjson_values import Kind

_STEPS = 200_000


def find_in_json(body: bytes, location: str) -> float | NotFound:
    """Find the number that a path leads to."""
    try:
        path = location.encode(errors="replace").decode("latin-1")
        found = get(body.decode("latin-1"), path, Budget(steps=_STEPS), modify)
    except (TooCostlyError, RecursionError):
        return NotFound(detail="valueLocation takes too many steps through the answer: ask for less")
    if found.kind is Kind.NULL and not found.raw:
        return NotFound(detail="valueLocation leads to nothing in the answer")
    if found.kind is Kind.STRING:
        return to_number(found.text.encode("latin-1").decode(errors="replace"), location)
    return to_number(found.number if found.kind is Kind.NUMBER else None, location)
