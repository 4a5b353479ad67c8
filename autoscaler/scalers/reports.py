"""What asking a source told about the source itself, for the source guard. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from autoscaler.model.objects import Ask, ObjectKey, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.text import plain
from autoscaler.model.turn import Heard, Kept, Probe, Reply, Report
from autoscaler.model.value import value
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.prometheus.answer import is_partial
from autoscaler.scalers.quoting import unquoted

_OURS = frozenset((MissingReason.REFUSED, MissingReason.UNRESOLVED, MissingReason.FORMULA))
_ITS_DATA = frozenset((MissingReason.AMBIGUOUS, MissingReason.NOT_A_NUMBER))
_ASKERS_FAULT = frozenset((400, 422))


@value
class Asked:
    """One trigger's question of a cohort, and what came of it."""

    key: ObjectKey
    trigger: int
    ask: Ask
    answer: Answer
    measurement: Measurement


@value
class Probed:
    """A probe that has ended: its answer, or the reason why there is none; ``kept`` where it asked for history too."""

    probe: Probe | None
    failure: MissingReason | None = None
    kept: Kept | None = None


def build_reports(
    asked: Sequence[Asked], probed: Mapping[Source, Probed], at: datetime, took: timedelta
) -> tuple[Report, ...]:
    """Give one report per source that has an address; equal questions count as the one request that they were."""
    by_source: dict[Source, list[Asked]] = {}
    for each in asked:
        if each.ask.question.source.addresses:
            by_source.setdefault(each.ask.question.source, []).append(each)
    return tuple(_report(source, each, probed.get(source), at, took) for source, each in by_source.items())


def classify(each: Asked) -> Reply:
    """Say what a reply tells about its source."""
    match each.measurement:
        case Sample(origin=Origin.NULL_AS_ZERO):
            return Reply.EMPTY
        case Missing(reason=MissingReason.EMPTY):
            return Reply.EMPTY
        case Missing(reason=reason) if reason in _ITS_DATA:
            return Reply.DATA
        case Missing(reason=reason):
            return Reply.REFUSED if reason in _OURS or _is_askers_fault(each.answer) else Reply.FAILED
        case _:
            partial = isinstance(each.answer, Response) and is_partial(each.answer)
            return Reply.PARTIAL if partial else Reply.DATA


def _report(source: Source, asked: Sequence[Asked], probed: Probed | None, at: datetime, took: timedelta) -> Report:
    heard = tuple(Heard(key=each.key, trigger=each.trigger, reply=classify(each)) for each in asked)
    requests: dict[Question, MissingReason | None] = {}
    for each, told in zip(asked, heard, strict=True):
        if not (isinstance(each.answer, Missing) and each.answer.reason in _OURS):
            requests[each.ask.question] = _reason(each) if told.reply is Reply.FAILED else None
    failures = [reason for reason in requests.values() if reason is not None]
    if probed is not None and probed.failure is not None:
        failures.append(probed.failure)
    return Report(
        source=source,
        at=at,
        requests=len(requests) + (probed is not None),
        failures=len(failures),
        took=took,
        heard=heard,
        by_kind=tuple(sorted(Counter(reason.value for reason in failures).items())),
        failure=_last_failure(source, asked, heard, probed),
        probe=probed.probe if probed is not None else None,
        kept=probed.kept if probed is not None else None,
    )


def _last_failure(source: Source, asked: Sequence[Asked], heard: Sequence[Heard], probed: Probed | None) -> str:
    """Say what was wrong with the last failure; other objects are told too, so the server's own words stay out."""
    for each, told in zip(reversed(asked), reversed(heard), strict=True):
        if told.reply is Reply.FAILED and isinstance(each.measurement, Missing):
            return plain(unquoted(each.measurement.detail).removeprefix(f"{source}: "), 200)
    return f"the probe failed: {probed.failure.value}" if probed is not None and probed.failure is not None else ""


def _reason(each: Asked) -> MissingReason | None:
    return each.measurement.reason if isinstance(each.measurement, Missing) else None


def _is_askers_fault(answer: Answer) -> bool:
    """A query that the server does not take says nothing about the server."""
    return isinstance(answer, Response) and answer.status in _ASKERS_FAULT
