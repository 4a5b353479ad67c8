"""Where the API server is and who we are there: values and credentials, no requests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from autoscaler.model.fatal import FatalError
from autoscaler.model.text import Secret

if TYPE_CHECKING:
    from kubernetes.aio.client.configuration import Configuration

Announce = Callable[[str], None]


class Credential(Protocol):
    """Proves who we are. The header it gives goes to the API server and nowhere else (S4)."""

    async def header(self) -> Secret | None:
        """Give the Authorization header as it is valid now; None: a certificate or nobody."""

    async def renew(self) -> bool:
        """Look for a newer credential after a 401; say whether there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One API server and our credential there.

    ``context`` names it for people, ``namespace`` is the default one. ``configuration`` carries TLS and proxy.
    """

    address: str
    context: str
    namespace: str
    configuration: "Configuration"
    credential: Credential


class Fixed:
    """A credential that never changes: a token from a kubeconfig, a certificate, or none."""

    def __init__(self, header: Secret | None) -> None:
        self._header = header

    async def header(self) -> Secret | None:
        """Give the header it was made with."""
        return self._header

    async def renew(self) -> bool:
        """Say that there is nothing newer."""
        return False


class TokenFile:
    """A token that somebody else renews in a file; it is read again when the file changes (R28)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._header: Secret | None = None
        self._read()
        if self._header is None:
            raise FatalError(f"cannot read the token of the API server from {path}: missing or empty", exit_code=2)

    async def header(self) -> Secret | None:
        """Give the newest token that could be read."""
        self._read()
        return self._header

    async def renew(self) -> bool:
        """Read the file whatever its time says."""
        before = self._header
        self._stamp = None
        self._read()
        return self._header != before

    def _read(self) -> None:
        """Keep the last good token while the file is being replaced."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp:
                return
            token = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return
        if token:
            self._stamp, self._header = stamp, Secret(f"Bearer {token}")
