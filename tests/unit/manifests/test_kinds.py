"""Kinds that are nearly one that is read."""

import pytest

from autoscaler.manifests.catalog import Catalog
from tests.unit.manifests.builders import step


@pytest.mark.parametrize(
    ("version", "kind", "message"),
    [
        ("keda.sh/v1alpha1", "ScaledObjct", 'unknown kind "ScaledObjct"; did you mean "ScaledObject"?'),
        ("keda.sh/v1alpha1", "scaledobject", 'unknown kind "scaledobject"; did you mean "ScaledObject"?'),
        ("keda.sh/v1alpha1", "TriggerAuthentification", 'unknown kind "TriggerAuthentification"; did you mean'),
        ("machinelearning.seldon.io/v1", "SeldonDeploymnt", 'unknown kind "SeldonDeploymnt"; did you mean'),
        ("keda.sh/v1", "TriggerAuthentication", "TriggerAuthentication is known as keda.sh/v1alpha1, found keda.sh/v1"),
    ],
)
def test_what_is_nearly_a_kind_that_is_read_is_refused(version, kind, message):
    """A typo in the kind or its version would otherwise be an object that is never scaled, without a word."""
    _, changes = step(Catalog(), {"a.yaml": f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web}}\n"})
    assert [one.fault.code for one in changes.findings] == ["E101"]
    assert changes.findings[0].fault.message.startswith(message)
    assert len(changes.refused) == 1


@pytest.mark.parametrize(
    ("version", "kind"), [("apps/v1", "ScaledObjct"), ("v1", "Secrt"), ("example.com/v1", "Seldon")]
)
def test_a_kind_of_another_group_is_nobodys_typo(version, kind):
    """Only KEDA's and Seldon's groups are looked at for typos."""
    _, changes = step(Catalog(), {"a.yaml": f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web}}\n"})
    assert (changes.findings, changes.refused) == ((), ())
