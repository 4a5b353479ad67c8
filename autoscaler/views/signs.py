"""Signs for readers whose terminal has no UTF-8. It imports nothing, so that small verbs start fast."""

_ASCII = str.maketrans({"→": "->", "…": "...", "×": "x", "─": "-", "—": "-", "’": "'"})


def in_ascii(text: str) -> str:
    """Write signs that a terminal without UTF-8 cannot show in ASCII; names stay readable as escapes."""
    return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
