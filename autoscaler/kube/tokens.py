"""Tokens of service accounts for sources that want one, bound to an audience that the daemon's settings name (S4)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import msgspec

from autoscaler.kube.answers import decoded, unreadable
from autoscaler.kube.client import Answer, Reader
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.model.value import value

LASTS: Final = timedelta(hours=1)
RENEWED: Final = 0.8  # of its life, after which a token is asked anew
SERVES: Final = timedelta(seconds=10)  # what a token serves at least, refused or not: a source may refuse every one
CALL_SECONDS: Final = 2.0


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    expiration_timestamp: datetime | None = None


class _TokenRequest(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


_TOKEN_REQUEST = msgspec.json.Decoder(_TokenRequest)


@value
class _Issued:
    token: Secret
    at: datetime
    until: datetime


class Tokens:
    """Asks for tokens, each once at a time, and keeps it for most of its life.

    It takes ``create`` on ``serviceaccounts/token``.
    """

    def __init__(self, client: Reader, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._issued: dict[tuple[str, str, str], _Issued] = {}
        self._under_way: dict[tuple[str, str, str], asyncio.Task[Secret | Missing]] = {}

    async def request(self, namespace: str, account: str, audience: str, *, anew: bool = False) -> Secret | Missing:
        """Give a token of a service account for an audience, or say why there is none.

        ``anew``: the source has refused the token that is kept.
        """
        key = (namespace, account, audience)
        held = self._issued.get(key)
        if held is not None and self._now() < (held.at + SERVES if anew else held.until):
            return held.token
        under_way = self._under_way.get(key)
        if under_way is None:
            under_way = self._under_way[key] = asyncio.create_task(self._ask(*key), name="token")
            under_way.add_done_callback(lambda _: self._under_way.pop(key))
        return await asyncio.shield(under_way)

    async def _ask(self, namespace: str, account: str, audience: str) -> Secret | Missing:
        now = self._now()
        path = f"/api/v1/namespaces/{quote(namespace, safe='')}/serviceaccounts/{quote(account, safe='')}/token"
        spec = {"audiences": [audience], "expirationSeconds": int(LASTS.total_seconds())}
        reply = await self._client.issue(path, {"spec": spec}, timeout_seconds=CALL_SECONDS)
        found = decoded(reply.body, _TOKEN_REQUEST) if isinstance(reply, Answer) and reply.status == 201 else None
        if found is None or not found.status.token:
            why = unreadable(reply, f"a token of service account {account} in {namespace}").detail
            return Missing(reason=MissingReason.UNRESOLVED, detail=why)
        ends_at = found.status.expiration_timestamp or now + LASTS
        issued = _Issued(token=Secret(found.status.token), at=now, until=now + (ends_at - now) * RENEWED)
        self._issued[namespace, account, audience] = issued
        return issued.token
