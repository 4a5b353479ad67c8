"""Quoting what a server said, so that it can be left out again where it was shown credentials (S13, S14). Pure."""

from autoscaler.model.text import plain

_MARK = ': "'


def quoted(text: str, limit: int) -> str:
    """Give foreign text as the end of a message; nothing where there is no text."""
    return f'{_MARK}{plain(text, limit)}"' if text else ""


def unquoted(message: str) -> str:
    """Give a message without the foreign text at its end."""
    return message.partition(_MARK)[0]
