"""One tick: what another writer, a bug, a deletion and a suspension do to it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from autoscaler.loop.tick import CUT_OFF, act, tick
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Pause, ScaleTarget
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.model.record import Applied, Broken, Decided, Outcome, Superseded, Unknown, Unobserved
from tests.unit.builders import a_scale, an_object, at
from tests.unit.loop.world import World, a_cohort, a_fleet

OTHER = ScaleTarget(namespace="shop", name="other")


async def test_what_is_wanted_is_written_and_remembered():
    """A tick reads, decides, writes once and remembers the count it wrote."""
    world, obj = World(load=3), an_object()
    fleet = a_fleet(obj)
    done = await tick(fleet, world.ports, a_cohort(obj))
    assert world.written == [3]
    past = fleet.memory(obj.key).past
    assert past is not None
    assert (past.replicas, len(done.records), fleet.in_flight) == (3, 1, {})


async def test_a_paused_object_measures_nothing():
    """It is not asked about, so nothing of it is missing: no warning, and no error is counted while it rests."""
    world, obj = World(load=3), an_object(pause=Pause(paused=True))
    (record,) = (await tick(a_fleet(obj), world.ports, a_cohort(obj))).records
    assert isinstance(record, Decided)
    assert (record.seen.measurements, world.written) == ((), [])


async def test_a_count_that_somebody_else_wrote_is_decided_on_again():
    """After a Superseded the decision is made anew from the other's count, on the same measurements and instant."""
    world, obj = World(load=9), an_object()
    found = iter([2, None])

    async def overtaken(record: Decided) -> Outcome:
        count = next(found)
        if count is None:
            return await world.store(record)
        world.scales[obj.target] = a_scale(count, version="2")
        return Superseded(why="kubectl wrote 2 replicas meanwhile", found=count)

    world.on_apply = overtaken
    done = await tick(a_fleet(obj), world.ports, a_cohort(obj))
    record = done.records[0]
    assert isinstance(record, Decided)
    assert isinstance(record.outcome, Applied)
    assert (record.decision.current, record.seen.at) == (2, at(0))


async def test_a_decision_that_is_always_overtaken_ends_as_superseded():
    """It is made again three times at most, and what is then recorded is that it was overtaken."""
    world, obj, seen = World(load=9), an_object(), []

    async def overtaken(record: Decided) -> Outcome:
        seen.append(record.decision.current)
        count = len(seen) + 1
        world.scales[obj.target] = a_scale(count, version=str(count))
        return Superseded(why="somebody wrote", found=count)

    world.on_apply = overtaken
    done = await tick(a_fleet(obj), world.ports, a_cohort(obj))
    assert seen == [1, 2, 3, 4]
    record = done.records[0]
    assert isinstance(record, Decided)
    assert record.outcome == Superseded(why="somebody wrote", found=5)


async def test_a_bug_in_one_write_leaves_the_others_alone():
    """What raises while one object is written becomes its Broken record; the other is written and remembered."""
    one, two = an_object(), an_object(name="other", workload=OTHER)
    world = World()
    world.scales[OTHER] = a_scale(1)

    async def half(record: Decided) -> Outcome:
        if record.obj == one:
            raise RuntimeError("a bug of ours")
        return await world.store(record)

    world.on_apply = half
    fleet = a_fleet(one, two)
    done = await tick(fleet, world.ports, a_cohort(one, two))
    assert [type(record) for record in done.records] == [Broken, Decided]
    assert fleet.memory(two.key).past is not None
    assert fleet.memory(one.key) == Memory()


async def test_an_object_that_is_deleted_meanwhile_is_not_written():
    """A decision for an object that went while it was measured leaves nothing behind."""
    world, obj = World(), an_object()
    fleet = a_fleet(obj)
    world.on_sample = lambda cohort: fleet.remove(obj.key)
    done = await tick(fleet, world.ports, a_cohort(obj))
    record = done.records[0]
    assert isinstance(record, Decided)
    assert (world.written, isinstance(record.outcome, Superseded), fleet.memories) == ([], True, {})


async def test_a_scale_that_cannot_be_read_changes_nothing():
    """Without a scale there is no decision and the memory stays as it was."""
    world, obj = World(), an_object()
    world.scales[obj.target] = Unreadable(reason=UnreadableReason.FORBIDDEN, detail="may not")
    fleet = a_fleet(obj)
    done = await tick(fleet, world.ports, a_cohort(obj))
    assert [type(record) for record in done.records] == [Unobserved]
    assert fleet.memories == {}


async def test_a_tick_that_was_suspended_is_void():
    """What was measured before a suspension is not acted on; the object ticks again on what is to be seen then."""
    world, obj = World(load=3), an_object()
    fleet = a_fleet(obj)
    list(fleet.due(at(0), at(0)))

    def sleep(cohort: object) -> None:
        world.time += timedelta(seconds=90)

    world.on_sample = sleep
    done = await tick(fleet, world.ports, a_cohort(obj))
    assert (done.records, world.written, len(fleet.agenda)) == ((), [], 1)


async def test_a_slow_tick_is_not_void():
    """A tick that took long while the loop went on is no suspension."""
    world, obj = World(load=3), an_object()
    fleet = a_fleet(obj)

    def wait(cohort: object) -> None:
        for _ in range(90):
            world.time += timedelta(seconds=1)
            list(fleet.due(world.time, world.time))

    world.on_sample = wait
    await tick(fleet, world.ports, a_cohort(obj))
    assert world.written == [3]


async def test_what_is_known_of_a_write_is_at_hand_while_others_wait():
    """At a stop one write has been answered and one has not: the first counts as applied, the second as unknown."""
    one, two = an_object(), an_object(name="other", workload=OTHER)
    world, answered = World(), asyncio.Event()
    world.scales[OTHER] = a_scale(1)

    async def half(record: Decided) -> Outcome:
        if record.obj == two:
            await asyncio.Event().wait()
        answered.set()
        return await world.store(record)

    world.on_apply = half
    fleet = a_fleet(one, two)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(tick(fleet, world.ports, a_cohort(one, two)))
        await answered.wait()
        await asyncio.sleep(0)
        known = {key: type(record.outcome) for key, record in fleet.in_flight.items()}
        task.cancel()
    assert known == {one.key: Applied, two.key: Unknown}
    assert CUT_OFF.why == "stopped before the API server answered"


async def test_in_the_steady_state_nothing_is_written():
    """Where every desired count is the current one, the drafts come back as they are."""
    world, obj = World(load=1), an_object()
    fleet = a_fleet(obj)
    done = await tick(fleet, world.ports, a_cohort(obj))
    record = replace(done.records[0])
    assert await act(fleet, world.ports, a_cohort(obj), [record]) == [record]
    assert world.written == []
