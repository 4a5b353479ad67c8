"""What the probes say: whether the daemon lives, whether it is ready, and why not."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from autoscaler.core.foreign import is_rivalled, is_undisturbed, opponent
from autoscaler.model.objects import Source
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.model.record import Applied, Decided, Failed, Outcome, Round, Unneeded, Unobserved
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.model.value import value

STALLED = timedelta(seconds=10)  # a beat this late means that the loop has stopped
LOST_SHOWN = timedelta(minutes=10)  # lost memory has no effect any more by then, and the log has said it
NAMED = 3  # so many unreadable targets and refused writes are named, the others counted
ABSENT = frozenset(
    {UnreadableReason.NOT_FOUND, UnreadableReason.NO_SCALE}
)  # the target's own matter, and no fault of ours


class Status(Enum):
    """How a check came out: a warning wants a person and leaves the daemon ready, a failure does not."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


@value
class Check:
    """One line of the readiness detail."""

    name: str
    status: Status
    detail: str


@value
class Report:
    """The answer to a probe."""

    live: bool
    ready: bool
    checks: tuple[Check, ...]


@dataclass
class Vitals:
    """What the loop notes as it goes; ``report`` makes an answer of it.

    ``refused`` maps an object's name to what is wrong with its newest version, for people: the daemon stays ready,
    since the last good version runs on. ``unreadable`` maps an object's name to why its scale cannot be read: where
    that is so for every object, and not because the targets are absent, nothing can be done and nothing is ready.
    ``unwritten`` maps an object's name to why its last write was refused, until one is taken or none is needed.
    ``company`` maps an object's name to who else writes its count, which is a matter between the two. ``sources``
    are the states of the sources in use, as their last answers left them. ``lost`` says what of the saved memory could
    not be used at the start; it is shown for a while.
    """

    started_at: datetime
    beat_at: datetime | None = None
    tick_at: datetime | None = None
    tick_due: timedelta = timedelta(seconds=60)
    objects: int = 0
    loaded: bool = False
    stopping: bool = False
    server: Unreadable | None = None
    server_seen_at: datetime | None = None
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    unwritten: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    company: dict[str, str] = field(default_factory=dict)
    sources: dict[Source, SourceState] = field(default_factory=dict)
    lost: str | None = None

    def note(self, done: Round) -> None:
        """Take from a round how its sources are, which scales could not be read, and which of them others write."""
        self.sources.update(done.sources)
        for record in done.records:
            name = str(record.obj.key)
            if isinstance(record, Unobserved):
                self.unreadable[name] = record.why
            else:
                self.unreadable.pop(name, None)
            if isinstance(record, Decided):
                self._note_company(name, record)
                self._note_outcome(name, record.outcome)

    def forget(self, name: str) -> None:
        """Drop what was noted of an object that ended."""
        for noted in (self.unreadable, self.unwritten, self.company):
            noted.pop(name, None)

    def _note_outcome(self, name: str, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self.unwritten[name] = outcome.why
        elif isinstance(outcome, (Applied, Unneeded)):
            self.unwritten.pop(name, None)

    def _note_company(self, name: str, record: Decided) -> None:
        company = company_of(record)
        if company is not None:
            self.company[name] = company
        else:
            self.company.pop(name, None)

    def forget_sources(self, used: Container[Source]) -> None:
        """Drop the sources that nobody asks any more."""
        self.sources = {source: state for source, state in self.sources.items() if source in used}

    def report(self, now: datetime) -> Report:
        """Say how things stand at ``now`` (steady time)."""
        beating = self._beating(now)
        checks = (
            beating,
            self._objects(),
            self._server(),
            self._ticking(now),
            self._targets(),
            self._writes(),
            *_warnings(self.troubles),
            *self._memory(now),
            *self._sources(),
            *_warnings(self.refused),
            *_warnings(self.company),
        )
        ready = not self.stopping and all(check.status is not Status.FAIL for check in checks)
        return Report(live=beating.status is Status.OK, ready=ready, checks=checks)

    def _beating(self, now: datetime) -> Check:
        last = self.beat_at or self.started_at
        silence = now - last
        if silence > STALLED:
            return Check(
                name="beat", status=Status.FAIL, detail=f"the loop has not moved for {silence.total_seconds():.0f} s"
            )
        return Check(name="beat", status=Status.OK, detail="the loop moves")

    def _objects(self) -> Check:
        if not self.loaded:
            return Check(name="objects", status=Status.FAIL, detail="no ScaledObject has been read yet")
        counts = f"{self.objects} loaded, {len(self.refused)} refused"
        if self.refused and not self.objects:
            return Check(
                name="objects", status=Status.FAIL, detail=f"{counts}: nothing is scaled; correct the documents"
            )
        return Check(name="objects", status=Status.WARNING if self.refused else Status.OK, detail=counts)

    def _server(self) -> Check:
        if self.server is not None:
            return Check(
                name="apiserver", status=Status.FAIL, detail=f"{self.server.reason.value}: {self.server.detail}"
            )
        if self.server_seen_at is None:
            return Check(name="apiserver", status=Status.FAIL, detail="not reached yet")
        return Check(name="apiserver", status=Status.OK, detail="reached")

    def _ticking(self, now: datetime) -> Check:
        if self.objects == 0:
            return Check(name="ticks", status=Status.OK, detail="nothing to tick")
        silence = now - (self.tick_at or self.started_at)
        if silence > self.tick_due:
            return Check(
                name="ticks", status=Status.FAIL, detail=f"no tick has ended for {silence.total_seconds():.0f} s"
            )
        return Check(name="ticks", status=Status.OK, detail="ticks end")

    def _targets(self) -> Check:
        if not self.unreadable:
            return Check(name="targets", status=Status.OK, detail="every scale that was asked for could be read")
        barred = sum(why.reason not in ABSENT for why in self.unreadable.values())
        status = Status.WARNING if barred < self.objects else Status.FAIL
        return Check(
            name="targets", status=status, detail=_some({name: why.detail for name, why in self.unreadable.items()})
        )

    def _writes(self) -> Check:
        if not self.unwritten:
            return Check(name="writes", status=Status.OK, detail="no write that is still needed was refused")
        status = Status.WARNING if len(self.unwritten) < self.objects else Status.FAIL
        return Check(name="writes", status=status, detail=_some(self.unwritten))

    def _memory(self, now: datetime) -> Iterator[Check]:
        if self.lost is not None and now - self.started_at < LOST_SHOWN:
            yield Check(name="memory", status=Status.WARNING, detail=self.lost)

    def _sources(self) -> Iterator[Check]:
        for source, state in self.sources.items():
            if state.health is not SourceHealth.OK:
                named = f"source {source}" + (f" ({source.credential})" if source.credential else "")
                yield Check(name=named, status=Status.WARNING, detail=told(state))


def _some(said: Mapping[str, str]) -> str:
    """Name the first few and count the others."""
    named = [f"{name}: {detail}" for name, detail in sorted(said.items())[:NAMED]]
    return "; ".join(named) + (f"; and {len(said) - NAMED} more" if len(said) > NAMED else "")


def _warnings(said: Mapping[str, str]) -> Iterator[Check]:
    return (Check(name=name, status=Status.WARNING, detail=detail) for name, detail in sorted(said.items()))


def told(state: SourceState) -> str:
    """Say what a source's state means: which it is, since when, why, and what follows for counts."""
    begun = f"{state.health.value} since {_clock(state.since)}" + (f": {state.detail}" if state.detail else "")
    match state.health:
        case SourceHealth.OK:
            return begun
        case SourceHealth.DEGRADED:
            return f"{begun}; a trigger without an answer keeps its object from shrinking"
        case SourceHealth.BLIND:
            return f"{begun}; nothing shrinks on it"
        case SourceHealth.RECOVERING:
            until = f" before {_clock(state.clear_at)} at the latest" if state.clear_at else " yet"
            return f"{begun}; it answers, and nothing shrinks on it{until}"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def company_of(record: Decided) -> str | None:
    """Say who else writes the count of a record's object; None: nobody that matters."""
    if is_undisturbed(record.memory, record.seen.scale):
        return None
    if is_rivalled(record.obj, record.seen.scale):
        return f"HPA {record.seen.scale.rival} scales the same target: nothing is written while it exists"
    who = opponent(record.obj, record.memory, record.seen)
    return None if who is None else f"ForeignWriter: {who} undoes what is written; counts are written at syncs only"
