"""Credentials from a program that a kubeconfig names: announced, 30 seconds, killed when late (S18)."""

import asyncio
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from autoscaler.kube.access import Announce
from autoscaler.kube.answers import decoded
from autoscaler.model.fatal import FatalError
from autoscaler.model.text import Secret, plain
from autoscaler.model.value import value

PATIENCE_SECONDS: Final = 30.0
EARLY: Final = timedelta(minutes=1)  # renewed this long before it expires


class _Variable(msgspec.Struct):
    name: str
    value: str


class Plugin(msgspec.Struct, rename="camel"):
    """The ``exec`` of a kubeconfig's user."""

    command: str
    api_version: str = ""
    args: tuple[str, ...] | None = None
    env: tuple[_Variable, ...] | None = None
    install_hint: str = ""


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: datetime | None = None


class _Credential(msgspec.Struct):
    status: _Status | None = None


_CREDENTIAL = msgspec.json.Decoder(_Credential)


@value
class Issued:
    """What a plugin gave: a token, or a certificate with its key. ``expires_at`` None: it does not say."""

    token: Secret | None
    certificate: str | None
    key: Secret | None
    expires_at: datetime | None


class ExecToken:
    """A token that a plugin issues, asked again before it expires and after a 401."""

    def __init__(self, plugin: Plugin, announce: Announce, first: Issued) -> None:
        self._plugin = plugin
        self._announce = announce
        self._issued = first

    async def header(self) -> Secret | None:
        """Give the token, from the plugin where the one at hand is about to expire."""
        expires_at = self._issued.expires_at
        if expires_at is not None and datetime.now(UTC) >= expires_at - EARLY:
            await self.renew()
        token = self._issued.token
        return Secret(f"Bearer {token.reveal()}") if token else None

    async def renew(self) -> bool:
        """Run the plugin again; one that fails now leaves the old token in place."""
        before = self._issued
        try:
            self._issued = await issue(self._plugin, self._announce)
        except FatalError as error:
            self._announce(str(error))
        return self._issued.token != before.token


async def issue(plugin: Plugin, announce: Announce, *, patience_seconds: float = PATIENCE_SECONDS) -> Issued:
    """Run the plugin and read what it prints; FatalError names the program and what went wrong."""
    announce(f"asking {plugin.command} for credentials (up to {patience_seconds:.0f} s)")
    output = await _run(plugin, patience_seconds)
    found = decoded(output, _CREDENTIAL)
    status = found.status if found else None
    if status is None or not (status.token or (status.client_certificate_data and status.client_key_data)):
        raise FatalError(
            f"{plugin.command}, which the kubeconfig names for credentials, printed no ExecCredential with a token "
            "or a client certificate",
            exit_code=3,
        )
    return Issued(
        token=Secret(status.token) if status.token else None,
        certificate=status.client_certificate_data,
        key=Secret(status.client_key_data) if status.client_key_data else None,
        expires_at=status.expiration_timestamp,
    )


async def _run(plugin: Plugin, patience_seconds: float) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            plugin.command,
            *(plugin.args or ()),
            env=_environment(plugin, os.environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        hint = f"; {plain(plugin.install_hint)}" if plugin.install_hint else ""
        raise FatalError(
            f"cannot start {plugin.command}, which the kubeconfig names for credentials: {error.strerror}{hint}",
            exit_code=3,
        ) from error
    try:
        async with asyncio.timeout(patience_seconds):
            output, complaint = await process.communicate()
    except TimeoutError as error:
        raise FatalError(
            f"{plugin.command}, which the kubeconfig names for credentials, gave nothing in {patience_seconds:.0f} s",
            exit_code=3,
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = plain(complaint.decode("utf-8", "replace").strip())
        raise FatalError(f"{plugin.command} ended with {process.returncode}: {said or 'no message'}", exit_code=3)
    return output


def _environment(plugin: Plugin, inherited: Mapping[str, str]) -> dict[str, str]:
    asked = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {"interactive": False}}
    own = {variable.name: variable.value for variable in plugin.env or ()}
    return {**inherited, **own, "KUBERNETES_EXEC_INFO": json.dumps(asked)}
