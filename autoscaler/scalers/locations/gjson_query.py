"""Whether a value is what a query of a GJSON path asks for. Pure. Source: tidwall/gjson gjson.go, queryMatches."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from autoscaler.scalers.literals import parse_flag
from autoscaler.scalers.locations.gjson_parts import Query
from autoscaler.scalers.locations.gjson_pattern import matches
from autoscaler.scalers.locations.gjson_values import Found, Kind, go_float

_T = TypeVar("_T", str, float)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def query_matches(query: Query, item: Found) -> bool:
    """Say whether a value is what a query asks for."""
    operand = query.operand
    if operand.startswith("~"):
        item, operand = _as_truth(operand[1:], item)
    if not item.exists:
        return False
    if not query.operator:
        return True
    match item.kind:
        case Kind.STRING:
            if query.operator in ("%", "!%"):
                return matches(item.text, operand) is (query.operator == "%")
            return _compare(query.operator, item.text, operand)
        case Kind.NUMBER:
            return _compare(query.operator, item.number, go_float(operand))
        case Kind.TRUE:
            return _compare_truth(query.operator, operand, same="true", other="false", beyond=">")
        case Kind.FALSE:
            return _compare_truth(query.operator, operand, same="false", other="true", beyond="<")
        case _:
            return False


def _compare(name: str, left: _T, right: _T) -> bool:
    return name in _COMPARISONS and bool(_COMPARISONS[name](left, right))


def _compare_truth(name: str, operand: str, *, same: str, other: str, beyond: str) -> bool:
    if name in ("=", "!="):
        return (operand == same) is (name == "=")
    return (name == beyond and operand == other) or name == f"{beyond}="


def _as_truth(word: str, item: Found) -> tuple[Found, str]:
    """Read ``~true``, ``~false``, ``~null`` and ``~*``: what a value amounts to."""
    match word:
        case "*":
            holds = item.exists
        case "null":
            holds = item.kind is Kind.NULL
        case "true" | "false":
            holds = _amounts_to(item, wanted=word == "true")
        case _:
            return Found(), ""
    return Found(kind=Kind.TRUE if holds else Kind.FALSE), "true"


def _amounts_to(item: Found, *, wanted: bool) -> bool:
    match item.kind:
        case Kind.TRUE | Kind.FALSE:
            return (item.kind is Kind.TRUE) is wanted
        case Kind.NULL:
            return not wanted
        case Kind.STRING:
            return parse_flag(item.text.lower()) is wanted
        case Kind.NUMBER:
            return (item.number != 0) is wanted
        case _:
            return False
