"""Values of flags that are more than one word: addresses, origins, pairs. FatalError names the flag and its form."""

import re
from collections.abc import Sequence
from pathlib import Path

from autoscaler.model.fatal import FatalError
from autoscaler.scalers.addresses import Origin, parse_origin


def address_given(text: str) -> tuple[str, int]:
    """Read HOST:PORT of ``--listen``; no host is 127.0.0.1."""
    host, _, port = text.rpartition(":")
    if not (re.fullmatch(r"[0-9]{1,5}", port) and int(port) < 65536):
        raise FatalError(f"--listen {text!r} is not HOST:PORT; write it like 127.0.0.1:8080", exit_code=2)
    return host.strip("[]") or "127.0.0.1", int(port)


def origin_given(text: str) -> Origin:
    """Read an origin of ``--allow-server``."""
    origin = parse_origin(text)
    if not isinstance(origin, Origin):
        raise FatalError(f"--allow-server {text!r} is no origin; write it like http://10.0.0.7:9090", exit_code=2)
    return origin


def folder_given(flag: str, text: str) -> Path:
    """Read a folder that must be there."""
    folder = Path(text)
    if not folder.is_dir():
        raise FatalError(f"{flag} {text!r} is no folder", exit_code=2)
    return folder


def audiences_given(given: Sequence[str]) -> dict[tuple[str, str], str]:
    """Read NAMESPACE/SA=AUDIENCE settings."""
    found = {}
    for account, audience in pairs("--token-audience", given, form="NAMESPACE/SA=AUDIENCE").items():
        namespace, slash, name = account.partition("/")
        if not (namespace and slash and name):
            text = f"{account}={audience}"
            raise FatalError(f"--token-audience {text!r} is not NAMESPACE/SA=AUDIENCE", exit_code=2)
        found[namespace, name] = audience
    return found


def pairs(flag: str, given: Sequence[str], *, form: str = "OLD=NEW") -> dict[str, str]:
    """Read OLD=NEW settings."""
    found = {}
    for text in given:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise FatalError(f"{flag} {text!r} is not {form}", exit_code=2)
        found[old] = new
    return found
