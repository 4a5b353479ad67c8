"""The daemon: start, beat, stop, and what it leaves to the next one."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from autoscaler.loop.clock import SystemClock
from autoscaler.loop.daemon import Daemon
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.tick import Ports
from autoscaler.loop.vitals import Vitals
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Unreadable
from autoscaler.model.record import Broken, Decided, Outcome, Round
from autoscaler.model.saved import Saved
from autoscaler.model.turn import Cohort
from tests.unit.builders import a_memory, a_past, a_scale, an_object, at
from tests.unit.loop.world import GUARD, Disk, Well, World

PROMPT = 0.1


class Stage(World):
    """A daemon in real time on an outside in memory."""

    def __init__(self, disk: Disk | None = None, *, load: float = 3, replicas: int = 1) -> None:
        self.clock = SystemClock()
        super().__init__(load=load, replicas=replicas)
        self.disk = disk or Disk()
        self.ended = asyncio.Event()
        self.stop = asyncio.Event()
        self.fleet = Fleet(GUARD)
        self.vitals = Vitals(started_at=self.clock.now())
        ports = Ports(clock=self.clock, sampler=self, targets=self, actuator=self, sinks=(self.broken_sink, self.take))
        self.daemon = Daemon(self.fleet, ports, self.disk, Well(), self.vitals)

    def take(self, done: Round) -> None:
        """Keep what was published."""
        self.rounds.append(done)
        self.ended.set()

    def broken_sink(self, done: Round) -> None:
        """Break at every round."""
        raise RuntimeError("a sink of ours")

    async def play(self, *objects: ScaledObject, until: asyncio.Event) -> float:
        """Run until something has happened, stop, and give the seconds that the stop took."""
        self.daemon.load(objects)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(self.daemon.run(self.stop))
            await until.wait()
            began = loop.time()
            self.stop.set()
            await running
            return loop.time() - began


def quick(**rest: object) -> ScaledObject:
    """An object whose first tick comes within a tenth of a second."""
    return an_object(poll=PROMPT, **rest)  # type: ignore[arg-type]


async def test_it_ticks_on_the_beat_and_saves_at_the_stop():
    """An object is ticked, and an orderly stop saves what was remembered and says that it was orderly."""
    stage = Stage()
    await stage.play(quick(), until=stage.ended)
    assert stage.written == [3]
    (saved,) = stage.disk.saved
    assert saved.clean
    assert [memory.past.replicas for memory in saved.memories.values() if memory.past] == [3]


async def test_a_sink_that_breaks_silences_nobody():
    """The other sinks get the round, and the readiness detail names the broken one."""
    stage = Stage()
    await stage.play(quick(), until=stage.ended)
    assert stage.rounds
    assert stage.vitals.troubles["sink method"] == "broke with RuntimeError"


async def test_a_write_that_hangs_does_not_hold_up_the_stop():
    """The stop takes less than a second, and the write is stored as unknown, to be settled by the next process."""
    stage, writing = Stage(), asyncio.Event()

    async def hang(record: Decided) -> Outcome:
        writing.set()
        return await asyncio.Event().wait()  # type: ignore[return-value]

    stage.on_apply = hang
    took = await stage.play(quick(), until=writing)
    assert took < 1
    (saved,) = stage.disk.saved
    (memory,) = saved.memories.values()
    assert memory.past is not None
    assert memory.past.pending is not None
    assert (memory.past.pending.current, memory.past.pending.desired) == (1, 3)


async def test_a_bug_in_a_cohort_is_a_record_and_the_loop_goes_on():
    """What escapes a tick becomes Broken records, and the object ticks again after its back-off."""
    stage = Stage()

    def break_once(cohort: Cohort) -> None:
        stage.on_sample = lambda cohort: None
        raise RuntimeError("a bug of ours")

    stage.on_sample = break_once
    await stage.play(quick(), until=stage.ended)
    assert [type(record) for record in stage.rounds[0].records] == [Broken]
    assert len(stage.fleet.agenda) == 1


async def test_a_probe_of_the_server_that_hangs_holds_up_nothing():
    """The memory is saved on its own beat, whatever the API server does."""

    class Hung:
        async def probe(self) -> Unreadable | None:
            return await asyncio.Event().wait()  # type: ignore[return-value]

    stage = Stage()
    stage.daemon = Daemon(
        stage.fleet,
        Ports(clock=stage.clock, sampler=stage, targets=stage, actuator=stage, sinks=(stage.take,)),
        stage.disk,
        Hung(),
        stage.vitals,
    )
    took = await stage.play(quick(), until=stage.ended)
    assert (took < 1, len(stage.disk.saved)) == (True, 1)


async def test_a_removed_object_is_restored_where_its_author_wants_it():
    """With restoreToOriginalReplicaCount the target goes back to the count of first sight, once, and is forgotten."""
    stage, restored = Stage(replicas=5), asyncio.Event()
    wanted = replace(quick(), restore_original=True)
    stage.scales[wanted.target] = a_scale(3)

    def take(done: Round) -> None:
        stage.rounds.append(done)
        if not stage.fleet.objects:
            restored.set()
        elif stage.written:
            stage.daemon.take(added=(), changed=(), removed=(wanted.key,))

    stage.daemon = Daemon(
        stage.fleet,
        Ports(clock=stage.clock, sampler=stage, targets=stage, actuator=stage, sinks=(take,)),
        Disk(Saved(memories={}, sources={}, clean=True, saved_at=stage.clock.now())),
        Well(),
        stage.vitals,
    )
    stage.load = 6
    await stage.play(wanted, until=restored)
    assert stage.written == [6, 3]
    assert stage.fleet.memories == {}


async def test_the_memory_of_an_object_that_cannot_be_read_now_is_kept():
    """A document that is broken at the start loses nothing: its memory is saved again, and used when it is mended."""
    obj = quick()
    clock = SystemClock()
    known = a_memory((7, 0), past=a_past(replicas=7, original=2))
    past = known.past
    assert past is not None
    disk = Disk(Saved(memories={obj.key: known}, sources={}, clean=True, saved_at=clock.now()))
    stage = Stage(disk)
    idle = asyncio.Event()
    asyncio.get_running_loop().call_soon(idle.set)
    stage.clock = SystemClock(wall=lambda: at(60).timestamp())
    daemon = Daemon(
        stage.fleet,
        Ports(clock=stage.clock, sampler=stage, targets=stage, actuator=stage, sinks=()),
        disk,
        Well(),
        stage.vitals,
    )
    stage.daemon = daemon
    await stage.play(until=idle)
    assert disk.saved[-1].memories[obj.key].past == past
    daemon.load([obj])
    assert stage.fleet.memories[obj.key].past == past
    assert daemon.governed == {past.target: obj.key}


def test_the_readiness_waits_twice_the_longest_interval_for_a_tick():
    """Ticks count as stopped only when the slowest object is long overdue."""
    stage = Stage()
    stage.daemon.load([an_object(poll=300), an_object(name="b", poll=10)])
    assert stage.vitals.tick_due == timedelta(seconds=660)
