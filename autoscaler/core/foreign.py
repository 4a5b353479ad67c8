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


def is_contested(memory: Memory, at: datetime) -> bool:
    """Say whether others have undone three writes of ours within the last ten minutes."""
    contest = memory.past.contest if memory.past is not None else None
    return contest is not None and len(_recent(contest, at)) >= REVERSALS


def opponent(memory: Memory, at: datetime) -> str | None:
    """Name who undoes our writes, as far as that is known; None while the count is not contested."""
    if memory.past is None or memory.past.contest is None or not is_contested(memory, at):
        return None
    return memory.past.contest.writer or NOBODY_KNOWN


def give_way(obj: ScaledObject, memory: Memory, seen: Observation, decision: Decision) -> Decision:
    """While the count is contested, leave writing to sync slots; at rest there are none, so a period must pass."""
    if decision.desired == decision.current:
        return decision
    who = opponent(memory, seen.at)
    if who is None or _is_time(obj, memory, seen):
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
    past = memory.past
    contest = past.contest if past is not None and not is_another(past, obj, seen.scale) else None
    found = foreign_write(obj, memory, seen.scale)
    if past is not None and past.pending is not None and has_landed(past.pending, seen.scale):
        contest = replace(contest or Contest(), moved=past.pending.desired - past.pending.current)
    if found is not None:
        contest = _written(contest or Contest(), found, seen.at)
    if isinstance(outcome, Applied):
        return replace(contest or Contest(), moved=decision.desired - decision.current)
    if isinstance(outcome, Superseded) and outcome.found is not None:
        met = ForeignWrite(writer=None, before=decision.current, after=outcome.found)
        return _written(contest or Contest(), met, seen.at)
    return contest


def _written(contest: Contest, found: ForeignWrite, at: datetime) -> Contest:
    undone = (found.after - found.before) * contest.moved < 0
    recent = (*_recent(contest, at), at) if undone else contest.reversed_at
    return Contest(reversed_at=recent[-REVERSALS:], writer=found.writer)


def _recent(contest: Contest, at: datetime) -> tuple[datetime, ...]:
    return tuple(instant for instant in contest.reversed_at if at - instant < WITHIN)


def _is_time(obj: ScaledObject, memory: Memory, seen: Observation) -> bool:
    if Slot.SYNC in seen.slots:
        return True
    past = memory.past
    assert past is not None
    assert past.contest is not None
    at_rest = seen.scale.spec == 0 or past.resting
    return at_rest and seen.at - past.contest.reversed_at[-1] >= obj.sync_interval
