"""A scanner of strings, comments and brackets: where a query is left open, and whether it may be parsed at all. Pure.

The parser library tells that something is open but not where; what is open is certain to be refused by any server.
It also overflows the process's stack on what is nested too deeply (12,000 times "x or" is enough), so what is handed
to it is bounded first.
"""

import re

from autoscaler.model.value import value

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 100
_MOST_OPERATORS = 150
_OPERATOR = re.compile(r"[-+*/%^]|[<>=!]+|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_NAMES = {"(": "parenthesis", "[": "bracket", "{": "brace", ")": "parenthesis", "]": "bracket", "}": "brace"}


@value
class Opening:
    """What is wrong with a query's brackets or strings.

    ``offset`` is the character that is meant, ``noticed`` where the reader of the text notices.
    """

    what: str
    note: str
    offset: int
    noticed: int


@value
class Scan:
    """The first fault, None where all is closed, and the text with everything closed.

    ``deep`` says that brackets or operators are nested beyond what may be parsed.
    """

    opening: Opening | None
    closed: str
    deep: bool = False


def scan(text: str) -> Scan:
    """Match every bracket and string of a query."""
    waiting: list[int] = []
    bare: list[str] = []
    depth = at = 0
    while at < len(text):
        char = text[at]
        if char in "\"'`":
            end = _string_end(text, at)
            if end is None:
                return _unterminated(text, at, waiting, deep=depth > _DEEPEST or _is_long(bare))
            at = end
        elif char == "#":
            at = _line_end(text, at)
        elif char in _CLOSERS:
            waiting.append(at)
            depth = max(depth, len(waiting))
        elif char in ")]}":
            if not waiting or _CLOSERS[text[waiting[-1]]] != char:
                return _mismatched(text, at, waiting)
            waiting.pop()
        elif not waiting or text[waiting[-1]] != "{":
            bare.append(char)
            at += 1
            continue
        bare.append(" ")
        at += 1
    deep = depth > _DEEPEST or _is_long(bare)
    if not waiting:
        return Scan(opening=None, closed=text, deep=deep)
    first = waiting[-1]
    what = f"unclosed left {_NAMES[text[first]]}"
    opening = Opening(what=what, note="never closed", offset=first, noticed=len(text))
    return Scan(opening=opening, closed=text + _missing(text, waiting), deep=deep)


def _is_long(bare: list[str]) -> bool:
    """Say whether there are more operators than may be nested; ``bare`` is the text without strings and matchers."""
    return len(_OPERATOR.findall("".join(bare))) > _MOST_OPERATORS


def _string_end(text: str, at: int) -> int | None:
    """Give where a string ends; None where it does not (a quoted string ends at the end of its line at the latest)."""
    quote = text[at]
    if quote == "`":
        end = text.find(quote, at + 1)
        return None if end < 0 else end
    end = at + 1
    while end < len(text) and text[end] != "\n":
        if text[end] == quote:
            return end
        end += 2 if text[end] == "\\" else 1
    return None


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _missing(text: str, waiting: list[int]) -> str:
    """Give what closes the brackets that are open, on a line of its own in case a comment ends the text."""
    closers = "".join(_CLOSERS[text[each]] for each in reversed(waiting))
    return f"\n{closers}" if "#" in text else closers


def _unterminated(text: str, at: int, waiting: list[int], *, deep: bool) -> Scan:
    opening = Opening(what="unterminated string", note="never ends", offset=at, noticed=len(text))
    return Scan(opening=opening, closed=text + text[at] + _missing(text, waiting), deep=deep)


def _mismatched(text: str, at: int, waiting: list[int]) -> Scan:
    name = _NAMES[text[at]]
    what = f"unexpected right {name}"
    note = f"closes nothing, while a left {_NAMES[text[waiting[-1]]]} is open" if waiting else "closes nothing"
    return Scan(opening=Opening(what=what, note=note, offset=at, noticed=at), closed=text, deep=True)
