"""What the probes say: whether the daemon lives, whether it is ready, and why not."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from autoscaler.core.foreign import is_rivalled, is_undisturbed, opponent
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.model.record import Decided, Round, Unobserved
from autoscaler.model.value import value

STALLED = timedelta(seconds=10)  # a beat this late means that the loop has stopped
NAMED = 3  # so many unreadable targets are named, the others counted
ABSENT = frozenset(
    {UnreadableReason.NOT_FOUND, UnreadableReason.NO_SCALE}
)  # the target's own matter, and no fault of ours


@value
class Check:
    """One line of the readiness detail."""

    name: str
    ok: bool
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
    ``company`` maps an object's name to who else writes its count, which is a matter between the two.
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
    refused: dict[str, str] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    company: dict[str, str] = field(default_factory=dict)

    def note(self, done: Round) -> None:
        """Take from a round which scales could not be read, and which of them others write."""
        for record in done.records:
            name = str(record.obj.key)
            if isinstance(record, Unobserved):
                self.unreadable[name] = record.why
            else:
                self.unreadable.pop(name, None)
            if isinstance(record, Decided):
                self._note_company(name, record)

    def _note_company(self, name: str, record: Decided) -> None:
        company = company_of(record)
        if company is not None:
            self.company[name] = company
        else:
            self.company.pop(name, None)

    def report(self, now: datetime) -> Report:
        """Say how things stand at ``now`` (steady time)."""
        beating = self._beating(now)
        checks = (
            beating,
            self._objects(),
            self._server(),
            self._ticking(now),
            self._targets(),
            *(Check(name=name, ok=True, detail=detail) for name, detail in sorted(self.troubles.items())),
            *(Check(name=name, ok=True, detail=detail) for name, detail in sorted(self.refused.items())),
            *(Check(name=name, ok=True, detail=detail) for name, detail in sorted(self.company.items())),
        )
        ready = not self.stopping and all(check.ok for check in checks)
        return Report(live=beating.ok, ready=ready, checks=checks)

    def _beating(self, now: datetime) -> Check:
        last = self.beat_at or self.started_at
        silence = now - last
        if silence > STALLED:
            return Check(name="beat", ok=False, detail=f"the loop has not moved for {silence.total_seconds():.0f} s")
        return Check(name="beat", ok=True, detail="the loop moves")

    def _objects(self) -> Check:
        if not self.loaded:
            return Check(name="objects", ok=False, detail="no ScaledObject has been read yet")
        return Check(name="objects", ok=True, detail=f"{self.objects} loaded, {len(self.refused)} refused")

    def _server(self) -> Check:
        if self.server is not None:
            return Check(name="apiserver", ok=False, detail=f"{self.server.reason.value}: {self.server.detail}")
        if self.server_seen_at is None:
            return Check(name="apiserver", ok=False, detail="not reached yet")
        return Check(name="apiserver", ok=True, detail="reached")

    def _ticking(self, now: datetime) -> Check:
        if self.objects == 0:
            return Check(name="ticks", ok=True, detail="nothing to tick")
        silence = now - (self.tick_at or self.started_at)
        if silence > self.tick_due:
            return Check(name="ticks", ok=False, detail=f"no tick has ended for {silence.total_seconds():.0f} s")
        return Check(name="ticks", ok=True, detail="ticks end")

    def _targets(self) -> Check:
        if not self.unreadable:
            return Check(name="targets", ok=True, detail="every scale that was asked for could be read")
        barred = sum(why.reason not in ABSENT for why in self.unreadable.values())
        named = [f"{name}: {why.detail}" for name, why in sorted(self.unreadable.items())[:NAMED]]
        more = f"; and {len(self.unreadable) - NAMED} more" if len(self.unreadable) > NAMED else ""
        return Check(name="targets", ok=barred < self.objects, detail="; ".join(named) + more)


def company_of(record: Decided) -> str | None:
    """Say who else writes the count of a record's object; None: nobody that matters."""
    if is_undisturbed(record.memory, record.seen.scale):
        return None
    if is_rivalled(record.obj, record.seen.scale):
        return f"HPA {record.seen.scale.rival} scales the same target: nothing is written while it exists"
    who = opponent(record.obj, record.memory, record.seen)
    return None if who is None else f"ForeignWriter: {who} undoes what is written; counts are written at syncs only"
