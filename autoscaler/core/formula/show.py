"""A value as text. Source: Go's fmt, %v."""

from autoscaler.core.formula.layouts import plain_instant
from autoscaler.core.formula.tree import MAX_DEPTH
from autoscaler.core.formula.values import FormulaError, Instant, Named, Span, Value, Zone, show_span
from autoscaler.model.gotext import show_float


def show(item: Value, depth: int = 0) -> str:
    """Write a value as Go's ``%v`` does."""
    if depth > MAX_DEPTH:
        raise FormulaError("lists nested too deep to show")
    match item:
        case None:
            return "<nil>"
        case bool():
            return "true" if item else "false"
        case float():
            return show_float(item)
        case list():
            return "[" + " ".join(show(each, depth + 1) for each in item) + "]"
        case dict():
            pairs = sorted((show(key, depth + 1), show(each, depth + 1)) for key, each in item.items())
            return "map[" + " ".join(f"{key}:{each}" for key, each in pairs) + "]"
        case Span():
            return show_span(item)
        case Instant():
            return plain_instant(item)
        case Named():
            return item.name
        case Zone():
            return str(item.zone)
        case _:
            return str(item)
