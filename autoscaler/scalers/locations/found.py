"""What a location leads to, and how that becomes a number. Source: KEDA metrics_api_scaler.go."""

from autoscaler.model.quantity import parse_double
from autoscaler.model.text import plain
from autoscaler.model.value import value


@value
class NotFound:
    """Nothing usable lies there; for people, already clean."""

    detail: str


def to_number(found: object, location: str) -> float | NotFound:
    """Take a number as it is and a text as a quantity (``1k``); nothing else is a value."""
    shown = plain(location, 80)
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        return NotFound(detail=f'valueLocation "{shown}" must lead to a number or a quantity')
    if not isinstance(found, str):
        return float(found)
    number = parse_double(found)
    if number is None:
        return NotFound(detail=f'valueLocation "{shown}" leads to a text that is no quantity')
    return number
