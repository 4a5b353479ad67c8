"""A question of the query API as a request. Pure."""

from functools import lru_cache
from urllib.parse import quote_plus

from yarl import URL

from autoscaler.model.objects import Author, Question, Source
from autoscaler.scalers.http import Call
from autoscaler.scalers.prometheus.auth import Dress

LONGEST_URL = 4096
_FORM = ("Content-Type", "application/x-www-form-urlencoded")


def author_of(source: Source) -> Author:
    """Give whose rules a source is asked under."""
    return Author.TENANT if ("author", Author.TENANT.value) in source.options else Author.OPERATOR


def build_call(question: Question, address: str, dress: Dress, *, may_post: bool) -> Call:
    """Make the request: GET while its URL is short, else POST where the server takes it (D26)."""
    source = question.source
    extra = _encoded(source.parameters) + "".join(
        f"&{quote_plus(name)}={quote_plus(secret.reveal())}" for name, secret in dress.parameters
    )
    query = f"query={quote_plus(question.text)}"
    url = f"{address}/api/v1/query?{query}{extra}"
    author = author_of(source)
    if len(url) <= LONGEST_URL or not may_post:
        return Call(url=URL(url, encoded=True), headers=dress.headers, author=author, tls=dress.tls)
    short = URL(f"{address}/api/v1/query?{extra[1:]}".rstrip("?"), encoded=True)
    headers = (*dress.headers, _FORM)
    return Call(url=short, method="POST", headers=headers, body=query.encode(), author=author, tls=dress.tls)


@lru_cache(maxsize=1024)
def _encoded(parameters: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"&{quote_plus(name)}={quote_plus(text)}" for name, text in parameters)
