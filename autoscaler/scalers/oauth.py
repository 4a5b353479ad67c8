"""Access tokens by the client credentials grant (RFC 6749, 4.4), kept until shortly before they end."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl

import httpx
import msgspec

from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.model.value import value
from autoscaler.scalers.addresses import Refusal, parse_address
from autoscaler.scalers.facade import GuardedTransport, NotAnsweredError
from autoscaler.scalers.http import Sender
from autoscaler.scalers.tls import TlsMaterial

_EARLY_SECONDS = 10.0
_LIFE_SECONDS = 300.0
_NAMES = ("oauthTokenURI", "clientID", "clientSecret", "scopes", "endpointParams")


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = _LIFE_SECONDS


_decoder = msgspec.json.Decoder(_Granted, strict=False)


@value
class Grant:
    """What a token is asked with; equal grants share a token. Texts are Secrets, in the order of their names."""

    texts: tuple[Secret, ...]
    author: Author
    tls: TlsMaterial


@value
class _Kept:
    token: Secret
    until: float


class Tokens:
    """Gets access tokens through the guarded sender."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._kept: dict[Grant, _Kept] = {}

    async def token(self, grant: Grant, until: float, *, anew: bool = False) -> Secret | Missing:
        """Give a token, a new one if ``anew``; ``until`` is the deadline in the event loop's time."""
        now = asyncio.get_running_loop().time()
        self._kept = {each: kept for each, kept in self._kept.items() if kept.until > now}
        kept = self._kept.get(grant)
        if kept is not None and not anew:
            return kept.token
        granted = await self._ask(grant, until)
        if isinstance(granted, Missing):
            return granted
        token = Secret(granted.access_token)
        self._kept[grant] = _Kept(token=token, until=now + granted.expires_in - _EARLY_SECONDS)
        return token

    async def _ask(self, grant: Grant, until: float) -> _Granted | Missing:
        """Ask with the client's name in a header, and if that is refused with its name in the form."""
        uri, client, secret, scopes, extra = (text.reveal() for text in grant.texts)
        address = parse_address(uri)
        if isinstance(address, Refusal):
            return Missing(reason=MissingReason.REFUSED, detail=f"oauthTokenURI: {address.detail}")
        form = {"grant_type": "client_credentials", **dict(parse_qsl(extra))}
        if scopes:
            form["scope"] = " ".join(scopes.split(","))
        transport = GuardedTransport(self._sender, author=grant.author, until=until, tls=grant.tls)
        named = {"client_id": client, "client_secret": secret}
        try:
            async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
                answer = await http.post(address.text, data=form, auth=(client, secret))
                if answer.is_client_error:
                    answer = await http.post(address.text, data={**form, **named})
        except NotAnsweredError as error:
            detail = f"no access token: {error.missing.detail}"
            return Missing(reason=error.missing.reason, detail=detail)
        return _read(answer)


def grant_from(parameters: Mapping[str, Secret], *, author: Author, tls: TlsMaterial) -> Grant:
    """Gather what a token is asked with."""
    return Grant(texts=tuple(parameters.get(name, Secret("")) for name in _NAMES), author=author, tls=tls)


def _read(answer: httpx.Response) -> _Granted | Missing:
    if not answer.is_success:
        detail = f"no access token: the token server answered status {answer.status_code}"
        return Missing(reason=MissingReason.UNRESOLVED, detail=detail)
    try:
        return _decoder.decode(answer.content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        detail = "no access token: the token server's answer holds none"
        return Missing(reason=MissingReason.UNRESOLVED, detail=detail)
