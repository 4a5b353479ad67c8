"""The conductor: one object, its memory and what was seen become a decision. All control flow across stages is here.

The order of the steps is the promise: fallback, formula, activation, bounds, recommendation, window, policies, slots,
holds. It reads no clock and keeps no state.
"""

from collections.abc import Sequence

from autoscaler.core.activation import activate, is_active, notice
from autoscaler.core.fallback import StoodIn, stand_in
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
from autoscaler.model.value import value

_OF_THE_SOURCE = frozenset({HoldReason.SOURCE_BLIND, HoldReason.SOURCE_RECOVERING, HoldReason.SOURCE_PARTIAL})
_AWAKENED = (Activity.ACTIVE, Activity.FORCED)


@value
class _Woken:
    """What activation left for the HPA's arithmetic: the count it starts from and the steps so far."""

    activity: Activity
    base: int
    resting: bool
    steps: tuple[Step, ...]


def decide(obj: ScaledObject, memory: Memory, seen: Observation) -> Decision:
    """Decide one tick of one object.

    Between 1 and max this is the HPA's pass, zero and idle are KEDA's executor; where the two meet, the project's own
    rules L1 to L8 hold. The bounds of L4 are asserted before the answer leaves.
    """
    decision = _pause(obj, memory, seen) if obj.pause.full else _tick(obj, memory, seen)
    _assert_bounds(obj, decision)
    return decision


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
    current, holds = seen.scale.spec, holds_of(obj, seen)
    steps: list[Step] = []
    if seeded:
        steps.append(Step(stage=Stage.SEED, before=current, after=current, reason=Reason.SEEDED, detail=seeded))
    stood_in = stand_in(obj, known, seen.measurements, seen.scale, seen.slots)
    composite = _compose(obj, seen, stood_in, steps)
    woken = _wake(obj, known, seen, stood_in, composite, holds, steps)
    fallbacks = stood_in.indices
    if woken.resting:
        return Decision(
            current=current,
            base=woken.base,
            desired=woken.base,
            activity=woken.activity,
            fallbacks=fallbacks,
            steps=woken.steps,
        )
    if not obj.awake_floor <= woken.base <= obj.max_replicas:
        return _force(obj, current, woken, fallbacks)
    rules = behavior_in_force(obj)
    status = woken.base if woken.base > current else seen.scale.status
    proposals = propose(
        obj,
        stood_in.measurements,
        composite,
        base=woken.base,
        status=status,
        pods=seen.scale.pods,
        band=_band(obj, rules),
    )
    return _scale(obj, known, seen, woken, rules, proposals, fallbacks, holds)


def _compose(obj: ScaledObject, seen: Observation, stood_in: StoodIn, steps: list[Step]) -> Sample | Missing | None:
    """Note what stands in for failing triggers, and give the formula's sample; None without scalingModifiers."""
    current = seen.scale.spec
    if stood_in.indices:
        names = ", ".join(obj.triggers[index].ask.metric for index in stood_in.indices)
        reason = Reason.FALLBACK_EXISTS
        steps.append(Step(stage=Stage.FALLBACK, before=current, after=current, reason=reason, detail=names))
    if obj.modifiers is None:
        return None
    composite = compose(obj, stood_in.measurements, stood_in.nil, at=seen.at, wall=seen.wall)
    if isinstance(composite, Missing):
        reason, detail = Reason.FAILED_METRIC, composite.detail
    else:
        reason, detail = Reason.COMPOSED, f"{composite.value_milli / 1000:g}"
    steps.append(Step(stage=Stage.COMPOSE, before=current, after=current, reason=reason, detail=detail))
    return composite


def _wake(
    obj: ScaledObject,
    known: Memory,
    seen: Observation,
    stood_in: StoodIn,
    composite: Sample | Missing | None,
    holds: tuple[Hold, ...],
    steps: list[Step],
) -> _Woken:
    """Let a poll slot wake, repair or put to rest; any other tick only notes the activity."""
    current = seen.scale.spec
    active, missing = is_active(obj, stood_in.measurements, stood_in.indices, composite)
    if Slot.POLL in seen.slots:
        found = activate(obj, known, current=current, active=active, missing=missing, at=seen.at, holds=holds)
        steps.append(found.step)
        resting = found.base == 0 or (found.base == obj.idle_replicas and found.activity not in _AWAKENED)
        return _Woken(activity=found.activity, base=found.base, resting=resting, steps=tuple(steps))
    activity = notice(obj, active=active, missing=missing)
    resting = is_resting(obj, known, current)
    if resting:
        reason = Reason.NOT_A_POLL if activity in _AWAKENED else Reason.SCALER_NOT_ACTIVE
        steps.append(Step(stage=Stage.SLOT, before=current, after=current, reason=reason))
    return _Woken(activity=activity, base=current, resting=resting, steps=tuple(steps))


def _force(obj: ScaledObject, current: int, woken: _Woken, fallbacks: tuple[int, ...]) -> Decision:
    """Jump to the bound that is overstepped; no metric, window, policy or hold has a say."""
    above = woken.base > obj.max_replicas
    desired = obj.max_replicas if above else obj.awake_floor
    step = Step(
        stage=Stage.BOUND,
        before=woken.base,
        after=desired,
        reason=Reason.ABOVE_MAX if above else Reason.BELOW_MIN,
    )
    return Decision(
        current=current,
        base=woken.base,
        desired=desired,
        activity=woken.activity,
        forced=True,
        fallbacks=fallbacks,
        steps=(*woken.steps, step),
    )


def _scale(
    obj: ScaledObject,
    known: Memory,
    seen: Observation,
    woken: _Woken,
    rules: Behavior | None,
    proposals: tuple[Proposal, ...],
    fallbacks: tuple[int, ...],
    holds: tuple[Hold, ...],
) -> Decision:
    """Take the HPA's pass from the proposals on, then what slots and holds leave of it."""
    current, base, steps = seen.scale.spec, woken.base, list(woken.steps)
    wanted, step = recommend(proposals, base)
    steps.append(step)
    desired, recorded = base, wanted
    if wanted is not None:
        desired = _limited(obj, known, seen, base, wanted, rules, steps, raised=base > current)
        if is_held_by_source(holds):
            recorded = max(wanted, current)
    if desired < base and Slot.SYNC not in seen.slots:
        steps.append(Step(stage=Stage.SLOT, before=desired, after=base, reason=Reason.NOT_A_SYNC))
        desired = base
    if desired < base and holds:
        reason, detail = Reason(holds[0].reason.value), holds[0].detail
        steps.append(Step(stage=Stage.HOLD, before=desired, after=base, reason=reason, detail=detail))
        desired = base
    return Decision(
        current=current,
        base=base,
        desired=desired,
        activity=woken.activity,
        proposals=proposals,
        recommendation=recorded,
        fallbacks=fallbacks,
        steps=tuple(steps),
    )


def _limited(
    obj: ScaledObject,
    known: Memory,
    seen: Observation,
    base: int,
    wanted: int,
    rules: Behavior | None,
    steps: list[Step],
    *,
    raised: bool,
) -> int:
    """Pass the raw number through window, policies and bounds."""
    floor, ceiling, past = obj.awake_floor, obj.max_replicas, known.recommendations or ()
    if rules is None:
        stable = stabilize_legacy(wanted, past, obj.downscale_window, seen.at)
        growth_from = base if raised else _growth_from(known, seen, base)
        bounded = limit_legacy(stable.after, growth_from, floor=floor, ceiling=ceiling)
    else:
        stable = stabilize(wanted, base, past, rules, seen.at)
        bounded = limit(
            stable.after,
            base,
            rules,
            grown=known.grown,
            shrunk=known.shrunk,
            floor=floor,
            ceiling=ceiling,
            at=seen.at,
        )
    steps.append(stable)
    steps.append(bounded)
    return bounded.after


def _growth_from(known: Memory, seen: Observation, base: int) -> int:
    """Between syncs the legacy rules double from the count of the last sync, lest every poll doubles again (L1)."""
    if Slot.SYNC in seen.slots or known.past is None or known.past.synced_replicas is None:
        return base
    return min(base, known.past.synced_replicas)


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
    if decision.activity is Activity.PAUSED:
        return
    resting = decision.desired in (0, obj.idle_replicas) and not decision.proposals
    assert resting or obj.awake_floor <= decision.desired <= obj.max_replicas, (
        f"{obj.key}: decided {decision.desired} outside {obj.awake_floor}..{obj.max_replicas}"
    )
