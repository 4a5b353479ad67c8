"""What the loop itself costs: `python -m tests.benchmarks.loop [OBJECTS] [INTERVAL_SECONDS] [MEASURED_SECONDS]`.

The real fleet, ticks, decisions, memories and sinks (newest records, counters, log) run on a virtual clock, with a
sampler and targets that answer from memory, so that nothing but our own code is measured. One object in fifty changes
its count every minute. CPU time of this machine means little by itself: a fixed piece of Python is timed between the
measured stretches, and the cost of a tick is also given in units of it.
"""

import asyncio
import gc
import io
import os
import statistics
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autoscaler.core.signs import GuardSettings
from autoscaler.loop.chores import settle_garbage
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.tick import Ports, tick
from autoscaler.model.objects import ScaledObject, ScaleTarget
from autoscaler.model.observation import ScaleStatus
from autoscaler.model.record import Applied, Decided, Outcome
from autoscaler.model.turn import Cohort, Heard, Reply, Report, Samples, Scales
from autoscaler.sinks.counters import Counters
from autoscaler.sinks.latest import Latest
from autoscaler.sinks.log import Format, Log, make_logger
from tests.unit.builders import a_sample, a_scale, an_object, at

BEAT = timedelta(milliseconds=250)
RESTLESS = ("00", "50")  # the objects whose names end so change their count
PIECES = 10
CALIBRATION = 200_000


@dataclass
class Scripted:
    """Clock, sampler, targets and actuator in memory. ``spent`` is the CPU time that playing them took."""

    time: datetime
    scales: dict[ScaleTarget, ScaleStatus]
    spent: float = 0.0
    ticks: int = 0
    writes: int = 0

    def now(self) -> datetime:
        return self.time

    def wall(self) -> datetime:
        return self.time

    def until(self, instant: datetime) -> timedelta:
        return instant - self.time

    async def sample(self, cohort: Cohort) -> Samples:
        began = time.process_time()
        minute = int(cohort.at.timestamp()) // 60
        by_object, heard = {}, []
        for turn in cohort.turns:
            name = turn.obj.key.name
            load = 40 + 20 * (minute % 2) if name.endswith(RESTLESS) else 40
            by_object[turn.obj.key] = (a_sample(load, when=cohort.at),)
            heard.append(Heard(key=turn.obj.key, trigger=0, reply=Reply.DATA))
        report = Report(
            source=cohort.turns[0].obj.triggers[0].ask.question.source,
            at=cohort.at,
            requests=len(heard),
            failures=0,
            took=timedelta(0),
            heard=tuple(heard),
        )
        self.ticks += len(cohort.turns)
        self.spent += time.process_time() - began
        return Samples(by_object=by_object, reports=(report,))

    async def read(self, cohort: Cohort) -> Scales:
        return self.scales

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        self.writes += 1
        before = self.scales[record.obj.target]
        version = str(int(before.resource_version) + 1)
        desired = record.decision.desired
        self.scales[record.obj.target] = replace(before, spec=desired, status=desired, resource_version=version)
        return Applied(at=record.seen.at, resource_version=version, took=timedelta(0))


def objects_of(count: int, interval: float) -> tuple[ScaledObject, ...]:
    """Objects in namespaces of a hundred, each with a target of its own."""
    made = []
    for number in range(count):
        name = f"web-{number}"
        workload = ScaleTarget(namespace=f"team-{number // 100}", name=name)
        obj = an_object(10, poll=interval, name=name, workload=workload, minimum=1, downscale_window=0)
        made.append(replace(obj, key=replace(obj.key, namespace=workload.namespace)))
    return tuple(made)


def calibrate() -> float:
    """Time a fixed piece of Python, in CPU seconds."""
    began = time.process_time()
    kept: dict[int, tuple[int, str]] = {}
    for number in range(CALIBRATION):
        kept[number % 512] = (number, str(number))
    assert len(kept) == 512
    return time.process_time() - began


def resident() -> int:
    """Give the memory of this process, in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def play(fleet: Fleet, ports: Ports, world: Scripted, seconds: float) -> float:
    """Beat for so many virtual seconds, and give the CPU seconds of the loop, the script's own left out."""
    until, began, spent = world.time + timedelta(seconds=seconds), time.process_time(), world.spent
    while world.time < until:
        world.time += BEAT
        for cohort in fleet.due(world.now(), world.wall()):
            done = await tick(fleet, ports, cohort)
            for sink in ports.sinks:
                sink(done)
    return time.process_time() - began - (world.spent - spent)


async def measure(count: int, interval: float, seconds: float) -> None:
    """Run warm, then measure in pieces with the calibration between them, and print what was found."""
    gc.collect()
    empty = resident()
    objects = objects_of(count, interval)
    world = Scripted(time=at(0), scales={obj.target: a_scale(4) for obj in objects})
    fleet = Fleet(GuardSettings())
    log = io.StringIO()
    latest = Latest(fleet.objects, dict)
    counters = Counters(lambda: None, process=False)
    sinks = (latest, counters, Log(make_logger(log, form=Format.JSON, level="info"), fleet.objects))
    ports = Ports(clock=world, sampler=world, targets=world, actuator=world, sinks=sinks)
    fleet.start(objects, world.now())
    settle_garbage()
    await play(fleet, ports, world, max(60.0, 2 * interval))
    full = resident()
    ticks, writes, costs, units = world.ticks, world.writes, [], [calibrate()]
    for _ in range(PIECES):
        costs.append(await play(fleet, ports, world, seconds / PIECES))
        units.append(calibrate())
    ticks, writes = world.ticks - ticks, world.writes - writes
    began = time.process_time()
    text = "".join(latest.families()) + counters.text()
    scrape = time.process_time() - began
    report(count, interval, ticks, writes, sum(costs) / ticks, statistics.median(units))
    print(f"memory              {(full - empty) / count / 1024:.1f} KiB per object, {full / 2**20:.0f} MiB in all")
    print(f"one scrape          {scrape * 1000:.0f} ms CPU, {len(text) / 2**20:.1f} MiB of text")


def report(count: int, interval: float, ticks: int, writes: int, cost: float, unit: float) -> None:
    """Print the cost of a tick, as time, as a share of a core, and beside the calibration."""
    rate = count / interval
    print(f"objects             {count}, one poll and sync every {interval:g} s: {rate:.0f} ticks/s")
    print(f"measured            {ticks} ticks, {writes} writes")
    print(f"one tick            {cost * 1e6:.1f} us CPU (observe, decide, act, remember, three sinks)")
    print(f"share of one core   {cost * rate * 100:.1f} %")
    print(f"calibration         {unit * 1000:.1f} ms for {CALIBRATION} steps of plain Python")
    print(f"one tick            {cost / unit * CALIBRATION:.0f} such steps")


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    asyncio.run(measure(int(given[0]) if given else 10_000, *(given[1:2] or [15.0]), *(given[2:3] or [60.0])))
