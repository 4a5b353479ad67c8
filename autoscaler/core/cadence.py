"""When an object's next tick comes and which slots it serves (L1, L8). Plain arithmetic on two grids; no clock."""

from datetime import UTC, datetime, timedelta
from zlib import crc32

from autoscaler.model.memory import Memory
from autoscaler.model.objects import Cadence, ScaledObject
from autoscaler.model.observation import Slot
from autoscaler.model.turn import Turn

BEAT = timedelta(milliseconds=250)
_EPOCH = datetime.fromtimestamp(0, tz=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_WITHIN = timedelta(seconds=10)
_AWAY = timedelta(seconds=60)
_POLL = frozenset({Slot.POLL})
_SYNC = frozenset({Slot.SYNC})
_EXTRA = frozenset({Slot.EXTRA})
_BOTH = frozenset({Slot.POLL, Slot.SYNC})


def due(obj: ScaledObject, memory: Memory, after: datetime, now: datetime) -> Turn:
    """Give the first turn later than ``after``; slots that passed up to ``now`` are folded into the newest of them.

    All three instants are steady time. An object that was never observed counts as awake.
    """
    behind, here, period = _ticks(after), _ticks(now), obj.polling_interval // _MICROSECOND
    phase = _place(obj, period)
    poll = _newest(period, phase, behind, here)
    sync = _sync(obj, memory, phase, behind, here)
    extra = _extra(memory, behind)
    upcoming = poll if sync is None else min(poll, sync)
    if extra is not None and extra < upcoming and here < upcoming:
        return _turn(obj, memory, extra, _EXTRA)
    return _fold(obj, memory, poll, sync, here)


def first(obj: ScaledObject, memory: Memory, started: datetime) -> Turn:
    """Give the first turn after a start, spread over the first poll or ten seconds, whichever is shorter (L8, D30).

    It serves the slots since the last tick that is remembered; where none fell due, the object waits for its grid.
    Without a memory it is a poll and a sync.
    """
    ticks = _ticks(started) + _place(obj, min(obj.polling_interval, _FIRST_WITHIN) // _MICROSECOND)
    at = _EPOCH + timedelta(microseconds=ticks // _beat(obj) * _beat(obj))
    if memory.past is None:
        return at_once(obj, at)
    turn = due(obj, memory, memory.past.last_at, at)
    return turn if turn.at > at else Turn(obj=obj, at=at, slots=turn.slots, asks=turn.asks, awake=turn.awake)


def at_once(obj: ScaledObject, at: datetime) -> Turn:
    """Give the turn of an object that appears while we run, of ``plan`` and of ``run --once``: poll and sync."""
    return Turn(obj=obj, at=at, slots=_BOTH, asks=_asks(obj, None))


def wake(obj: ScaledObject, at: datetime) -> Turn:
    """Give the turn after an edit, an un-pause or a push event: a poll slot that leaves the grids alone."""
    return Turn(obj=obj, at=at, slots=_POLL, asks=_asks(obj, None))


def longest_interval(obj: ScaledObject) -> timedelta:
    """Give the longest stretch between two slots of an awake object (L6, D38)."""
    if obj.cadence is Cadence.POLL:
        return obj.polling_interval
    return min(obj.polling_interval, obj.sync_interval)


def unseen_after(obj: ScaledObject) -> timedelta:
    """Give the age of an awake object's last tick beyond which time went by unseen (L6)."""
    return max(_AWAY, 2 * longest_interval(obj))


def _fold(obj: ScaledObject, memory: Memory, poll: int, sync: int | None, here: int) -> Turn:
    if sync is None:
        return _turn(obj, memory, poll, _POLL)
    if sync == poll or (poll <= here and sync <= here):
        return _turn(obj, memory, max(poll, sync), _BOTH)
    return _turn(obj, memory, *((poll, _POLL) if poll < sync else (sync, _SYNC)))


def _newest(period: int, phase: int, behind: int, here: int) -> int:
    """The last instant of a grid in (behind, here], else the first one after ``behind``; all in microseconds."""
    upcoming = behind - (behind - phase) % period + period
    return upcoming if upcoming > here else here - (here - phase) % period


def _sync(obj: ScaledObject, memory: Memory, phase: int, behind: int, here: int) -> int | None:
    if not _is_awake(memory):
        return None
    interval = obj.polling_interval if obj.cadence is Cadence.POLL else obj.sync_interval
    return _newest(interval // _MICROSECOND, phase, behind, here)


def _extra(memory: Memory, behind: int) -> int | None:
    """The instant at which a scale-up policy frees again, while it lies ahead."""
    if memory.past is None or memory.past.cut_until is None:
        return None
    ends = _ticks(memory.past.cut_until)
    return ends if ends > behind else None


def _turn(obj: ScaledObject, memory: Memory, ticks: int, slots: frozenset[Slot]) -> Turn:
    at = _EPOCH + timedelta(microseconds=ticks)
    asks = _asks(obj, None if Slot.POLL in slots else memory)
    return Turn(obj=obj, at=at, slots=slots, asks=asks, awake=_is_awake(memory))


def _is_awake(memory: Memory) -> bool:
    """An object that was never observed counts as awake."""
    return memory.past is None or not (memory.past.resting or memory.past.replicas == 0)


def _asks(obj: ScaledObject, cached_in: Memory | None) -> tuple[int, ...]:
    """The triggers to ask: all of them, or those without a sample cached by the last poll; none while paused."""
    if obj.pause.full:
        return ()
    if cached_in is None:
        return tuple(range(len(obj.triggers)))
    past = cached_in.triggers
    return tuple(
        index
        for index, trigger in enumerate(obj.triggers)
        if not trigger.use_cached or index >= len(past) or past[index].cached is None
    )


def _ticks(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _place(obj: ScaledObject, period: int) -> int:
    """The object's own share of ``period`` microseconds, h of L8 times it, rounded down to a beat."""
    beat = _beat(obj)
    return (period * crc32(str(obj.key).encode()) >> 32) // beat * beat


def _beat(obj: ScaledObject) -> int:
    return min(BEAT, obj.polling_interval) // _MICROSECOND
