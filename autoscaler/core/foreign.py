"""Other writers of the count: what they wrote, whether they undo what we write, and what we do about it (D32).

A person scales by hand, a deployment tool applies its own count: that is their right, and the next tick decides from
their number. Where writes of ours are undone again and again, two controllers fight, and we strike no faster than an
HPA would.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core.seed import FIELD_MANAGER, has_landed, is_another
from autoscaler.model.decision import Decision, Reason, Stage, Step
from autoscaler.model.memory import Contest, Memory
from autoscaler.model.objects import Mode, ScaledObject
from autoscaler.model.observation import Observation, ScaleStatus, Slot
from autoscaler.model.record import Applied, Outcome, Superseded
from autoscaler.model.value import value

REVERSALS = 3
WITHIN = timedelta(minutes=10)
NOBODY_KNOWN = "somebody"


@value
class ForeignWrite:
    """A write of ``spec.replicas`` that was none of ours; ``writer`` None: managedFields do not tell."""

    writer: str | None
    before: int
    after: int


def is_rivalled(obj: ScaledObject, scale: ScaleStatus) -> bool:
    """Say whether an HPA scales the target, so that we do not act; a dry run may stand beside it."""
    return scale.rival is not None and obj.mode is not Mode.DRY_RUN


def is_undisturbed(memory: Memory, scale: ScaleStatus) -> bool:
    """Say whether nobody but us is at the count; this is what nearly every tick asks, so it is cheap."""
    past = memory.past
    if scale.rival is not None or past is None:
        return scale.rival is None
    return past.replicas == scale.spec and (past.contest is None or not past.contest.reversed_at)


def foreign_write(obj: ScaledObject, memory: Memory, scale: ScaleStatus) -> ForeignWrite | None:
    """Give what somebody else wrote since the last tick; None: nothing.

    A write of ours that had no answer, and after a crash one that was not recorded, is none (L6, L7). What an HPA
    writes that is known to be there is told once, when it has gone.
    """
    past = memory.past
    if past is None or past.replicas == scale.spec or is_another(past, obj, scale) or is_rivalled(obj, scale):
        return None
    if past.pending is not None and has_landed(past.pending, scale):
        return None
    if memory.unclean and scale.writer in (None, FIELD_MANAGER):
        return None
    return ForeignWrite(writer=scale.writer, before=past.replicas, after=scale.spec)


def opponent(obj: ScaledObject, memory: Memory, seen: Observation) -> str | None:
    """Name who has undone three writes of ours within ten minutes, as far as that is known; None: nobody has.

    ``memory`` is the one before the tick: what this tick finds undone counts.
    """
    if is_undisturbed(memory, seen.scale):
        return None
    contest = _found(obj, memory, seen)
    if contest is None or len(_recent(contest, seen.at)) < REVERSALS:
        return None
    return contest.writer or NOBODY_KNOWN


def give_way(obj: ScaledObject, memory: Memory, seen: Observation, decision: Decision) -> Decision:
    """While the count is contested, leave writing to sync slots; at rest there are none, so a period must pass."""
    if decision.desired == decision.current or Slot.SYNC in seen.slots:
        return decision
    who = opponent(obj, memory, seen)
    if who is None or _may_wake(obj, memory, seen):
        return decision
    detail = f"{who} undid {REVERSALS} writes within {WITHIN.seconds // 60} min"
    step = Step(
        stage=Stage.SLOT,
        before=decision.desired,
        after=decision.current,
        reason=Reason.FOREIGN_WRITER,
        detail=detail,
    )
    return replace(decision, desired=decision.current, forced=False, steps=(*decision.steps, step))


def contest_after(
    obj: ScaledObject, memory: Memory, seen: Observation, decision: Decision, outcome: Outcome
) -> Contest | None:
    """Fold one tick into what is known of others; ``memory`` is the one before the tick.

    A write of ours counts as undone where the next write is another's and moves the count the other way.
    """
    contest = _found(obj, memory, seen)
    if isinstance(outcome, Applied):
        return replace(contest or Contest(), moved=decision.desired - decision.current)
    if isinstance(outcome, Superseded) and outcome.found is not None:
        met = ForeignWrite(writer=None, before=decision.current, after=outcome.found)
        return _written(contest or Contest(), met, seen.at)
    return contest


def _found(obj: ScaledObject, memory: Memory, seen: Observation) -> Contest | None:
    """Add what this tick finds written to what is known; None where nobody has written yet."""
    past = memory.past
    if past is None or is_another(past, obj, seen.scale):
        return None
    contest = past.contest
    if past.pending is not None and has_landed(past.pending, seen.scale):
        return replace(contest or Contest(), moved=past.pending.desired - past.pending.current)
    found = foreign_write(obj, memory, seen.scale)
    return contest if found is None else _written(contest or Contest(), found, seen.at)


def _written(contest: Contest, found: ForeignWrite, at: datetime) -> Contest:
    undone = (found.after - found.before) * contest.moved < 0
    recent = (*_recent(contest, at), at) if undone else contest.reversed_at
    return Contest(reversed_at=recent[-REVERSALS:], writer=found.writer)


def _recent(contest: Contest, at: datetime) -> tuple[datetime, ...]:
    return tuple(instant for instant in contest.reversed_at if at - instant < WITHIN)


def _may_wake(obj: ScaledObject, memory: Memory, seen: Observation) -> bool:
    """Say whether an object at rest, which has no syncs, was left alone for as long as one sync takes to come."""
    contest = _found(obj, memory, seen)
    at_rest = seen.scale.spec == 0 or (memory.past is not None and memory.past.resting)
    return at_rest and contest is not None and seen.at - contest.reversed_at[-1] >= obj.sync_interval
