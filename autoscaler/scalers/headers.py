"""Header names and values that may be sent (S12). Pure."""

import re
from base64 import b64encode
from typing import TypeAlias

from autoscaler.model.text import Secret, plain
from autoscaler.scalers.addresses import Refusal

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_OURS = frozenset(
    [
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "content-length",
        "content-encoding",
        "accept-encoding",
    ]
)

Header: TypeAlias = tuple[str, str | Secret]


def refuse_name(name: str) -> Refusal | None:
    """Judge a header's name; None where it may be sent."""
    if _TOKEN.fullmatch(name) is None:
        return Refusal(detail=f'"{plain(name, 60)}" is no name of a header')
    if name.lower() in _OURS:
        return Refusal(detail=f'header "{name}" is set by the daemon alone: remove it')
    return None


def refuse_value(name: str, text: str) -> Refusal | None:
    """Judge a header's value without ever showing it; None where it may be sent."""
    if _UNSENDABLE.search(text):
        return Refusal(detail=f'the value for header "{plain(name, 60)}" holds a character that no header may hold')
    return None


def strip_newline(secret: str) -> str:
    """Drop the one newline that editors and ``echo`` leave at the end of a secret."""
    return secret.removesuffix("\n").removesuffix("\r")


def basic(user: str, password: str) -> str:
    """Give the Authorization header of a user and a password. Source: RFC 7617."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def reveal(headers: tuple[Header, ...]) -> list[tuple[str, str]] | Refusal:
    """Give headers as they are sent, secrets included, or say which of them may not be sent.

    One that is given twice is sent twice, spelt as it was first: the client library drops the other spelling.
    """
    shown: list[tuple[str, str]] = []
    spelt: dict[str, str] = {}
    for name, given in headers:
        text = strip_newline(given.reveal()) if isinstance(given, Secret) else given
        refusal = refuse_name(name) or refuse_value(name, text)
        if refusal is not None:
            return refusal
        shown.append((spelt.setdefault(name.lower(), name), text))
    return shown
