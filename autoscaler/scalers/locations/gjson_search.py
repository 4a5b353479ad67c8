"""Follows a GJSON path through a text. Pure.

Source: tidwall/gjson gjson.go, Get, parseObject, parseArray.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from autoscaler.scalers.locations.gjson_budget import Budget
from autoscaler.scalers.locations.gjson_parts import (
    Part,
    Query,
    Selected,
    array_part,
    last_name,
    object_part,
    selections,
    split_pipe,
)
from autoscaler.scalers.locations.gjson_pattern import matches
from autoscaler.scalers.locations.gjson_query import query_matches
from autoscaler.scalers.locations.gjson_values import (
    Found,
    Kind,
    any_at,
    parse,
    passed_over,
    quote,
    squash_end,
    string_at,
    unescape,
    value_at,
    value_from,
)

Modify: TypeAlias = Callable[[str, str, str, Budget], str | None]
_ENDS = re.compile(r"[ \t\r\n]*(?:\]|\Z)")
_STEPS_A_SEARCH = 5
_KEY = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|["}]', re.DOTALL)
_STATIC = frozenset(("true", "false", "null", "nan", "inf"))


@dataclass
class Search:
    """One search through one text: what was found so far, and what is to be asked of the result."""

    text: str
    budget: Budget
    modify: Modify
    found: Found = field(default_factory=Found)
    pipe: str | None = None

    def inner(self, text: str, path: str) -> Found:
        """Search another text under the same budget."""
        return get(text, path, self.budget, self.modify)


def get(text: str, path: str, budget: Budget, modify: Modify) -> Found:
    """Find what a path leads to; ``modify`` runs the modifiers. Raises TooCostlyError."""
    budget.spend(_STEPS_A_SEARCH)
    if len(path) > 1 and path[0] in "[{":
        taken = selections(path)
        if taken is not None and taken[1][:1] in ("", "|", "."):
            return _selected((text, budget, modify), path[0], *taken)
        path = taken[1] if taken is not None else ""
    elif len(path) > 1 and (made := _made(text, path, budget, modify)) is not None:
        given, rest = made
        return get(given, rest[1:], budget, modify) if rest[:1] in ("|", ".") else parse(given)
    search = Search(text=text, budget=budget, modify=modify)
    if path.startswith(".."):
        search_list(search, 0, path[2:])
    else:
        place = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
        if place >= 0:
            (search_object if text[place] == "{" else search_list)(search, place + 1, path)
    return search.found if search.pipe is None else search.inner(search.found.raw, search.pipe)


def _made(text: str, path: str, budget: Budget, modify: Modify) -> tuple[str, str] | None:
    """Give what a leading modifier or literal makes, and the path behind it; None where there is none."""
    if path[0] == "@":
        return _modified(text, path, budget, modify)
    return _literal(path) if path[0] == "!" else None


def _modified(text: str, path: str, budget: Budget, modify: Modify) -> tuple[str, str] | None:
    end = next((at for at in range(1, len(path)) if path[at] in ":|."), len(path))
    argument, rest = "", path[end:]
    if rest.startswith(":"):
        rest = rest[1:]
        end_of_argument = _argument_end(rest)
        argument, rest = rest[:end_of_argument], rest[end_of_argument:]
    made = modify(path[1:end], text, argument, budget)
    return None if made is None else (made, rest)


def _argument_end(text: str) -> int:
    if text[:1] in ("{", "[", '"') and parse(text).exists:
        return squash_end(text, 0)
    place = 0
    while place < len(text) and text[place] != "|":
        place = squash_end(text, place) if text[place] in '{["(' else place + 1
    return place


def _literal(path: str) -> tuple[str, str] | None:
    name = path[1:]
    if name[0] in '{["+-0123456789':
        end = _block_like(name)
        return name[:end], name[end:]
    end = next((at for at, char in enumerate(name) if char in "|."), len(name))
    return (name[:end], name[end:]) if name[:end].lower() in _STATIC else None


def _block_like(name: str) -> int:
    """Give the end of a literal, whose first character is taken for a bracket whatever it is."""
    return squash_end(f"({name[1:]}", 0)


def _selected(search: tuple[str, Budget, Modify], bracket: str, chosen: list[Selected], rest: str) -> Found:
    """Put what several paths lead to into one list or object."""
    text, budget, modify = search
    pieces: list[str] = []
    for each in chosen:
        item = get(text, each.path, budget, modify)
        if item.exists:
            name = f"{_name(each.name, each.path)}:" if bracket == "{" else ""
            pieces.append(f"{name}{item.raw or item.shown or 'null'}")
    made = bracket + ",".join(pieces) + ("}" if bracket == "{" else "]")
    return get(made, rest[1:], budget, modify) if rest else Found(kind=Kind.JSON, raw=made)


def _name(name: str, path: str) -> str:
    if not name:
        return quote(last_name(path))
    found = string_at(name, 0) if name[0] == '"' else None
    return name if found is not None and found[0] == len(name) else quote(name)


def search_object(search: Search, place: int, path: str) -> tuple[int, bool]:
    """Look for a key behind an opening brace; give the place after it, and whether the search is over."""
    text, part = search.text, object_part(path)
    if part.pipe is not None:
        search.pipe = part.pipe
    while place < len(text):
        key = _KEY.search(text, place)
        if key is None or key[0] == '"':
            return len(text), False
        if key[0] == "}":
            return key.end(), False
        start = value_from(text, key.end(), search.budget)
        if start is None:
            return len(text), False
        name = _unescaped(key[1], search.budget) if "\\" in key[1] else key[1]
        named = matches(name, part.name) if part.is_pattern else name == part.name
        place, over = _member(search, start, part, named=named)
        if over:
            return place, True
    return place, False


def _unescaped(key: str, budget: Budget) -> str:
    budget.resolved(key)
    return unescape(key)


def _member(search: Search, place: int, part: Part, *, named: bool) -> tuple[int, bool]:
    """Take the value of a key, go into it, or pass it over."""
    text = search.text
    if named and part.rest is not None and text[place] in "{[":
        return (search_object if text[place] == "{" else search_list)(search, place + 1, part.rest)
    if not named or part.rest is not None:
        return passed_over(text, place, search.budget), False
    item = value_at(text, place, search.budget)
    if item is None:
        return len(text) + 1, False
    search.found = item[1]
    return item[0], True


def search_list(search: Search, place: int, path: str) -> tuple[int, bool]:
    """Look for an element behind an opening bracket; give the place after it, and whether the search is over."""
    text, part = search.text, array_part(path)
    if part.pipe is not None and part.rest is None:
        search.pipe = part.pipe
    wanted = int(part.name) if part.name.isdigit() and part.name.isascii() and not part.counts else -1
    asked = _Asked(search, part)
    index = 0
    while True:
        start = value_from(text, place, search.budget, in_list=True)
        if start is None or text[start] == "]":
            asked.starts.append(place)
            return _end_list(search, part, asked, index, start)
        hit = index == wanted
        index += 1
        asked.starts.append(place)
        if hit or part.query is None:
            place, over = _member(search, start, part, named=hit)
        else:
            item = value_at(text, start, search.budget)
            place, over = (len(text) + 1, False) if item is None else (item[0], asked.ask(item[1]))
        if over or place > len(text):
            return place, over


def _end_list(search: Search, part: Part, asked: "_Asked", index: int, place: int | None) -> tuple[int, bool]:
    """Count, gather, or say that nothing was found, where a list ends."""
    after = len(search.text) if place is None else place + 1
    if part.counts and part.name == "#":
        search.found = _gather(search, part.rest, asked.starts) if part.rest is not None else _count(index)
        return after, True
    if not search.found.exists and part.query is not None and part.query.every:
        search.found = Found(kind=Kind.JSON, raw=f"[{','.join(asked.raws)}]")
    return after, False


def _count(index: int) -> Found:
    return Found(kind=Kind.NUMBER, raw=str(index), number=float(index))


def _gather(search: Search, path: str, starts: list[int]) -> Found:
    """Ask every element for the rest of the path."""
    divided = split_pipe(path)
    if divided is not None:
        path, search.pipe = divided
    raws: list[str] = []
    for start in starts:
        item = None if _ENDS.match(search.text, start) else any_at(search.text, start, search.budget)
        found = search.inner(item[1].raw, path) if item is not None else Found()
        if found.exists:
            raws.append(found.raw or found.shown)
    return Found(kind=Kind.JSON, raw=f"[{','.join(raws)}]")


class _Asked:
    """A query put to one element after the other, and what those gave that match."""

    def __init__(self, search: Search, part: Part) -> None:
        self.starts: list[int] = []
        self.raws: list[str] = []
        self._search = search
        self._query = part.query or Query()
        self._rest = part.rest

    def ask(self, item: Found) -> bool:
        """Put the query to an element; True where the first match is wanted and this is it."""
        asked = item
        if item.kind is Kind.JSON:
            asked = self._search.inner(item.raw, self._query.path)
        elif self._query.path:
            return False
        if not query_matches(self._query, asked):
            return False
        if self._rest is not None:
            divided = split_pipe(self._rest)
            if divided is not None:
                self._rest, self._search.pipe = divided
            item = self._search.inner(item.raw, self._rest)
        if not self._query.every:
            self._search.found = item
            return True
        if raw := item.raw or item.shown:
            self.raws.append(raw)
        return False
