"""Dotted paths into YAML, decoded as go-yaml decodes it into a map; aliases are followed, merges copied up to a bound.

Source: KEDA metrics_api_scaler.go, getValueFromYAMLResponse, get_value_by_path.go; gopkg.in/yaml.v3 decode.go.
"""

from typing import TypeAlias

import yaml

from autoscaler.model.text import plain
from autoscaler.scalers.locations.found import NotFound, to_number
from autoscaler.scalers.locations.yaml_scalars import BrokenYamlError, Scalar, is_text, key_of, read_scalar, tag_of

_DEPTH = 64
_EVENTS = 50_000
_MERGED = 400_000
_MERGE = "<<"
_Tree: TypeAlias = "Scalar | dict[str, _Tree]"


class _Loader(yaml.CSafeLoader):
    """Leaves the tags that nobody wrote empty."""

    def resolve(self, kind: object, text: object, implicit: object) -> str:
        return ""


def find_in_yaml(body: bytes, location: str) -> float | NotFound:
    """Find the number that a path leads to in the first document; what follows a scalar in the path is ignored."""
    broken = NotFound(detail="the answer is no YAML mapping")
    try:
        if not _is_bounded(body):
            return NotFound(detail="the answer's YAML is nested too deep or too large")
        loader = _Loader(body)
        node = loader.get_node() if loader.check_node() else None
        tree = _Decoder().document(node)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, BrokenYamlError, RecursionError):
        return broken
    return NotFound(detail="the answer is empty") if tree is None else _follow(tree, location)


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


def _follow(tree: "dict[str, _Tree]", location: str) -> float | NotFound:
    found: _Tree = tree
    for part in location.split("."):
        if not isinstance(found, dict):
            break
        if part not in found:
            return NotFound(detail=f'there is no key "{plain(part, 40)}" of valueLocation in the answer')
        found = found[part]
    is_number = isinstance(found, int) and not isinstance(found, bool)
    if isinstance(found, (float, str)) or (is_number and found < 2**63):  # type: ignore[operator]
        return to_number(found, location)
    return NotFound(detail=f'valueLocation "{plain(location, 80)}" must lead to a number or a quantity')


class _Decoder:
    """Makes dictionaries of nodes, each node once; a list is a dictionary by index."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool], _Tree] = {}
        self._inside: set[int] = set()
        self._merged = 0

    def document(self, node: yaml.Node | None) -> "dict[str, _Tree] | None":
        """Decode a document into a map with text keys; None where there is nothing in it."""
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, texts=True)
        if node is None or (isinstance(node, yaml.ScalarNode) and read_scalar(node) is None):
            return None
        raise BrokenYamlError

    def _tree(self, node: yaml.Node) -> "_Tree":
        match node:
            case yaml.ScalarNode():
                return read_scalar(node)
            case yaml.MappingNode():
                return self._once(node, texts=all(_is_text_key(key) for key, _ in node.value))
            case _:
                return self._once(node, texts=False)

    def _once(self, node: yaml.Node, *, texts: bool) -> "_Tree":
        known = (id(node), texts)
        if known not in self._made:
            if id(node) in self._inside:
                raise BrokenYamlError
            self._inside.add(id(node))
            if isinstance(node, yaml.MappingNode):
                self._made[known] = self._mapping(node, texts=texts)
            else:
                self._made[known] = {str(index): self._tree(item) for index, item in enumerate(node.value)}
            self._inside.discard(id(node))
        return self._made[known]

    def _mapping(self, node: yaml.MappingNode, *, texts: bool) -> "dict[str, _Tree]":
        """Decode a mapping; ``texts`` takes its keys by their letter, else by what they mean."""
        names = [(type(key), key.value if isinstance(key, yaml.ScalarNode) else "") for key, _ in node.value]
        if len(set(names)) < len(names):
            raise BrokenYamlError
        found: dict[str, _Tree] = {}
        merged: yaml.Node | None = None
        for key, item in node.value:
            if _is_merge(key):
                merged = item
                continue
            name = _key(key, texts=texts)
            tree = self._tree(item)
            if name is not None:
                found[name] = tree
        for source in _sources(merged):
            for name, tree in self._source(source, texts=texts).items():
                found.setdefault(name, tree)
        return found

    def _source(self, node: yaml.Node, *, texts: bool) -> "dict[str, _Tree]":
        """Decode what is merged; go-yaml, too, refuses a document of so many aliased values."""
        tree = self._once(node, texts=texts) if isinstance(node, yaml.MappingNode) else None
        if not isinstance(tree, dict):
            raise BrokenYamlError
        self._merged += len(tree)
        if self._merged > _MERGED:
            raise BrokenYamlError
        return tree


def _sources(merged: yaml.Node | None) -> "list[yaml.Node]":
    if merged is None:
        return []
    sources: list[yaml.Node] = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
    return sources


def _is_merge(key: yaml.Node) -> bool:
    if not isinstance(key, yaml.ScalarNode) or key.value != _MERGE:
        return False
    return tag_of(key) == "merge" or (not tag_of(key) and not key.style)


def _is_text_key(key: yaml.Node) -> bool:
    if not isinstance(key, yaml.ScalarNode):
        return False
    return _is_merge(key) or is_text(key) or (not tag_of(key) and isinstance(read_scalar(key), str))


def _key(key: yaml.Node, *, texts: bool) -> str | None:
    """Give a key's name; None for null where keys are texts."""
    if not isinstance(key, yaml.ScalarNode):
        raise BrokenYamlError
    scalar = read_scalar(key)
    if texts:
        return None if scalar is None else str(key.value)
    return key_of(scalar)
