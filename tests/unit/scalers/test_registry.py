"""Which trigger types there are, and that each has one owner."""

import pytest

from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.registry import DuplicateTypeError, build_registry, built_in


class Rival(PrometheusScaler):
    """Another package's idea of the same type."""


def test_built_in_types_are_found_by_name() -> None:
    """Every built-in scaler answers to its own type."""
    registry = build_registry(built_in())
    assert {name: scaler.type for name, scaler in registry.items()} == {name: name for name in registry}
    assert "prometheus" in registry


def test_two_claims_to_one_type_are_refused_with_both_names() -> None:
    """A type with two owners stops the daemon, and the message names both modules."""
    with pytest.raises(DuplicateTypeError, match=r"autoscaler\.scalers\.prometheus\.scaler and by tests\.unit"):
        build_registry((PrometheusScaler(), Rival()))
