import pytest

from autoscaler.manifests.load import load
from autoscaler.manifests.positions import place

TEXT = """\
metadata:
  annotations:
    autoscaler.sh/spec: x
    a: y
spec:
  triggers:
    - type: prometheus
      metadata:
        query: up
        query.more: down
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ("", 1, 1),
        ("spec", 5, 1),
        ("spec.triggers", 6, 3),
        ("spec.triggers[0]", 7, 7),
        ("spec.triggers[0].type", 7, 7),
        ("spec.triggers[0].metadata.query", 9, 9),
        ("spec.triggers[0].metadata.query.more", 10, 9),
        ("spec.triggers[0].metadata.threshold", 9, 9),
        ("spec.triggers[7].type", 7, 5),
        ("spec.triggers.type", 7, 5),
        ("spec.minReplicaCount", 6, 3),
        ("metadata.annotations.autoscaler.sh/spec", 3, 5),
        ("metadata.annotations.autoscaler.sh/spec.mode", 3, 5),
        ("nothing[0].here", 1, 1),
    ],
)
def test_a_path_leads_to_its_key_or_to_what_lacks_it(path, line, column):
    """A field stands at its key, an element at its start, a missing field at the mapping that lacks it."""
    assert place(load(TEXT).documents[0], path) == (line, column)


def test_a_scalar_hides_in_its_repr():
    """A node may stand in a Secret, so its repr does not show its text."""
    assert "hush" not in repr(load("a: [hush, {b: hush}]").documents)
