"""Waking, resting and repairing: every row of KEDA's executor, and where the rows differ on purpose."""

from dataclasses import replace

import pytest

from autoscaler.core.activation import activate, active_triggers, has_cooled, is_active, notice
from autoscaler.core.decide import decide
from autoscaler.core.remember import remember
from autoscaler.model.decision import Activity, Reason
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Fallback, MetricKind, Modifiers, Pause, ScaledObject
from autoscaler.model.observation import Hold, HoldReason, MissingReason, Origin
from autoscaler.model.record import Unneeded
from tests.unit.builders import a_memory, a_past, a_sample, a_trigger, an_object, an_observation, at, missing

LATER = 1000


def outcome(
    obj: ScaledObject,
    current: int,
    *,
    active: bool = False,
    failing: bool = False,
    memory: Memory | None = None,
    now: float = LATER,
    holds: tuple[Hold, ...] = (),
) -> tuple[int, Activity, Reason]:
    past = a_memory(active=0) if memory is None else memory
    done = activate(obj, past, current=current, active=active, missing=failing, at=at(now), holds=holds)
    assert (done.step.before, done.step.after) == (current, done.base)
    return done.base, done.activity, done.step.reason


@pytest.mark.parametrize(
    ("minimum", "idle", "current", "base"),
    [(0, None, 0, 1), (2, None, 0, 2), (1, 0, 0, 1), (3, 1, 1, 3), (3, 1, 2, 3)],
)
def test_row_2b_activity_wakes_to_min_and_at_least_one(minimum: int, idle: int | None, current: int, base: int):
    """An active trigger lifts an object from zero or from idle to its minimum, in one write."""
    obj = an_object(minimum=minimum, idle=idle)
    assert outcome(obj, current, active=True) == (base, Activity.ACTIVE, Reason.ACTIVATED)


def test_row_2b_wakes_even_while_another_trigger_fails():
    """A failing trigger beside an active one does not keep an object asleep."""
    assert outcome(an_object(), 0, active=True, failing=True) == (1, Activity.ACTIVE, Reason.ACTIVATED)


@pytest.mark.parametrize(("minimum", "idle", "current"), [(0, None, 0), (3, 1, 1)])
def test_row_2a_paused_scale_out_keeps_an_object_asleep(minimum: int, idle: int | None, current: int):
    """Paused scale-out refuses the way up from zero and from idle."""
    obj = an_object(minimum=minimum, idle=idle, pause=Pause(scale_out=True))
    assert outcome(obj, current, active=True) == (current, Activity.ACTIVE, Reason.PAUSED_SCALE_OUT)


def test_row_2a_leaves_the_last_activity_where_it_was():
    """An idle object that paused scale-out keeps down is not refreshed, however active its triggers are."""
    obj = an_object(minimum=3, idle=1, pause=Pause(scale_out=True))
    seen = an_observation(5, replicas=1, now=1000)
    memory = a_memory((1, 990), active=0, past=a_past(replicas=1, last=990, resting=True))
    decision = decide(obj, memory, seen)
    assert remember(obj, memory, seen, decision, Unneeded()).last_active_at == at(0)


def test_row_2c_activity_with_a_failing_trigger_keeps_the_count():
    """A busy object of which one trigger fails is left to the arithmetic, and says so."""
    assert outcome(an_object(), 5, active=True, failing=True) == (5, Activity.ACTIVE, Reason.PARTIAL_FAILURE)


@pytest.mark.parametrize("current", [1, 5, 200])
def test_row_2d_activity_keeps_an_awake_object(current: int):
    """An awake, active object is not touched here, above its maximum neither."""
    assert outcome(an_object(), current, active=True) == (current, Activity.ACTIVE, Reason.SCALER_ACTIVE)


def test_without_idle_activity_does_not_lift_to_min():
    """An awake count below min is the bounds' business while a trigger is active."""
    assert outcome(an_object(minimum=5), 2, active=True) == (2, Activity.ACTIVE, Reason.SCALER_ACTIVE)


@pytest.mark.parametrize("fallback", [None, Fallback(threshold=3, replicas=2)])
def test_rows_3a_and_3b_an_unknown_state_keeps_the_count(fallback: Fallback | None):
    """Inactive with a failing trigger is unknown: no zero, however long ago the last activity."""
    obj = an_object(fallback=fallback)
    assert outcome(obj, 5, failing=True) == (5, Activity.UNKNOWN, Reason.UNKNOWN_STATE)


def test_an_unknown_state_below_min_is_repaired():
    """Below its minimum an object is lifted even while a trigger fails (D19)."""
    assert outcome(an_object(minimum=3), 0, failing=True) == (3, Activity.UNKNOWN, Reason.REPAIRED)


def test_an_unknown_state_leaves_an_idle_count_below_min():
    """With an idle count a number below min is meant to be there and is not repaired."""
    assert outcome(an_object(minimum=3, idle=1), 1, failing=True) == (1, Activity.UNKNOWN, Reason.UNKNOWN_STATE)


def test_a_fallback_of_zero_makes_an_outage_idleness():
    """With ``fallback.replicas: 0`` an outage takes the object to zero after its cooldown."""
    obj = an_object(fallback=Fallback(threshold=3, replicas=0))
    assert outcome(obj, 5, failing=True) == (0, Activity.IDLE, Reason.DEACTIVATED)


@pytest.mark.parametrize(("minimum", "idle"), [(0, None), (3, 1)])
def test_row_3c1_paused_scale_in_refuses_zero_and_idle(minimum: int, idle: int | None):
    """Paused scale-in keeps an idle object awake, cooled down or not."""
    obj = an_object(minimum=minimum, idle=idle, pause=Pause(scale_in=True))
    assert outcome(obj, 5) == (5, Activity.IDLE, Reason.PAUSED_SCALE_IN)


@pytest.mark.parametrize(("minimum", "idle"), [(0, None), (3, 1)])
def test_row_3c2_the_cooldown_is_waited_for(minimum: int, idle: int | None):
    """Within the cooldown an inactive object keeps its count."""
    assert outcome(an_object(minimum=minimum, idle=idle), 5, now=300) == (5, Activity.COOLING, Reason.SCALER_COOLDOWN)


@pytest.mark.parametrize(("minimum", "idle", "base"), [(0, None, 0), (3, 1, 1), (3, 0, 0)])
def test_row_3c3_a_cooled_object_goes_to_idle_or_zero(minimum: int, idle: int | None, base: int):
    """After the cooldown an inactive object goes to its idle count, else to zero."""
    assert outcome(an_object(minimum=minimum, idle=idle), 5) == (base, Activity.IDLE, Reason.DEACTIVATED)


def test_row_3d_an_inactive_object_below_min_is_lifted():
    """Below its minimum an inactive object is lifted; nothing has to be active for that."""
    assert outcome(an_object(minimum=3), 1) == (3, Activity.IDLE, Reason.REPAIRED)


def test_row_3d_paused_scale_out_does_not_stop_the_repair():
    """Paused scale-out refuses growth, not the minimum."""
    assert outcome(an_object(minimum=3, pause=Pause(scale_out=True)), 1) == (3, Activity.IDLE, Reason.REPAIRED)


@pytest.mark.parametrize(("minimum", "idle", "current"), [(0, None, 0), (3, None, 5), (3, 1, 1), (3, 2, 0)])
def test_row_3e_else_nothing_happens(minimum: int, idle: int | None, current: int):
    """An object at rest, or above a minimum, is left alone while nothing is active; idle holds (D20)."""
    obj = an_object(minimum=minimum, idle=idle)
    assert outcome(obj, current) == (current, Activity.IDLE, Reason.SCALER_NOT_ACTIVE)


def test_forced_activation_counts_as_active():
    """The annotation keeps an object awake whatever its triggers say, and wakes it."""
    obj = an_object(force=True)
    assert outcome(obj, 0) == (1, Activity.FORCED, Reason.ACTIVATED)
    assert outcome(obj, 5, failing=True) == (5, Activity.FORCED, Reason.PARTIAL_FAILURE)


@pytest.mark.parametrize("reason", list(HoldReason))
def test_a_hold_stops_zero(reason: HoldReason):
    """Nothing goes to zero under a hold, whoever holds."""
    hold = Hold(reason=reason, detail="why")
    assert outcome(an_object(), 5, holds=(hold,)) == (5, Activity.IDLE, Reason(reason.value))


def test_a_hold_stops_idle_and_neither_waking_nor_repair():
    """A hold withholds the idle count, and never what goes up."""
    hold = (Hold(reason=HoldReason.SOURCE_BLIND),)
    assert outcome(an_object(minimum=3, idle=1), 5, holds=hold)[0] == 5
    assert outcome(an_object(), 0, active=True, holds=hold)[0] == 1
    assert outcome(an_object(minimum=3), 1, holds=hold)[0] == 3


def test_the_cooldown_ends_after_its_last_instant():
    """An object is cooled strictly later than last activity plus cooldown."""
    obj, memory = an_object(cooldown=300), a_memory(active=0)
    assert [has_cooled(obj, memory, at(second)) for second in (299, 300, 300.001)] == [False, False, True]


def test_an_object_that_was_never_active_waits_for_its_initial_cooldown():
    """Never active: the initial cooldown runs from the creation, and the cooldown does not count."""
    obj = an_object(created_at=at(0), initial_cooldown=120, cooldown=0)
    never = a_memory(active=None)
    assert [has_cooled(obj, never, at(second)) for second in (120, 121)] == [False, True]


def test_a_file_waits_from_first_sight():
    """An object without a creation time starts its initial cooldown when it is first seen."""
    obj = an_object(initial_cooldown=120)
    assert not has_cooled(obj, Memory(), at(5000))
    seen = a_memory(active=None, past=a_past(first=4000))
    assert [has_cooled(obj, seen, at(second)) for second in (4120, 4121)] == [False, True]


def test_one_active_trigger_is_enough():
    """Activity is any external metric's; a missing one beside it is an error as well."""
    obj = an_object(triggers=(a_trigger(), a_trigger(metric="s1")))
    assert is_active(obj, (a_sample(5), a_sample(0)), ()) == (True, False)
    assert is_active(obj, (a_sample(0), a_sample(0)), ()) == (False, False)
    assert is_active(obj, (missing(), a_sample(5)), ()) == (True, True)
    assert is_active(obj, (missing(), a_sample(0)), ()) == (False, True)


def test_the_active_triggers_are_named():
    """A trigger is active by its sample or its fallback, never cpu, and none beside a formula (scale_executor.go)."""
    cpu = a_trigger(50, kind=MetricKind.RESOURCE)
    obj = an_object(triggers=(a_trigger(), cpu, a_trigger(metric="s2"), a_trigger(metric="s3")))
    formula = Modifiers(
        formula=Formula(text="1", root=Node(kind="number", column=1)), target=obj.triggers[0].ask.target
    )
    found = (a_sample(5), a_sample(5), a_sample(0), a_sample(0))
    assert active_triggers(obj, found, (3,)) == (0, 3)
    assert active_triggers(replace(obj, modifiers=formula), found, (3,)) == ()


def test_a_trigger_in_fallback_is_active():
    """A metric that fallback stands in for is active, whatever number it stands for."""
    assert is_active(an_object(), (a_sample(0),), (0,)) == (True, False)


def test_cpu_takes_no_part_in_activity():
    """A busy or failing cpu trigger neither keeps an object awake nor makes its state unknown."""
    cpu = a_trigger(50, kind=MetricKind.RESOURCE)
    obj = an_object(triggers=(a_trigger(), cpu))
    assert is_active(obj, (a_sample(0), a_sample(5)), ()) == (False, False)
    assert is_active(obj, (a_sample(0), missing()), ()) == (False, False)


def test_an_object_with_cpu_alone_is_always_active():
    """Nothing external to sleep on: never asleep, not even while metrics are missing."""
    obj = an_object(triggers=(a_trigger(50, kind=MetricKind.RESOURCE),))
    assert is_active(obj, (missing(),), ()) == (True, False)


def test_a_composite_speaks_for_all_triggers():
    """With a formula only its result counts for activity and for failure."""
    obj = an_object(triggers=(a_trigger(), a_trigger(metric="s1")))
    measured = (a_sample(5), missing())
    assert is_active(obj, measured, (), a_sample(3)) == (True, False)
    assert is_active(obj, measured, (), a_sample(3, active=False)) == (False, False)
    assert is_active(obj, measured, (), missing(MissingReason.FORMULA)) == (False, True)


def test_a_composite_of_a_fallback_is_unsure_while_another_trigger_is_missing():
    """One trigger's fallback takes the formula's place, but does not vouch for the others."""
    obj = an_object(triggers=(a_trigger(), a_trigger(metric="s1")))
    composite = a_sample(30, origin=Origin.FALLBACK)
    assert is_active(obj, (composite, missing()), (0,), composite) == (False, True)
    assert is_active(obj, (composite, a_sample(0)), (0,), composite) == (True, False)
    assert is_active(obj, (a_sample(0), missing()), (), a_sample(3)) == (True, False)


def test_between_polls_activity_is_only_noted():
    """A tick without a poll slot names the activity and decides nothing."""
    zero = an_object(fallback=Fallback(threshold=1, replicas=0))
    assert notice(an_object(), active=True, missing=True) is Activity.ACTIVE
    assert notice(an_object(force=True), active=False, missing=False) is Activity.FORCED
    assert notice(an_object(), active=False, missing=True) is Activity.UNKNOWN
    assert notice(zero, active=False, missing=True) is Activity.IDLE
    assert notice(an_object(), active=False, missing=False) is Activity.IDLE
