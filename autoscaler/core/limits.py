"""Rate limits and bounds: how far one tick may go, and the scale events that policies count.

Source: kubernetes horizontal.go, convertDesiredReplicasWithBehaviorRate, convertDesiredReplicasWithRules,
calculateScaleUpLimitWithScalingRules, storeScaleEvent.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core.numbers import ceil_i32, trunc_i32, wrap_i32
from autoscaler.model.decision import Reason, Stage, Step
from autoscaler.model.memory import Change
from autoscaler.model.objects import (
    Behavior,
    PolicyType,
    ScaledObject,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)

MOST_CHANGES = 64
"""Events that are kept of one direction; beyond it the two oldest become one, at the newer instant."""

_QUARTER = timedelta(seconds=15)
_NO_DELAY = timedelta(0)


def behavior_in_force(obj: ScaledObject) -> Behavior | None:
    """Give the rules that hold: a paused direction is Disabled, and makes a behavior where there was none.

    Source: KEDA hpa.go, newHPAForScaledObject; the API server defaults the rest.
    """
    pause = obj.pause
    if not (pause.scale_in or pause.scale_out):
        return obj.behavior
    rules = obj.behavior or default_behavior(obj.downscale_window, obj.tolerance)
    up, down = rules.scale_up, rules.scale_down
    return Behavior(
        scale_up=replace(up, select=SelectPolicy.DISABLED) if pause.scale_out else up,
        scale_down=replace(down, select=SelectPolicy.DISABLED) if pause.scale_in else down,
    )


def default_behavior(downscale_window: timedelta, tolerance: float) -> Behavior:
    """Give what ``behavior: {}`` becomes. Source: kubernetes pkg/apis/autoscaling/v2/defaults.go."""
    doubling = ScalingPolicy(type=PolicyType.PERCENT, amount=100, period=_QUARTER)
    four = ScalingPolicy(type=PolicyType.PODS, amount=4, period=_QUARTER)
    return Behavior(
        scale_up=ScalingRules(
            window=_NO_DELAY, select=SelectPolicy.MAX, policies=(four, doubling), tolerance=tolerance
        ),
        scale_down=ScalingRules(
            window=timedelta(seconds=int(downscale_window.total_seconds())),
            select=SelectPolicy.MAX,
            policies=(doubling,),
            tolerance=tolerance,
        ),
    )


def limit(
    wanted: int,
    base: int,
    behavior: Behavior,
    *,
    grown: Sequence[Change],
    shrunk: Sequence[Change],
    floor: int,
    ceiling: int,
    at: datetime,
) -> Step:
    """Move from ``base`` toward ``wanted`` as far as the policies of that direction and its bound allow."""
    if wanted > base:
        cap = max(_up_limit(base, behavior.scale_up, grown, shrunk, at), base)
        if ceiling <= cap and wanted > ceiling:
            return Step(stage=Stage.BOUND, before=wanted, after=ceiling, reason=Reason.TOO_MANY)
        if wanted > cap:
            return Step(stage=Stage.LIMIT, before=wanted, after=cap, reason=Reason.SCALE_UP_LIMIT)
    elif wanted < base:
        least = min(_down_limit(base, behavior.scale_down, grown, shrunk, at), base)
        if floor >= least and wanted < floor:
            return Step(stage=Stage.BOUND, before=wanted, after=floor, reason=Reason.TOO_FEW)
        if wanted < least:
            return Step(stage=Stage.LIMIT, before=wanted, after=least, reason=Reason.SCALE_DOWN_LIMIT)
    return Step(stage=Stage.LIMIT, before=wanted, after=wanted, reason=Reason.DESIRED_WITHIN_RANGE)


def limit_legacy(wanted: int, growth_from: int, *, floor: int, ceiling: int) -> Step:
    """Keep ``wanted`` within the bounds and below twice ``growth_from``, four at the least.

    Source: kubernetes horizontal.go, convertDesiredReplicasWithRules.
    """
    cap = ceil_i32(max(2.0 * growth_from, 4.0))
    if wanted < floor:
        return Step(stage=Stage.BOUND, before=wanted, after=floor, reason=Reason.TOO_FEW)
    if ceiling <= cap and wanted > ceiling:
        return Step(stage=Stage.BOUND, before=wanted, after=ceiling, reason=Reason.TOO_MANY)
    if wanted > cap:
        return Step(stage=Stage.LIMIT, before=wanted, after=cap, reason=Reason.SCALE_UP_LIMIT)
    return Step(stage=Stage.LIMIT, before=wanted, after=wanted, reason=Reason.DESIRED_WITHIN_RANGE)


def book(changes: tuple[Change, ...], pods: int, rules: ScalingRules, at: datetime) -> tuple[Change, ...]:
    """Put a scale event into the last spent slot, or at the end; events older than the longest period are spent.

    Spent is for ever, though a period that is lengthened later counts the event again.
    """
    cutoff = at - max((policy.period for policy in rules.policies), default=_NO_DELAY)
    kept = [
        change if change.spent or change.at >= cutoff else Change(pods=change.pods, at=change.at, spent=True)
        for change in changes
    ]
    event = Change(pods=pods, at=at)
    for index in range(len(kept) - 1, -1, -1):
        if kept[index].spent:
            kept[index] = event
            return tuple(kept)
    return _capped((*kept, event))


def frees_at(rules: ScalingRules, grown: Sequence[Change], at: datetime) -> datetime | None:
    """Tell when the first policy forgets the oldest growth that it counts at ``at``; None where none is counted (L1).

    An event exactly as old as the period is no longer counted, so that is the instant.
    """
    if rules.select is SelectPolicy.DISABLED:
        return None
    ends = [
        min(counted) + policy.period
        for policy in rules.policies
        if (counted := [change.at for change in grown if change.at > at - policy.period])
    ]
    return min(ends, default=None)


def _up_limit(base: int, rules: ScalingRules, grown: Sequence[Change], shrunk: Sequence[Change], at: datetime) -> int:
    if rules.select is SelectPolicy.DISABLED:
        return base
    limits = [_raised(_period_start(base, grown, shrunk, policy.period, at), policy) for policy in rules.policies]
    return min(limits, default=base) if rules.select is SelectPolicy.MIN else max(limits, default=base)


def _down_limit(base: int, rules: ScalingRules, grown: Sequence[Change], shrunk: Sequence[Change], at: datetime) -> int:
    if rules.select is SelectPolicy.DISABLED:
        return base
    limits = [_lowered(_period_start(base, grown, shrunk, policy.period, at), policy) for policy in rules.policies]
    return max(limits, default=base) if rules.select is SelectPolicy.MIN else min(limits, default=base)


def _period_start(base: int, grown: Sequence[Change], shrunk: Sequence[Change], period: timedelta, at: datetime) -> int:
    """Give the count that our own events of the period started from; both directions count in both directions."""
    since = at - period
    added = sum(change.pods for change in grown if change.at > since)
    taken = sum(change.pods for change in shrunk if change.at > since)
    return wrap_i32(base - added + taken)


def _raised(start: int, policy: ScalingPolicy) -> int:
    """Add a policy's amount; percents in doubles and rounded up, so 10 % of 50 is 6 as it is in the HPA."""
    if policy.type is PolicyType.PODS:
        return wrap_i32(start + policy.amount)
    return ceil_i32(float(start) * (1 + float(policy.amount) / 100))


def _lowered(start: int, policy: ScalingPolicy) -> int:
    if policy.type is PolicyType.PODS:
        return wrap_i32(start - policy.amount)
    return trunc_i32(float(start) * (1 - float(policy.amount) / 100))


def _capped(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    if len(changes) <= MOST_CHANGES:
        return changes
    first, second, *rest = changes
    return (Change(pods=first.pods + second.pods, at=max(first.at, second.at)), *rest)
