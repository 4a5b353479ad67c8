"""Whose turn it is: two grids with one phase, folded slots, extra ticks and the spread after a start."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pytest

from autoscaler.core.cadence import at_once, due, first, longest_interval, unseen_after, wake
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import Cadence, ObjectKey, Pause, ScaledObject
from autoscaler.model.observation import Slot
from tests.unit.builders import (
    BOTH,
    EXTRA,
    POLL,
    SYNC,
    a_memory,
    a_past,
    a_sample,
    a_trigger,
    an_object,
    at,
    seconds,
)

EPOCH = datetime.fromtimestamp(0, tz=UTC)
AWAKE = a_memory(past=a_past(replicas=3))
ASLEEP = a_memory(past=a_past(replicas=0, resting=True))


def in_phase(poll: float = 30, **words) -> ScaledObject:
    """An object whose slots lie on whole multiples of its interval since ``START``, as far as a name can be found."""
    for number in range(10_000):
        obj = an_object(poll=poll, name=f"o{number}", **words)
        if due(obj, ASLEEP, at(-0.001), at(-0.001)).at == at(0):
            return obj
    raise AssertionError("no name with phase zero")


def slots(
    obj: ScaledObject, memory: Memory, until: float, after: float = -0.001
) -> list[tuple[float, frozenset[Slot]]]:
    """The turns of an object that is always on time."""
    found, here = [], at(after)
    while (turn := due(obj, memory, here, here)).at <= at(until):
        found.append(((turn.at - at(0)).total_seconds(), turn.slots))
        here = turn.at
    return found


def test_an_awake_object_has_poll_and_sync_slots():
    """Polls come every polling interval, syncs every 15 s; where they meet, one tick serves both."""
    expected = [(0, BOTH), (15, SYNC), (30, BOTH), (45, SYNC), (60, BOTH)]
    assert slots(in_phase(30), AWAKE, 60) == expected


@pytest.mark.parametrize(
    ("poll", "expected"),
    [
        (10, [(0, BOTH), (10, POLL), (15, SYNC), (20, POLL), (30, BOTH)]),
        (300, [(0, BOTH), (15, SYNC), (30, SYNC)]),
        (7.5, [(0, BOTH), (7.5, POLL), (15, BOTH), (22.5, POLL), (30, BOTH)]),
    ],
)
def test_the_grids_run_beside_each_other(poll: float, expected: list[tuple[float, frozenset[Slot]]]):
    """Neither grid moves the other, whatever the polling interval."""
    assert slots(in_phase(poll), AWAKE, 30) == expected


@pytest.mark.parametrize("memory", [ASLEEP, a_memory(past=a_past(replicas=2, resting=True))])
def test_a_resting_object_has_polls_alone(memory: Memory):
    """At zero and at its idle count an object is looked at by poll only."""
    assert slots(in_phase(30), memory, 60) == [(0, POLL), (30, POLL), (60, POLL)]


@pytest.mark.parametrize(("memory", "awake"), [(AWAKE, True), (ASLEEP, False), (Memory(), True)])
def test_a_turn_says_whether_its_object_is_awake(memory: Memory, awake: bool):
    """A turn tells who serves it whether the object was awake when it was last seen."""
    assert due(in_phase(30), memory, at(0), at(0)).awake is awake


def test_an_object_never_observed_counts_as_awake():
    """Before its first observation an object has both grids."""
    assert slots(in_phase(30), Memory(), 15) == [(0, BOTH), (15, SYNC)]


def test_cadence_poll_lets_sync_fall_on_polls_only():
    """``cadence: poll`` makes each poll a sync and adds no other."""
    obj = in_phase(60, cadence=Cadence.POLL)
    assert slots(obj, AWAKE, 120) == [(0, BOTH), (60, BOTH), (120, BOTH)]
    assert slots(obj, ASLEEP, 60) == [(0, POLL), (60, POLL)]


@pytest.mark.parametrize(
    ("now", "instant", "served"),
    [(14, 15, SYNC), (15, 15, SYNC), (29.9, 15, SYNC), (44, 30, BOTH), (59.9, 45, BOTH), (3600, 3600, BOTH)],
)
def test_late_slots_fold_into_one_turn(now: float, instant: float, served: frozenset[Slot]):
    """What fell due meanwhile is served once, at the newest of the missed slots."""
    turn = due(in_phase(30), AWAKE, at(0), at(now))
    assert (turn.at, turn.slots) == (at(instant), served)


@pytest.mark.parametrize(("after", "now"), [(5, 15), (14, 20), (5, 16)])
def test_a_slot_that_falls_due_right_now_is_folded_too(after: float, now: float):
    """A slot at this very instant counts as due, whichever grid it belongs to."""
    turn = due(in_phase(10), AWAKE, at(after), at(now))
    assert (turn.at, turn.slots) == (at(20 if now == 20 else 15), BOTH)


def test_a_slot_is_served_once():
    """The turn after a slot is a later one, however often it is asked for."""
    obj = in_phase(30)
    assert due(obj, AWAKE, at(15), at(15)) == due(obj, AWAKE, at(15), at(29)) != due(obj, AWAKE, at(14.999), at(15))


def cut_until(second: float) -> Memory:
    past = a_past(replicas=3)
    return a_memory(past=replace(past, cut_until=at(second)))


def test_an_extra_tick_comes_when_a_cut_ends():
    """Where a scale-up policy cut growth, a tick comes when the policy frees again."""
    turn = due(in_phase(30), cut_until(9.5), at(0), at(0))
    assert (turn.at, turn.slots) == (at(9.5), EXTRA)


@pytest.mark.parametrize("ends", [15, 15.1, 60, 0, -3])
def test_a_cut_that_ends_with_or_after_the_next_slot_needs_no_extra_tick(ends: float):
    """The next slot does what the extra tick would."""
    assert due(in_phase(30), cut_until(ends), at(0), at(0)) == due(in_phase(30), AWAKE, at(0), at(0))


def test_a_missed_extra_tick_is_served_by_the_slot_after_it():
    """A late extra tick folds into the slot that has fallen due meanwhile."""
    obj = in_phase(30)
    assert due(obj, cut_until(9.5), at(0), at(16)) == due(obj, AWAKE, at(0), at(16))
    assert due(obj, cut_until(9.5), at(0), at(14)).slots == EXTRA


def test_a_poll_asks_everything_and_a_sync_what_is_not_cached():
    """Between polls a trigger with cached metrics is asked only where no sample is kept."""
    obj = in_phase(30, triggers=(a_trigger(cached=True), a_trigger(metric="s1"), a_trigger(cached=True)))
    kept = replace(
        AWAKE, triggers=(TriggerMemory(cached=a_sample(1)), TriggerMemory(cached=a_sample(1)), TriggerMemory())
    )
    assert due(obj, kept, at(-1), at(-1)).asks == (0, 1, 2)
    assert due(obj, kept, at(0), at(0)).asks == (1, 2)
    assert due(obj, AWAKE, at(0), at(0)).asks == (0, 1, 2)


@pytest.mark.parametrize("pause", [Pause(paused=True), Pause(replicas=0)])
def test_a_paused_object_asks_nothing(pause: Pause):
    """While paused an object keeps its turns and asks no source."""
    obj = in_phase(30, pause=pause)
    assert [due(obj, AWAKE, at(0), at(0)).asks, at_once(obj, at(0)).asks, wake(obj, at(0)).asks] == [(), (), ()]


def test_paused_in_one_direction_asks_as_ever():
    """Paused scale-in or scale-out is a limit, not a pause."""
    assert due(in_phase(30, pause=Pause(scale_in=True)), AWAKE, at(0), at(0)).asks == (0,)


@pytest.mark.parametrize("poll", [0.1, 0.5, 1, 15, 30, 300])
def test_the_phase_is_the_objects_own_share_rounded_down_to_a_beat(poll: float):
    """h is crc32 of namespace/name over 2**32; the grid's phase is h times the interval, on a beat."""
    obj = an_object(poll=poll, name="checkout")
    share = crc32(b"shop/checkout") / 2**32
    beat = min(0.25, poll)
    phase = share * poll // beat * beat
    turn = due(obj, ASLEEP, EPOCH, EPOCH)
    assert (turn.at - EPOCH).total_seconds() == pytest.approx(phase if phase > 0 else poll, abs=2e-6)


def test_a_restart_does_not_move_the_grids():
    """The grids stand on the epoch of steady time: only the key and the interval place them."""
    obj = an_object(poll=30)
    turns = [due(obj, AWAKE, at(after), at(after)).at for after in (0, 1000.3, 86_400)]
    assert {(turn - EPOCH) % timedelta(seconds=15) for turn in turns} == {(turns[0] - EPOCH) % timedelta(seconds=15)}


def test_objects_are_spread_over_the_interval():
    """A thousand objects do not poll together: no tenth of the interval holds a fifth of them."""
    places = [due(an_object(name=f"w{n}"), ASLEEP, at(0), at(0)).at - at(0) for n in range(1000)]
    tenths = [sum(1 for place in places if place // seconds(3) == tenth) for tenth in range(10)]
    assert max(tenths) < 200


def test_the_first_turn_is_spread_over_ten_seconds_at_most():
    """After a start objects come one after the other, within the shorter of ten seconds and their interval."""
    for poll in (2, 30, 300):
        delays = [
            (first(an_object(poll=poll, name=f"w{n}"), Memory(), at(0)).at - at(0)).total_seconds() for n in range(300)
        ]
        assert min(delays) >= 0
        assert max(delays) < min(poll, 10)
        assert max(delays) - min(delays) > min(poll, 10) * 0.8


def test_the_first_turn_without_memory_is_poll_and_sync():
    """An object that is known from nothing is looked at whole."""
    turn = first(an_object(), Memory(lost=True), at(0))
    assert (turn.slots, turn.asks) == (BOTH, (0,))


def test_the_first_turn_serves_what_fell_due_while_nobody_ran():
    """A restart in between two slots waits for the grid; one that missed slots serves them once, at its own place."""
    obj = in_phase(30)
    share = crc32(str(obj.key).encode()) / 2**32
    ran_at = a_memory(past=a_past(replicas=3, last=30))
    assert first(obj, ran_at, at(31)) == due(obj, ran_at, at(30), at(31))
    missed = first(obj, ran_at, at(70))
    assert (missed.at, missed.slots) == (at(70 + share * 10 // 0.25 * 0.25), BOTH)
    assert first(obj, ran_at, at(50)).slots == SYNC


def test_an_object_that_appears_is_ticked_at_once():
    """A new object is polled and synced when it is seen."""
    obj = an_object()
    turn = at_once(obj, at(3.1))
    assert (turn.obj, turn.at, turn.slots, turn.asks) == (obj, at(3.1), BOTH, (0,))


def test_an_edit_wakes_as_a_poll():
    """An edit, an un-pause or a push is a poll at once; the grids stay where they are."""
    turn = wake(an_object(), at(3.1))
    assert (turn.at, turn.slots, turn.asks) == (at(3.1), POLL, (0,))


def test_the_longest_interval_of_an_awake_object():
    """An awake object is seen at least every 15 s, with ``cadence: poll`` every poll."""
    assert longest_interval(an_object(poll=300)) == seconds(15)
    assert longest_interval(an_object(poll=2)) == seconds(2)
    assert longest_interval(an_object(poll=300, cadence=Cadence.POLL)) == seconds(300)
    assert unseen_after(an_object(poll=300)) == seconds(60)
    assert unseen_after(an_object(poll=300, cadence=Cadence.POLL)) == seconds(600)


def test_the_key_alone_places_an_object():
    """Two objects of one name in two namespaces have places of their own."""
    here, there = an_object(name="web"), an_object(name="web")
    there = replace(there, key=ObjectKey(namespace="bank", name="web"))
    assert due(here, ASLEEP, at(0), at(0)).at != due(there, ASLEEP, at(0), at(0)).at
