import hashlib

import pytest

from autoscaler.manifests.catalog import Catalog
from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.seldon import Deployments, Operator, candidates
from autoscaler.model.objects import ObjectKey, ScaleTarget
from tests.unit.manifests.builders import step

MODEL = """\
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata: {name: sklearn, namespace: models}
spec:
  predictors:
    - name: default
      graph: {name: classifier, type: MODEL}
      componentSpecs:
        - spec:
            containers: [{name: classifier}]
          kedaSpec:
            minReplicaCount: 1
            maxReplicaCount: 3
            triggers:
              - type: prometheus
                metadata: {query: up, threshold: "10"}
"""


def found(text: str, operator: Operator = Operator()) -> Deployments:  # noqa: B008
    (document,) = read([SourceFile(path="seldon.yaml", text=text)]).documents
    return candidates(document, operator)


def names(text: str, operator: Operator = Operator()) -> list[str]:  # noqa: B008
    return [one.name for one in found(text, operator).candidates]


def test_a_kedaspec_stands_for_the_scaledobject_that_seldon_would_make():
    """Name and target are deployment, predictor, index and container; the fields come over; the origin says it."""
    _, changes = step(Catalog(), {"seldon.yaml": MODEL})
    (obj,) = changes.added
    assert obj.key == ObjectKey(namespace="models", name="sklearn-default-0-classifier")
    assert obj.target == ScaleTarget(namespace="models", name="sklearn-default-0-classifier")
    assert (obj.min_replicas, obj.max_replicas) == (1, 3)
    assert obj.origin == "seldon.yaml: SeldonDeployment sklearn, predictor default"
    assert dict(found(MODEL).candidates[0].labels) == {"seldon-deployment-id": "sklearn"}


def test_a_fault_stands_where_it_is_written():
    """Paths lead through predictors and componentSpecs to the line of the manifest."""
    _, changes = step(Catalog(), {"seldon.yaml": MODEL.replace("maxReplicaCount: 3", "maxReplicaCount: 0")})
    (finding,) = changes.findings
    path = "spec.predictors[0].componentSpecs[0].kedaSpec.maxReplicaCount"
    assert (finding.fault.path, finding.fault.line, finding.fault.column) == (path, 13, 13)
    assert finding.subject == "SeldonDeployment sklearn"


def test_a_name_of_its_own_replaces_the_containers():
    """metadata.name of the entry takes the place of the joined container names."""
    own = MODEL.replace("        - spec:\n", "        - metadata: {name: m}\n          spec:\n")
    assert names(own) == ["sklearn-default-0-m"]
    two = MODEL.replace("[{name: classifier}]", "[{name: classifier}, {name: side}]")
    assert names(two) == ["sklearn-default-0-classifier-side"]


@pytest.mark.parametrize(
    ("operator", "prefix"), [(Operator(), "seldon-"), (Operator(name_as_prefix=True), "a-rather-long-name-")]
)
def test_a_name_that_is_too_long_becomes_a_hash(operator, prefix):
    """Beyond 63 characters the name is seldon- and the md5 of what it would be, or the deployment's name first."""
    text = MODEL.replace("sklearn", "a-rather-long-name").replace("classifier", "c" * 40)
    whole = f"a-rather-long-name-default-0-{'c' * 40}"
    assert names(text, operator) == [prefix + hashlib.md5(whole.encode()).hexdigest()]


def test_an_entry_without_containers_counts_and_gives_nothing():
    """The index is the place in componentSpecs, whatever stands before."""
    text = MODEL.replace("        - spec:\n", "        - kedaSpec: {triggers: []}\n        - spec:\n", 1)
    assert names(text) == ["sklearn-default-1-classifier"]


def test_a_prepackaged_server_brings_its_own_container():
    """Seldon adds a container named like the graph node to the first entry, which lengthens the name."""
    text = MODEL.replace(
        "{name: classifier, type: MODEL}", "{name: clf, implementation: SKLEARN_SERVER, modelUri: gs://x}"
    )
    assert names(text) == ["sklearn-default-0-classifier-clf"]


def test_a_kedaspec_elsewhere_is_dropped_and_said_so():
    """Only componentSpecs may hold a kedaSpec; above them Seldon's schema drops it."""
    moved = MODEL.replace("          kedaSpec:\n", "          other:\n").replace(
        "spec:\n  predictors:", "spec:\n  kedaSpec: {triggers: []}\n  predictors:"
    )
    assert [(one.code, one.path) for one in found(moved).faults] == [("W120", "spec.kedaSpec")]
    assert names(moved) == []


def test_what_a_kedaspec_does_not_have_is_dropped_and_said_so():
    """initialCooldownPeriod and scaleTargetRef are KEDA's fields, not Seldon's."""
    text = MODEL.replace("minReplicaCount: 1", "initialCooldownPeriod: 9")
    assert [(one.code, one.line) for one in found(text).faults] == [("W120", 12)]
    assert "initialCooldownPeriod" not in str(found(text).candidates[0].spec)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("graph: {name: classifier, type: MODEL}", "graph: {name: other, type: MODEL}"),
        ("graph: {name: classifier, type: MODEL}", "graph: {name: other, implementation: UNKNOWN_IMPLEMENTATION}"),
        ("graph: {name: classifier, type: MODEL}", "graph: {name: classifier, implementation: SKLEARN_SERVER}"),
        ("    - name: default\n", "    - {name: canary, traffic: 20}\n    - name: default\n      traffic: 20\n"),
        ("    - name: default\n", "    - {name: default, traffic: 100}\n    - name: default\n"),
        ("    - name: default\n", "    - name: default\n      traffic: 50\n"),
        ("    - name: default\n", "    - name: default\n      shadow: true\n"),
        ("    - name: default\n", "    - name: default\n      annotations: {seldon.io/no-engine: x}\n"),
        ("predictors:", "others:"),
    ],
)
def test_what_seldon_refuses_gives_nothing(old, new):
    """A graph that does not work, or traffic that is not 100: Seldon refuses it, so nothing acts on it.

    Source: Seldon seldondeployment_webhook.go.
    """
    text = MODEL.replace(old, new)
    if "no-engine" in new:
        text = text.replace("type: MODEL}", "type: MODEL, children: [{name: classifier}]}")
    refused = found(text)
    assert refused.candidates == ()
    assert [one.code for one in refused.faults] == ["E101"]


def test_a_shadow_beside_a_predictor_takes_no_part_in_traffic():
    """Traffic of a shadow is not counted, and one predictor beside it needs none."""
    text = MODEL.replace(
        "    - name: default\n", "    - {name: copy, shadow: true, traffic: 30}\n    - name: default\n"
    )
    text = text.replace("traffic: 30}", "traffic: 30, graph: {name: a, implementation: SIMPLE_MODEL}}")
    assert names(text) == ["sklearn-default-0-classifier"]


def test_another_operators_deployment_is_left_alone():
    """A controller-id that is not ours names another operator."""
    text = MODEL.replace("namespace: models", 'namespace: models, labels: {seldon.io/controller-id: "a"}')
    assert names(text) == []
    assert names(text, Operator(controller_id="a")) == ["sklearn-default-0-classifier"]
