"""``matches``: patterns by RE2, whose time grows with the text and never explodes (S11)."""

from functools import lru_cache

import re2

from autoscaler.core.formula.values import FormulaError

_MEMORY = 256 * 1024


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> object:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise FormulaError(f"the pattern is not valid: {pattern[:40]!r}") from error


def is_pattern(pattern: str) -> bool:
    """Say whether RE2 accepts a pattern."""
    try:
        _compiled(_valid(pattern))
    except FormulaError:
        return False
    return True


def matches(text: str, pattern: str) -> bool:
    """Say whether the pattern is found anywhere in the text."""
    return bool(_compiled(_valid(pattern)).search(_valid(text)))  # type: ignore[attr-defined]


def _valid(text: str) -> str:
    """Replace what is no UTF-8: JSON can hold halves of a character."""
    return text.encode(errors="replace").decode()
