"""Which pods count as ready, and what they request."""

from collections.abc import Mapping

import pytest

from autoscaler.core.grouping import count, group
from autoscaler.model.observation import Missing, MissingReason, PodCount, PodSamples, PodUsage
from autoscaler.model.pods import Container, Phase, Pod, PodMetrics, Readiness
from tests.unit.builders import at, seconds

NOW = 10_000.0


def a_pod(
    name: str = "a",
    *,
    phase: Phase = Phase.RUNNING,
    ready: Readiness | None = Readiness.TRUE,
    since: float | None = 100,
    started: float | None = 50,
    deleting: bool = False,
    containers: tuple[Container, ...] = (Container(name="app", requests={"cpu": 500}),),
    inits: tuple[Container, ...] = (),
    requests: Mapping[str, int] | None = None,
    overhead: Mapping[str, int] | None = None,
) -> Pod:
    return Pod(
        name=name,
        phase=phase,
        deleting=deleting,
        ready=ready,
        ready_since=None if since is None else at(since),
        started_at=None if started is None else at(started),
        containers=containers,
        init_containers=inits,
        requests=requests or {},
        overhead=overhead or {},
    )


def metrics(name: str = "a", **usage: Mapping[str, int]) -> PodMetrics:
    """A sample of 5 s ago over a window of 30 s, 100 m of cpu unless said."""
    used = tuple(usage.items()) or (("app", {"cpu": 100}),)
    return PodMetrics(pod=name, at=at(NOW - 5), window=seconds(30), usage=used)


def grouped(pods, sampled=None, *, resource: str = "cpu", container: str = "") -> PodSamples:
    found = group(pods, [metrics()] if sampled is None else sampled, resource, container, at=at(NOW))
    assert isinstance(found, PodSamples)
    return found


def test_ready_pods_are_running_and_ready():
    """Pods that run and are ready count, those on their way out included."""
    others = [
        a_pod(phase=Phase.PENDING),
        a_pod(ready=Readiness.FALSE),
        a_pod(ready=Readiness.UNKNOWN),
        a_pod(ready=None),
    ]
    assert count([a_pod(), a_pod(deleting=True), *others]) == PodCount(total=6, ready=2)
    assert count([]) == PodCount(total=0, ready=0)


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        (a_pod(), PodUsage(name="a", usage=100, request=500)),
        (a_pod(deleting=True), PodUsage(name="a", usage=100, request=500, ignored=True)),
        (a_pod(phase=Phase.FAILED), PodUsage(name="a", usage=100, request=500, ignored=True)),
        (a_pod(phase=Phase.PENDING), PodUsage(name="a", usage=100, request=500, pending=True)),
        (a_pod(phase=Phase.SUCCEEDED), PodUsage(name="a", usage=100, request=500)),
        (a_pod(ready=None), PodUsage(name="a", usage=100, request=500, ready=False)),
        (a_pod(started=None), PodUsage(name="a", usage=100, request=500, ready=False)),
    ],
)
def test_pods_by_phase(pod: Pod, want: PodUsage):
    """Terminating and failed pods are ignored, pending ones and those without a start are not ready."""
    assert grouped([pod]).pods == (want,)


@pytest.mark.parametrize(
    ("pod", "ready"),
    [
        (a_pod(started=NOW - 100, since=NOW - 20), False),
        (a_pod(started=NOW - 100, since=NOW - 35), True),
        (a_pod(started=NOW - 100, since=NOW - 34.9), False),
        (a_pod(started=NOW - 100, since=NOW - 40, ready=Readiness.FALSE), False),
        (a_pod(started=NOW - 100, since=NOW - 40, ready=Readiness.UNKNOWN), True),
        (a_pod(started=NOW - 300, since=NOW - 20), True),
        (a_pod(started=NOW - 600, since=NOW - 120, ready=Readiness.FALSE), True),
        (a_pod(started=NOW - 600, since=NOW - 571, ready=Readiness.FALSE), False),
        (a_pod(started=NOW - 600, since=NOW - 570, ready=Readiness.FALSE), True),
        (a_pod(started=NOW - 600, since=NOW - 571), True),
        (a_pod(started=NOW - 600, since=None, ready=Readiness.FALSE), False),
        (a_pod(started=NOW - 100, since=None), True),
    ],
)
def test_a_booting_pod_is_not_ready_for_cpu(pod: Pod, ready: bool):
    """In its first minutes a pod needs a sample measured after it became ready; later only never-ready ones boot."""
    assert grouped([pod]).pods[0].ready is ready
    memory = [metrics(app={"memory": 1})]
    assert grouped([pod], memory, resource="memory").pods[0].ready


def test_usage_is_the_sum_of_all_containers():
    """A pod of which one container lacks the resource has no sample, nor has one without containers."""
    two = [metrics(app={"cpu": 100}, side={"cpu": 30})]
    assert grouped([a_pod()], two).pods[0].usage == 130
    assert grouped([a_pod()], two, container="side").pods[0].usage == 30
    assert grouped([a_pod()], [metrics(app={"cpu": 100}, side={"memory": 30})]).pods[0].usage is None
    assert grouped([a_pod()], two, container="other").pods[0].usage is None
    bare = PodMetrics(pod="a", at=at(NOW), window=seconds(30), usage=())
    assert grouped([a_pod()], [bare]).pods[0].usage is None


def test_samples_of_unlisted_pods_are_kept_apart():
    """A sample whose pod the selector does not list stands behind the others."""
    found = grouped([a_pod()], [metrics(), metrics("x")]).pods
    assert found[1:] == (PodUsage(name="x", usage=100, listed=False),)


def test_nothing_to_group():
    """No metrics come before no pods."""
    no_metrics = group([], [], "cpu", "", at=at(NOW))
    assert isinstance(no_metrics, Missing)
    assert (no_metrics.reason, no_metrics.detail[:11]) == (MissingReason.EMPTY, "the metrics")
    no_pods = group([], [metrics()], "cpu", "", at=at(NOW))
    assert isinstance(no_pods, Missing)
    assert no_pods.detail.startswith("no pods match")


def container(name: str, *, sidecar: bool = False, **requests: int) -> Container:
    return Container(name=name, requests=requests, sidecar=sidecar)


@pytest.mark.parametrize(
    ("pod", "request_"),
    [
        (a_pod(containers=(container("a", cpu=1), container("b", cpu=2))), 3),
        (a_pod(inits=(container("i", cpu=90), container("s", sidecar=True, cpu=7))), 507),
        (a_pod(requests={"cpu": 40}, overhead={"cpu": 2}), 42),
        (a_pod(overhead={"cpu": 2}), 500),
        (a_pod(requests={"memory": 40}, overhead={"cpu": 2}), 502),
        (a_pod(requests={"memory": 40}, inits=(container("i", cpu=900),)), 900),
        (a_pod(requests={"memory": 40}, inits=(container("s", sidecar=True, cpu=7), container("i", cpu=900))), 907),
        (a_pod(requests={"memory": 40}, inits=(container("i", cpu=1), container("s", sidecar=True, cpu=7))), 507),
        (a_pod(requests={"memory": 40}, inits=(container("s", sidecar=True, cpu=900),), containers=()), 900),
        (a_pod(requests={"hugepages-2Mi": 40}, containers=(container("a", cpu=1), container("b"))), 1),
        (a_pod(requests={"memory": 40}, containers=(), overhead={"cpu": 2}), 2),
    ],
)
def test_what_a_pod_requests(pod: Pod, request_: int):
    """Containers and sidecars add up; a request on the level of the pod, or of its scheduler, stands for them."""
    found = grouped([pod])
    assert (found.pods[0].request, found.fault) == (request_, None)


@pytest.mark.parametrize(
    ("pod", "fault"),
    [
        (a_pod(containers=(container("x", cpu=1), container("y"))), "no request for cpu in container y of pod a"),
        (a_pod(inits=(container("s", sidecar=True),)), "no request for cpu in container s of pod a"),
        (a_pod(requests={"memory": 40}, containers=()), "no request for cpu on the level of pod a"),
        (
            a_pod(requests={"example.com/x": 40}, containers=(container("y"),)),
            "no request for cpu in container y of pod a",
        ),
    ],
)
def test_a_request_that_is_missing_is_named(pod: Pod, fault: str):
    """One container without the request makes the utilization of all pods impossible."""
    found = grouped([a_pod("b"), pod])
    assert (found.pods[1].request, found.fault) == (None, fault)


def test_the_request_of_one_container():
    """With a container named only that one is asked, init containers included."""
    pod = a_pod(containers=(container("app", cpu=5), container("bare")), inits=(container("init", cpu=3),))
    assert grouped([pod], container="app").pods[0].request == 5
    assert grouped([pod], container="init").pods[0].request == 3
    assert grouped([pod], container="bare").fault == "no request for cpu in container bare of pod a"
    assert grouped([pod], container="gone").fault == "container gone is not in pod a"


def test_other_settings_of_readiness():
    """The two periods of the controller can be set."""
    pod = a_pod(started=NOW - 100, since=NOW - 20)
    found = group([pod], [metrics()], "cpu", "", at=at(NOW), initialization=seconds(100), delay=seconds(1))
    assert isinstance(found, PodSamples)
    assert found.pods[0].ready
