"""Scaling rules and policies for tests."""

from datetime import timedelta

from autoscaler.model.objects import (
    Behavior,
    PolicyType,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)


def rules(
    *policies: ScalingPolicy,
    window: float = 0,
    select: SelectPolicy = SelectPolicy.MAX,
    tolerance: float = 0.1,
) -> ScalingRules:
    return ScalingRules(window=timedelta(seconds=window), select=select, policies=policies, tolerance=tolerance)


def pods(amount: int, period: float = 15) -> ScalingPolicy:
    return ScalingPolicy(type=PolicyType.PODS, amount=amount, period=timedelta(seconds=period))


def percent(amount: int, period: float = 15) -> ScalingPolicy:
    return ScalingPolicy(type=PolicyType.PERCENT, amount=amount, period=timedelta(seconds=period))


UP = rules(pods(4), percent(100))
DOWN = rules(percent(100), window=300)


def a_behavior(*, up: ScalingRules = UP, down: ScalingRules = DOWN) -> Behavior:
    """The behavior that the API server makes of ``{}``, unless a direction is given."""
    return Behavior(scale_up=up, scale_down=down)
