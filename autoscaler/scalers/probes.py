"""Probes of the source guard: is what the source scrapes still there? (guards, section 1)

A probe travels with the source's own credentials, beside the objects' questions and never in their way: what has come
back by the time a cohort is read goes into its report, the rest waits for the next one.
"""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from autoscaler.model.objects import Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.turn import Cohort, Probe
from autoscaler.model.value import value
from autoscaler.scalers.contract import Answer, Response, Transport
from autoscaler.scalers.prometheus.answer import read_labelled
from autoscaler.scalers.reports import Probed

_LABEL = "autoscaler_probe"
_OURS = frozenset((MissingReason.REFUSED, MissingReason.UNRESOLVED))


@value
class ProbeSettings:
    """``selector`` is what is counted (``--guard-probe``), ``beat`` how often a source is probed (``--guard-beat``)."""

    selector: str = "up"
    beat: timedelta = timedelta(seconds=15)


class Prober:
    """Sends at most one probe per source and beat, while an awake object uses the source."""

    def __init__(self, transport: Transport, settings: ProbeSettings | None = None) -> None:
        self._transport = transport
        self._settings = settings or ProbeSettings()
        self._sent_at: dict[Source, datetime] = {}
        self._under_way: dict[Source, asyncio.Task[Answer]] = {}

    def start(self, cohort: Cohort) -> None:
        """Send the probes that are due."""
        kept = 10 * self._settings.beat
        self._sent_at = {source: at for source, at in self._sent_at.items() if cohort.at - at < kept}
        for source in _awake_sources(cohort):
            sent_at = self._sent_at.get(source)
            due = sent_at is None or cohort.at - sent_at >= self._settings.beat
            if due and source not in self._under_way:
                self._sent_at[source] = cohort.at
                self._under_way[source] = asyncio.create_task(self._ask(source), name="probe")

    def collect(self, sources: Iterable[Source]) -> Mapping[Source, Probed]:
        """Give the probes of these sources that have ended, each once."""
        found: dict[Source, Probed] = {}
        for source in sources:
            task = self._under_way.get(source)
            if task is not None and task.done():
                del self._under_way[source]
                answer = task.result()
                if not (isinstance(answer, Missing) and answer.reason in _OURS):
                    found[source] = read_probe(answer)
        return found

    async def close(self) -> None:
        """Cancel and await what is under way."""
        tasks = list(self._under_way.values())
        self._under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, source: Source) -> Answer:
        question = Question(source=source, text=probe_query(self._settings.selector))
        return (await self._transport.fetch((question,)))[question]


def probe_query(selector: str) -> str:
    """Ask for sum and count in one request, told apart by a label."""
    parts = (f'label_replace({word}({selector}), "{_LABEL}", "{word}", "", "")' for word in ("sum", "count"))
    return " or ".join(parts)


def read_probe(answer: Answer) -> Probed:
    """Read a probe's answer; an answer without series is a probe of which both numbers are None."""
    if isinstance(answer, Missing):
        return Probed(probe=None, failure=answer.reason)
    found = read_labelled(answer, _LABEL)
    if found is None:
        return Probed(probe=None, failure=_failure(answer))
    return Probed(probe=Probe(up=found.get("sum"), count=found.get("count")))


def _failure(answer: Response) -> MissingReason | None:
    """A server that does not take the probe's query tells nothing; any other strange answer is a failure."""
    if answer.status in (400, 422):
        return None
    return MissingReason.MALFORMED if answer.status == 200 else MissingReason.HTTP_STATUS


def _awake_sources(cohort: Cohort) -> frozenset[Source]:
    return frozenset(
        turn.obj.triggers[index].ask.question.source
        for turn in cohort.turns
        if turn.awake
        for index in turn.asks
        if turn.obj.triggers[index].ask.question.source.transport == "prometheus"
    )
