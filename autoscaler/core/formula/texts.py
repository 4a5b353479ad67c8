"""The built-ins on texts. Source: expr-lang builtin/builtin.go and Go's strings, strconv and encoding/json.

Texts are measured in characters, sliced and found in bytes, as there.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from autoscaler.core.formula.layouts import rfc3339_instant
from autoscaler.core.formula.operators import cut, to_bytes, to_text, whole
from autoscaler.core.formula.predicates import Evaluator, items_of
from autoscaler.core.formula.tree import MAX_DEPTH
from autoscaler.core.formula.values import (
    AnyKeyed,
    FormulaError,
    Instant,
    Named,
    NoList,
    Span,
    Value,
    name_of,
)
from autoscaler.model.gotext import BLANKS, show_float

Function = Callable[..., Value]
_SURROGATE = re.compile("[\ud800-\udfff]")


def _text(item: Value, word: str) -> str:
    if isinstance(item, str):
        return item
    raise FormulaError(f"{word} needs a text, found {name_of(item)}")


def _letters(word: str, change: Callable[[str], str]) -> Function:
    """Change letters one by one, as Go does: no letter becomes two, and the end of a word means nothing."""

    def function(machine: Evaluator, item: Value) -> Value:
        text = _text(item, word)
        machine.spend_text(2 * len(text))
        if text.isascii():
            return change(text)
        return text.translate({ord(letter): _changed(letter, change) for letter in set(text)})

    return function


def _changed(letter: str, change: Callable[[str], str]) -> str:
    """Take the simple change where the full one gives several letters: title case, or the first one of lower case."""
    changed = change(letter)
    if len(changed) == 1:
        return changed
    simple = letter.title() if change is str.upper else changed[0]
    return simple if len(simple) == 1 else letter


def _trim(machine: Evaluator, item: Value, chars: Value = BLANKS) -> Value:
    text = _text(item, "trim")
    machine.spend_text(len(text))
    return text.strip(_text(chars, "trim"))


def _trim_prefix(machine: Evaluator, item: Value, prefix: Value = " ") -> Value:
    return _text(item, "trimPrefix").removeprefix(_text(prefix, "trimPrefix"))


def _trim_suffix(machine: Evaluator, item: Value, suffix: Value = " ") -> Value:
    return _text(item, "trimSuffix").removesuffix(_text(suffix, "trimSuffix"))


def _split(machine: Evaluator, item: Value, separator: Value, limit: Value = -1) -> Value:
    return list(_pieces(machine, _text(item, "split"), _text(separator, "split"), whole(limit, "a limit")))


def _split_after(machine: Evaluator, item: Value, separator: Value, limit: Value = -1) -> Value:
    mark = _text(separator, "splitAfter")
    pieces = _pieces(machine, _text(item, "splitAfter"), mark, whole(limit, "a limit"))
    return [*(piece + mark for piece in pieces[:-1]), *pieces[-1:]]


def _pieces(machine: Evaluator, text: str, separator: str, limit: int) -> list[str]:
    machine.spend((text.count(separator) + 1 if separator else len(text)) + len(text) // 8)
    if limit == 0:
        return []
    if separator:
        return text.split(separator, limit - 1) if limit > 0 else text.split(separator)
    characters = list(text)
    return [*characters[: limit - 1], "".join(characters[limit - 1 :])] if 0 < limit < len(text) else characters


def _replace(machine: Evaluator, item: Value, old: Value, new: Value, limit: Value = -1) -> Value:
    text, before, after = _text(item, "replace"), _text(old, "replace"), _text(new, "replace")
    count = whole(limit, "a limit")
    times = text.count(before) if count < 0 else min(text.count(before), count)
    machine.spend_text(len(text) + times * len(after))
    return text.replace(before, after, count)


def _repeat(machine: Evaluator, item: Value, times: Value) -> Value:
    count = cut(times, "the number of repeats")
    if count < 0:
        raise FormulaError(f"repeat cannot repeat {count} times")
    text = _text(item, "repeat")
    machine.spend_text(len(text) * count)
    return text * count


def _join(machine: Evaluator, items: Value, glue: Value = "") -> Value:
    pieces, between = [_text(item, "join") for item in items_of(items, "join")], _text(glue, "join")
    machine.spend(len(pieces))
    machine.spend_text(sum(map(len, pieces)) + len(between) * len(pieces))
    return between.join(pieces)


def _index_of(machine: Evaluator, item: Value, part: Value) -> Value:
    text, sought = _text(item, "indexOf"), _text(part, "indexOf")
    machine.spend_text(len(text))
    return to_bytes(text).find(to_bytes(sought))


def _last_index_of(machine: Evaluator, item: Value, part: Value) -> Value:
    text, sought = _text(item, "lastIndexOf"), _text(part, "lastIndexOf")
    machine.spend_text(len(text))
    return to_bytes(text).rfind(to_bytes(sought))


def _has_prefix(machine: Evaluator, item: Value, prefix: Value) -> Value:
    return _text(item, "hasPrefix").startswith(_text(prefix, "hasPrefix"))


def _has_suffix(machine: Evaluator, item: Value, suffix: Value) -> Value:
    return _text(item, "hasSuffix").endswith(_text(suffix, "hasSuffix"))


def _to_json(machine: Evaluator, item: Value) -> Value:
    text = _json(machine, item, 0)
    machine.spend_text(len(text))
    return text


def _json(machine: Evaluator, item: Value, depth: int) -> str:
    """Write JSON with two blanks of indent, as json.MarshalIndent does."""
    if depth > MAX_DEPTH:
        raise FormulaError("lists nested too deep for toJSON")
    match item:
        case NoList():
            return "null"
        case list():
            machine.spend(len(item) + depth)
            return _block("[", [_json(machine, each, depth + 1) for each in item], "]", depth)
        case AnyKeyed():
            raise FormulaError("toJSON cannot write a map whose keys are no texts")
        case dict():
            machine.spend(len(item) + depth)
            pairs = sorted((str(key), each) for key, each in item.items() if isinstance(key, str))
            return _block(
                "{", [f"{_quoted(machine, key)}: {_json(machine, each, depth + 1)}" for key, each in pairs], "}", depth
            )
        case _:
            return _scalar(machine, item)


def _block(opening: str, parts: list[str], closing: str, depth: int) -> str:
    if not parts:
        return opening + closing
    inner = "\n" + "  " * (depth + 1)
    return opening + inner + ("," + inner).join(parts) + "\n" + "  " * depth + closing


def _scalar(machine: Evaluator, item: Value) -> str:
    match item:
        case None:
            return "null"
        case bool():
            return "true" if item else "false"
        case int():
            return str(item)
        case float() if item - item == 0:
            return show_float(item, below=21, above=-6).replace("e-0", "e-")
        case str():
            return _quoted(machine, item)
        case Span():
            return str(item.nanoseconds)
        case Instant():
            return _quoted(machine, rfc3339_instant(item))
        case Named():
            return str(item.number)
    raise FormulaError(f"toJSON cannot write {name_of(item)}")


def _quoted(machine: Evaluator, text: str) -> str:
    machine.spend_text(len(text))
    quoted = json.dumps(text, ensure_ascii=False).translate(_QUOTED)
    return _SURROGATE.sub("\\\\ufffd", quoted)


_QUOTED = {ord(character): f"\\u{ord(character):04x}" for character in "&<>\u2028\u2029"}


def _from_json(machine: Evaluator, item: Value) -> Value:
    text = _text(item, "fromJSON")
    machine.spend(len(text))
    try:
        parsed = _read_json(text)
        if "\\u" in text and _SURROGATE.search(plain := json.dumps(parsed, ensure_ascii=False)):
            parsed = _read_json(_SURROGATE.sub("\ufffd", plain))
    except (ValueError, RecursionError) as error:
        raise FormulaError("fromJSON found no valid JSON") from error
    return parsed


def _read_json(text: str) -> Value:
    parsed: Value = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_constant)
    return parsed


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError("out of range")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _to_base64(machine: Evaluator, item: Value) -> Value:
    text = _text(item, "toBase64")
    machine.spend_text(2 * len(text))
    return base64.b64encode(to_bytes(text)).decode()


_LINE_ENDS = {10: None, 13: None}
"""What Go's base64 passes over."""


def _from_base64(machine: Evaluator, item: Value) -> Value:
    text = _text(item, "fromBase64")
    machine.spend_text(len(text))
    try:
        return to_text(base64.b64decode(text.translate(_LINE_ENDS), validate=True))
    except (binascii.Error, ValueError) as error:
        raise FormulaError("fromBase64 found no valid base64") from error


FUNCTIONS: Mapping[str, Function] = {
    "trim": _trim,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "upper": _letters("upper", str.upper),
    "lower": _letters("lower", str.lower),
    "split": _split,
    "splitAfter": _split_after,
    "replace": _replace,
    "repeat": _repeat,
    "join": _join,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "hasPrefix": _has_prefix,
    "hasSuffix": _has_suffix,
    "toJSON": _to_json,
    "fromJSON": _from_json,
    "toBase64": _to_base64,
    "fromBase64": _from_base64,
}
"""The built-ins on texts."""
