"""How the faults of a formula are worded and placed: in the author's own text, at its line, with what to do."""

import re
from collections.abc import Iterable
from typing import Final

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from autoscaler.core.formula.shapes import CheckError
from autoscaler.core.formula.tree import FUNCTIONS, PREDICATES
from autoscaler.manifests.faults import guess
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.text import plain

_CLOSING: Final = {"RPAR": ")", "RSQB": "]", "RBRACE": "}"}
_FIXES: Final = {
    "% ": "it takes whole numbers alone, such as int(a)",
    ".. ": "it takes whole numbers alone, such as int(a)",
    "and ": "it takes conditions, such as a > 0",
    "or ": "it takes conditions, such as a > 0",
    "not ": "it takes a condition, such as a > 0",
    "in ": "on its right stands a list, a range or a map",
}
_ELSEWHERE: Final = {
    "avg": "mean",
    "average": "mean",
    "maximum": "max",
    "minimum": "min",
    "total": "sum",
    "size": "len",
    "length": "len",
    "pow": "**",
    "sqrt": "** 0.5",
}
"""What other languages call it."""
_LEAD, _SHOWN, _MESSAGE = 120, 60, 300
"""A longer line is shown from ``_SHOWN`` characters before the place that is meant."""


def point(text: str, path: str, column: int, message: str, reason: str) -> Fault:
    """Point at a column of the text, which counts from 1: the excerpt is its line, cut where the line is long."""
    offset = min(column - 1, len(text))
    begin = text.rfind("\n", 0, offset) + 1
    before, after = text[begin:offset], text[offset:].split("\n", 1)[0]
    lead = plain(before, 10 * len(before) + 1)
    if len(lead) > _LEAD:
        lead = f"...{lead[-_SHOWN:]}"
    row = f"line {text.count(chr(10), 0, offset) + 1}, " if "\n" in text.rstrip("\n") else ""
    return Fault(
        code="E104",
        severity=Severity.ERROR,
        path=path,
        message=f"{plain(message, _MESSAGE)} ({row}column {offset - begin + 1} of the formula)",
        column=offset + 1,
        excerpt=lead + plain(after, _LEAD),
        caret=len(lead),
        reason=reason,
    )


def unexpected(error: UnexpectedInput, parsed: str) -> tuple[str, int]:
    """Word what the parser met, and give where, from 0."""
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return f'"{plain(str(error.token), 40)}" is not expected here', error.token.start_pos or 0
    if isinstance(error, UnexpectedCharacters):
        place = error.pos_in_stream or 0
        if parsed[place] in "\"'`":
            return f"this text is never closed: end it with {parsed[place]}", place
        return f'"{plain(parsed[place], 40)}" is not expected here', place
    expected = error.expected if isinstance(error, UnexpectedToken) else ()
    missing = next((sign for name, sign in _CLOSING.items() if name in expected), "")
    return "the formula ends too early" + (f': "{missing}" is missing' if missing else ""), len(parsed)


def swallowed(text: str) -> tuple[str, int]:
    """Word what happens to a text that is well by itself and ends in a comment, and give where, from 0."""
    return 'KEDA adds a ")" at the end, which this comment swallows: write it as /* */, or first', text.rfind("//")


def helped(error: CheckError, text: str, names: Iterable[str], others: Iterable[str]) -> str:
    """Add to a fault what to do about it. ``others`` are the triggers of cpu and memory, which have no variable."""
    if not error.unknown_name:
        return _cast(error.message, text) or error.message + _fix(error.message)
    found = re.search(r'"(.*)"$', error.message, re.DOTALL)
    word = found[1] if found else ""
    if "no function" in error.message:
        meant = _ELSEWHERE.get(word)
        return error.message + (f"; here it is {meant}" if meant else guess(word, (*FUNCTIONS, *PREDICATES)))
    if word in others:
        return f'the trigger "{word}" has no variable: cpu and memory take no part in a formula'
    known = sorted(names)
    for name in known:
        if not name.isidentifier() and text.startswith(name, error.column - 1):
            return f'the name "{name}" cannot be written like that: write $env["{name}"]'
    if not known:
        return f"{error.message}; no trigger has a name: give them one (triggers[].name)"
    dashed = re.match(r"[\w$-]*", text[error.column - 1 :])
    near = guess(word, known) or guess(dashed[0] if dashed else "", known)
    return error.message + (near or f"; the triggers with a name are: {plain(', '.join(known[:10]))}")


def _fix(message: str) -> str:
    fix = next((fix for word, fix in _FIXES.items() if message.startswith(f"{word}cannot be used")), "")
    return f": {fix}" if fix else ""


def _cast(message: str, text: str) -> str:
    """Reword what is said of the cast that KEDA puts around a formula and the author never wrote; else empty."""
    given = message.removeprefix("float cannot take ")
    if given == message or "float" in text:
        return ""
    fix = "; write CONDITION ? 1 : 0" if given == "a boolean" else ""
    return f"the formula must give a number, and it gives {given}{fix}"
