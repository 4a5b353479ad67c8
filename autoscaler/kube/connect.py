"""The first contact with the API server: within 30 seconds, or the process ends and says why."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from autoscaler.kube.access import Access
from autoscaler.kube.answers import Version, decoded, words
from autoscaler.kube.client import NoAnswer, Reader, Reply
from autoscaler.model.fatal import FatalError
from autoscaler.model.text import plain

PATIENCE_SECONDS: Final = 30.0
CALL_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 0.5

_VERSION = msgspec.json.Decoder(Version)


def _unheard(text: str) -> None:
    """Tell nobody."""


async def reach(
    client: Reader, *, patience_seconds: float = PATIENCE_SECONDS, announce: Callable[[str], None] = _unheard
) -> str:
    """Wait for the API server and give its version; FatalError when it does not answer or does not know us.

    ``announce`` is told once, if the first answer is none.
    """
    clock = asyncio.get_running_loop().time
    ends_at = clock() + patience_seconds
    told = False
    while True:
        reply = await client.get("/version", timeout_seconds=max(0.1, min(CALL_SECONDS, ends_at - clock())))
        if not isinstance(reply, NoAnswer) and reply.status == 200:
            found = decoded(reply.body, _VERSION)
            return plain(found.git_version, 40) if found else ""
        if not isinstance(reply, NoAnswer) and reply.status == 403:
            return ""  # it is there and knows us; that we may not read its version hurts nobody
        if clock() + PAUSE_SECONDS >= ends_at:
            raise FatalError(_complaint(client.access, reply, patience_seconds), exit_code=3)
        if not told:
            announce(_waiting(client.access, reply, patience_seconds))
            told = True
        await asyncio.sleep(PAUSE_SECONDS)


def _waiting(access: Access, reply: Reply, patience_seconds: float) -> str:
    found = reply.detail if isinstance(reply, NoAnswer) else words(reply)
    return f"waiting up to {patience_seconds:.0f} s for the API server {access.address}: {found}"


def _complaint(access: Access, reply: Reply, patience_seconds: float) -> str:
    where = f"the API server {access.address} (context {access.context})"
    if isinstance(reply, NoAnswer):
        return f"{where} did not answer within {patience_seconds:.0f} s: {reply.detail}"
    if reply.status == 401:
        return f"{where} does not accept our credentials: {words(reply)}; log in again, or name another --context"
    return f"{where} answered /version with {words(reply)} for {patience_seconds:.0f} s"
