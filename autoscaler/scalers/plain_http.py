"""The transport of triggers whose question is a URL (``metrics-api``)."""

from collections.abc import Mapping

from yarl import URL

from autoscaler.model.objects import Question
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.http import Call, Sender
from autoscaler.scalers.transport import HttpTransport, Outgoing

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
    url = URL(out.question.text)
    for name, secret in out.dress.parameters:
        url = url.update_query({name: secret.reveal()})
    return Call(url=url, headers=out.dress.headers, author=out.author, tls=out.dress.tls)
