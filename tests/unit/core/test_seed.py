"""What a tick must know before any branch: gaps, lost memory, other targets, crashes and open writes (L6, L7)."""

from dataclasses import replace

import pytest

from autoscaler.core.seed import FIELD_MANAGER, floored, ground, is_resting
from autoscaler.model.memory import Change, Memory, Pending, Recommendation
from autoscaler.model.objects import Cadence, Mode, Pause
from tests.unit.builders import (
    TARGET,
    a_behavior,
    a_memory,
    a_past,
    a_scale,
    an_object,
    an_observation,
    at,
    percent,
    pods,
    rules,
)

OBJ = an_object(behavior=a_behavior())


def seeds(*pairs: tuple[int, float]) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(replicas=count, at=at(when)) for count, when in pairs)


def test_a_steady_memory_is_taken_as_it_is():
    """Nothing is made anew while an object is seen in time."""
    memory = a_memory((4, 0), past=a_past(replicas=4, last=0))
    found = ground(OBJ, memory, an_observation(4.0, replicas=4, now=60))
    assert found.memory is memory
    assert found.seeded == ""


def test_an_unknown_object_is_seeded_but_not_active():
    """An object that a store does not know gets its count recorded; its zero waits for the initial cooldown."""
    found = ground(OBJ, Memory(), an_observation(4.0, replicas=4, now=60))
    assert found == (Memory(recommendations=seeds((4, 60))), "first sight")


def test_a_lost_memory_counts_as_active():
    """Where memory is lost, an awake object counts as active now."""
    found = ground(OBJ, Memory(lost=True), an_observation(4.0, replicas=4, now=60.7))
    assert found.memory == Memory(recommendations=seeds((4, 60.7)), last_active_at=at(60), lost=True)
    assert found.seeded == "nothing is known of earlier ticks"


@pytest.mark.parametrize("memory", [Memory(lost=True), a_memory((4, 0), past=a_past(replicas=4))])
def test_what_is_unknown_does_not_cut_the_initial_cooldown_short(memory: Memory):
    """An object that was never seen active waits for the longer of its initial cooldown and a cooldown from now."""
    never = replace(memory, last_active_at=None)
    waits = an_object(initial_cooldown=3600)
    assert ground(waits, never, an_observation(4.0, replicas=4, now=100)).memory.last_active_at is None
    shorter = an_object(initial_cooldown=250, created_at=at(0))
    assert ground(shorter, never, an_observation(4.0, replicas=4, now=100)).memory.last_active_at == at(100)


def test_one_replica_is_awake():
    """A single replica is recorded and counts as active, after a gap as well as without a memory."""
    found = ground(OBJ, Memory(lost=True), an_observation(1.0, replicas=1, now=60)).memory
    assert (found.recommendations, found.last_active_at) == (seeds((1, 60)), at(60))
    memory = a_memory((1, 0), past=a_past(replicas=1, last=0))
    found = ground(OBJ, memory, an_observation(1.0, replicas=1, now=100)).memory
    assert (found.recommendations, found.last_active_at) == (seeds((1, 0), (1, 100)), at(100))


def test_nothing_is_recorded_at_zero():
    """At zero a lost memory gets no recommendation, which would hold the growth after waking, and no activity."""
    found = ground(OBJ, Memory(lost=True), an_observation(4.0, replicas=0, now=60)).memory
    assert (found.recommendations, found.last_active_at) == ((), None)
    idle = an_object(minimum=5, idle=2)
    found = ground(idle, Memory(lost=True), an_observation(4.0, replicas=2, now=60)).memory
    assert (found.recommendations, found.last_active_at) == (seeds((2, 60)), None)


@pytest.mark.parametrize(
    ("poll", "cadence", "unseen"),
    [(30, Cadence.HPA, 60), (300, Cadence.HPA, 60), (30, Cadence.POLL, 60), (40, Cadence.POLL, 80)],
)
def test_time_that_nobody_saw(poll: float, cadence: Cadence, unseen: float):
    """An awake object not seen for 60 s or two intervals is seeded and counts as active (L6)."""
    obj = an_object(poll=poll, cadence=cadence, behavior=a_behavior())
    memory = a_memory((9, 0), past=a_past(replicas=4, last=0))
    assert ground(obj, memory, an_observation(4.0, replicas=4, now=unseen)).memory is memory
    found = ground(obj, memory, an_observation(4.0, replicas=4, now=unseen + 0.5))
    assert found.memory.recommendations == seeds((9, 0), (4, unseen + 0.5))
    assert found.memory.last_active_at == at(unseen)
    assert found.seeded == f"nothing was seen for {unseen + 0.5:.0f} s"


def test_a_sleeping_object_is_not_missed():
    """An object at rest is looked at only by polls, so no time goes by unseen, nor after a wake by hand."""
    memory = a_memory(past=a_past(replicas=0, last=0, resting=True))
    for replicas in (0, 3):
        assert ground(OBJ, memory, an_observation(4.0, replicas=replicas, now=600)).memory is memory
    fallen = a_memory(past=a_past(replicas=4, last=0))
    assert ground(OBJ, fallen, an_observation(4.0, replicas=0, now=600)).memory is fallen


def test_a_seed_takes_an_expired_slot():
    """A seed is recorded as any recommendation is."""
    obj = an_object(behavior=a_behavior(down=rules(percent(100), window=60)))
    memory = a_memory((9, 0), (8, 100), past=a_past(replicas=4, last=0))
    assert ground(obj, memory, an_observation(4.0, replicas=4, now=100)).memory.recommendations == seeds(
        (4, 100), (8, 100)
    )
    legacy = an_object(downscale_window=60)
    assert ground(legacy, memory, an_observation(4.0, replicas=4, now=100)).memory.recommendations == seeds(
        (4, 100), (8, 100)
    )


def test_after_a_pause_the_running_count_is_seeded():
    """Whatever was done to the count during a pause holds for a window and a cooldown."""
    memory = a_memory((9, 0), past=a_past(replicas=4, last=15, paused=True))
    found = ground(OBJ, memory, an_observation(4.0, replicas=6, now=30))
    assert (found.memory.recommendations, found.memory.last_active_at) == (seeds((9, 0), (6, 30)), at(30))
    assert found.seeded == "the object was paused"


@pytest.mark.parametrize("change", ["uid", "name"])
def test_another_workload_starts_anew(change: str):
    """A target that was made anew, or another target, has no past; its count is seeded and counts as active (D28)."""
    memory = a_memory((9, 0), grown=[(3, 1)], shrunk=[(3, 1)], failures=[4], past=a_past(replicas=4))
    obj, scale = OBJ, a_scale(4, uid="uid-2")
    if change == "name":
        obj, scale = an_object(workload=replace(TARGET, name="other")), a_scale(4)
    found = ground(obj, memory, an_observation(4.0, scale=scale, now=15))
    assert found.memory == Memory(recommendations=seeds((4, 15)), last_active_at=at(15), lost=True)
    assert "another workload" in found.seeded


def test_an_unknown_uid_is_no_other():
    """A past that never knew the target's uid goes on."""
    memory = a_memory((4, 0), past=a_past(replicas=4, uid=""))
    assert ground(OBJ, memory, an_observation(4.0, replicas=4, now=15)).memory is memory
    read_anew = a_memory((4, 0), past=a_past(replicas=4, workload=replace(TARGET)))
    assert ground(OBJ, read_anew, an_observation(4.0, replicas=4, now=15)).memory is read_anew


def open_write(**more) -> Memory:
    pending = Pending(current=4, base=4, desired=9, resource_version="1", at=at(10))
    return a_memory((4, 0), past=a_past(replicas=4, last=10, pending=pending), **more)


def test_an_open_write_that_landed_is_an_event_of_its_time():
    """The wanted count under a new version is our own change, at the instant of its slot (L7)."""
    landed = ground(OBJ, open_write(), an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert landed.grown == (Change(pods=5, at=at(10)),)
    legacy = ground(an_object(), open_write(), an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert legacy.grown == ()


def test_an_event_leaves_the_rest_of_memory_as_it_was():
    """A write that is settled late adds its event, and nothing else that is known is lost."""
    known = open_write(shrunk=[(1, 3)], failures=[2], active=7)
    found = ground(OBJ, known, an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert found == replace(known, grown=(Change(pods=5, at=at(10)),))


@pytest.mark.parametrize(("replicas", "version"), [(9, "1"), (4, "1"), (4, "2"), (7, "2")])
def test_an_open_write_that_did_not_land_is_no_event(replicas: int, version: str):
    """An unchanged version is a failed write, another count is another's."""
    scale = a_scale(replicas, version=version)
    assert ground(OBJ, open_write(), an_observation(9.0, scale=scale, now=15)).memory.grown == ()


def test_an_open_shrink_that_landed():
    """A fall is settled as a rise is."""
    pending = Pending(current=9, base=9, desired=4, resource_version="1", at=at(10))
    memory = a_memory((9, 0), past=a_past(replicas=9, last=10, pending=pending))
    found = ground(OBJ, memory, an_observation(4.0, scale=a_scale(4, version="2"), now=15)).memory
    assert (found.grown, found.shrunk) == ((), (Change(pods=5, at=at(10)),))


@pytest.mark.parametrize("writer", [None, FIELD_MANAGER])
def test_after_a_crash_an_unknown_count_is_our_own(writer: str | None):
    """After an unclean stop a count that differs from the last one is booked as ours, now (L6)."""
    memory = a_memory((10, 0), past=a_past(replicas=10, last=60), unclean=True)
    found = ground(OBJ, memory, an_observation(9.0, scale=a_scale(12, writer=writer), now=75)).memory
    assert found.grown == (Change(pods=2, at=at(75)),)
    found = ground(OBJ, memory, an_observation(9.0, scale=a_scale(7, writer=writer), now=75)).memory
    assert found.shrunk == (Change(pods=3, at=at(75)),)


def test_after_a_crash_what_is_not_ours_is_not_booked():
    """Another writer, another mode, a pause, a rest, or no difference: nothing is booked."""
    memory = a_memory((10, 0), past=a_past(replicas=10, last=60), unclean=True)
    twelve = an_observation(9.0, replicas=12, now=75)
    foreign = an_observation(9.0, scale=a_scale(12, writer="kubectl"), now=75)
    idle = an_object(behavior=a_behavior(), minimum=5, idle=2)
    for obj, known, seen in (
        (OBJ, memory, foreign),
        (an_object(behavior=a_behavior(), mode=Mode.SCALE_OUT_ONLY), memory, twelve),
        (an_object(), memory, twelve),
        (OBJ, replace(memory, unclean=False), twelve),
        (OBJ, replace(memory, past=a_past(replicas=10, last=60, paused=True)), twelve),
        (OBJ, memory, an_observation(9.0, replicas=10, now=75)),
        (OBJ, memory, an_observation(9.0, replicas=0, now=75)),
        (idle, memory, an_observation(9.0, replicas=2, now=75)),
    ):
        found = ground(obj, known, seen).memory
        assert (found.grown, found.shrunk) == ((), ())


def test_after_a_crash_a_wake_is_booked_beyond_its_base():
    """A count found where an object slept was reached from its floor, so only the rest is an event."""
    memory = a_memory(past=a_past(replicas=0, last=60, resting=True), unclean=True)
    found = ground(OBJ, memory, an_observation(9.0, replicas=5, now=75)).memory
    assert found.grown == (Change(pods=4, at=at(75)),)
    found = ground(an_object(minimum=5, behavior=a_behavior()), memory, an_observation(9.0, replicas=5, now=75)).memory
    assert found.grown == ()


def test_an_open_write_is_not_booked_twice():
    """A write that was settled explains the count found after a crash."""
    memory = open_write(unclean=True)
    found = ground(OBJ, memory, an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert found.grown == (Change(pods=5, at=at(10)),)


def test_an_event_is_booked_by_the_rules_in_force():
    """A paused direction makes a behavior, so there are events to keep."""
    obj = an_object(pause=Pause(scale_in=True))
    found = ground(obj, open_write(), an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert found.grown == (Change(pods=5, at=at(10)),)
    short = an_object(behavior=a_behavior(up=rules(pods(1, 1))))
    spent = open_write(grown=[(2, 5)])
    found = ground(short, spent, an_observation(9.0, scale=a_scale(9, version="2"), now=15)).memory
    assert found.grown == (Change(pods=5, at=at(10)),)


def test_seeding_keeps_the_rest_of_a_memory():
    """A seed adds a recommendation and an activity, and takes nothing."""
    memory = a_memory((9, 0), grown=[(3, 1)], shrunk=[(2, 1)], failures=[4], past=a_past(replicas=4, last=0))
    found = ground(OBJ, memory, an_observation(4.0, replicas=4, now=100)).memory
    assert replace(found, recommendations=memory.recommendations, last_active_at=at(0)) == memory


def test_where_an_object_rests():
    """Zero is a rest; an idle count is one only if the object was put there."""
    obj = an_object(minimum=5, idle=2)
    assert is_resting(obj, Memory(), 0)
    assert is_resting(obj, a_memory(past=a_past(replicas=2, resting=True)), 2)
    assert not is_resting(obj, a_memory(past=a_past(replicas=2, resting=True)), 3)
    assert not is_resting(obj, a_memory(past=a_past(replicas=2)), 2)
    assert not is_resting(obj, Memory(), 2)


def test_activity_is_dated_in_whole_seconds():
    """An instant is cut to whole seconds, as KEDA's is."""
    assert floored(at(9.999)) == at(9)
