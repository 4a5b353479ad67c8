"""Dotted paths into YAML. Scalars are read as go-yaml reads them, aliases are followed and never expanded.

Source: KEDA metrics_api_scaler.go, GetValueFromResponse; gopkg.in/yaml.v3 resolve.go.
"""

import re

import yaml

from autoscaler.model.text import plain
from autoscaler.scalers.locations.found import NotFound, to_number
from autoscaler.scalers.numbers import parse_float

_DEPTH = 64
_EVENTS = 50_000
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_WORDS = frozenset(("", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"))
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?")
_MERGE = "<<"


def find_in_yaml(body: bytes, location: str) -> float | NotFound:
    """Find the number that a path leads to in the first document; what follows a scalar in the path is ignored."""
    broken = NotFound(detail="the answer is no YAML mapping")
    try:
        if not _is_bounded(body):
            return NotFound(detail="the answer's YAML is nested too deep or too large")
        loader = yaml.CSafeLoader(body)
        node = loader.get_node() if loader.check_node() else None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return broken
    if isinstance(node, yaml.MappingNode):
        return broken if _repeats(node, set()) else _follow(node, location)
    is_empty = node is None or (isinstance(node, yaml.ScalarNode) and _is_null(node))
    return NotFound(detail="the answer is empty") if is_empty else broken


def _is_bounded(body: bytes) -> bool:
    """Say whether the first document is small and flat enough to be composed."""
    depth = 0
    for count, event in enumerate(yaml.parse(body, Loader=yaml.CSafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH or count > _EVENTS:
            return False
        if isinstance(event, yaml.DocumentEndEvent):
            return True
    return True


def _repeats(node: yaml.Node, seen: set[int]) -> bool:
    """Say whether any mapping has a key twice."""
    if id(node) in seen:
        return False
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return any(_repeats(item, seen) for item in node.value)
    if not isinstance(node, yaml.MappingNode):
        return False
    keys = [_key(key) for key, _ in node.value]
    return len(set(keys)) < len(keys) or any(_repeats(item, seen) for _, item in node.value)


def _follow(node: yaml.Node, location: str) -> float | NotFound:
    for part in location.split("."):
        if isinstance(node, yaml.ScalarNode):
            break
        inner = _inner(node, part)
        if inner is None:
            return NotFound(detail=f'there is no key "{plain(part, 40)}" of valueLocation in the answer')
        node = inner
    if isinstance(node, yaml.ScalarNode):
        return to_number(_scalar(node), location)
    return NotFound(detail=f'valueLocation "{plain(location, 80)}" must lead to a number or a quantity')


def _inner(node: yaml.Node, part: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        index = int(part) if part.isascii() and part.isdigit() and len(part) < 10 else len(node.value)
        items: list[yaml.Node] = node.value
        return items[index] if index < len(items) else None
    merged: yaml.Node | None = None
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, item in pairs:
        if _key(key) == part:
            return item
        if isinstance(key, yaml.ScalarNode) and key.value == _MERGE and not key.style:
            sources = item.value if isinstance(item, yaml.SequenceNode) else [item]
            merged = next((hit for source in sources if (hit := _merged(source, part)) is not None), merged)
    return merged


def _merged(source: yaml.Node, part: str) -> yaml.Node | None:
    return _inner(source, part) if isinstance(source, yaml.MappingNode) else None


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return f"\0{id(node)}"
    scalar = _scalar(node)
    return f"{scalar:g}" if isinstance(scalar, float) else str(scalar) if scalar is not None else str(node.value)


def _is_null(node: yaml.ScalarNode) -> bool:
    return not node.style and node.value in ("", "~", "null", "Null", "NULL")


def _scalar(node: yaml.ScalarNode) -> int | float | str | None:
    """Read a scalar; None for what is neither number nor text (null, booleans, instants, unsigned beyond 63 bits)."""
    text = str(node.value)
    if node.style:
        return text
    if text in _WORDS or _DATE.fullmatch(text):
        return None
    if infinite := _INFINITE.fullmatch(text):
        return float(f"{infinite[1]}inf")
    if text in (".nan", ".NaN", ".NAN"):
        return float("nan")
    number = _number(text.replace("_", ""))
    return text if number is None else number if abs(number) < 2**63 or isinstance(number, float) else None


def _number(text: str) -> int | float | None:
    """Read digits in any base, octal also as ``017``; whole numbers beyond 64 bits become floats."""
    if whole := _INTEGER.fullmatch(text):
        number = _whole(whole[2].lower()) * (-1 if whole[1] == "-" else 1)
        return number if -(2**63) <= number < 2**64 else float(number)
    return parse_float(text) if _FLOAT.fullmatch(text) else None


def _whole(digits: str) -> int:
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if digits.startswith(prefix):
            return int(digits[2:], base)
    return int(digits, 8 if digits.startswith("0") and digits != "0" else 10)
