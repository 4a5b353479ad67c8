"""A YAML document as nodes that know where they stand, and the way from a field's path to its place.

Nodes are named tuples: a file may hold 20,000 of them, and they cost a fifth of a dataclass.
"""

from typing import NamedTuple, TypeAlias

from autoscaler.manifests.scalars import Scalar as Plain
from autoscaler.manifests.scalars import resolve

Data: TypeAlias = Plain | list["Data"] | dict[str, "Data"]


class Mark(NamedTuple):
    """A place in a file; both count from 1."""

    line: int
    column: int


class Text(NamedTuple):
    """A scalar as written. Its repr hides it: it may stand in a Secret."""

    at: Mark
    text: str
    quoted: bool

    def __repr__(self) -> str:
        return f"Text(line {self.at.line})"


class Items(NamedTuple):
    """A sequence."""

    at: Mark
    items: tuple["Node", ...]


class Entry(NamedTuple):
    """One key of a mapping and what it holds."""

    key: str
    at: Mark
    node: "Node"


class Fields(NamedTuple):
    """A mapping, in the author's order; keys are unique, merge keys already folded in."""

    at: Mark
    entries: tuple[Entry, ...]

    def find(self, key: str) -> Entry | None:
        """Give the entry of a key, None where the mapping lacks it."""
        return next((entry for entry in self.entries if entry.key == key), None)


Node: TypeAlias = Text | Items | Fields


def data(node: Node) -> Data:
    """Turn nodes into plain values as Kubernetes' own YAML reader would."""
    match node:
        case Text():
            return node.text if node.quoted else resolve(node.text)
        case Items():
            return [data(item) for item in node.items]
        case Fields():
            return {entry.key: data(entry.node) for entry in node.entries}


def place(root: Node, path: str) -> Mark:
    """Find where a path such as ``spec.triggers[0].metadata.query`` stands.

    A key stands where it is written, an element where it begins. Where the path leads beyond what was written (a
    missing field), the mapping or sequence that lacks it is the place.
    """
    here, node = root.at, root
    while path:
        match node:
            case Fields():
                entry = _longest(node, path)
                if entry is None:
                    return node.at
                here, node, path = entry.at, entry.node, path[len(entry.key) :].lstrip(".")
            case Items():
                index, rest = _index(path)
                if index is None or index >= len(node.items):
                    return node.at
                node, path = node.items[index], rest
                here = node.at
            case Text():
                return here
    return here


def _longest(node: Fields, path: str) -> Entry | None:
    """Keys may hold dots themselves, as annotations and labels do: the longest one that fits is meant."""
    fitting = [entry for entry in node.entries if _starts(path, entry.key)]
    return max(fitting, key=lambda entry: len(entry.key), default=None)


def _starts(path: str, key: str) -> bool:
    return path.startswith(key) and (len(path) == len(key) or path[len(key)] in ".[")


def _index(path: str) -> tuple[int | None, str]:
    head, bracket, rest = path.partition("]")
    if not bracket or not head.startswith("[") or not head[1:].isdecimal():
        return None, path
    return int(head[1:]), rest.lstrip(".")
