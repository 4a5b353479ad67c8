"""Label selectors: text to requirements, and whether labels meet them. Source: apimachinery labels/selector.go."""

import re
from collections.abc import Mapping
from enum import Enum

from autoscaler.model.gotext import parse_int
from autoscaler.model.value import value

_BLANKS = " \t\r\n"
_TOKEN = re.compile(rf"[{_BLANKS}]*(==|!=|[=!(),<>]|[^{_BLANKS}=!(),<>]+)")
_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_MARKS = frozenset(("==", "!=", "=", "!", "(", ")", ",", "<", ">"))


class Relation(Enum):
    """How a label relates to the values of a requirement."""

    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    ABSENT = "!"
    ABOVE = ">"
    BELOW = "<"


@value
class Requirement:
    """One condition on one label."""

    key: str
    relation: Relation
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether the labels meet it."""
        present = self.key in labels
        match self.relation:
            case Relation.IN:
                return present and labels[self.key] in self.values
            case Relation.NOT_IN:
                return not present or labels[self.key] not in self.values
            case Relation.EXISTS:
                return present
            case Relation.ABSENT:
                return not present
            case Relation.ABOVE | Relation.BELOW:
                return present and self._compares(labels[self.key])

    def _compares(self, label: str) -> bool:
        (limit,) = self.values
        number = parse_int(label)
        if number is None:
            return False
        return number > int(limit) if self.relation is Relation.ABOVE else number < int(limit)


def parse_selector(text: str) -> tuple[Requirement, ...] | None:
    """Read a selector; None where the API server would refuse it. An empty one selects everything."""
    reader = _Tokens(text)
    found: list[Requirement] = []
    if reader.next is None:
        return ()
    while True:
        requirement = _requirement(reader)
        if requirement is None:
            return None
        found.append(requirement)
        mark = reader.take()
        if mark is None:
            return tuple(found)
        if mark != "," or reader.next is None:
            return None


def selects(requirements: tuple[Requirement, ...], labels: Mapping[str, str]) -> bool:
    """Say whether labels meet every requirement."""
    return all(requirement.holds(labels) for requirement in requirements)


class _Tokens:
    """The tokens of a selector, with one looked ahead."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)[::-1]

    @property
    def next(self) -> str | None:
        return self._tokens[-1] if self._tokens else None

    def take(self) -> str | None:
        return self._tokens.pop() if self._tokens else None


def _requirement(reader: _Tokens) -> Requirement | None:
    absent = reader.next == "!"
    if absent:
        reader.take()
    key = reader.take()
    if key is None or not _is_key(key):
        return None
    if absent:
        return Requirement(key=key, relation=Relation.ABSENT)
    if reader.next in (None, ","):
        return Requirement(key=key, relation=Relation.EXISTS)
    return _compared(key, reader)


def _compared(key: str, reader: _Tokens) -> Requirement | None:
    operator = reader.take()
    if operator in ("in", "notin"):
        values = _values(reader)
        relation = Relation(operator)
    elif operator in ("=", "==", "!=", ">", "<"):
        values = _exact(reader)
        relation = _RELATIONS[operator]
    else:
        return None
    if values is None or not all(map(_is_value, values)):
        return None
    if relation in (Relation.ABOVE, Relation.BELOW) and None in map(parse_int, values):
        return None
    return Requirement(key=key, relation=relation, values=values)


_RELATIONS: Mapping[str, Relation] = {
    "=": Relation.IN,
    "==": Relation.IN,
    "!=": Relation.NOT_IN,
    ">": Relation.ABOVE,
    "<": Relation.BELOW,
}


def _exact(reader: _Tokens) -> frozenset[str] | None:
    if reader.next in (None, ","):
        return frozenset(("",))
    token = reader.take()
    return None if token in _MARKS else frozenset((token or "",))


def _values(reader: _Tokens) -> frozenset[str] | None:
    """Read ``(a, b)``; an empty place is the empty value."""
    if reader.take() != "(":
        return None
    found: set[str] = set()
    item = ""
    while (part := reader.take()) not in (None, ")"):
        if part == ",":
            found.add(item)
            item = ""
        elif part in _MARKS or item:
            return None
        else:
            item = part or ""
    return None if part is None else frozenset((*found, item))


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= 253 and _PREFIX.fullmatch(prefix)):
        return False
    return len(name) <= 63 and _NAME.fullmatch(name) is not None


def _is_value(text: str) -> bool:
    return text == "" or (len(text) <= 63 and _NAME.fullmatch(text) is not None)
