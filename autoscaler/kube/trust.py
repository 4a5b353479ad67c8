"""The files that TLS to the API server rests on, loaded again when they were replaced (R28)."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubernetes.aio.client.configuration import Configuration


class TrustFiles:
    """The authority and the client certificate of one TLS context."""

    def __init__(self, context: ssl.SSLContext, configuration: "Configuration") -> None:
        self._context = context
        self._authority: str | None = configuration.ssl_ca_cert
        self._certificate: str | None = configuration.cert_file
        self._key: str | None = configuration.key_file
        self._stamps = self._look()

    def renew(self) -> bool:
        """Load what was replaced since the last look; say whether anything was. New connections use it."""
        stamps = self._look()
        if stamps == self._stamps:
            return False
        try:
            if self._authority:
                self._context.load_verify_locations(self._authority)
            if self._certificate:
                self._context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError):
            return False  # half-written: the next failure looks again
        self._stamps = stamps
        return True

    def _look(self) -> tuple[int, ...]:
        paths = (self._authority, self._certificate, self._key)
        return tuple(_stamp(path) for path in paths if path)


def _stamp(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0
