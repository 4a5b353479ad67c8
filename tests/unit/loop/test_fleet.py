"""What the fleet knows: late slots, wakes, back-off, the guard's histories."""

from dataclasses import replace
from datetime import timedelta

from autoscaler.core.cadence import at_once, due
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.tick import tick
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Slot
from autoscaler.model.source import SourceHealth
from autoscaler.model.turn import Cohort, Kept, Probe, Report
from tests.unit.builders import BOTH, POLL, a_memory, a_past, a_trigger, an_object, at
from tests.unit.loop.world import GUARD, World, a_cohort, a_fleet


def due_at(fleet: Fleet, second: float) -> list[Cohort]:
    return list(fleet.due(at(second), at(second)))


def ticked(obj: ScaledObject, last: float, *, replicas: int = 1) -> Fleet:
    """A fleet whose object ticked at an instant and waits for its next turn."""
    fleet = a_fleet(obj)
    fleet.memories[obj.key] = a_memory((replicas, last), past=a_past(last=last, replicas=replicas))
    fleet.agenda.put(due(obj, fleet.memory(obj.key), at(last), at(last)))
    return fleet


def test_late_slots_are_served_once():
    """A beat that comes minutes late serves poll and sync in one turn, at the newest slot, and queues nothing."""
    obj = an_object(poll=5)
    fleet = ticked(obj, 0)
    (cohort,) = due_at(fleet, 100)
    (turn,) = cohort.turns
    assert turn.slots == BOTH
    assert at(95) < turn.at <= at(100)
    assert due_at(fleet, 100) == []


def test_a_turn_that_is_on_time_keeps_its_instant():
    """A beat some milliseconds late changes nothing of what is decided."""
    obj = an_object(poll=30)
    fleet = ticked(obj, 0)
    held = due(obj, fleet.memory(obj.key), at(0), at(0))
    late = (held.at - at(0)).total_seconds() + 0.1
    (cohort,) = due_at(fleet, late)
    assert (cohort.at, cohort.turns) == (held.at, (held,))


def test_an_object_ticks_again_only_when_its_tick_has_ended():
    """While a tick is under way neither its grid nor a wake starts another; the wake comes right after it."""
    obj = an_object(poll=1)
    fleet = ticked(obj, 0)
    (cohort,) = due_at(fleet, 2)
    fleet.change(obj, at(2.5))
    assert due_at(fleet, 10) == []
    fleet.put_back(cohort.turns, cohort.at, at(10))
    (again,) = due_at(fleet, 10)
    assert (again.turns[0].slots, again.at) == (POLL, at(10))


def test_an_object_that_goes_and_comes_back_within_a_tick_waits_for_its_end():
    """One tick at a time holds for an object that was removed and added again meanwhile."""
    obj = an_object(poll=1)
    fleet = ticked(obj, 0)
    (cohort,) = due_at(fleet, 2)
    fleet.remove(obj.key)
    fleet.add(obj, at(3))
    assert due_at(fleet, 4) == []
    fleet.put_back(cohort.turns, cohort.at, at(4))
    assert len(due_at(fleet, 4)) == 1


def test_an_object_that_is_removed_leaves_no_turn_behind():
    """When the tick of a removed object ends, it is not put back."""
    obj = an_object(poll=1)
    fleet = ticked(obj, 0)
    (cohort,) = due_at(fleet, 2)
    fleet.remove(obj.key)
    fleet.put_back(cohort.turns, cohort.at, at(3))
    assert (len(fleet.agenda), fleet.memories) == (0, {})


def test_objects_that_ask_the_same_at_one_instant_are_one_cohort():
    """Cohorts are turns that share instant and sources."""
    here = [an_object(name=name, triggers=[a_trigger(query=name)]) for name in ("a", "b")]
    trigger = a_trigger()
    source = replace(trigger.ask.question.source, addresses=("http://elsewhere:9090",))
    question = replace(trigger.ask.question, source=source)
    there = an_object(name="c", triggers=[replace(trigger, ask=replace(trigger.ask, question=question))])
    fleet = a_fleet(*here, there)
    for obj in (*here, there):
        fleet.agenda.put(at_once(obj, at(1)))
    assert sorted(len(cohort.turns) for cohort in due_at(fleet, 1)) == [1, 2]


def test_what_broke_together_ticks_apart():
    """A bug that ended a whole cohort takes nobody along the next time: each of it ticks alone until it went well."""
    one, two = an_object(name="a", poll=1), an_object(name="b", poll=1)
    fleet = a_fleet(one, two)
    for obj in (one, two):
        fleet.broke(obj.key)
        fleet.agenda.put(at_once(obj, at(1)))
    assert [len(cohort.turns) for cohort in due_at(fleet, 1)] == [1, 1]
    for obj in (one, two):
        fleet.keep(obj.key, a_memory((1, 0)))
        fleet.agenda.put(at_once(obj, at(2)))
    assert [len(cohort.turns) for cohort in due_at(fleet, 2)] == [2]


def test_a_tick_that_goes_well_ends_the_back_off():
    """One good tick and the object is on its grid again."""
    obj = an_object(poll=1)
    fleet = a_fleet(obj)
    fleet.broke(obj.key)
    fleet.keep(obj.key, a_memory((1, 0)))
    fleet.put_back(a_cohort(obj).turns, at(0), at(0))
    assert len(due_at(fleet, 1)) == 1


def test_what_broke_is_not_asked_before_its_back_off_has_passed():
    """Three bugs in a row: nothing for eight seconds."""
    obj = an_object(poll=1)
    fleet = a_fleet(obj)
    for _ in range(3):
        fleet.broke(obj.key)
    fleet.put_back(a_cohort(obj).turns, at(0), at(0))
    assert due_at(fleet, 7.9) == []
    assert len(due_at(fleet, 9.1)) == 1


async def test_histories_of_sources_that_nobody_asks_are_forgotten():
    """When the last object of a source goes, so does what the guard knew of it."""
    world, obj = World(), an_object()
    fleet = a_fleet(obj)
    await tick(fleet, world.ports, a_cohort(obj))
    assert len(fleet.guard) == 1
    fleet.remove(obj.key)
    fleet.hear((), at(1))
    assert fleet.guard == {}


def test_a_cohort_carries_what_the_guard_wants_to_see_of_history():
    """After a short outage the cohorts that come due ask for the store's history, until it has been heard."""
    obj = an_object(poll=15)
    ask = replace(obj.triggers[0].ask, looks_back=timedelta(hours=1))
    obj = replace(obj, triggers=(replace(obj.triggers[0], ask=ask),))
    fleet, source = ticked(obj, 0), ask.question.source

    def hear(second: float, up: float | None = 10, kept: Kept | None = None) -> None:
        probe = Probe(up=up, count=up)
        report = Report(source=source, at=at(second), requests=1, failures=0, took=timedelta(0), probe=probe, kept=kept)
        fleet.hear((report,), at(second))

    for second in range(0, 3616, 15):
        hear(second)
    assert due_at(fleet, 3615)[0].recalls == {}
    hear(3630, None)
    hear(3645)
    hear(3660)
    fleet.agenda.put(due(obj, fleet.memory(obj.key), at(3661), at(3661)))
    assert due_at(fleet, 3680)[0].recalls == {source: at(3615 - 120)}
    hear(3680, kept=Kept(asked_at=at(3675), count=10))
    assert fleet.guard[source].health is SourceHealth.OK
    fleet.agenda.put(due(obj, fleet.memory(obj.key), at(3681), at(3681)))
    assert due_at(fleet, 3700)[0].recalls == {}


def test_the_beat_follows_the_shortest_interval():
    """An object that polls every 100 ms makes the beat 100 ms; without it the beat is 250 ms again."""
    fleet = Fleet(GUARD)
    assert fleet.beat_interval == timedelta(milliseconds=250)
    obj = an_object(poll=0.1)
    fleet.add(obj, at(0))
    assert fleet.beat_interval == timedelta(milliseconds=100)
    fleet.remove(obj.key)
    assert fleet.beat_interval == timedelta(milliseconds=250)


def test_a_new_object_ticks_at_once_with_poll_and_sync():
    """An object that appears while the daemon runs waits for no grid."""
    fleet = Fleet(GUARD)
    fleet.add(an_object(poll=300), at(7))
    (cohort,) = due_at(fleet, 7)
    assert cohort.turns[0].slots == frozenset({Slot.POLL, Slot.SYNC})
