"""TLS contexts: verified, 1.2 or newer, one per credential, material kept in memory (S15)."""

import os
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from autoscaler.model.text import Secret
from autoscaler.model.value import value


@value
class TlsMaterial:
    """What a connection is verified and identified with, as PEM; equal material shares one context.

    ``authority`` is trusted beside the system's own, by this material alone. ``verify`` False is ``unsafeSsl``.
    """

    authority: Secret | None = None
    certificate: Secret | None = None
    key: Secret | None = None
    verify: bool = True


class BadMaterialError(ValueError):
    """The PEM text cannot be used; the message names the parameter and never its content."""


def build_context(material: TlsMaterial, extra_authorities: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Make a client context. ``extra_authorities`` are files or folders trusted by all (``--ca-dir``). Blocks."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in extra_authorities:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    if material.authority is not None:
        _trust(context, material.authority)
    if material.certificate is not None and material.key is not None:
        _identify(context, material.certificate, material.key)
    if not material.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def fault_of(material: TlsMaterial) -> str | None:
    """Say what is wrong with the PEM texts themselves; None where they can be used. Cheap: no system store is read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if material.authority is not None:
            _trust(context, material.authority)
        if material.certificate is not None and material.key is not None:
            _identify(context, material.certificate, material.key)
    except BadMaterialError as error:
        return str(error)
    return None


def _trust(context: ssl.SSLContext, authority: Secret) -> None:
    try:
        context.load_verify_locations(cadata=authority.reveal())
    except (ssl.SSLError, ValueError) as error:
        raise BadMaterialError("ca holds no PEM certificate") from error


def _identify(context: ssl.SSLContext, certificate: Secret, key: Secret) -> None:
    """Load a client certificate; OpenSSL reads it from a file only, so it gets one that nobody else can see."""
    with _hidden_file(f"{certificate.reveal()}\n{key.reveal()}\n".encode()) as path:
        try:
            context.load_cert_chain(path, password=b"")
        except (ssl.SSLError, ValueError, OSError) as error:
            raise BadMaterialError("cert and key are no PEM certificate with its key") from error


@contextmanager
def _hidden_file(content: bytes) -> Iterator[str]:
    """Give a path to ``content`` for as long as the block runs: memory on Linux, a 0600 file elsewhere."""
    if sys.platform == "linux":
        handle = os.memfd_create("credential", os.MFD_CLOEXEC)
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
