"""What expr's optimizer makes of a checked tree: the same result, with fewer elements looked at.

That shows where an element would fail: ``filter([a, b], # > 1)[0]`` does not look at b where a passes, so b may be nil.
Source: expr-lang optimizer, its passes fold, filter_map, filter_len, filter_first, filter_last,
predicate_combination, count_any and count_threshold.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from autoscaler.core.formula.check import constant
from autoscaler.core.formula.tree import Kind
from autoscaler.model.formula import Node


def rewrite(node: Node) -> Node:
    """Rewrite a tree from its leaves up. Beyond what a formula can write it has:

    ``filter`` with a third child, evaluated for each element that passes; ``filter[0]`` and ``filter[-1]``, that
    element alone, as ``find`` and ``findLast`` with a failure where nothing passes; ``count`` with a third child, the
    number at which it stops.
    """
    children = tuple(rewrite(child) for child in node.children)
    made = replace(node, children=children) if children else node
    for rule in _RULES:
        made = rule(made)
    return made


def _is_call(node: Node, name: str) -> bool:
    return node.kind == Kind.CALL and node.literal == name and bool(node.children)


def _as(node: Node, name: str, *children: Node) -> Node:
    return Node(kind=Kind.CALL.value, column=node.column, literal=name, children=children)


def _folded(node: Node) -> Node:
    """Decide what constants decide, and leave out the other side even where it would fail."""
    if node.kind == Kind.UNARY and node.literal == "not" and isinstance(held := _truth(node.children[0]), bool):
        return _literal(node, not held)
    if node.kind != Kind.BINARY or node.literal not in ("==", "and", "or"):
        return node
    left, right = node.children
    if node.literal == "==":
        same = _same(left, right)
        return node if same is None else _literal(node, same)
    neutral = node.literal == "and"
    truths = (_truth(left), _truth(right))
    if neutral in truths:
        return right if truths[0] is neutral else left
    return _literal(node, not neutral) if (not neutral) in truths else node


def _truth(node: Node) -> bool | None:
    return node.literal if node.kind == Kind.LITERAL and isinstance(node.literal, bool) else None


def _same(left: Node, right: Node) -> bool | None:
    """Compare two whole numbers, texts or booleans that are written out; None for anything else."""
    whole = (constant(left), constant(right))
    if None not in whole:
        return whole[0] == whole[1]
    if left.kind == right.kind == Kind.LITERAL and type(left.literal) is type(right.literal) in (str, bool):
        return left.literal == right.literal
    return None


def _literal(node: Node, held: bool) -> Node:
    return Node(kind=Kind.LITERAL.value, column=node.column, literal=held)


def _mapped_filter(node: Node) -> Node:
    """Let a filter evaluate what is mapped from it, unless that counts its places."""
    if not _is_call(node, "map") or not _is_call(node.children[0], "filter"):
        return node
    source, body = node.children
    fits = len(source.children) == 2 and not _has_index(body)
    return _as(node, "filter", *source.children, body) if fits else node


def _has_index(node: Node) -> bool:
    return (node.kind == Kind.POINTER and node.literal == "index") or any(map(_has_index, node.children))


def _counted_filter(node: Node) -> Node:
    if _is_call(node, "len") and len(node.children) == 1 and _is_call(node.children[0], "filter"):
        return _as(node, "count", *node.children[0].children[:2])
    return node


def _one_of_filter(node: Node) -> Node:
    """Find the first or the last that passes instead of all."""
    if not node.children or not _is_call(node.children[0], "filter"):
        return node
    source = node.children[0]
    if node.kind == Kind.MEMBER and node.literal is False and (place := constant(node.children[1])) in (0, -1):
        return _as(node, f"filter[{place}]", *source.children)
    if node.kind == Kind.CALL and len(node.children) == 1 and node.literal in _FOUND:
        return _as(node, _FOUND[str(node.literal)], *source.children)
    return node


_FOUND: Mapping[str, str] = {"first": "find", "last": "findLast"}


def _combined(node: Node) -> Node:
    """Look once at a list that is tested twice."""
    if node.kind != Kind.BINARY or (within := _WITHIN.get((_name_of(node.children[0]), str(node.literal)))) is None:
        return node
    left, right = node.children
    if _name_of(right) != left.literal or _bare(left.children[0]) != _bare(right.children[0]):
        return node
    tests = (left.children[1], right.children[1])
    both = Node(kind=Kind.BINARY.value, column=tests[0].column, literal=within, children=tests)
    return _as(node, str(left.literal), left.children[0], both)


_WITHIN: Mapping[tuple[str, str], str] = {("all", "and"): "and", ("any", "or"): "or", ("none", "and"): "or"}
"""How two tests of one list meet, by what tests them and what joins it."""


def _name_of(node: Node) -> str:
    return str(node.literal) if node.kind == Kind.CALL else ""


def _bare(node: Node) -> Node:
    """Forget where a tree stands."""
    return replace(node, column=1, children=tuple(map(_bare, node.children)))


def _stopped_count(node: Node) -> Node:
    """Count no further than a comparison with a whole number needs."""
    if node.kind != Kind.BINARY or node.literal not in _STOPS or not _is_call(node.children[0], "count"):
        return node
    counted, limit = node.children[0], constant(node.children[1])
    beyond, least = _STOPS[str(node.literal)]
    if limit is None or limit + beyond < least or len(counted.children) != 2:
        return node
    stop = Node(kind=Kind.LITERAL.value, column=node.column, literal=limit + beyond)
    return replace(node, children=(_as(counted, "count", *counted.children, stop), node.children[1]))


_STOPS: Mapping[str, tuple[int, int]] = {">": (1, 1), ">=": (0, 1), "<": (0, 2), "<=": (1, 2)}
"""By comparison: what to add to its number for the count that decides it, and the least such count that is used."""

_RULES: tuple[Callable[[Node], Node], ...] = (
    _folded,
    _mapped_filter,
    _counted_filter,
    _one_of_filter,
    _combined,
    _stopped_count,
)
