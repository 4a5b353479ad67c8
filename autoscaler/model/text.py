"""Foreign text and secrets: the one cleaner, and the type that hides what it holds (S13, S14)."""

import unicodedata
from typing import NoReturn

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str, limit: int = 200) -> str:
    """Make foreign text safe to log, show and store: control and bidi characters as escapes, cut at ``limit``."""
    out: list[str] = []
    size = 0
    for char in text[: limit + 1]:
        shown = char if _harmless(char) else ascii(char)[1:-1]
        size += len(shown)
        if size > limit:
            return "".join(out) + "…"
        out.append(shown)
    return "".join(out)


def _harmless(char: str) -> bool:
    if char in _BIDI:
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Secret:
    """A value that never shows itself: not in repr, str, format, JSON or pickle."""

    __slots__ = ("_hidden",)

    def __init__(self, hidden: str) -> None:
        self._hidden = hidden

    def reveal(self) -> str:
        """Give the text, at the last moment and only to the request that needs it."""
        return self._hidden

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._hidden == self._hidden

    def __hash__(self) -> int:
        return hash(self._hidden)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
