"""The one YAML loader: bounded, with positions, every document of a text at once (S10).

It walks libyaml's events with a stack of its own, so nothing it reads can exhaust a recursion; aliases are counted at
the size they would expand to.
"""

from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from autoscaler.manifests.positions import Entry, Fields, Items, Mark, Node, Text
from autoscaler.manifests.templates import HINT, template_in
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.text import plain
from autoscaler.model.value import value

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 64
MAX_NODES: Final = 20_000
MAX_ALIASES: Final = 100
_TOO_DEEP: Final = f"nested deeper than {MAX_DEPTH} levels; no manifest needs that"
_KEY: Final = "a key must be text, not a list or a mapping"
_TOO_MANY: Final = f"more than {MAX_NODES:,} values, aliases expanded; split the file"

Event: TypeAlias = Any
"""PyYAML's events carry no types."""


@value
class Loaded:
    """The documents of one text, or the fault that stopped reading it."""

    documents: tuple[Node, ...] = ()
    fault: Fault | None = None


class _RefusedError(Exception):
    def __init__(self, message: str, at: Mark) -> None:
        super().__init__(message)
        self.message, self.at = message, at


def load(text: str) -> Loaded:
    """Read every document of a text. Empty documents are left out; the first fault ends the reading."""
    try:
        if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
            raise _RefusedError("the file is larger than 1 MiB; split it into several files", Mark(1, 1))
        return Loaded(documents=_documents(text))
    except _RefusedError as refused:
        message = _unrendered(text) if refused.message == _KEY else None  # to YAML a template's braces are a key
        return Loaded(fault=_fault(message or refused.message, refused.at))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ": ".join(part for part in (error.context, error.problem) if part)
        message = f"this is not YAML: {what}; check indentation, quotes and brackets"
        return Loaded(fault=_fault(_unrendered(text) or message, _mark(mark)))
    except UnicodeEncodeError as error:
        return Loaded(fault=_fault("a lone surrogate is not text; remove it", _at(text, error.start)))
    except yaml.YAMLError as error:
        return Loaded(fault=_fault(f"this is not YAML: {_reader(error)}", _unreadable(text, error)))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet. Node, depth and alias figures are those of its expansion."""

    at: Mark
    mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


@dataclass(slots=True)
class _Anchored:
    node: Node
    size: int
    height: int


def _documents(text: str) -> tuple[Node, ...]:
    _bound(text)
    documents: list[Node] = []
    builder = _Builder()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        kind = type(event)
        if kind is yaml.ScalarEvent:
            builder.scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            builder.begin(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            builder.end()
        elif kind is yaml.AliasEvent:
            builder.alias(event)
        elif kind is yaml.DocumentEndEvent:
            documents.extend(builder.finish())
    return tuple(documents)


def _bound(text: str) -> None:
    """Refuse what is far too much before anything is built: a third of the cost, and no memory."""
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        kind = type(event)
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            depth -= 1
        elif kind is yaml.DocumentStartEvent:
            documents += 1
        elif isinstance(event, yaml.NodeEvent):
            nodes += 1
            if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                depth += 1
        if depth > MAX_DEPTH:  # libyaml's time grows with the square of the depth
            raise _RefusedError(_TOO_DEEP, _mark(event.start_mark))
        if max(nodes, documents) > MAX_NODES:
            raise _RefusedError(_TOO_MANY, _mark(event.start_mark))


class _Builder:
    """Builds one document after the other; limits hold for the whole text."""

    def __init__(self) -> None:
        self._root: Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._aliases = 0
        self._nodes = 0

    def finish(self) -> tuple[Node, ...]:
        """Give the document that ended, nothing if it was empty; anchors do not reach into the next."""
        root, self._root, self._anchors = self._root, None, {}
        return () if root is None or _empty(root) else (root,)

    def scalar(self, event: Event) -> None:
        """Take a scalar."""
        at = self._count(event)
        self._put(Text(at, event.value, not event.implicit[0]), 1, 1, event.anchor, at)

    def begin(self, event: Event) -> None:
        """Take the start of a collection."""
        at = self._count(event)
        self._open.append(_Open(at=at, mapping=type(event) is yaml.MappingStartEvent, anchor=event.anchor))

    def end(self) -> None:
        """Take the end of the innermost collection."""
        done = self._open.pop()
        node = self._mapping(done) if done.mapping else Items(done.at, tuple(done.nodes))
        self._put(node, done.size, done.height, done.anchor, done.at)

    def alias(self, event: Event) -> None:
        """Take an alias at the size of what it stands for."""
        at = _mark(event.start_mark)
        known = self._known(event.anchor, at)
        self._nodes += known.size
        if self._nodes > MAX_NODES:
            raise _RefusedError(_TOO_MANY, at)
        self._put(known.node, known.size, known.height, None, at)

    def _put(self, node: Node, size: int, height: int, anchor: str | None, at: Mark) -> None:
        if anchor is not None:
            self._anchors[anchor] = _Anchored(node, size, height)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if len(self._open) + height > MAX_DEPTH + 1:
            raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels once aliases are expanded", at)
        parent.nodes.append(node)
        parent.size += size
        parent.height = max(parent.height, height + 1)

    def _known(self, anchor: str, at: Mark) -> _Anchored:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise _RefusedError(f"more than {MAX_ALIASES} aliases; write the values out", at)
        known = self._anchors.get(anchor)
        if known is None:
            name = plain(anchor, 40)
            raise _RefusedError(f"alias *{name} has no finished anchor &{name} before it; write the value out", at)
        return known

    def _count(self, event: Event) -> Mark:
        at = _mark(event.start_mark)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _RefusedError(_TOO_MANY, at)
        if event.tag is not None:
            raise _RefusedError(f"the tag {plain(event.tag, 60)} is not allowed; remove it", at)
        return at

    def _mapping(self, done: _Open) -> Fields:
        own: dict[str, Entry] = {}
        merged: list[Node] = []
        for key, node in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, Text):
                raise _RefusedError(_KEY, key.at)
            if key.text == "<<" and not key.quoted:
                merged.append(node)
            elif (first := own.get(key.text)) is not None:
                name = plain(key.text, 60)
                raise _RefusedError(f'the key "{name}" is here and in line {first.at.line}; remove one of them', key.at)
            else:
                own[key.text] = Entry(key.text, key.at, node)
        for node in merged:
            for entry in _merged(node):
                own.setdefault(entry.key, entry)
        return Fields(done.at, tuple(own.values()))


def _merged(node: Node) -> tuple[Entry, ...]:
    """What ``<<`` brings in: a mapping, or several of which the first wins."""
    match node:
        case Fields():
            return node.entries
        case Items() if all(isinstance(item, Fields) for item in node.items):
            return tuple(entry for item in node.items if isinstance(item, Fields) for entry in item.entries)
        case _:
            raise _RefusedError("<< takes a mapping or a list of mappings", node.at)


def _unrendered(text: str) -> str | None:
    """Say of a chart's file why it is no YAML: it becomes YAML only when it is rendered. None where it is another."""
    action = template_in(text)
    return None if action is None else f"{action} is a template that Helm has not rendered; {HINT}"


def _empty(node: Node) -> bool:
    return isinstance(node, Text) and not node.quoted and node.text in ("", "~", "null")


def _mark(mark: Event) -> Mark:
    return Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)


def _reader(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"the character U+{_ordinal(error):04X} is not allowed; remove it"
    return "it cannot be read"


def _unreadable(text: str, error: yaml.YAMLError) -> Mark:
    if not isinstance(error, yaml.reader.ReaderError):
        return Mark(1, 1)
    return _at(text, max(text.find(chr(_ordinal(error))), 0))


def _at(text: str, offset: int) -> Mark:
    before = text[:offset]
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _ordinal(error: Event) -> int:
    return error.character if isinstance(error.character, int) else ord(error.character[:1] or "\0")


def _fault(message: str, at: Mark) -> Fault:
    return Fault(code="E101", severity=Severity.ERROR, path="", message=plain(message), line=at.line, column=at.column)
