"""The conductor: one object, its memory and what was seen become a decision. All control flow across stages is here.

The order of the steps is the promise: fallback, formula, activation, bounds, recommendation, window, policies, slots,
holds. It reads no clock and keeps no state.
"""

from collections.abc import Sequence
from typing import NamedTuple

from autoscaler.core.activation import activate, is_active, notice
from autoscaler.core.fallback import StoodIn, stand_in
from autoscaler.core.foreign import give_way
from autoscaler.core.formula.evaluate import compose
from autoscaler.core.limits import behavior_in_force, limit, limit_legacy
from autoscaler.core.numbers import Band, band
from autoscaler.core.proposals import propose
from autoscaler.core.recommend import recommend
from autoscaler.core.seed import ground, is_resting
from autoscaler.core.stabilize import stabilize, stabilize_legacy
from autoscaler.model.decision import Activity, Decision, Proposal, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Behavior, Mode, ScaledObject
from autoscaler.model.observation import Hold, HoldReason, Missing, Observation, Sample, Slot

_OF_THE_SOURCE = frozenset({HoldReason.SOURCE_BLIND, HoldReason.SOURCE_RECOVERING, HoldReason.SOURCE_PARTIAL})
_AWAKENED = (Activity.ACTIVE, Activity.FORCED)


class _Tick(NamedTuple):
    """What every stage of one tick reads: ``memory`` is the grounded one, ``rules`` the behavior in force."""

    obj: ScaledObject
    memory: Memory
    seen: Observation
    holds: tuple[Hold, ...]
    rules: Behavior | None


class _Measured(NamedTuple):
    """The measurements after fallback, and the formula's sample; None without scalingModifiers."""

    stood_in: StoodIn
    composite: Sample | Missing | None


class _Woken(NamedTuple):
    """What activation left for the HPA's arithmetic: the count it starts from, and whether there is any to do."""

    activity: Activity
    base: int
    resting: bool


def decide(obj: ScaledObject, memory: Memory, seen: Observation) -> Decision:
    """Decide one tick of one object.

    Between 1 and max this is the HPA's pass, zero and idle are KEDA's executor; where the two meet, the project's own
    rules L1 to L8 hold. The bounds of L4 are asserted before the answer leaves.
    """
    if obj.pause.full:
        return _pause(obj, memory, seen)
    decision = _tick(obj, memory, seen)
    _assert_bounds(obj, decision)
    return give_way(obj, memory, seen, decision)


def holds_of(obj: ScaledObject, seen: Observation) -> tuple[Hold, ...]:
    """Give every word against a fall: the guards' and the object's own mode."""
    if obj.mode is not Mode.SCALE_OUT_ONLY or any(h.reason is HoldReason.SCALE_OUT_ONLY for h in seen.holds):
        return seen.holds
    return (*seen.holds, Hold(reason=HoldReason.SCALE_OUT_ONLY, detail="mode scale-out-only"))


def is_held_by_source(holds: Sequence[Hold]) -> bool:
    """Say whether the source guard holds; the fleet breaker and the mode leave memory alone."""
    return any(hold.reason in _OF_THE_SOURCE for hold in holds)


def _tick(obj: ScaledObject, memory: Memory, seen: Observation) -> Decision:
    known, seeded = ground(obj, memory, seen)
    current = seen.scale.spec
    tick = _Tick(obj, known, seen, holds_of(obj, seen), behavior_in_force(obj))
    steps: list[Step] = []
    if seeded:
        steps.append(Step(stage=Stage.SEED, before=current, after=current, reason=Reason.SEEDED, detail=seeded))
    measured = _measure(tick, steps)
    woken = _wake(tick, measured, steps)
    proposals: tuple[Proposal, ...] = ()
    recorded, desired = None, woken.base
    forced = not woken.resting and not obj.awake_floor <= woken.base <= obj.max_replicas
    if forced:
        desired = _forced(obj, woken.base, steps)
    elif not woken.resting:
        proposals = _proposals(tick, measured, woken.base)
        recorded, desired = _scale(tick, woken.base, proposals, steps)
    return Decision(
        current=current,
        base=woken.base,
        desired=desired,
        activity=woken.activity,
        proposals=proposals,
        recommendation=recorded,
        forced=forced,
        fallbacks=measured.stood_in.indices,
        composite=measured.composite,
        steps=tuple(steps),
    )


def _measure(tick: _Tick, steps: list[Step]) -> _Measured:
    """Let fallback stand in for what keeps failing, then the formula for all external metrics."""
    obj, seen, current = tick.obj, tick.seen, tick.seen.scale.spec
    stood_in = stand_in(obj, tick.memory, seen.measurements, seen.scale, seen.slots)
    if stood_in.indices:
        names = ", ".join(obj.triggers[index].ask.metric for index in stood_in.indices)
        reason = Reason.FALLBACK_EXISTS
        steps.append(Step(stage=Stage.FALLBACK, before=current, after=current, reason=reason, detail=names))
    if obj.modifiers is None:
        return _Measured(stood_in, None)
    composite = compose(obj, stood_in.measurements, stood_in.nil, at=seen.at, wall=seen.wall)
    if isinstance(composite, Missing):
        reason, detail = Reason.FAILED_METRIC, composite.detail
    else:
        reason, detail = Reason.COMPOSED, f"{composite.value_milli / 1000:g}"
    steps.append(Step(stage=Stage.COMPOSE, before=current, after=current, reason=reason, detail=detail))
    return _Measured(stood_in, composite)


def _wake(tick: _Tick, measured: _Measured, steps: list[Step]) -> _Woken:
    """Let a poll slot wake, repair or put to rest; any other tick only notes the activity."""
    obj, seen, current = tick.obj, tick.seen, tick.seen.scale.spec
    stood_in = measured.stood_in
    active, missing = is_active(obj, stood_in.measurements, stood_in.indices, measured.composite)
    if Slot.POLL in seen.slots:
        found = activate(
            obj, tick.memory, current=current, active=active, missing=missing, at=seen.at, holds=tick.holds
        )
        steps.append(found.step)
        resting = found.base == 0 or (found.base == obj.idle_replicas and found.activity not in _AWAKENED)
        return _Woken(found.activity, found.base, resting)
    activity = notice(obj, active=active, missing=missing)
    resting = is_resting(obj, tick.memory, current)
    if resting:
        reason = Reason.NOT_A_POLL if activity in _AWAKENED else Reason.SCALER_NOT_ACTIVE
        steps.append(Step(stage=Stage.SLOT, before=current, after=current, reason=reason))
    return _Woken(activity, current, resting)


def _forced(obj: ScaledObject, base: int, steps: list[Step]) -> int:
    """Jump to the bound that is overstepped; no metric, window, policy or hold has a say."""
    above = base > obj.max_replicas
    desired = obj.max_replicas if above else obj.awake_floor
    reason = Reason.ABOVE_MAX if above else Reason.BELOW_MIN
    steps.append(Step(stage=Stage.BOUND, before=base, after=desired, reason=reason))
    return desired


def _proposals(tick: _Tick, measured: _Measured, base: int) -> tuple[Proposal, ...]:
    """Ask the metrics; a count that activation raised stands for the status, too (L2)."""
    scale = tick.seen.scale
    return propose(
        tick.obj,
        measured.stood_in.measurements,
        measured.composite,
        base=base,
        status=base if base > scale.spec else scale.status,
        pods=scale.pods,
        band=_band(tick.obj, tick.rules),
    )


def _scale(tick: _Tick, base: int, proposals: tuple[Proposal, ...], steps: list[Step]) -> tuple[int | None, int]:
    """Take the HPA's pass from the proposals on, then what slots and holds leave of it: recorded and desired."""
    wanted, step = recommend(proposals, base)
    steps.append(step)
    desired, recorded = base, wanted
    if wanted is not None:
        desired = _limited(tick, base, wanted, steps)
        if is_held_by_source(tick.holds):
            recorded = max(wanted, tick.seen.scale.spec)
    if desired < base and Slot.SYNC not in tick.seen.slots:
        steps.append(Step(stage=Stage.SLOT, before=desired, after=base, reason=Reason.NOT_A_SYNC))
        desired = base
    if desired < base and tick.holds:
        hold = tick.holds[0]
        reason = Reason(hold.reason.value)
        steps.append(Step(stage=Stage.HOLD, before=desired, after=base, reason=reason, detail=hold.detail))
        desired = base
    return recorded, desired


def _limited(tick: _Tick, base: int, wanted: int, steps: list[Step]) -> int:
    """Pass the raw number through window, policies and bounds."""
    obj, memory, at = tick.obj, tick.memory, tick.seen.at
    past = memory.recommendations or ()
    if tick.rules is None:
        stable = stabilize_legacy(wanted, past, obj.downscale_window, at)
        growth_from = _growth_from(tick, base)
        bounded = limit_legacy(stable.after, growth_from, floor=obj.awake_floor, ceiling=obj.max_replicas)
    else:
        stable = stabilize(wanted, base, past, tick.rules, at)
        bounded = limit(
            stable.after,
            base,
            tick.rules,
            grown=memory.grown,
            shrunk=memory.shrunk,
            floor=obj.awake_floor,
            ceiling=obj.max_replicas,
            at=at,
        )
    steps += (stable, bounded)
    return bounded.after


def _growth_from(tick: _Tick, base: int) -> int:
    """Between syncs the legacy rules double from the count of the last sync, lest every poll doubles again (L1)."""
    past, raised = tick.memory.past, base > tick.seen.scale.spec
    if raised or Slot.SYNC in tick.seen.slots or past is None or past.synced_replicas is None:
        return base
    return min(base, past.synced_replicas)


def _band(obj: ScaledObject, rules: Behavior | None) -> Band:
    if rules is None:
        return band(down=obj.tolerance, up=obj.tolerance)
    return band(down=rules.scale_down.tolerance, up=rules.scale_up.tolerance)


def _pause(obj: ScaledObject, memory: Memory, seen: Observation) -> Decision:
    """Keep still; a count given by the author is written when it appears or changes, and not enforced after that."""
    current, wanted = seen.scale.spec, obj.pause.replicas
    enforced = memory.past is not None and memory.past.paused_replicas == wanted
    desired = current if wanted is None or enforced else wanted
    step = Step(stage=Stage.PAUSE, before=current, after=desired, reason=Reason.PAUSED)
    return Decision(
        current=current,
        base=current,
        desired=desired,
        activity=Activity.PAUSED,
        forced=desired != current,
        steps=(step,),
    )


def _assert_bounds(obj: ScaledObject, decision: Decision) -> None:
    assert decision.steps[-1].after == decision.desired, f"{obj.key}: the steps do not lead to {decision.desired}"
    resting = decision.desired in (0, obj.idle_replicas) and not decision.proposals
    assert resting or obj.awake_floor <= decision.desired <= obj.max_replicas, (
        f"{obj.key}: decided {decision.desired} outside {obj.awake_floor}..{obj.max_replicas}"
    )
