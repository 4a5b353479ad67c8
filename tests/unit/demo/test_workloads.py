"""Deployments of the stand-in: counts, versions, pods."""

import pytest

from autoscaler.demo.workloads import RefusedError, Workloads


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_pods_become_ready_after_their_time():
    """New pods are not ready at once; those from before stay ready."""
    clock = Clock()
    workloads = Workloads(clock, ready_seconds=2)
    web = workloads.add("demo", "web", 1)
    workloads.scale(web, 4, manager="autoscaler")
    assert (len(web.pods), workloads.ready(web)) == (4, 1)
    clock.seconds += 2
    assert workloads.ready(web) == 4


def test_shrinking_takes_the_youngest_pods():
    """Pods that are not ready yet go first."""
    clock = Clock()
    workloads = Workloads(clock, ready_seconds=2)
    web = workloads.add("demo", "web", 2)
    workloads.scale(web, 5, manager="autoscaler")
    workloads.scale(web, 2, manager="autoscaler")
    assert workloads.ready(web) == 2


def test_an_unchanged_count_keeps_its_version():
    """Only a change makes a new version."""
    workloads = Workloads(Clock())
    web = workloads.add("demo", "web", 2)
    before = web.version
    workloads.scale(web, 2, manager="autoscaler")
    assert web.version == before
    workloads.scale(web, 3, manager="autoscaler", version=str(before), uid=web.uid)
    assert (web.version > before, web.manager) == (True, "autoscaler")


@pytest.mark.parametrize(
    ("precondition", "code"), [({"version": "1"}, 409), ({"uid": "another"}, 409), ({"replicas": -1}, 422)]
)
def test_what_does_not_fit_is_refused(precondition: dict[str, object], code: int):
    """A stale version, another identity and a negative count are refused, and change nothing."""
    workloads = Workloads(Clock())
    web = workloads.add("demo", "web", 2)
    with pytest.raises(RefusedError) as caught:
        workloads.scale(web, **{"replicas": 5, "manager": "x", **precondition})  # type: ignore[arg-type]
    assert (caught.value.code, web.replicas) == (code, 2)


def test_labels_choose_pods():
    """A selector finds the workloads whose labels hold it, in its namespace alone."""
    workloads = Workloads(Clock())
    web = workloads.add("demo", "web", 2, {"app": "web", "tier": "front"})
    workloads.add("other", "web", 2, {"app": "web"})
    assert workloads.matching("demo", {"app": "web"}) == [web]
    assert workloads.matching("demo", {"app": "api"}) == []
