"""The heap of turns."""

from autoscaler.loop.agenda import Agenda
from autoscaler.model.turn import Turn
from tests.unit.builders import POLL, an_object, at


def a_turn(name: str, second: float) -> Turn:
    return Turn(obj=an_object(name=name), at=at(second), slots=POLL, asks=(0,))


def test_turns_are_taken_oldest_first_and_only_when_due():
    """What is due comes in the order of its instants; the rest stays."""
    agenda = Agenda()
    for turn in (a_turn("c", 3), a_turn("a", 1), a_turn("b", 2)):
        agenda.put(turn)
    assert [turn.obj.key.name for turn in agenda.take(at(2))] == ["a", "b"]
    assert len(agenda) == 1


def test_an_object_has_at_most_one_turn():
    """A newer turn takes the place of the older one."""
    agenda = Agenda()
    agenda.put(a_turn("a", 1))
    agenda.put(a_turn("a", 5))
    assert list(agenda.take(at(4))) == []
    assert [turn.at for turn in agenda.take(at(5))] == [at(5)]


def test_a_turn_that_is_taken_is_off_the_agenda():
    """Ticks of one object cannot overlap: its turn is gone until it is put back."""
    agenda = Agenda()
    agenda.put(a_turn("a", 1))
    assert len(list(agenda.take(at(10)))) == 1
    assert list(agenda.take(at(10))) == []


def test_a_dropped_turn_never_comes():
    """A deleted object has no turn."""
    agenda = Agenda()
    agenda.put(a_turn("a", 1))
    agenda.drop(a_turn("a", 1).obj.key)
    assert list(agenda.take(at(10))) == []
