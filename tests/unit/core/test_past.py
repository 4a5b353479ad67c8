"""What later turns are counted from, and what a store must know of."""

from dataclasses import replace

from autoscaler.core.remember import changed, remember
from autoscaler.model.decision import Activity, Reason, Stage, Step
from autoscaler.model.memory import Change, Memory, Past, Pending, Recommendation, TriggerMemory
from autoscaler.model.objects import Pause
from autoscaler.model.record import Failed, Outcome, Superseded, Unknown, Unneeded, Withheld
from tests.unit.builders import (
    EXTRA,
    POLL,
    SYNC,
    TARGET,
    a_behavior,
    a_decision,
    a_memory,
    a_past,
    a_scale,
    an_object,
    an_observation,
    applied,
    at,
    pods,
    rules,
)

EVENTFUL = an_object(behavior=a_behavior())
KNOWN = a_memory((4, 0), past=a_past(replicas=4))


def after(memory: Memory = KNOWN, obj=EVENTFUL, *, seen=None, decision=None, outcome: Outcome = Unneeded()) -> Memory:  # noqa: B008
    seen = seen or an_observation(4.0, replicas=4, now=15)
    decision = decision or a_decision(4, current=4, recommendation=4)
    return remember(obj, memory, seen, decision, outcome)


def test_each_slot_leaves_its_own_instant():
    """Polls and syncs are dated apart; an extra tick moves neither, and the sync keeps the count before its write."""
    memory = a_memory((4, 0), past=a_past(replicas=4, last=0, synced_replicas=3))
    pasts = {}
    for slots in (POLL, SYNC, EXTRA):
        seen = an_observation(9.0, replicas=4, now=15, slots=slots)
        pasts[slots] = after(memory, seen=seen, decision=a_decision(9, current=4), outcome=applied(15)).past
    polled, synced, extra = pasts[POLL], pasts[SYNC], pasts[EXTRA]
    assert (polled.polled_at, polled.synced_at, polled.synced_replicas) == (at(15), at(0), 3)
    assert (synced.polled_at, synced.synced_at, synced.synced_replicas) == (at(0), at(15), 4)
    assert (extra.polled_at, extra.synced_at, extra.synced_replicas) == (at(0), at(0), 3)
    assert {past.last_at for past in pasts.values()} == {at(15)}
    assert {past.replicas for past in pasts.values()} == {9}


def test_a_waking_poll_counts_as_a_sync_of_what_it_woke_to():
    """The polls after a wake double from the count it woke to (L1)."""
    asleep = a_memory(past=a_past(replicas=0, resting=True, last=0, synced_replicas=40))
    seen = an_observation(40.0, replicas=0, now=30, slots=POLL)
    found = after(asleep, seen=seen, decision=a_decision(4, current=0, base=1), outcome=applied(30))
    assert found.past is not None
    assert (found.past.synced_replicas, found.past.synced_at, found.past.resting) == (1, at(0), False)


def cut_at_six(outcome: Outcome, obj) -> Past:
    decision = replace(
        a_decision(6, current=4),
        steps=(Step(stage=Stage.LIMIT, before=9, after=6, reason=Reason.SCALE_UP_LIMIT),),
    )
    memory = a_memory((4, 0), grown=[(1, 5)], past=a_past(replicas=4))
    found = after(memory, obj, decision=decision, outcome=outcome).past
    assert found is not None
    return found


def test_a_cut_says_when_growth_is_free_again():
    """Where a policy cut the growth, the oldest growth it counts says when to come again, this tick's included."""
    sixty, thirty = a_behavior(up=rules(pods(3, 60))), a_behavior(up=rules(pods(3, 10)))
    assert cut_at_six(applied(15), an_object(behavior=sixty)).cut_until == at(65)
    assert cut_at_six(applied(15), an_object(behavior=thirty)).cut_until == at(25)
    assert cut_at_six(Failed(why="f"), an_object(behavior=thirty)).cut_until is None
    assert cut_at_six(applied(15), an_object()).cut_until is None
    uncut = after(a_memory((4, 0), grown=[(1, 5)], past=a_past(replicas=4))).past
    assert uncut is not None
    assert uncut.cut_until is None


def test_a_write_without_answer_is_pending():
    """A write that may have happened is kept until the next read settles it (L7)."""
    found = after(decision=a_decision(9, current=4), outcome=Unknown(why="time-out")).past
    assert found is not None
    assert found.pending == Pending(current=4, base=4, desired=9, resource_version="1", at=at(15))
    assert found.replicas == 4


def test_the_count_after_a_tick():
    """What another writer has set is the count to go on from, else what was there."""
    for outcome, count in ((Superseded(why="s", found=7), 7), (Superseded(why="s"), 4), (Withheld(why="w"), 4)):
        found = after(decision=a_decision(9, current=4), outcome=outcome).past
        assert found is not None
        assert found.replicas == count


def test_the_original_count_is_that_of_first_sight():
    """The count at first sight stays, also when the target is made anew; another target has its own."""
    first = after(Memory()).past
    assert first is not None
    assert (first.original_replicas, first.first_at) == (4, at(15))
    anew = after(seen=an_observation(4.0, scale=a_scale(4, uid="uid-2"), now=15)).past
    assert anew is not None
    assert (anew.original_replicas, anew.target_uid, anew.first_at) == (1, "uid-2", at(15))
    other = an_object(workload=replace(TARGET, name="other"))
    moved = after(obj=other).past
    assert moved is not None
    assert moved.original_replicas == 4


def test_doubts_end_with_the_first_tick():
    """After one tick a memory is neither lost nor unclean any more."""
    for memory in (Memory(lost=True), replace(KNOWN, unclean=True)):
        found = after(memory)
        assert (found.lost, found.unclean) == (False, False)


def test_while_paused_only_the_pause_is_remembered():
    """A paused tick changes nothing but the pause, and which count was enforced."""
    obj = an_object(pause=Pause(replicas=0))
    memory = a_memory((4, 0), grown=[(2, 1)], failures=[2], past=a_past(replicas=4))
    seen = an_observation(replicas=4, now=60)
    decision = a_decision(0, current=4, activity=Activity.PAUSED, forced=True)
    done = after(memory, obj, seen=seen, decision=decision, outcome=applied(60))
    assert replace(done, past=None) == replace(memory, past=None)
    assert done.past is not None
    assert (done.past.paused, done.past.paused_replicas, done.past.replicas) == (True, 0, 0)
    failed = after(memory, obj, seen=seen, decision=decision, outcome=Failed(why="f")).past
    assert failed is not None
    assert (failed.paused, failed.paused_replicas) == (True, None)
    again = after(done, obj, seen=seen, decision=decision, outcome=Failed(why="f")).past
    assert again is not None
    assert again.paused_replicas == 0
    plain = after(done, an_object(pause=Pause(paused=True)), seen=seen, decision=a_decision(0, current=0)).past
    assert plain is not None
    assert (plain.paused, plain.paused_replicas) == (True, None)


def test_a_paused_object_may_be_new():
    """An object that is paused from the start has its first sight while paused."""
    obj = an_object(pause=Pause(paused=True))
    found = after(Memory(lost=True), obj, seen=an_observation(replicas=4, now=60))
    assert found.past is not None
    assert (found.past.first_at, found.past.original_replicas, found.lost) == (at(60), 4, True)


def test_what_is_worth_storing_soon():
    """Events, rests, failures, counts and new numbers are; the same number or activity made again is not (L7)."""
    assert not changed(KNOWN, after())
    assert not changed(KNOWN, replace(KNOWN, last_active_at=at(15)))
    past = a_past(replicas=4)
    for other in (
        replace(KNOWN, grown=(Change(pods=1, at=at(1)),)),
        replace(KNOWN, shrunk=(Change(pods=1, at=at(1)),)),
        replace(KNOWN, recommendations=(Recommendation(replicas=5, at=at(15)),)),
        replace(KNOWN, recommendations=()),
        replace(KNOWN, last_active_at=None),
        replace(KNOWN, triggers=(TriggerMemory(failures=1),)),
        replace(KNOWN, past=replace(past, replicas=5)),
        replace(KNOWN, past=replace(past, resting=True)),
        replace(KNOWN, past=replace(past, paused=True)),
        replace(KNOWN, past=replace(past, paused_replicas=3)),
        replace(KNOWN, past=replace(past, target_uid="other")),
    ):
        assert changed(KNOWN, other)
    once, twice = (replace(KNOWN, triggers=(TriggerMemory(failures=count),)) for count in (1, 2))
    assert not changed(once, twice)
    assert changed(Memory(), KNOWN)
    assert changed(replace(KNOWN, past=None), KNOWN)
    assert changed(KNOWN, replace(KNOWN, past=None))
    assert changed(replace(KNOWN, lost=True), KNOWN)
    assert changed(replace(KNOWN, unclean=True), KNOWN)
