"""What the demo shows while it runs: one line per change, of replicas or of the source's state."""

import textwrap
from collections.abc import Callable
from datetime import datetime
from typing import Final

from autoscaler.demo import load
from autoscaler.model.observation import Origin, Sample
from autoscaler.model.record import Applied, Broken, Decided, Failed, Record, Round
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.views.words import because, reading

HEADER: Final = "  TIME  LOAD        REPLICAS   WHY"
WHY_AT: Final = HEADER.index("WHY")


class Screen:
    """A sink that prints changes, and counts what happened.

    ``width`` is that of the terminal, None where there is none: then no line is broken.
    """

    def __init__(self, zero: datetime, echo: Callable[[str], None], *, width: int | None = None) -> None:
        self._width = width
        self._zero = zero
        self._echo = echo
        self._health: SourceHealth | None = None
        self._up: float | None = None
        self.records: list[Decided] = []
        self.writes = self.ticks = self.errors = 0

    def __call__(self, done: Round) -> None:
        """Take one round."""
        for record in done.records:
            self._count(record)
            if isinstance(record, Decided) and record.seen.at >= self._zero:
                self.records.append(record)
                for state in done.sources.values():
                    self._show_source(record, state)
                if isinstance(record.outcome, Applied):
                    change = f"{record.decision.current} → {record.decision.desired}"
                    self._row(record, change, because(record))

    def _count(self, record: Record) -> None:
        self.ticks += 1
        if not isinstance(record, Decided):
            self.errors += isinstance(record, Broken)
            return
        self.writes += isinstance(record.outcome, Applied)
        self.errors += isinstance(record.outcome, Failed)

    def _show_source(self, record: Decided, state: SourceState) -> None:
        before, self._health = self._health, state.health
        if state.up is not None:
            self._up = state.up
        if before is None or before is state.health:
            return
        why = told(state, self._up, self._zero)
        if why:
            self._row(record, str(record.decision.desired), why)

    def _row(self, record: Decided, replicas: str, why: str) -> None:
        at = minutes((record.seen.at - self._zero).total_seconds())
        line, *more = wrapped(why, self._width)
        self._echo(f"  {at:<5}{loaded(record):>10}   {replicas:<8}   {line}")
        for line in more:
            self._echo(f"{'':<{WHY_AT}}  {line}")


def wrapped(why: str, width: int | None) -> list[str]:
    """Break a reason between words where the terminal would break it anywhere; a very narrow one is left alone."""
    room = (width or 0) - WHY_AT
    return textwrap.wrap(why, room - 2, break_long_words=False) if 20 <= room < len(why) else [why]


def told(state: SourceState, up: float | None, zero: datetime) -> str:
    """Say what became of the source; nothing where it is well."""
    if state.health is SourceHealth.BLIND:
        targets = f" (targets up: {up:.0f} → 0)" if up else ""
        return f"source blind: Prometheus came back empty{targets}; no shrinking"
    if state.health is SourceHealth.RECOVERING and state.clear_at is not None:
        full = minutes((state.clear_at - zero).total_seconds())
        return f"source recovering: the query looks back [30s], full again at {full}"
    return ""


def loaded(record: Decided) -> str:
    """Write the load as the daemon measured it; an empty answer is none, even where it reads as zero."""
    measured = record.seen.measurements[0] if record.seen.measurements else None
    if isinstance(measured, Sample) and measured.origin is not Origin.NULL_AS_ZERO:
        return f"{reading(measured.value_milli)} rps"
    return "no data"


def minutes(seconds: float) -> str:
    """Write an instant of the demo, as ``1:45``."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def outage_seconds() -> float:
    """Give how long the metrics are gone."""
    return load.OUTAGE[1] - load.OUTAGE[0]
