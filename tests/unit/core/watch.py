"""A source guard that hears what a test lets it hear."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from autoscaler.core.belief import believe
from autoscaler.core.histories import recalls
from autoscaler.core.signs import Crowd, GuardSettings, SourceHistory
from autoscaler.core.sources import holds, judge, state_of
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import ObjectKey, ScaledObject, Source
from autoscaler.model.observation import HoldReason, Measurement, Missing, MissingReason, Origin
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.model.turn import Heard, Kept, Probe, Reply, Report
from tests.unit.builders import a_sample, a_trigger, an_object, at

SOURCE = a_trigger().ask.question.source
WELL, EMPTY_PROBE = Probe(up=10, count=10), Probe(up=None, count=None)
OK, DEGRADED, BLIND, RECOVERING = SourceHealth.OK, SourceHealth.DEGRADED, SourceHealth.BLIND, SourceHealth.RECOVERING
HOUR = 3600


class Watch:
    """A guard that hears one source: every beat, with a well probe and one busy trigger, unless told otherwise."""

    def __init__(self, **known) -> None:
        self.guard: Mapping[Source, SourceHistory] = {}
        self.now = 0.0
        self.settings = GuardSettings()
        self.known = known

    def hear(
        self,
        replies: Mapping[str, Reply] | None = None,
        *,
        beats: int = 1,
        probe: Probe | None = WELL,
        failures: int = 0,
        requests: int = 1,
        failure: str = "",
        beat: float = 15,
        kept: Kept | None = None,
        **crowd,
    ) -> SourceState:
        for _ in range(beats):
            self.now += beat
            told = {"web": Reply.DATA} if replies is None else replies
            report = Report(
                source=SOURCE,
                at=at(self.now),
                requests=requests,
                failures=failures,
                failure=failure,
                took=timedelta(0),
                heard=tuple(Heard(key=key_of(name), trigger=0, reply=reply) for name, reply in told.items()),
                probe=probe,
                kept=kept,
            )
            self.guard = judge(self.guard, (report,), at(self.now), self.settings, crowd=Crowd(**crowd), **self.known)
        return state_of(self.guard[SOURCE])

    def fail(self, *, beats: int = 1, replies: Mapping[str, Reply] | None = None, **words) -> SourceState:
        told = {"web": Reply.FAILED} if replies is None else replies
        return self.hear(told, beats=beats, probe=None, failures=1, **words)

    def shows(self, count: float | None, *, asked_at: float | None = None) -> SourceState:
        """Hear what the source holds of its past; asked for a beat ago unless told otherwise."""
        return self.hear(kept=Kept(asked_at=at(self.now if asked_at is None else asked_at), count=count))

    def recalls(self) -> float | None:
        """Of which second the guard wants to see the source's history."""
        wanted = recalls(self.guard, self.known.get("horizons", {})).get(SOURCE)
        return None if wanted is None else (wanted - at(0)).total_seconds()

    def holds(self, obj: ScaledObject | None = None) -> list[HoldReason]:
        return [hold.reason for hold in holds(obj or an_object(), self.guard, at(self.now))]

    def believes(self, found: Measurement, *, data_at: float | None = None) -> Measurement:
        memory = Memory(triggers=(TriggerMemory(data_at=None if data_at is None else at(data_at)),))
        return believe(an_object(), (found,), memory, self.guard, at(self.now))[0]

    @property
    def zero(self):
        return a_sample(0, when=at(self.now), origin=Origin.NULL_AS_ZERO)


def key_of(name: str) -> ObjectKey:
    namespace, _, rest = name.rpartition("/")
    return ObjectKey(namespace=namespace or "shop", name=rest)


def every(names: Iterable[str], reply: Reply) -> dict[str, Reply]:
    return dict.fromkeys(names, reply)


def a_calm_watch(replies: Mapping[str, Reply] | None = None, **known) -> Watch:
    """A source that has answered for ten minutes and is ok."""
    watch = Watch(**known)
    assert watch.hear(replies, beats=40).health is OK
    return watch


def is_blind(found: Measurement) -> bool:
    return isinstance(found, Missing) and found.reason is MissingReason.BLIND


TEN = [f"w{n}" for n in range(10)]
