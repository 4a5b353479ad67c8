"""Wildcards of GJSON: ``*`` stands for any characters, ``?`` for one, a backslash takes a meaning. Pure.

Source: tidwall/match match.go. It gives up on costly patterns; here none is costly, since a star never gives back.
"""

import re
from functools import lru_cache

_PIECES = re.compile(r"\\(.)|([*?\\])|([^*?\\]+)", re.DOTALL)


def matches(text: str, pattern: str) -> bool:
    """Say whether a pattern describes the whole of a text; both hold one byte a character."""
    return _compiled(pattern).fullmatch(_decoded(text)) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Make an expression of linear cost: what is between two stars is taken where it comes first."""
    segments = [""]
    for escaped, special, plain in _PIECES.findall(_decoded(pattern)):
        if special == "*":
            segments.append("")
        elif special:
            segments[-1] += "." if special == "?" else "(?!)"
        else:
            segments[-1] += re.escape(escaped or plain)
    first, *middle, last = segments if len(segments) > 1 else (segments[0], "")
    between = "".join(f"(?>.*?{segment})" for segment in middle)
    return re.compile(f"{first}{between}{'.*' if len(segments) > 1 else ''}{last}", re.DOTALL)


def _decoded(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
