"""Signs for readers whose terminal has no UTF-8. It imports nothing, so that small verbs start fast."""

_ASCII = str.maketrans({"→": "->", "…": "...", "×": "x", "─": "-", "—": "-", "’": "'"})


def in_ascii(text: str) -> str:
    """Write signs that a terminal without UTF-8 cannot show in ASCII; names stay readable as escapes."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


def shows_signs(encoding: str | None) -> bool:
    """Say whether a stream of this encoding has the signs that we use; a stream of text without one has all."""
    try:
        "→…×".encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
