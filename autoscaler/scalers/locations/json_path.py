"""GJSON paths into JSON. The library does paths; this does what KEDA's bodies and first keys need.

KEDA never validates a body: a broken one is searched as far as it goes. Source: tidwall/gjson gjson.go.
"""

import json
import re
from collections.abc import Iterator
from typing import TypeAlias

import gjson

from autoscaler.scalers.locations.found import NotFound, to_number
from autoscaler.scalers.numbers import parse_float

_PLAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_NUMBER = re.compile(r"[^\s,\]}]*")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_STARTS = re.compile(r'["{\[}\]tfnNiI+\-0-9]')
_DEPTH = 64
_Json: TypeAlias = "str | float | bool | list[_Json] | dict[str, _Json] | None"
_LONGEST = 512


def find_in_json(body: bytes, location: str) -> float | NotFound:
    """Find the number that a path leads to."""
    missing = NotFound(detail="valueLocation leads to nothing in the answer")
    text = body.decode(errors="replace")
    if (refusal := refuse_path(location)) is not None:
        return NotFound(detail=refusal)
    try:
        document = _load(text) if not location.startswith("..") else _lines(text)
    except (ValueError, RecursionError):
        found = _search(text, location)
        return missing if found is None else found
    path = location.removeprefix("..")
    if location.startswith(".") and (path == location or not path):
        return missing
    try:
        value: object = gjson.get(document, path)
        return to_number(value, location)
    except (gjson.GJSONError, ValueError, TypeError, KeyError, IndexError, RecursionError, re.error):
        return missing


def refuse_path(location: str) -> str | None:
    """Say why a path may not be followed: stars in one pattern multiply the time that a long key costs.

    Six stars in one pattern and a key of 40 characters took the library 25 s.
    """
    if len(location) > _LONGEST:
        return f"valueLocation is longer than {_LONGEST} characters: shorten it"
    patterns = [location] if "%" in location else re.split(r"[.|]", location)
    if any(pattern.count("*") > 1 for pattern in patterns):
        return "valueLocation may hold one * in each part of the path, and one in all beside %"
    return None


def _load(text: str) -> "_Json":
    loaded: _Json = json.loads(text, object_pairs_hook=_first_keys, parse_int=float)
    return loaded


def _first_keys(pairs: "list[tuple[str, _Json]]") -> "dict[str, _Json]":
    """Keep the first of repeated keys, as GJSON finds it."""
    found: dict[str, _Json] = {}
    for key, item in pairs:
        found.setdefault(key, item)
    return found


def _lines(text: str) -> "_Json":
    """Read values one after the other as a list (``..``)."""
    decoder = json.JSONDecoder(object_pairs_hook=_first_keys, parse_int=float)
    found: list[_Json] = []
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        item, place = decoder.raw_decode(text, place)
        found.append(item)
    return found


def _search(text: str, location: str) -> float | NotFound | None:
    """Follow plain keys through a body that is no JSON; None where that leads nowhere."""
    if not _PLAIN.fullmatch(location):
        return None
    place = _open(text, 0)
    *path, last = location.split(".")
    for key in path:
        place = _value_of(text, place, key)
        if place is None or text[place] != "{":
            return None
    place = _value_of(text, place, last) if place is not None else None
    return None if place is None else _read(text, place, location)


def _open(text: str, place: int) -> int | None:
    found = text.find("{", place)
    return found if found >= 0 and "[" not in text[place:found] else None


def _value_of(text: str, place: int | None, key: str) -> int | None:
    """Find where the value of a key begins in the object that opens at ``place``."""
    if place is None or text[place] != "{":
        return None
    for name, start in _members(text, place + 1):
        if name == key:
            return start
    return None


def _members(text: str, place: int) -> Iterator[tuple[str, int]]:
    """Give keys and where their values begin, skipping whatever else there is."""
    while (key := _TEXT.search(text, place)) is not None:
        if "}" in text[place : key.start()]:
            return
        start = _STARTS.search(text, key.end())
        if start is None or start[0] in "}]":
            return
        yield key[1], start.start()
        place = _skip(text, start.start())


def _skip(text: str, place: int) -> int:
    """Give the place after a value."""
    if text[place] == '"':
        match = _TEXT.match(text, place)
        return match.end() if match else len(text)
    if text[place] not in "{[":
        match = _NUMBER.match(text, place)
        return match.end() if match else place + 1
    depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', text[place:]):
        depth += (token[0] in "{[") - (token[0] in "}]")
        if depth == 0:
            return place + token.end()
        if depth > _DEPTH:
            break
    return len(text)


def _read(text: str, place: int, location: str) -> float | NotFound | None:
    if text[place] == '"':
        match = _TEXT.match(text, place)
        return to_number(match[1], location) if match else None
    if text[place] in "{[tf" or text.startswith("nu", place):
        return None
    word = _NUMBER.match(text, place)
    assert word is not None, "a value starts here"
    number = parse_float(word[0])
    return 0.0 if number is None else number
