"""What holds however others write the count."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.decide import decide
from autoscaler.core.foreign import REVERSALS, opponent
from autoscaler.model.decision import Decision
from autoscaler.model.memory import Contest, Memory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Observation, Slot
from tests.properties.strategies import memories, objects, observations, past_instants, pasts
from tests.unit.builders import an_object
from tests.unit.core.world import World

contests = st.builds(
    Contest,
    moved=st.integers(-20, 20),
    reversed_at=st.lists(past_instants, max_size=REVERSALS).map(lambda found: tuple(sorted(found))),
    writer=st.none() | st.just("argocd"),
)


@st.composite
def ticks(draw: st.DrawFn) -> tuple[ScaledObject, Memory, Observation]:
    """Any tick of an object whose count others may write."""
    obj = draw(objects())
    past = replace(draw(pasts()), contest=draw(st.none() | contests))
    return obj, replace(draw(memories()), past=past), draw(observations(obj))


@given(ticks())
def test_a_contested_count_moves_at_syncs_or_out_of_rest(tick: tuple[ScaledObject, Memory, Observation]):
    """Whatever the metrics say, what others contest is not written between two syncs while it is awake."""
    obj, memory, seen = tick
    decision: Decision = decide(obj, memory, seen)
    assert memory.past is not None
    at_rest = seen.scale.spec == 0 or memory.past.resting
    if opponent(obj, memory, seen) is not None and Slot.SYNC not in seen.slots and not at_rest:
        assert decision.desired == seen.scale.spec
    assert decision.steps[-1].after == decision.desired


@given(ticks())
def test_giving_way_decides_nothing_else(tick: tuple[ScaledObject, Memory, Observation]):
    """A count that is not contested is decided as if nobody had ever written it."""
    obj, memory, seen = tick
    assert memory.past is not None
    if opponent(obj, memory, seen) is None:
        alone = replace(memory, past=replace(memory.past, contest=None))
        assert decide(obj, memory, seen) == decide(obj, alone, seen)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(2, 60), st.sampled_from([1, 2, 5]))
def test_a_fight_costs_at_most_one_write_per_sync(patience: int, load: int, poll: int):
    """Against somebody who sets the count back within seconds, we write once per sync from the third time on."""
    world = World(an_object(10, poll=poll, minimum=1, maximum=6), lambda now, index: load * 10, replicas=1)
    for second in range(0, 300, patience):
        world.run(second)
        if world.replicas != 1:
            world.replicas, world.version = 1, world.version + 1
    ours = [second for second, count in world.trace if count > 1]
    later = ours[REVERSALS:]
    assert len(ours) <= REVERSALS + 1 + 300 // 15
    assert all(after - before >= 15 for before, after in pairwise(later))
