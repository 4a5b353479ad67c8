"""The asks of a cohort to measurements: asked once each, grouped by transport, read by each trigger's own scaler."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from autoscaler.model.objects import ObjectKey, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason
from autoscaler.model.turn import Cohort, Samples, Turn
from autoscaler.scalers.contract import Answer, Response, Scaler, Transport
from autoscaler.scalers.probes import Prober
from autoscaler.scalers.remedies import addressed
from autoscaler.scalers.reports import Asked, build_reports

_NOTHING = Response(status=200, content_type="", body=b"")


class Local:
    """The transport of triggers that need no network: their scaler reads the instant alone."""

    async def fetch(self, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
        """Answer with nothing."""
        return dict.fromkeys(questions, _NOTHING)


class CohortSampler:
    """The loop's Sampler. ``transports`` are by ``Source.transport``; ``prober`` None sends no probes."""

    def __init__(
        self, scalers: Mapping[str, Scaler], transports: Mapping[str, Transport], prober: Prober | None = None
    ) -> None:
        self._scalers = scalers
        self._transports = transports
        self._prober = prober

    async def sample(self, cohort: Cohort) -> Samples:
        """Give one measurement per asked trigger; what is late or broken is a Missing. Never raises."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        if self._prober is not None:
            self._prober.start(cohort)
        answers = await self._fetch(_questions(cohort.turns))
        took = timedelta(seconds=loop.time() - started)
        asked = [each for turn in cohort.turns for each in self._read(turn, answers, cohort.wall)]
        by_object: dict[ObjectKey, list[Measurement]] = {turn.obj.key: [] for turn in cohort.turns}
        for each in asked:
            by_object[each.key].append(each.measurement)
        probed = self._prober.collect(_sources(asked)) if self._prober is not None else {}
        return Samples(
            by_object={key: tuple(measured) for key, measured in by_object.items()},
            reports=build_reports(asked, probed, cohort.at, took),
        )

    async def close(self) -> None:
        """End the probes under way."""
        if self._prober is not None:
            await self._prober.close()

    async def _fetch(self, questions: Mapping[str, tuple[Question, ...]]) -> Mapping[Question, Answer]:
        """Ask every transport at once."""
        if len(questions) == 1:
            ((name, only),) = questions.items()
            return await self._ask(name, only)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ask(name, each)) for name, each in questions.items()]
        answers: dict[Question, Answer] = {}
        for task in tasks:
            answers.update(task.result())
        return answers

    async def _ask(self, name: str, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
        transport = self._transports.get(name)
        if transport is None:
            detail = f"nothing here can ask for {name}: this process has no such transport"
            return dict.fromkeys(questions, Missing(reason=MissingReason.REFUSED, detail=detail))
        return await transport.fetch(questions)

    def _read(self, turn: Turn, answers: Mapping[Question, Answer], at: datetime) -> list[Asked]:
        """Read the answers of one object in the order of its asks."""
        found = []
        for index in turn.asks:
            trigger = turn.obj.triggers[index]
            answer = answers[trigger.ask.question]
            measurement = self._scalers[trigger.type].read(trigger.ask, answer, at)
            if isinstance(measurement, Missing):
                measurement = addressed(measurement, trigger.ask.question, answer)
            found.append(
                Asked(key=turn.obj.key, trigger=index, ask=trigger.ask, answer=answer, measurement=measurement)
            )
        return found


def _questions(turns: Sequence[Turn]) -> Mapping[str, tuple[Question, ...]]:
    """Give every different question once, by transport."""
    found: dict[str, dict[Question, None]] = {}
    for turn in turns:
        for index in turn.asks:
            question = turn.obj.triggers[index].ask.question
            found.setdefault(question.source.transport, {})[question] = None
    return {name: tuple(each) for name, each in found.items()}


def _sources(asked: Sequence[Asked]) -> frozenset[Source]:
    return frozenset(each.ask.question.source for each in asked)
