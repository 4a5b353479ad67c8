"""Sends questions over HTTP: credentials resolved at the last moment, one deadline per source.

What a question looks like as a request is its kind's own: ``build`` says so.
"""

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import quote_plus

from autoscaler.model.auth import AuthRef
from autoscaler.model.objects import Author, Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.model.value import value
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.http import Call, Sender
from autoscaler.scalers.oauth import Tokens, grant_from
from autoscaler.scalers.prometheus.auth import GRANTED, Dress, dress, material_of, modes_of
from autoscaler.scalers.quoting import unquoted

_POST_REFUSED = frozenset((405, 501))
_ELSEWHERE = frozenset((MissingReason.UNREACHABLE, MissingReason.TIMEOUT))
_HIDDEN = b"***"


@value
class Outgoing:
    """What a request is made of. ``may_post`` is False where the server has refused a POST before."""

    question: Question
    address: str
    dress: Dress
    may_post: bool

    @property
    def author(self) -> Author:
        """Give whose rules the source is asked under."""
        return author_of(self.question.source)


Build: TypeAlias = Callable[[Outgoing], Call]


class HttpTransport:
    """Asks each source for all of its questions, so many at a time as its server may have connections."""

    def __init__(self, sender: Sender, resolver: Resolver, build: Build) -> None:
        self._sender = sender
        self._resolver = resolver
        self._build = build
        self._tokens = Tokens(sender)
        self._post_refused: set[str] = set()

    async def fetch(self, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
        """Answer every question within its source's deadline; a failure is a Missing. Never raises."""
        by_source: dict[Source, deque[Question]] = {}
        for question in questions:
            by_source.setdefault(question.source, deque()).append(question)
        answers: dict[Question, Answer] = {}
        async with asyncio.TaskGroup() as group:
            for source, waiting in by_source.items():
                group.create_task(self._ask_source(source, waiting, answers))
        return answers

    async def _ask_source(self, source: Source, waiting: deque[Question], answers: dict[Question, Answer]) -> None:
        until = asyncio.get_running_loop().time() + source.deadline / timedelta(seconds=1)
        dressed = await self._dress(source, until)
        if isinstance(dressed, Missing):
            answers.update((question, dressed) for question in waiting)
            return
        hands = min(len(waiting), self._sender.settings.connections)
        async with asyncio.TaskGroup() as group:
            for _ in range(hands):
                group.create_task(self._drain(waiting, dressed, until, answers))

    async def _drain(
        self, waiting: deque[Question], dressed: Dress, until: float, answers: dict[Question, Answer]
    ) -> None:
        """Ask one question after the other; what no time is left for is a time-out like any other."""
        while waiting:
            question = waiting.popleft()
            answers[question] = await self._ask(question, dressed, until)

    async def _ask(self, question: Question, dressed: Dress, until: float) -> Answer:
        """Ask once; with renewed credentials where these were refused."""
        answer = await self._ask_addresses(question, dressed, until)
        if isinstance(answer, Response) and answer.status == 401 and question.source.credential is not None:
            renewed = await self._dress(question.source, until, anew=True)
            if isinstance(renewed, Missing):
                return renewed
            if renewed != dressed:
                dressed = renewed
                answer = await self._ask_addresses(question, dressed, until)
        return _without_secrets(answer, dressed.secrets)

    async def _ask_addresses(self, question: Question, dressed: Dress, until: float) -> Answer:
        """Ask the source's addresses in turn until one answers, sharing what is left of the deadline."""
        answer: Answer = Missing(reason=MissingReason.REFUSED, detail="the source has no address")
        left = len(question.source.addresses)
        for address in question.source.addresses:
            now = asyncio.get_running_loop().time()
            answer = await self._ask_address(question, address, dressed, now + (until - now) / left)
            left -= 1
            if not (isinstance(answer, Missing) and answer.reason in _ELSEWHERE):
                return answer
        return answer

    async def _ask_address(self, question: Question, address: str, dressed: Dress, until: float) -> Answer:
        out = Outgoing(question=question, address=address, dress=dressed, may_post=address not in self._post_refused)
        call = self._build(out)
        answer = await self._sender.send(call, until)
        if call.method == "POST" and isinstance(answer, Response) and answer.status in _POST_REFUSED:
            self._post_refused.add(address)
            return await self._sender.send(self._build(replace(out, may_post=False)), until)
        return answer

    async def _dress(self, source: Source, until: float, *, anew: bool = False) -> Dress | Missing:
        """Resolve the source's credentials and make headers of them; ``anew`` keeps nothing from before."""
        if source.credential is None:
            return dress(source, {})
        resolved = await self._resolve(source, source.credential, until, anew=anew)
        if isinstance(resolved, Missing):
            return resolved
        if "oauth" in modes_of(source, resolved):
            grant = grant_from(resolved, author=author_of(source), tls=material_of(source, resolved))
            token = await self._tokens.token(grant, until, anew=anew)
            if isinstance(token, Missing):
                return token
            resolved = {**resolved, GRANTED: token}
        return dress(source, resolved)

    async def _resolve(
        self, source: Source, credential: AuthRef, until: float, *, anew: bool
    ) -> Mapping[str, Secret] | Missing:
        namespace = dict(source.options).get("namespace", credential.namespace)
        try:
            async with asyncio.timeout_at(until):
                return await self._resolver.resolve(
                    credential, namespace, author=author_of(source), addresses=source.addresses, anew=anew
                )
        except TimeoutError:
            return Missing(reason=MissingReason.UNRESOLVED, detail=f"{credential} was not resolved in time")


def author_of(source: Source) -> Author:
    """Give whose rules a source is asked under."""
    return Author.TENANT if ("author", Author.TENANT.value) in source.options else Author.OPERATOR


def _without_secrets(answer: Answer, secrets: tuple[Secret, ...]) -> Answer:
    """Blot secrets out of an error that a server wrote; nobody reads the text of an answer that went well."""
    if not secrets or (isinstance(answer, Response) and 200 <= answer.status <= 299):
        return answer
    if isinstance(answer, Missing):
        return replace(answer, detail=unquoted(answer.detail))
    body = answer.body
    for text in (secret.reveal().strip().encode() for secret in secrets):
        for shape in (text, b64encode(text), quote_plus(text).encode(), text.hex().encode()):
            body = body.replace(shape, _HIDDEN) if text else body
    return replace(answer, body=body)
