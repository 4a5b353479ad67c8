"""What the daemon can ask, and what it refuses when it is read."""

from datetime import timedelta

import pytest

from autoscaler.cli.given import audiences_given
from autoscaler.cli.library import library_of
from autoscaler.cli.live import TRANSPORTS
from autoscaler.manifests.catalog import Snapshot
from autoscaler.manifests.document import SourceFile
from autoscaler.model.fatal import FatalError
from autoscaler.settings import Settings
from tests.unit.builders import START

DOCUMENT = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: web}}
spec:
  scaleTargetRef: {{name: web}}
  minReplicaCount: 1
  triggers:
  - {trigger}
"""


def read(trigger: str) -> tuple[int, list[str]]:
    """Read one object, and give how many run and what was refused."""
    library = library_of(Settings(namespace="default"), dry_run=False)
    file = SourceFile(path="web.yaml", text=DOCUMENT.format(trigger=trigger))
    changes = library.read(Snapshot(files=(file,)), START, {})
    return len(changes.added), [f"{f.code} {f.message}" for each in changes.refused for f in each.faults]


@pytest.mark.parametrize(
    "trigger",
    [
        "{type: kubernetes-workload, metadata: {podSelector: app=web, value: '1'}}",
        "{type: cpu, metricType: AverageValue, metadata: {value: '1'}}",
    ],
)
def test_a_trigger_that_nobody_could_ask_is_refused_when_it_is_read(trigger: str):
    """A type without a sender is a fault with what to do, never a broken tick."""
    running, refused = read(trigger)
    assert running == 0
    assert "E106" in refused[0]
    assert "cannot be asked by this version" in refused[0]


@pytest.mark.parametrize(
    "trigger",
    [
        "{type: prometheus, metadata: {serverAddress: 'http://p:9090', query: sum(up), threshold: '1'}}",
        "{type: cron, metadata: {timezone: UTC, start: 0 6 * * *, end: 0 20 * * *, desiredReplicas: '3'}}",
        "{type: metrics-api, metadata: {url: 'http://p/x', valueLocation: a.b, targetValue: '1'}}",
    ],
)
def test_a_trigger_that_can_be_asked_runs(trigger: str):
    """prometheus, cron and metrics-api are asked live."""
    assert read(trigger) == (1, [])


def test_the_transports_that_are_named_are_those_that_the_sampler_has():
    """What loading lets through is what somebody sends."""
    assert frozenset({"prometheus", "http", "cron"}) == TRANSPORTS


def test_documents_that_name_no_namespace_go_to_the_given_one():
    """--namespace is where documents without one belong."""
    library = library_of(Settings(namespace="shop"), dry_run=False)
    text = DOCUMENT.format(
        trigger="{type: prometheus, metadata: {serverAddress: 'http://p:9090', query: sum(up), threshold: '1'}}"
    )
    changes = library.read(Snapshot(files=(SourceFile(path="web.yaml", text=text),)), START, {})
    assert [str(obj.key) for obj in changes.added] == ["shop/web"]
    assert [obj.polling_interval for obj in changes.added] == [timedelta(seconds=30)]


def test_an_audience_is_given_for_an_account():
    """--token-audience names namespace, account and audience."""
    assert audiences_given(("shop/scaler=prometheus",)) == {("shop", "scaler"): "prometheus"}
    with pytest.raises(FatalError, match="is not NAMESPACE/SA=AUDIENCE"):
        audiences_given(("scaler=prometheus",))


LOGIN = """\
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: login, namespace: shop}
spec: {boundServiceAccountToken: [{parameter: bearerToken, serviceAccountName: scraper}]}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {name: web}
  triggers:
  - type: prometheus
    metadata: {serverAddress: 'http://p:9090', query: sum(up), threshold: '1', authModes: bearer}
    authenticationRef: {name: login}
"""


def test_the_accounts_whose_tokens_are_presented_are_known():
    """A TriggerAuthentication in use says which accounts' tokens the daemon must be able to create."""
    library = library_of(Settings(namespace="default"), dry_run=False)
    (web,) = library.read(Snapshot(files=(SourceFile(path="web.yaml", text=LOGIN),)), START, {}).added
    assert (library.accounts([web]), library.accounts([])) == ({("shop", "scraper")}, frozenset())
