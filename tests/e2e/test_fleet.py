"""Several hundred objects in one daemon: every one gets its count, on time, at little cost."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

pytestmark = pytest.mark.e2e

MANY = 300
POLL = 5


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def lateness(daemon: RunningDaemon) -> dict[float, float]:
    """How many rounds were at most so late, in seconds, so far."""
    text = daemon.get("/metrics")[1]
    found = re.findall(r'autoscaler_tick_lateness_seconds_bucket\{.*?le="([^"]+)".*?\} ([0-9.e+]+)', text)
    return {float(bound): float(count) for bound, count in found}


def quantile(before: dict[float, float], after: dict[float, float], share: float) -> float:
    """A quantile of what came between: the upper bound of the bucket it lies in."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    return next(bound for bound, count in counts.items() if count >= share * max(counts.values()))


def test_several_hundred_objects_are_scaled_on_time(stage: Stage):
    """300 objects of one source reach their counts, each in one write; ticks stay punctual and cheap."""
    names = [f"many-{number}" for number in range(MANY)]
    wanted = {name: 1 + number % 4 for number, name in enumerate(names)}
    with ThreadPoolExecutor(max_workers=8) as hands:
        list(hands.map(stage.make, names))
    for name in names:
        stage.push(name, 0)
    objects = {name: stage.scaled(name, poll=POLL) for name in names}
    daemon = stage.launch(*FAST, name="fleet", **objects)
    time.sleep(POLL + 1)
    before, early, began = cpu_seconds(daemon.pid), lateness(daemon), time.monotonic()
    for name in names:
        stage.push(name, 10 * wanted[name])
    prefix = f"/apis/apps/v1/namespaces/{stage.namespace}/deployments"

    def counts() -> dict[str, int]:
        found = stage.plane.admin.get(prefix)["items"]
        return {
            item["metadata"]["name"]: item["spec"]["replicas"] for item in found if item["metadata"]["name"] in wanted
        }

    took = await_that(lambda: counts() == wanted, within_seconds=120, what="every count")
    time.sleep(max(0.0, 15 - (time.monotonic() - began)))
    share = (cpu_seconds(daemon.pid) - before) / (time.monotonic() - began)
    print(f"{MANY} objects: all scaled after {took:.1f} s, cpu {share:.2f} of a core")
    late = lateness(daemon)
    print("lateness: p50", quantile(early, late, 0.5), "p99", quantile(early, late, 0.99))
    assert not daemon.events("tick broke")
    assert quantile(early, late, 0.5) <= 1
    assert quantile(early, late, 0.99) <= POLL
    for name, count in wanted.items():
        stage.await_writes(name, count)
