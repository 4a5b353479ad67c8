"""A daemon that is killed, suspended or told to stop: what it knew holds, and nothing falls sooner or grows faster."""

import random
import signal
import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.e2e.daemon import FAST, Stage, await_that

pytestmark = pytest.mark.e2e

DOWN = """\
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {scaleDown: {stabilizationWindowSeconds: 20}}
"""
UP = """\
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 8}]}
"""
FLAGS = (*FAST, "--sync-period", "1s")
WINDOW = 20
PERIOD = 8


def seconds_between(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


def test_a_daemon_that_ends_in_order_decides_as_if_it_had_never_stopped(stage: Stage):
    """SIGTERM ends it within a second, and the shrink comes when the window ends, not a window after the start."""
    stage.make("orderly", replicas=0)
    stage.push("orderly", 45)
    daemon = stage.launch(*FLAGS, name="orderly", orderly=stage.scaled("orderly", minimum=1, more=DOWN))
    stage.await_replicas("orderly", 5, within_seconds=20)
    await_that(lambda: "ok" in [e["now"] for e in daemon.events("source changed")], within_seconds=10)
    fell_at = stage.push("orderly", 15)
    time.sleep(3)
    took = daemon.stop()
    print("stop took", round(took, 3))
    assert took < 1
    time.sleep(2)
    daemon.start()
    stage.await_replicas("orderly", 2, within_seconds=WINDOW + 10)
    waited = seconds_between(stage.writes("orderly")[-1][0], fell_at)
    print("shrink after", waited)
    assert WINDOW - 1 <= waited <= WINDOW + 4


def test_kills_and_freezes_never_shrink_sooner_nor_grow_faster(stage: Stage):
    """Killed, restarted, suspended and resumed at random moments, it holds a full window and keeps to its policies."""
    names = ("killed", "frozen")
    fast = [f"{name}-up" for name in names]
    stage.make(*names, *fast)
    for name in names:
        stage.push(name, 45)
        stage.push(f"{name}-up", 500)
    daemons = {
        name: stage.launch(
            *FLAGS,
            name=name,
            down=stage.scaled(name, minimum=1, more=DOWN),
            up=stage.scaled(f"{name}-up", minimum=1, maximum=50, more=UP),
        )
        for name in names
    }
    for name in names:
        stage.await_replicas(name, 5, within_seconds=20)
    last_high_at = {name: stage.push(name, 45) for name in names}
    for name in names:
        stage.push(name, 15)
    dice = random.Random(9)
    resumed_at = dict(last_high_at)
    for _ in range(5):
        time.sleep(dice.uniform(0.3, 2.5))
        daemons["killed"].kill()
        daemons["frozen"].signal(signal.SIGSTOP)
        time.sleep(dice.uniform(0.1, 1.5))
        daemons["frozen"].signal(signal.SIGCONT)
        daemons["killed"].start()
    for name in names:
        stage.await_replicas(name, 2, within_seconds=WINDOW + 25)
        writes = stage.writes(name)
        print(name, [(round(seconds_between(at, last_high_at[name]), 1), count) for at, count in writes])
        assert seconds_between(writes[-1][0], resumed_at[name]) >= WINDOW - 1
        assert [count for _, count in writes if count < 5][-1] == 2
        assert_policy(stage.writes(f"{name}-up"), pods=2, period=PERIOD)


def assert_policy(writes: list[tuple[datetime, int]], *, pods: int, period: float) -> None:
    """Within any period no more pods were added than the policy allows; the wake from zero is no event."""
    print([count for _, count in writes])
    assert writes[0][1] == 1 + pods
    grown = [(at, after - before) for (_, before), (at, after) in pairwise(writes)]
    for at, _ in grown:
        within = [added for other, added in grown if timedelta(0) <= other - at < timedelta(seconds=period - 0.7)]
        assert sum(within) <= pods
