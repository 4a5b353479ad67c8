"""What KEDA's rules make of the same samples: our own arithmetic, with empty answers read as zero and nothing held."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core.decide import decide
from autoscaler.core.remember import remember
from autoscaler.model.memory import Memory
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.model.record import Applied, Decided, Unneeded
from autoscaler.model.value import value


@value
class Fall:
    """A change of the count that the rival would have made."""

    at: datetime
    before: int
    after: int


def rival(records: Iterable[Decided]) -> tuple[Fall, ...]:
    """Replay a run of one object under KEDA's rules, and give every fall to zero.

    The samples are those that the daemon measured; only what it did not believe is believed (D5).
    """
    memory, count, falls = Memory(), None, []
    for record in records:
        count = record.decision.current if count is None else count
        seen = replace(
            record.seen,
            scale=replace(record.seen.scale, spec=count, status=count),
            measurements=tuple(believed(measured, record.seen.at) for measured in record.seen.measurements),
            holds=(),
        )
        decision = decide(record.obj, memory, seen)
        changed = decision.desired != count
        outcome = Applied(at=seen.at, resource_version="", took=timedelta(0)) if changed else Unneeded()
        memory = remember(record.obj, memory, seen, decision, outcome)
        if decision.desired == 0 and changed:
            falls.append(Fall(at=seen.at, before=count, after=0))
        count = decision.desired
    return tuple(falls)


def believed(measured: Measurement, at: datetime) -> Measurement:
    """Read as KEDA reads: an empty answer is zero."""
    if isinstance(measured, Missing) and measured.reason is MissingReason.BLIND:
        return Sample(value_milli=0, active=False, at=at)
    return measured
