"""The transport of triggers whose question is a URL (``metrics-api``)."""

import re
from collections.abc import Mapping
from urllib.parse import quote_plus, unquote_plus

from yarl import URL

from autoscaler.model.objects import Question
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.http import Call, Sender
from autoscaler.scalers.transport import HttpTransport, Outgoing

_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_EVERY_ENDPOINT = ("aggregate", "true")


class PlainHttpTransport(HttpTransport):
    """Asks a URL. Every endpoint behind a service can only be asked where endpoints are known, which is not here."""

    def __init__(self, sender: Sender, resolver: Resolver) -> None:
        super().__init__(sender, resolver, _build)

    async def fetch(self, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
        """Answer every question within its source's deadline; a failure is a Missing. Never raises."""
        single = tuple(each for each in questions if _EVERY_ENDPOINT not in each.source.options)
        answers = dict(await super().fetch(single))
        detail = "the endpoints of a service are not known here: leave aggregateFromKubeServiceEndpoints out"
        refused = Missing(reason=MissingReason.REFUSED, detail=detail)
        return {each: answers.get(each, refused) for each in questions}


def _build(out: Outgoing) -> Call:
    url = URL(out.question.text, encoded=True)
    for name, secret in out.dress.parameters:
        url = URL(
            f"{out.question.text.partition('?')[0]}?{_with_pair(url.raw_query_string, name, secret)}", encoded=True
        )
    return Call(url=url, headers=out.dress.headers, author=out.author, tls=out.dress.tls)


def _with_pair(query: str, name: str, secret: Secret) -> str:
    """Set one pair of a query, which is written anew: sorted, without what cannot be read (net/url Values.Encode)."""
    pairs: dict[str, list[str]] = {}
    for piece in query.split("&"):
        if piece and ";" not in piece and not _BAD_ESCAPE.search(piece):
            key, _, text = piece.partition("=")
            pairs.setdefault(unquote_plus(key), []).append(unquote_plus(text))
    pairs[name] = [secret.reveal()]
    return "&".join(f"{quote_plus(key)}={quote_plus(text)}" for key in sorted(pairs) for text in pairs[key])
