"""A question of the query API as a request. Pure."""

from functools import lru_cache
from urllib.parse import quote_plus

from yarl import URL

from autoscaler.scalers.http import Call
from autoscaler.scalers.transport import Outgoing

LONGEST_URL = 4096
_FORM = ("Content-Type", "application/x-www-form-urlencoded")


def build_call(out: Outgoing) -> Call:
    """Make the request: GET while its URL is short, else POST where the server takes it (D26)."""
    dress, extra = out.dress, _encoded(out.question.source.parameters)
    for name, secret in out.dress.parameters:
        extra += f"&{quote_plus(name)}={quote_plus(secret.reveal())}"
    query = f"query={quote_plus(out.question.text)}"
    url = f"{out.address}/api/v1/query?{query}{extra}"
    if len(url) <= LONGEST_URL or not out.may_post:
        return Call(url=URL(url, encoded=True), headers=dress.headers, author=out.author, tls=dress.tls)
    short = URL(f"{out.address}/api/v1/query?{extra[1:]}".rstrip("?"), encoded=True)
    headers = (*dress.headers, _FORM)
    return Call(url=short, method="POST", headers=headers, body=query.encode(), author=out.author, tls=dress.tls)


@lru_cache(maxsize=1024)
def _encoded(parameters: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"&{quote_plus(name)}={quote_plus(text)}" for name, text in parameters)
