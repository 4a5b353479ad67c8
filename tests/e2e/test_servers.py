"""The test servers do what the other tests rely on."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.servers.api import Api, RefusedError
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import CRDS, path_of, role, role_binding, rule, scalable_crd, workload
from tests.servers.pods import PodReadier
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e


def test_a_merge_patch_of_the_scale_subresource_scales(control_plane: ControlPlane, namespace: str):
    """A merge patch of a Deployment's scale subresource sets its replicas."""
    admin = control_plane.admin
    admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=1))
    admin.patch(path_of(namespace, "deployments", "web/scale"), {"spec": {"replicas": 4}})
    assert admin.get(path_of(namespace, "deployments", "web/scale"))["spec"] == {"replicas": 4}


def test_a_patch_that_carries_a_stale_resource_version_is_refused(control_plane: ControlPlane, namespace: str):
    """A scale patch with the resourceVersion of before another write is a conflict and changes nothing."""
    admin = control_plane.admin
    scale = path_of(namespace, "statefulsets", "db/scale")
    admin.create(path_of(namespace, "statefulsets"), workload("StatefulSet", "db", replicas=0))
    seen = admin.get(scale)["metadata"]["resourceVersion"]
    admin.patch(scale, {"spec": {"replicas": 2}})
    with pytest.raises(RefusedError) as refused:
        admin.patch(scale, {"metadata": {"resourceVersion": seen}, "spec": {"replicas": 9}})
    assert (refused.value.status, refused.value.reason) == (409, "Conflict")
    assert admin.get(scale)["spec"] == {"replicas": 2}


def test_a_custom_resource_with_a_scale_subresource_scales(control_plane: ControlPlane, namespace: str):
    """Scaling a custom resource sets the field that its definition names."""
    admin = control_plane.admin
    group = f"{namespace}.example.com"
    admin.create(CRDS, scalable_crd(group=group, plural="engines", kind="Engine"))
    engines = f"/apis/{group}/v1/namespaces/{namespace}/engines"
    engine = {"apiVersion": f"{group}/v1", "kind": "Engine", "metadata": {"name": "v8"}, "spec": {"replicas": 1}}
    _create_when_served(admin, engines, engine)
    admin.patch(f"{engines}/v8/scale", {"spec": {"replicas": 3}})
    assert admin.get(f"{engines}/v8")["spec"] == {"replicas": 3}


def test_a_role_limits_what_a_service_account_may_do(control_plane: ControlPlane, namespace: str):
    """A ServiceAccount whose Role holds get alone reads a scale subresource, and its patch is forbidden."""
    admin = control_plane.admin
    admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=1))
    admin.create(path_of(namespace, "roles"), role("reader", rule(["apps"], ["deployments/scale"], ["get"])))
    reader = control_plane.with_token(control_plane.token_for(namespace, "dry"))
    binding = role_binding("reader", service_account="dry", namespace=namespace)
    admin.create(path_of(namespace, "rolebindings"), binding)
    scale = path_of(namespace, "deployments", "web/scale")
    assert reader.get(scale)["spec"] == {"replicas": 1}
    with pytest.raises(RefusedError, match="403 Forbidden"):
        reader.patch(scale, {"spec": {"replicas": 2}})


def test_pods_of_a_deployment_become_ready(control_plane: ControlPlane, namespace: str, pods: PodReadier):
    """A Deployment's pods are made and become Ready; pods of a held namespace stay Pending until it is released."""
    deployment = path_of(namespace, "deployments", "web")
    pods.hold(namespace)
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=3))
    control_plane.await_status(deployment, "replicas", 3)
    assert control_plane.admin.get(deployment)["status"].get("readyReplicas", 0) == 0
    pods.release(namespace)
    control_plane.await_status(deployment, "readyReplicas", 3)
    control_plane.admin.patch(f"{deployment}/scale", {"spec": {"replicas": 5}})
    control_plane.await_status(deployment, "readyReplicas", 5)


def test_an_api_server_that_was_stopped_comes_back_as_it_was(control_plane: ControlPlane, namespace: str):
    """A stopped API server refuses connections, and comes back at the same address with its objects and tokens."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=2))
    token = control_plane.token_for(namespace, "somebody")
    with control_plane.outage(), pytest.raises(httpx.ConnectError):
        control_plane.admin.get("/version")
    assert control_plane.admin.get(path_of(namespace, "deployments", "web/scale"))["spec"] == {"replicas": 2}
    with pytest.raises(RefusedError, match="403 Forbidden"):
        control_plane.with_token(token).get(path_of(namespace, "deployments"))


def test_the_audit_log_tells_who_scaled_what(control_plane: ControlPlane, namespace: str):
    """Every write to a scale subresource is found in the audit log with its user, its answer and its body."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=1))
    scale = path_of(namespace, "deployments", "web/scale")
    control_plane.admin.patch(scale, {"spec": {"replicas": 2}})
    with pytest.raises(RefusedError):
        control_plane.as_user("alice").patch(scale, {"spec": {"replicas": 3}})
    told = control_plane.audit.scale_writes(namespace=namespace, name="web")
    assert [(write.user, write.status, write.body) for write in told] == [
        ("admin", 200, {"spec": {"replicas": 2}}),
        ("alice", 403, None),
    ]


def test_kubectl_works_against_the_control_plane(control_plane: ControlPlane, namespace: str, kubectl: None):
    """kubectl reads what was created by other means."""
    control_plane.admin.create(path_of(namespace, "deployments"), workload("Deployment", "web", replicas=1))
    assert control_plane.kubectl("get", "deploy", "-n", namespace, "-o", "name").strip() == "deployment.apps/web"


def test_prometheus_answers_with_a_gauge_of_the_test(prometheus: Prometheus):
    """A gauge that a test sets is answered once it is scraped, and withdrawn it is gone with the next scrape."""
    prometheus.exposition.set("queue_length", 42, queue="orders")
    prometheus.await_answer('queue_length{queue="orders"}', [42.0], within_seconds=15)
    prometheus.exposition.remove("queue_length", queue="orders")
    prometheus.await_answer('queue_length{queue="orders"}', [], within_seconds=15)


def test_a_pushed_sample_is_visible_at_once(own_prometheus: Prometheus):
    """A pushed sample is answered by the very next query, and withdrawn it is gone by the very next."""
    own_prometheus.push("load", 7, engine="v8")
    assert own_prometheus.query('load{engine="v8"}') == [7.0]
    own_prometheus.withdraw("load", engine="v8")
    assert own_prometheus.query("load") == []


def test_a_pushed_history_answers_range_queries(own_prometheus: Prometheus):
    """Samples of the past hour can be pushed before a test begins, so that a rate is there from its first query."""
    now = datetime.now(UTC)
    history = [(now - timedelta(seconds=15 * back), 300.0 * (240 - back)) for back in range(240, 0, -1)]
    own_prometheus.push_history("requests_total", history)
    assert own_prometheus.query("rate(requests_total[5m])") == [pytest.approx(20.0)]
    assert own_prometheus.query("requests_total offset 59m") == [pytest.approx(300.0 * 4, abs=300)]


def test_a_prometheus_that_was_wiped_comes_back_empty(own_prometheus: Prometheus):
    """A stopped Prometheus comes back at the same address, with its data or, when wiped, without."""
    own_prometheus.push("load", 7)
    own_prometheus.stop()
    own_prometheus.start()
    assert own_prometheus.query("load") == [7.0]
    own_prometheus.stop(wipe=True)
    own_prometheus.start()
    assert own_prometheus.query("load") == []


def test_a_test_whose_servers_are_missing_fails_in_ci_and_is_named_elsewhere(tmp_path):
    """Without its servers a test is skipped and the run's end says so loudly; with CI=true it is a failure."""
    bare = {"PATH": "/nonexistent", "HOME": str(tmp_path), "AUTOSCALER_TEST_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "answers_with_a_gauge"]
    at_home = subprocess.run(command, env=bare, capture_output=True, text=True)
    in_ci = subprocess.run(command, env={**bare, "CI": "true"}, capture_output=True, text=True)
    assert (at_home.returncode, in_ci.returncode) == (0, 1)
    for ended in (at_home, in_ci):
        assert "SERVERS ARE MISSING" in ended.stdout
        assert "prometheus: needed by 1 test that did not run" in ended.stdout


def _create_when_served(api: Api, path: str, body: dict[str, object]) -> None:
    """Create a custom resource; the server answers 404 for the first moments of a new definition."""
    deadline = time.monotonic() + 30
    while True:
        try:
            api.create(path, body)
        except RefusedError as refused:
            if refused.status != 404 or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
