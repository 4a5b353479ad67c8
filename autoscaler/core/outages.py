"""Outages of a source: how long they lasted, and when its history makes waiting out a query's range unnecessary.

A cut of 20 s does not spoil an average over an hour, if the store still holds what came before it (guards, section 1).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.model.turn import Kept, Probe
from autoscaler.model.value import value

SHORT = 10  # an outage is short for a query that looks back ten times as long
_BEFORE = timedelta(minutes=2)
_ENOUGH = 2  # the store kept its history if half of the targets of then are in it


@value
class Outage:
    """The blindnesses of a source whose gaps a query may still see; ``lost`` sums up those that have ended.

    ``began_at`` is when the source was last known to be well before the first of them, ``targets`` what its probe
    counted then. ``since`` is the same of the latest; ``ended_at`` is the first moment without a sign after it, None
    while it lasts. ``kept`` is whether the store showed what it held before, None until it has been asked.
    """

    began_at: datetime
    targets: float
    since: datetime
    ended_at: datetime | None = None
    lost: timedelta = timedelta(0)
    kept: bool | None = None


def begin(since: datetime, probe: Probe | None) -> Outage | None:
    """Open an outage at the last moment that was well; None where nothing was counted that could be missed later."""
    return None if probe is None or not probe.count else Outage(began_at=since, targets=probe.count, since=since)


def again(outage: Outage | None, since: datetime) -> Outage | None:
    """Open another one before the last is forgotten: whatever was shown of the store must be shown anew."""
    return outage and replace(outage, since=since, ended_at=None, kept=None)


def seen(outage: Outage | None) -> Outage | None:
    """Note that a sign is still there."""
    return outage and replace(outage, ended_at=None)


def calm(outage: Outage | None, at: datetime) -> Outage | None:
    """Note that there is no sign; the first such moment counts."""
    return outage and replace(outage, ended_at=outage.ended_at or at)


def close(outage: Outage | None) -> Outage | None:
    """Add what has ended to what was lost."""
    return outage and replace(outage, lost=outage.lost + ((outage.ended_at or outage.since) - outage.since))


def hear_kept(outage: Outage | None, kept: Kept | None, since: datetime) -> Outage | None:
    """Take the answer about the store's history, once; one that was asked for before ``since`` is of another outage."""
    if outage is None or kept is None or outage.kept is not None or kept.asked_at < since:
        return outage
    return replace(outage, kept=kept.count is not None and kept.count * _ENOUGH >= outage.targets)


def asks_about(outage: Outage | None, waits: Iterable[timedelta]) -> datetime | None:
    """Say of which moment the store should show its history; None where no recovery time of ``waits`` could end."""
    if outage is None or outage.kept is not None or not any(_is_short(outage, each) for each in waits):
        return None
    return outage.began_at - _BEFORE


def is_spared(outage: Outage | None, wait: timedelta) -> bool:
    """Say whether a recovery time need not be waited for."""
    return outage is not None and outage.kept is True and _is_short(outage, wait)


def longest_wait(outage: Outage | None, waits: Iterable[timedelta]) -> timedelta:
    """Give the longest recovery time that must be waited for; none where the history spares them all."""
    return max((each for each in waits if not is_spared(outage, each)), default=timedelta(0))


def _is_short(outage: Outage, wait: timedelta) -> bool:
    return SHORT * outage.lost <= wait
