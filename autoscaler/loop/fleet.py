"""All that the loop knows: objects, memories, the source guard's histories, and whose turn it is next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from autoscaler.core.cadence import at_once, due, first
from autoscaler.core.cadence import wake as woken
from autoscaler.core.histories import recalls
from autoscaler.core.signs import Crowd, GuardSettings, SourceHistory
from autoscaler.core.sources import horizons, judge
from autoscaler.loop.agenda import Agenda
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Author, ObjectKey, ScaledObject, Source
from autoscaler.model.record import Decided
from autoscaler.model.turn import Cohort, Report, Turn

BEAT = timedelta(milliseconds=250)
BACK_OFF_LIMIT = timedelta(seconds=60)
ASLEEP = timedelta(seconds=60)  # beats so far apart mean that the process was suspended, not slow (L6)


class Fleet:
    """Every object with its memory and its next turn. One owner per value; values are replaced whole.

    ``in_flight`` holds the records of writes that no memory knows yet, as far as their outcome is known.
    """

    def __init__(self, guard: GuardSettings, *, beat: timedelta = BEAT) -> None:
        self.objects: dict[ObjectKey, ScaledObject] = {}
        self.memories: dict[ObjectKey, Memory] = {}
        self.guard: Mapping[Source, SourceHistory] = {}
        self.guard_settings = guard
        self.agenda = Agenda()
        self.in_flight: dict[ObjectKey, Decided] = {}
        self.dirty = False
        self._longest_beat = beat
        self._beat: timedelta | None = None
        self._horizons: Mapping[Source, tuple[timedelta, ...]] | None = None
        self._asleep: set[ObjectKey] = set()
        self._crowd: Crowd | None = None
        self._ticking: set[ObjectKey] = set()
        self._woken: set[ObjectKey] = set()
        self._broken: dict[ObjectKey, int] = {}
        self._looked_at: datetime | None = None
        self._resumed_at: datetime | None = None

    @property
    def beat_interval(self) -> timedelta:
        """Give how often the agenda must be asked: 250 ms, or the shortest interval in use."""
        if self._beat is None:
            shortest = min((obj.polling_interval for obj in self.objects.values()), default=self._longest_beat)
            self._beat = min(shortest, self._longest_beat)
        return self._beat

    @property
    def crowd(self) -> Crowd:
        """Say who is at zero and who is a tenant, as the source guard asks."""
        if self._crowd is None:
            tenants = frozenset(key for key, obj in self.objects.items() if obj.author is Author.TENANT)
            self._crowd = Crowd(asleep=frozenset(self._asleep), tenants=tenants)
        return self._crowd

    @property
    def horizons(self) -> Mapping[Source, tuple[timedelta, ...]]:
        """Give how long each source's queries make recoveries last."""
        if self._horizons is None:
            self._horizons = horizons(self.objects.values(), self.guard_settings)
        return self._horizons

    def hear(self, reports: Sequence[Report], at: datetime) -> None:
        """Fold a cohort's reports into the guard; what nobody asks any more is forgotten."""
        spans = self.horizons
        self.guard = {source: history for source, history in self.guard.items() if source in spans}
        self.guard = judge(self.guard, reports, at, self.guard_settings, crowd=self.crowd, horizons=spans)

    def start(self, objects: Iterable[ScaledObject], started: datetime) -> None:
        """Take in the objects that are there when the process starts, splayed over their first seconds (L8)."""
        for obj in objects:
            self._set(obj)
            self.agenda.put(first(obj, self.memory(obj.key), started))

    def add(self, obj: ScaledObject, at: datetime) -> None:
        """Take in an object that appears while we run; it ticks at once."""
        self._set(obj)
        if obj.key in self._ticking:  # gone and back within one slow tick
            self._woken.add(obj.key)
        else:
            self.agenda.put(at_once(obj, at))

    def change(self, obj: ScaledObject, at: datetime) -> None:
        """Replace an object by its edited self and wake it as a poll slot; its grids stay (L1)."""
        self._set(obj)
        self.wake(obj.key, at)

    def remove(self, key: ObjectKey) -> None:
        """Forget an object with all that was remembered of it."""
        self.objects.pop(key, None)
        self._reset()
        self._asleep.discard(key)
        self.memories.pop(key, None)
        self.agenda.drop(key)
        self._woken.discard(key)
        self._broken.pop(key, None)
        self.dirty = True

    def _set(self, obj: ScaledObject) -> None:
        self.objects[obj.key] = obj
        self._reset()

    def _reset(self) -> None:
        self._beat = self._horizons = self._crowd = None

    def wake(self, key: ObjectKey, at: datetime) -> None:
        """Give an object a poll slot now, or as soon as the tick that is under way has ended."""
        obj = self.objects.get(key)
        if obj is None:
            return
        if key in self._ticking:
            self._woken.add(key)
            return
        self.agenda.put(woken(obj, at))

    def memory(self, key: ObjectKey) -> Memory:
        """Give an object's memory; a blank one where nothing is known of it."""
        return self.memories.get(key) or Memory()

    def due(self, now: datetime, wall: datetime) -> Iterator[Cohort]:
        """Take the turns that are due and group them by instant and sources.

        What a bug ended last time ticks alone, so that it takes nobody along again.
        """
        if self._looked_at is not None and now - self._looked_at > ASLEEP:
            self._resumed_at = now
        self._looked_at = now
        cohorts: dict[tuple[datetime, frozenset[Source], ObjectKey | None], list[Turn]] = {}
        for held in self.agenda.take(now):
            turn = self._fold(held, now)
            self._ticking.add(turn.obj.key)
            sources = frozenset(turn.obj.triggers[i].ask.question.source for i in turn.asks)
            alone = turn.obj.key if turn.obj.key in self._broken else None
            cohorts.setdefault((turn.at, sources, alone), []).append(turn)
        wanted = recalls(self.guard, self.horizons) if cohorts else {}
        for (at, _, _), turns in cohorts.items():
            yield Cohort(at=at, wall=wall - (now - at), turns=tuple(turns), recalls=wanted)

    def _fold(self, held: Turn, now: datetime) -> Turn:
        """Serve slots that came due while nobody looked in the same turn: late slots are served once, not queued."""
        if now - held.at < self.beat_interval:
            return held
        later = due(held.obj, self.memory(held.obj.key), held.at, now)
        if later.at > now:
            return held
        asks = tuple(sorted({*held.asks, *later.asks}))
        return Turn(obj=held.obj, at=later.at, slots=held.slots | later.slots, asks=asks, awake=later.awake)

    def slept(self, since: datetime, now: datetime) -> bool:
        """Say whether the process was suspended between two instants, the second of them now."""
        if self._looked_at is None:
            return False
        return now - self._looked_at > ASLEEP or (self._resumed_at is not None and self._resumed_at > since)

    def put_back(self, turns: Iterable[Turn], at: datetime, now: datetime) -> None:
        """Set the next turn of everything that ticked, as the object is now; what broke waits a little longer."""
        for key in [turn.obj.key for turn in turns]:
            self._ticking.discard(key)
            obj = self.objects.get(key)
            if obj is None:
                continue
            if key in self._woken:
                self._woken.discard(key)
                self.wake(key, now)
                continue
            after = max(at, now + self._back_off(key)) if key in self._broken else at
            self.agenda.put(due(obj, self.memory(key), after, max(now, after)))

    def broke(self, key: ObjectKey) -> None:
        """Count a tick that a bug of ours ended."""
        self.in_flight.pop(key, None)
        self._broken[key] = self._broken.get(key, 0) + 1

    def keep(self, key: ObjectKey, memory: Memory) -> None:
        """Replace an object's memory after a tick that went well."""
        self.in_flight.pop(key, None)
        self._broken.pop(key, None)
        if key not in self.objects:
            return
        self.memories[key] = memory
        asleep = memory.past is not None and memory.past.replicas == 0
        if asleep != (key in self._asleep):
            (self._asleep.add if asleep else self._asleep.discard)(key)
            self._crowd = None

    def _back_off(self, key: ObjectKey) -> timedelta:
        return min(timedelta(seconds=2 ** min(self._broken[key], 10)), BACK_OFF_LIMIT)
