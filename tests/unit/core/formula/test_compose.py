"""How measurements become the composite sample."""

import pytest

from autoscaler.model.objects import FallbackBehavior, MetricKind
from autoscaler.model.observation import Missing, MissingReason, Origin, PodSamples, Sample
from tests.unit.core.formula.builders import AT, a_missing, a_sample, a_trigger, composed


def test_the_composite_is_the_formulas_value():
    """The composite replaces the triggers' samples by what the formula makes of them."""
    wanted = Sample(value_milli=7500, active=True, at=AT, origin=Origin.COMPOSED)
    assert composed("a + b", a_sample(3), a_sample(4.5)) == wanted


@pytest.mark.parametrize(("formula", "active"), [("0.0009", False), ("0.001", True), ("-1", False)])
def test_activity_is_tested_on_what_is_left_after_the_cut(formula, active):
    """The composite is cut to thousandths before it is compared, so 0.0009 is inactive."""
    assert composed(formula, a_sample(1)).active is active


def test_activity_is_strict():
    """A composite equal to activationTarget is inactive."""
    assert composed("a", a_sample(5), activation=5.0).active is False
    assert composed("a", a_sample(5.001), activation=5.0).active is True


def test_digits_are_cut_not_rounded():
    """2.01 is 2009 thousandths, as doubles have it."""
    assert composed("2.01", a_sample(1)).value_milli == 2009


@pytest.mark.parametrize("formula", ["1 / (a - a)", "(a - a) / (a - a)", "a * 1e300", "9223372036854775807"])
def test_what_is_no_finite_64_bit_number_is_missing(formula):
    """Infinity, NaN and what does not fit are Missing, never a number (D12)."""
    assert composed(formula, a_sample(3)).reason is MissingReason.FORMULA


def test_a_failure_is_missing_and_names_its_column():
    """A formula that fails at run time is Missing, not inactivity (D24)."""
    got = composed("a + b", a_sample(3), a_missing(), nil=(1,))
    assert got == Missing(reason=MissingReason.FORMULA, detail="+ cannot be used on float and nil, at column 3")


def test_one_missing_trigger_fails_the_composite():
    """A trigger without a sample fails the whole, even one that the formula does not name."""
    got = composed("a", a_sample(3), a_missing())
    assert isinstance(got, Missing)
    assert got.detail == 'trigger "b" gave no sample: no answer within 3 s'


def test_nil_lets_the_other_side_speak():
    """A trigger beyond its threshold is nil where fallback leaves it to the formula."""
    got = composed("a ?? b", a_missing(), a_sample(4.5), nil=(0,), fallback=FallbackBehavior.SCALING_MODIFIERS)
    assert got.value_milli == 4500


def test_a_nil_result_stands_for_fallbacks_replicas():
    """Nil gives fallback.replicas times the target."""
    got = composed("a ?? nil", a_missing(), nil=(0,), fallback=FallbackBehavior.SCALING_MODIFIERS)
    assert got.value_milli == 4 * 2500


@pytest.mark.parametrize("fallback", [None, FallbackBehavior.STATIC])
def test_a_nil_result_without_that_fallback_is_missing(fallback):
    """Nil means nothing without a fallback of behavior scalingModifiers."""
    assert composed("a ?? nil", a_missing(), nil=(0,), fallback=fallback).reason is MissingReason.FORMULA


def test_fallback_takes_the_formulas_place():
    """Where fallback stands in for a trigger, the first such value is the composite, other failures notwithstanding."""
    got = composed("a + b + c", a_missing(), a_sample(20, Origin.FALLBACK), a_sample(30, Origin.FALLBACK))
    assert got == Sample(value_milli=20_000, active=True, at=AT, origin=Origin.FALLBACK)


def test_cpu_and_memory_take_no_part():
    """Resource triggers have no variable, and their absence fails nothing."""
    triggers = (a_trigger("cpu", MetricKind.RESOURCE), a_trigger("a"), a_trigger("mem", MetricKind.CONTAINER_RESOURCE))
    got = composed("a", a_missing(), a_sample(3), PodSamples(pods=(), at=AT), triggers=triggers)
    assert got.value_milli == 3000


def test_an_unnamed_trigger_has_no_variable():
    """What has no name cannot be used, and does not disturb."""
    got = composed("len($env) + a", a_sample(3), a_sample(9), triggers=(a_trigger("a"), a_trigger(None)))
    assert got.value_milli == 4000


@pytest.mark.parametrize("formula", ["float(a) > 2 ? 5 : 0", "float(a) > 2"])
def test_a_result_that_is_no_float_is_missing(formula):
    """A formula that starts with float( gets no cast around it, so its result must be a float by itself."""
    assert composed(formula, a_sample(3)).reason is MissingReason.FORMULA


def test_now_is_the_observations_wall_time():
    """The formula reads the time that was observed, never a clock."""
    assert composed("now().Hour() * 100 + now().Minute()", a_sample(1)).value_milli == 830_000
