"""A question of the query API as a request. Pure."""

from functools import lru_cache
from urllib.parse import quote_plus

from yarl import URL

from autoscaler.scalers.http import Call
from autoscaler.scalers.prometheus.auth import Dress
from autoscaler.scalers.transport import Outgoing

LONGEST_URL = 4096
_FORM = ("Content-Type", "application/x-www-form-urlencoded")


def build_call(out: Outgoing) -> Call:
    """Make the request: GET while its URL is short, else POST where the server takes it (D26)."""
    source, dress = out.question.source, out.dress
    url = _url(out.address, out.question.text, source.parameters)
    if len(str(url)) <= LONGEST_URL or not out.may_post:
        return Call(url=_with_keys(url, dress), headers=dress.headers, author=out.author, tls=dress.tls)
    short = _with_keys(_url(out.address, None, source.parameters), dress)
    body = f"query={quote_plus(out.question.text)}".encode()
    return Call(url=short, method="POST", headers=(*dress.headers, _FORM), body=body, author=out.author, tls=dress.tls)


@lru_cache(maxsize=16384)
def _url(address: str, query: str | None, parameters: tuple[tuple[str, str], ...]) -> URL:
    """Encode what every poll asks alike, once; keys are never in here."""
    pairs = parameters if query is None else (("query", query), *parameters)
    encoded = "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs)
    return URL(f"{address}/api/v1/query?{encoded}".rstrip("?"), encoded=True)


def _with_keys(url: URL, dress: Dress) -> URL:
    if not dress.parameters:
        return url
    keys = "&".join(f"{quote_plus(name)}={quote_plus(secret.reveal())}" for name, secret in dress.parameters)
    return URL(f"{url}{'&' if url.raw_query_string else '?'}{keys}", encoded=True)
