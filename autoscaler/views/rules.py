"""Scaling policies in words, and how far they let one tick go."""

from datetime import timedelta

from autoscaler.core.limits import behavior_in_force, limit
from autoscaler.core.seed import ground
from autoscaler.model.objects import PolicyType, ScaledObject, ScalingPolicy, ScalingRules, SelectPolicy
from autoscaler.model.record import Decided
from autoscaler.views.words import span

_FAR = 2**31 - 1


def policies(obj: ScaledObject, *, rises: bool) -> str:
    """Write one direction's policies: ``4 pods or 100 % per 15 s``."""
    behavior = behavior_in_force(obj)
    if behavior is None:
        return "twice the count, 4 at least" if rises else "no policy"
    rules = behavior.scale_up if rises else behavior.scale_down
    if rules.select is SelectPolicy.DISABLED:
        return "disabled"
    return _joined(rules)


def reach(record: Decided, *, rises: bool) -> str:
    """Say how far the policies would have let this tick go; nothing without ``behavior``."""
    behavior = behavior_in_force(record.obj)
    if behavior is None:
        return "no effect"
    known = ground(record.obj, record.memory, record.seen).memory
    furthest = limit(
        _FAR if rises else -1,
        record.decision.base,
        behavior,
        grown=known.grown,
        shrunk=known.shrunk,
        floor=-1,
        ceiling=_FAR,
        at=record.seen.at,
    )
    return f"at most {furthest.after}" if rises else f"may go to {max(furthest.after, 0)}"


def _joined(rules: ScalingRules) -> str:
    word = " or " if rules.select is SelectPolicy.MAX else " and "
    periods = {policy.period for policy in rules.policies}
    if len(periods) == 1:
        return f"{word.join(map(_amount, rules.policies))}{_per(periods.pop())}"
    return word.join(f"{_amount(policy)}{_per(policy.period)}" for policy in rules.policies) or "no policy"


def _amount(policy: ScalingPolicy) -> str:
    return f"{policy.amount} pods" if policy.type is PolicyType.PODS else f"{policy.amount} %"


def _per(period: timedelta) -> str:
    return f" per {span(period)}"
