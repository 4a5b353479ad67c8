"""The modifiers of GJSON: text to text. Pure. Source: tidwall/gjson gjson.go, modifiers; tidwall/pretty pretty.go."""

import json
import re
from collections.abc import Callable, Mapping

from autoscaler.scalers.literals import parse_flag
from autoscaler.scalers.locations.gjson_budget import Budget
from autoscaler.scalers.locations.gjson_search import get
from autoscaler.scalers.locations.gjson_values import BLANKS, Found, Kind, members, parse, quote

_SPACES = "\t\n\v\f\r "
_WORDS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[^"\x00-\x20]+', re.DOTALL)


def _refuse(word: str) -> float:
    raise ValueError(word)


_VALIDATOR = json.JSONDecoder(parse_int=float, parse_constant=_refuse)


def modify(name: str, text: str, argument: str, budget: Budget) -> str | None:
    """Run a modifier; None where there is none of that name."""
    made = _MODIFIERS.get(name)
    if made is None:
        return None
    budget.rewritten(text)
    return made(text, argument, budget)


def _this(text: str, argument: str, budget: Budget) -> str:
    return text


def _ugly(text: str, argument: str, budget: Budget) -> str:
    return "".join(_WORDS.findall(text))


def _pretty(text: str, argument: str, budget: Budget) -> str:
    """Only the order of keys matters here: nothing that is found depends on blanks."""
    if not _option(argument, "sortKeys", budget):
        return _ugly(text, argument, budget)
    return _sorted(parse(text), budget)


def _sorted(found: Found, budget: Budget) -> str:
    if found.opens("["):
        return f"[{','.join(_sorted(item, budget) for _, item in members(found, budget))}]"
    if found.opens("{"):
        pairs = sorted(members(found, budget), key=lambda pair: pair[0].raw[1:-1])
        return "{" + ",".join(f"{key.raw}:{_sorted(item, budget)}" for key, item in pairs) + "}"
    return found.raw


def _reverse(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    if found.opens("["):
        return f"[{','.join(reversed([item.raw for _, item in members(found, budget)]))}]"
    if found.opens("{"):
        pairs = [f"{key.raw}:{item.raw}" for key, item in members(found, budget)]
        return "{" + ",".join(reversed(pairs)) + "}"
    return text


def _flatten(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    if not found.opens("["):
        return text
    deep = _option(argument, "deep", budget)
    pieces: list[str] = []
    for _, item in members(found, budget):
        raw = item.raw
        if item.opens("["):
            raw = _unwrapped(_flatten(raw, argument, budget) if deep else raw)
        if raw := raw.strip(_SPACES):
            pieces.append(raw)
    return f"[{','.join(pieces)}]"


def _join(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    if not found.opens("["):
        return text
    objects = [item for _, item in members(found, budget) if item.opens("{")]
    if _option(argument, "preserve", budget):
        return "{" + ",".join(_unwrapped(item.raw) for item in objects) + "}"
    keys: dict[str, str] = {}
    values: dict[str, str] = {}
    for item in objects:
        for key, inner in members(item, budget):
            keys.setdefault(key.text, key.raw)
            values[key.text] = inner.raw
    return "{" + ",".join(f"{raw}:{values[name]}" for name, raw in keys.items()) + "}"


def _valid(text: str, argument: str, budget: Budget) -> str:
    return text if _is_valid(text) else ""


def _keys(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    is_object = found.opens("{")
    return f"[{','.join(key.raw if is_object else 'null' for key, _ in members(found, budget))}]"


def _values(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    return text if found.opens("[") else f"[{','.join(item.raw for _, item in members(found, budget))}]"


def _tostr(text: str, argument: str, budget: Budget) -> str:
    return quote(text)


def _fromstr(text: str, argument: str, budget: Budget) -> str:
    return parse(text).shown if _is_valid(text) else ""


def _group(text: str, argument: str, budget: Budget) -> str:
    found = parse(text)
    if not found.opens("{"):
        return ""
    rows: list[list[str]] = []
    for key, item in members(found, budget):
        if not item.opens("["):
            continue
        for index, (_, inner) in enumerate(members(item, budget)):
            if index == len(rows):
                rows.append([])
            rows[index].append(f"{key.raw}:{inner.raw}")
    return "[" + ",".join("{" + ",".join(row) + "}" for row in rows) + "]"


def _dig(text: str, argument: str, budget: Budget) -> str:
    raws: list[str] = []
    _dig_into(parse(text), argument, budget, raws)
    return f"[{','.join(raws)}]"


def _dig_into(found: Found, path: str, budget: Budget, raws: list[str]) -> None:
    hit = get(found.raw, path, budget, modify)
    if hit.exists:
        raws.append(hit.raw)
    if found.kind is Kind.JSON:
        for _, item in members(found, budget):
            _dig_into(item, path, budget, raws)


def _is_valid(text: str) -> bool:
    try:
        _VALIDATOR.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _unwrapped(text: str) -> str:
    text = text.strip(BLANKS)
    return text[1:-1] if len(text) >= 2 and text[0] in "[{" else text


def _option(argument: str, name: str, budget: Budget) -> bool:
    """Read one flag of a modifier's argument, which is an object."""
    told = False
    for key, item in members(parse(argument), budget):
        if key.text == name:
            told = item.kind is Kind.TRUE or (item.kind is Kind.NUMBER and item.number != 0)
            told = told or (item.kind is Kind.STRING and bool(parse_flag(item.text.lower())))
    return told


_MODIFIERS: Mapping[str, Callable[[str, str, Budget], str]] = {
    "pretty": _pretty,
    "ugly": _ugly,
    "reverse": _reverse,
    "this": _this,
    "flatten": _flatten,
    "join": _join,
    "valid": _valid,
    "keys": _keys,
    "values": _values,
    "tostr": _tostr,
    "fromstr": _fromstr,
    "group": _group,
    "dig": _dig,
}
