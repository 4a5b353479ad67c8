"""Probes of the source guard: is what the source scrapes still there? (guards, section 1)

A probe travels with the source's own credentials, beside the objects' questions and never in their way: what has come
back by the time a cohort is read goes into its report, the rest waits for the next one. After a short outage the guard
may want to know whether the source kept its history; one probe then asks that as well.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from autoscaler.model.objects import Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.turn import Cohort, Kept, Probe
from autoscaler.model.value import value
from autoscaler.scalers.contract import Answer, Transport
from autoscaler.scalers.prometheus.answer import read_labelled
from autoscaler.scalers.reports import Probed

_LABEL = "autoscaler_probe"
_OURS = frozenset((MissingReason.REFUSED, MissingReason.UNRESOLVED))


@value
class ProbeSettings:
    """``selector`` is what is counted (``--guard-probe``), ``beat`` how often a source is probed (``--guard-beat``)."""

    selector: str = "up"
    beat: timedelta = timedelta(seconds=15)


@value
class Sent:
    """A probe under way: when it was sent, and whether it asks for history too."""

    at: datetime
    recalls: bool
    answer: asyncio.Task[Answer]


class Prober:
    """Sends at most one probe per source and beat, while an awake object uses the source.

    Where the guard wants to see a source's history it is asked at once: the guard stops wanting when it has heard.
    """

    def __init__(self, transport: Transport, settings: ProbeSettings | None = None) -> None:
        self._transport = transport
        self._settings = settings or ProbeSettings()
        self._sent_at: dict[Source, datetime] = {}
        self._under_way: dict[Source, Sent] = {}

    def start(self, cohort: Cohort) -> None:
        """Send the probes that are due."""
        kept = 10 * self._settings.beat
        self._sent_at = {source: at for source, at in self._sent_at.items() if cohort.at - at < kept}
        for source in _awake_sources(cohort):
            sent_at = self._sent_at.get(source)
            due = sent_at is None or cohort.at - sent_at >= self._settings.beat
            before = cohort.recalls.get(source)
            if (due or before is not None) and source not in self._under_way:
                back = cohort.at - before if before is not None else None
                task = asyncio.create_task(self._ask(source, back), name="probe")
                self._sent_at[source] = cohort.at
                self._under_way[source] = Sent(at=cohort.at, recalls=back is not None, answer=task)

    def collect(self, sources: Iterable[Source]) -> Mapping[Source, Probed]:
        """Give the probes of these sources that have ended, each once."""
        found: dict[Source, Probed] = {}
        for source in sources:
            sent = self._under_way.get(source)
            if sent is not None and sent.answer.done():
                del self._under_way[source]
                answer = sent.answer.result()
                if not (isinstance(answer, Missing) and answer.reason in _OURS):
                    found[source] = read_probe(answer, asked_at=sent.at if sent.recalls else None)
        return found

    async def close(self) -> None:
        """Cancel and await what is under way."""
        tasks = [sent.answer for sent in self._under_way.values()]
        self._under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, source: Source, back: timedelta | None) -> Answer:
        question = Question(source=source, text=probe_query(self._settings.selector, back))
        return (await self._transport.fetch((question,)))[question]


def probe_query(selector: str, back: timedelta | None = None) -> str:
    """Ask for sum and count in one request, told apart by a label; with ``back`` also for the count so long ago."""
    counts = {"sum": f"sum({selector})", "count": f"count({selector})"}
    if back is not None:
        counts["kept"] = f"count({selector} offset {math.ceil(back.total_seconds())}s)"
    return " or ".join(f'label_replace({count}, "{_LABEL}", "{word}", "", "")' for word, count in counts.items())


def read_probe(answer: Answer, *, asked_at: datetime | None = None) -> Probed:
    """Read a probe's answer; an answer without series is a probe of which both numbers are None.

    ``asked_at`` is when history was asked for, None where it was not. No answer shows no history.
    """
    found = read_labelled(answer, _LABEL) if not isinstance(answer, Missing) else None
    kept = Kept(asked_at=asked_at, count=(found or {}).get("kept")) if asked_at is not None else None
    if found is not None:
        return Probed(probe=Probe(up=found.get("sum"), count=found.get("count")), kept=kept)
    return Probed(probe=None, failure=_failure(answer), kept=kept)


def _failure(answer: Answer) -> MissingReason | None:
    """A server that does not take the probe's query tells nothing; any other strange answer is a failure."""
    if isinstance(answer, Missing):
        return answer.reason
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
