"""GJSON paths taken apart: one key or index at a time, queries, and selections of several paths. Pure.

Source: tidwall/gjson gjson.go, parseObjectPath, parseArrayPath, parseQuery, parseSubSelectors, splitPossiblePipe.
"""

import re
from functools import lru_cache

from autoscaler.model.value import value
from autoscaler.scalers.locations.gjson_values import BLANKS, squash_end, unescape

MODIFIERS = (
    *("pretty", "ugly", "reverse", "this", "flatten", "join", "valid"),
    *("keys", "values", "tostr", "fromstr", "group", "dig"),
)
_OPERATORS = ("!=", "!%", "<=", ">=", "<", ">", "=", "%")
_MODIFIER = re.compile(r"@([^.|:]*)")
_COMPOUND = frozenset("[]{}()#|!")


@value
class Query:
    """``#(path op value)``; ``every`` asks for all that match, not the first."""

    path: str = ""
    operator: str = ""
    operand: str = ""
    every: bool = False


@value
class Part:
    """The first part of a path. ``rest`` follows it inside the value, ``pipe`` is asked of the whole result."""

    name: str
    rest: str | None = None
    pipe: str | None = None
    is_pattern: bool = False
    counts: bool = False
    query: Query | None = None


@value
class Selected:
    """One path of a selection, and the name it gets in an object."""

    name: str
    path: str


@lru_cache(maxsize=1024)
def object_part(path: str) -> Part:
    """Take the part that names a key; a backslash takes the meaning from what follows it."""
    name: list[str] = []
    place, is_pattern = 0, False
    while place < len(path):
        char = path[place]
        if char in ".|":
            return _parted(path, place, "".join(name), is_pattern=is_pattern)
        if char == "\\":
            place += 1
            name.append(path[place : place + 1])
        else:
            is_pattern = is_pattern or char in "*?"
            name.append(char)
        place += 1
    return Part(name="".join(name), is_pattern=is_pattern)


@lru_cache(maxsize=1024)
def array_part(path: str) -> Part:
    """Take the part that names an index, counts (``#``) or queries."""
    counts, query, place = False, None, 0
    while place < len(path):
        char = path[place]
        if char in ".|":
            part = _parted(path, place, path[:place], keeps=counts)
            return Part(name=part.name, rest=part.rest, pipe=part.pipe, counts=counts, query=query)
        if char == "#":
            counts = True
            if place == 0 and path[1:2] in ("[", "("):
                found = query_at(path)
                if found is None:
                    query = Query()
                    break
                query, place = found
                continue
        place += 1
    return Part(name=path, counts=counts, query=query)


def query_at(path: str) -> tuple[Query, int] | None:
    """Read the query that ``#(`` or ``#[`` opens, and the place behind it; None where it never closes."""
    place, operator_at, depth, escaped = 2, 0, 1, False
    while place < len(path):
        char = path[place]
        if depth == 1 and not operator_at and char in "!=<>%":
            operator_at = place
        elif char == "\\":
            place += 1
        elif char == '"':
            place, found = _string_end(path, place)
            escaped = escaped or found
        else:
            depth += (char in "[(") - (char in "])")
            if depth == 0:
                break
        place += 1
    if depth > 0:
        return None
    every = path[place + 1 : place + 2] == "#"
    if not operator_at:
        return Query(path=path[2:place].strip(BLANKS), every=every), place + 1
    operator, operand = _operator(path[operator_at:place].strip(BLANKS))
    if len(operand) >= 2 and operand[0] == operand[-1] == '"':
        operand = unescape(operand[1:-1]) if escaped else operand[1:-1]
    return Query(path=path[2:operator_at].strip(BLANKS), operator=operator, operand=operand, every=every), place + 1


def selections(path: str) -> tuple[list[Selected], str] | None:
    """Take ``[path,path]`` or ``{"name":path,path}`` apart, and give what follows; None where it never closes."""
    found: list[Selected] = []
    place, start, depth, colon, modified = 1, 1, 1, 0, False
    while place < len(path):
        char = path[place]
        if char == "\\":
            place += 1
        elif char == "@":
            modified = modified or path[place - 1] in ".|"
        elif char == ":" and not modified and not colon and depth == 1:
            colon = place
        elif char == '"':
            place, _ = _string_end(path, place)
        else:
            depth += (char in "[({") - (char in "])}")
        if depth == 0 or (char == "," and depth == 1):
            name, inner = (path[start:colon], colon + 1) if colon else ("", start)
            found.append(Selected(name=name, path=path[inner:place]))
            if depth == 0:
                return found, path[place + 1 :]
            start, colon, modified = place + 1, 0, False
        place += 1
    return None


def split_pipe(path: str) -> tuple[str, str] | None:
    """Divide at the first pipe that stands in no query; None where there is none."""
    if path.startswith("{"):
        end = squash_end(path, 1)
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == "|" else None
    place = 0
    while place < len(path):
        char = path[place]
        if char == "|":
            return path[:place], path[place + 1 :]
        if char == "\\":
            place += 1
        elif char == ".":
            if place == len(path) - 1:
                return None
            if path[place + 1] == "#":
                place += 2
                if path[place : place + 1] in ("[", "("):
                    place = _closed(path, place)
        place += 1
    return None


def last_name(path: str) -> str:
    """Give the name under which a path without one goes into an object."""
    place = len(path) - 1
    while place >= 0:
        if path[place] in "|." and path[max(place - 1, 0)] != "\\":
            break
        place -= 1
    name = path[place + 1 :]
    return "_" if any(char < " " or char in _COMPOUND for char in name) else name


def _closed(path: str, place: int) -> int:
    """Give the place of the bracket that closes the query opened at ``place``."""
    opening, closing, depth = path[place], {"[": "]", "(": ")"}[path[place]], 1
    place += 1
    while place < len(path):
        char = path[place]
        if char == "\\":
            place += 1
        elif char == '"':
            place, _ = _string_end(path, place)
        else:
            depth += (char == opening) - (char == closing)
            if depth == 0:
                break
        place += 1
    return place


def _string_end(path: str, place: int) -> tuple[int, bool]:
    """Give the place of the closing quote, and whether anything was escaped on the way."""
    escaped = False
    place += 1
    while place < len(path) and path[place] != '"':
        if path[place] == "\\":
            escaped = True
            place += 1
        place += 1
    return place, escaped


def _operator(text: str) -> tuple[str, str]:
    if len(text) == 1:
        return text, ""
    text = text[1:] if text.startswith("==") else text
    operator = next((each for each in _OPERATORS if text.startswith(each)), "")
    return operator, text[len(operator) :].strip(BLANKS)


def _parted(path: str, place: int, name: str, *, is_pattern: bool = False, keeps: bool = False) -> Part:
    """Divide at a dot or a pipe; a dot before a modifier or a selection is a pipe."""
    after = path[place + 1 :]
    if path[place] == "|" or (not keeps and _is_piped(after)):
        return Part(name=name, pipe=after, is_pattern=is_pattern)
    return Part(name=name, rest=after, is_pattern=is_pattern)


def _is_piped(path: str) -> bool:
    if path.startswith("@"):
        match = _MODIFIER.match(path)
        return match is not None and match[1] in MODIFIERS
    return path.startswith(("[", "{"))
