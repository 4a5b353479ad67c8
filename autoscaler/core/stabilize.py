"""Stabilization windows: how far earlier recommendations hold the new one back, and how they are kept.

Source: kubernetes horizontal.go, stabilizeRecommendationWithBehaviors and stabilizeRecommendation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from autoscaler.model.decision import Reason, Stage, Step
from autoscaler.model.memory import Recommendation
from autoscaler.model.objects import Behavior

LONGEST = 64
"""Entries that are kept as they are; a longer list keeps only what can still matter."""


def stabilize(wanted: int, current: int, past: Sequence[Recommendation], behavior: Behavior, at: datetime) -> Step:
    """Leave ``current`` only as far as every recommendation in the window agrees.

    ``past`` may hold entries older than either window; they are ignored. An entry exactly as old as the window is out.
    """
    rises_after, falls_after = at - behavior.scale_up.window, at - behavior.scale_down.window
    low = high = wanted
    for entry in past:
        if entry.at > rises_after and entry.replicas < low:
            low = entry.replicas
        if entry.at > falls_after and entry.replicas > high:
            high = entry.replicas
    after = min(max(current, low), high)
    if after == wanted:
        reason = Reason.READY_FOR_NEW_SCALE
    else:
        reason = Reason.SCALE_UP_STABILIZED if wanted >= current else Reason.SCALE_DOWN_STABILIZED
    return Step(stage=Stage.STABILIZE, before=wanted, after=after, reason=reason)


def stabilize_legacy(wanted: int, past: Sequence[Recommendation], window: timedelta, at: datetime) -> Step:
    """Take the highest recommendation of the window, the running count left aside; so it may rise again by itself.

    An entry exactly as old as the window still counts.
    """
    since = at - window
    after = max((entry.replicas for entry in past if entry.at >= since), default=wanted)
    after = max(after, wanted)
    reason = Reason.READY_FOR_NEW_SCALE if after == wanted else Reason.SCALE_DOWN_STABILIZED
    return Step(stage=Stage.STABILIZE, before=wanted, after=after, reason=reason)


def record(
    past: tuple[Recommendation, ...],
    replicas: int,
    *,
    behavior: Behavior | None,
    window: timedelta,
    at: datetime,
) -> tuple[Recommendation, ...]:
    """Put a recommendation into the last expired slot of the list, or at its end.

    ``window`` is that of the legacy rules. The order is the HPA's, because a later edit may lengthen a window and so
    bring an expired entry back.
    """
    up, down = (behavior.scale_up.window, behavior.scale_down.window) if behavior is not None else (window, window)
    expired_before = at - max(up, down)
    entry = Recommendation(replicas=replicas, at=at)
    for index in range(len(past) - 1, -1, -1):
        if past[index].at < expired_before:
            return (*past[:index], entry, *past[index + 1 :])
    grown = (*past, entry)
    return grown if len(grown) <= LONGEST else _shortened(grown, at - up, at - down)


def _shortened(
    past: tuple[Recommendation, ...], rises_after: datetime, falls_after: datetime
) -> tuple[Recommendation, ...]:
    """Keep what a sliding minimum or maximum can still see: entries that no later one undercuts or tops.

    Beyond the longest list, neighbours become one: the newer instant with the safer number of the two.
    """
    ordered = sorted(past, key=lambda entry: entry.at)
    lows: list[Recommendation] = []
    highs: list[Recommendation] = []
    for entry in ordered:
        while lows and lows[-1].replicas >= entry.replicas:
            lows.pop()
        while highs and highs[-1].replicas <= entry.replicas:
            highs.pop()
        if entry.at >= rises_after:
            lows.append(entry)
        if entry.at >= falls_after:
            highs.append(entry)
    kept = {id(entry): entry for entry in (*_merged(lows), *_merged(highs))}
    return tuple(sorted(kept.values(), key=lambda entry: entry.at))


def _merged(entries: list[Recommendation]) -> list[Recommendation]:
    """Merge the neighbours that leave the smallest gap until half a list is left, so that no number moves far.

    Of two neighbours the older holds the safer number and the newer the later instant. The oldest entry is never
    moved: nothing before it would tell how far it has come already.
    """
    while len(entries) > LONGEST // 2:
        gaps = [entries[index + 2].at - entries[index].at for index in range(len(entries) - 2)]
        index = gaps.index(min(gaps)) + 1
        entries[index : index + 2] = [Recommendation(replicas=entries[index].replicas, at=entries[index + 1].at)]
    return entries
