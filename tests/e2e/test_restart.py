"""A daemon that is killed, suspended or told to stop: what it knew holds, and nothing falls sooner or grows faster."""

import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

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
        scaleUp: {policies: [{type: Pods, value: 2, periodSeconds: 12}]}
"""
FLAGS = (*FAST, "--sync-period", "1s")
WINDOW = 20
PERIOD = 12
SLACK = 2.5  # seconds by which a stalled machine may bring two writes closer together than they were decided


def seconds_between(later: datetime, earlier: datetime) -> float:
    return (later - earlier).total_seconds()


@dataclass
class Orderly:
    """What came of an orderly stop in the middle of a window."""

    stop_seconds: float
    waited_seconds: float


@dataclass
class Rough:
    """What was written by a daemon that was killed or suspended again and again, in seconds after the load fell."""

    down: list[tuple[float, int]]
    up: list[tuple[datetime, int]]


def play_orderly(stage: Stage) -> Orderly:
    """Let the load fall, stop the daemon in order and start it again within the window."""
    stage.make("orderly")
    stage.push("orderly", 45)
    daemon = stage.launch(*FLAGS, name="orderly", orderly=stage.scaled("orderly", minimum=1, more=DOWN))
    stage.await_replicas("orderly", 5)
    await_that(lambda: "ok" in [e["now"] for e in daemon.events("source changed")])
    fell_at = stage.push("orderly", 15)
    time.sleep(WINDOW / 2)
    took = daemon.stop()
    time.sleep(2)
    daemon.start()
    stage.await_replicas("orderly", 2, within_seconds=WINDOW + 40)
    return Orderly(took, seconds_between(stage.writes("orderly")[-1][0], fell_at))


def play_rough(stage: Stage, name: str, hurt: Callable[[RunningDaemon, random.Random], None]) -> Rough:
    """Let the load fall, and hurt the daemon five times at random moments; beside it another object grows."""
    up, dice = f"{name}-up", random.Random(name)
    stage.make(name, up)
    stage.push(name, 45)
    stage.push(up, 500)
    objects = {"down": stage.scaled(name, minimum=1, more=DOWN), "up": stage.scaled(up, minimum=1, maximum=50, more=UP)}
    daemon = stage.launch(*FLAGS, name=name, **objects)
    stage.await_replicas(name, 5)
    fell_at = stage.push(name, 15)
    for _ in range(5):
        time.sleep(dice.uniform(0.3, 2.5))
        hurt(daemon, dice)
    stage.await_replicas(name, 2, within_seconds=2 * WINDOW + 60)
    down = [(seconds_between(at, fell_at), count) for at, count in stage.writes(name)]
    return Rough(down, stage.writes(up))


def kill(daemon: RunningDaemon, dice: random.Random) -> None:
    """End it at once, and start it again."""
    daemon.kill()
    daemon.start()


def freeze(daemon: RunningDaemon, dice: random.Random) -> None:
    """Suspend it for a moment."""
    daemon.signal(signal.SIGSTOP)
    time.sleep(dice.uniform(0.1, 1.5))
    daemon.signal(signal.SIGCONT)


def play(stage: Stage) -> tuple[Orderly, dict[str, Rough]]:
    """Play all three side by side: they mostly wait."""
    with ThreadPoolExecutor() as pool:
        orderly = pool.submit(play_orderly, stage)
        rough = {how.__name__: pool.submit(play_rough, stage, how.__name__, how) for how in (kill, freeze)}
        return orderly.result(), {name: each.result() for name, each in rough.items()}


def test_a_daemon_that_ends_in_order_decides_as_if_it_had_never_stopped(played: tuple[Orderly, dict[str, Rough]]):
    """SIGTERM ends it at once, and the shrink comes when the window ends, not a window after the start."""
    orderly = played[0]
    print(orderly)
    assert orderly.stop_seconds < 1 + SLACK
    assert WINDOW - SLACK <= orderly.waited_seconds <= WINDOW + 10


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_kills_and_freezes_never_shrink_sooner_nor_grow_faster(played: tuple[Orderly, dict[str, Rough]], how: str):
    """Killed, restarted, suspended and resumed at random moments, it holds a full window and keeps to its policies."""
    rough = played[1][how]
    print(how, [(round(second, 1), count) for second, count in rough.down])
    assert [count for _, count in rough.down] == [5, 2]
    assert rough.down[-1][0] >= WINDOW - SLACK
    assert_policy(rough.up, pods=2, period=PERIOD)


def assert_policy(writes: list[tuple[datetime, int]], *, pods: int, period: float) -> None:
    """Within any period no more pods were added than the policy allows; the wake from zero is no event."""
    print([(at.strftime("%M:%S.%f"), count) for at, count in writes])
    assert writes[0][1] == 1 + pods
    grown = [(at, after - before) for (_, before), (at, after) in pairwise(writes)]
    for at, _ in grown:
        within = [added for other, added in grown if timedelta(0) <= other - at < timedelta(seconds=period - SLACK)]
        assert sum(within) <= pods
