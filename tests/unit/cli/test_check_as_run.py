"""``check`` and the daemon read documents one way: what one passes the other runs."""

from itertools import product
from pathlib import Path

import pytest

from autoscaler.cli.check import OF_DOCUMENTS, examine
from autoscaler.cli.library import library_of
from autoscaler.manifests.files import snapshot
from autoscaler.model.faults import Severity
from autoscaler.scalers.registry import built_in
from autoscaler.settings import Settings
from autoscaler.views.triggers import NOT_ASKED, TRIGGERS
from tests.unit.builders import START
from tests.unit.cli.run import ROOT, typed

DOCUMENT = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: web-{number}, namespace: shop}}
spec:
  scaleTargetRef: {{name: web-{number}}}
  minReplicaCount: {low}
  maxReplicaCount: {high}
  triggers:
  - {trigger}
"""
AGGREGATED = (
    "{type: metrics-api, metadata: {url: 'http://web.shop:80/x', valueLocation: a, targetValue: '1', "
    "aggregateFromKubeServiceEndpoints: 'true'}}"
)
PROMETHEUS = (
    "{{type: prometheus, metadata: {{serverAddress: '{address}', query: '{query}', threshold: '{threshold}'}}}}"
)
ASKED = {
    "prometheus": PROMETHEUS.format(address="http://p:9090", query="sum(x)", threshold="1"),
    "cron": "{type: cron, metadata: {timezone: UTC, start: 0 6 * * *, end: 0 20 * * *, desiredReplicas: '3'}}",
    "metrics-api": "{type: metrics-api, metadata: {url: 'http://p/x', valueLocation: a.b, targetValue: '1'}}",
}
UNASKED = {
    "cpu": "{type: cpu, metricType: AverageValue, metadata: {value: '1'}}",
    "memory": "{type: memory, metricType: Utilization, metadata: {value: '50'}}",
    "kubernetes-workload": "{type: kubernetes-workload, metadata: {podSelector: app=web, value: '1'}}",
}
TRIGGER_TEXTS = (
    *ASKED.values(),
    *UNASKED.values(),
    AGGREGATED,
    "{type: kafka, metadata: {topic: x}}",
    *(
        PROMETHEUS.format(address=address, query=query, threshold=threshold)
        for address, query, threshold in product(
            ("http://p:9090", "http://169.254.169.254/", "p:9090"), ("sum(x)", "sum(rate(x))", "summ(x)"), ("1", "x")
        )
    ),
)


def documents() -> list[str]:
    """Every trigger within and beyond the limits on replicas."""
    kinds = product(TRIGGER_TEXTS, (0, 1, 4), (3, 1000, 1001))
    return [
        DOCUMENT.format(number=number, low=low, high=high, trigger=trigger)
        for number, (trigger, low, high) in enumerate(kinds)
    ]


def agree(path: Path, settings: Settings) -> bool:
    """Read a file as ``check`` and as the daemon does; give whether both take it, and fail where they differ."""
    result = examine((str(path),), settings, ignore=frozenset())
    library = library_of(settings, dry_run=False)
    changes = library.read(snapshot((str(path),), recursive=False), START, {})
    passes = result.count(Severity.ERROR) == 0
    assert passes is (not changes.refused), path.read_text()
    assert not passes or len(changes.added) == result.objects, path.read_text()
    assert sorted(one.fault.code for one in changes.findings) == sorted(one.fault.code for one in result.findings)
    return passes


def test_what_check_passes_the_daemon_runs(tmp_path: Path):
    """Over triggers of every type, sound and faulty, and counts within and beyond the limit."""
    settings = Settings(namespace="default")
    passed = []
    for number, text in enumerate(documents()):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        passed.append(agree(path, settings))
    assert 0 < sum(passed) < len(passed)


@pytest.mark.parametrize("path", sorted((ROOT / "config").rglob("*.yaml")), ids=lambda path: path.name)
def test_what_check_says_of_an_example_the_daemon_does(path: Path):
    """The files that people copy are taken, the one to learn from is not."""
    assert agree(path, Settings(namespace="default")) is ("published" not in path.parts)


@pytest.mark.parametrize("trigger", [*UNASKED.values(), AGGREGATED])
def test_a_trigger_that_nobody_asks_is_an_error(tmp_path: Path, trigger: str):
    """A file whose object would not run does not pass."""
    (tmp_path / "web.yaml").write_text(DOCUMENT.format(number=0, low=1, high=3, trigger=trigger))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert done.status == 1
    assert "E106 triggers[0]." in done.out
    assert "cannot be asked by this version" in done.out


def test_the_limit_on_replicas_is_the_daemons(tmp_path: Path):
    """The daemon's default counts, and another is given by flag, environment or settings file as it is to run."""
    (tmp_path / "web.yaml").write_text(DOCUMENT.format(number=0, low=1, high=1001, trigger=ASKED["prometheus"]))
    (tmp_path / "autoscaler.yaml").write_text("max-replicas-limit: 2000\nfilename: [nowhere/]\n")
    refused = typed("check", "web.yaml", cwd=tmp_path)
    assert refused.status == 1
    assert "E105 maxReplicaCount 1001 is above --max-replicas-limit 1000; lower it, or raise" in refused.out
    assert typed("check", "--max-replicas-limit", "2000", "web.yaml", cwd=tmp_path).status == 0
    assert typed("check", "--config", "autoscaler.yaml", "web.yaml", cwd=tmp_path).status == 0


def test_an_address_that_the_daemon_does_not_connect_to_is_warned_of(tmp_path: Path):
    """The trigger would have no sample, and its object would never shrink; --allow-server admits it in both."""
    trigger = PROMETHEUS.format(address="http://169.254.169.254/", query="sum(x)", threshold="1")
    (tmp_path / "web.yaml").write_text(DOCUMENT.format(number=0, low=1, high=3, trigger=trigger))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert done.status == 0
    assert (
        "W124 triggers[0].metadata.serverAddress: address 169.254.169.254 is a cloud metadata address: if it is meant, "
        "name it by --allow-server; until then the trigger gives no sample\n"
    ) in done.out
    allowed = typed("check", "--allow-server", "http://169.254.169.254", "web.yaml", cwd=tmp_path)
    assert "nothing wrong" in allowed.out
    wrong = typed("check", "--allow-server", "p:9090", "web.yaml", cwd=tmp_path)
    assert (wrong.status, "--allow-server" in wrong.err) == (2, True)


def test_all_that_is_wrong_with_a_trigger_is_said_at_once(tmp_path: Path):
    """Nobody mends a metricType to learn that its trigger is not asked, or a query to learn of the address."""
    resource = UNASKED["cpu"].replace("AverageValue", "Utilisation")
    metadata = PROMETHEUS.format(address="http://169.254.169.254/", query="sum(rate(x[5 min]))", threshold="1")
    text = DOCUMENT.format(number=0, low=1, high=3, trigger=f"{resource}\n  - {metadata}")
    (tmp_path / "web.yaml").write_text(text)
    out = typed("check", "web.yaml", cwd=tmp_path).out
    assert (
        "E104 triggers[0].metricType must be Utilization or AverageValue for cpu triggers, "
        'found "Utilisation"; did you mean "Utilization"?'
    ) in out
    for begin in ("E106 triggers[0].type", "E300 triggers[1].metadata.query", "W124 triggers[1].metadata.server"):
        assert begin in out


def test_an_unknown_time_zone_is_a_warning_by_its_code(tmp_path: Path):
    """What is counted as a warning is called one."""
    trigger = ASKED["cron"].replace("UTC", "Europe/Belrin")
    (tmp_path / "web.yaml").write_text(DOCUMENT.format(number=0, low=1, high=3, trigger=trigger))
    done = typed("check", "web.yaml", cwd=tmp_path)
    assert (done.status, "W124 triggers[0].metadata.timezone" in done.out) == (0, True)


def test_what_is_explained_as_not_asked_is_what_is_refused():
    """``explain trigger.TYPE`` says of each type whether it is asked."""
    assert set(ASKED) | set(UNASKED) == set(TRIGGERS) == {scaler.type for scaler in built_in()}
    assert set(NOT_ASKED) == set(UNASKED)
    for name in TRIGGERS:
        shown = " ".join(typed("explain", f"trigger.{name}").out.split())
        assert ("is refused (E106), by check as by plan and run" in shown) is (name in UNASKED)
    assert "with true the object is refused (E106)" in " ".join(typed("explain", "trigger.metrics-api").out.split())


def test_a_setting_of_documents_is_one_of_the_daemons():
    """Flags of check that decide what is refused are the daemon's own."""
    assert set(OF_DOCUMENTS) <= set(Settings.__dataclass_fields__)
