"""CPU per question: plain httpx, httpx over aiohttp, our sender and the whole sampler, in one run.

``python -m tests.benchmarks.sender [QUESTIONS]``. Times depend on the machine, so each is also given in units of a
calibration loop and as a ratio to plain httpx. The server runs in a process of its own and is not counted.
"""

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import httpx
import httpx_aiohttp
from yarl import URL

from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget, Trigger
from autoscaler.model.observation import Sample, Slot
from autoscaler.model.turn import Cohort, Turn
from autoscaler.scalers.http import Call, Sender
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from autoscaler.scalers.sampler import CohortSampler
from tests.scripted import render, vector_answer
from tests.unit.scalers.builders import a_resolver, an_ask

CONNECTIONS = 4
ANSWER = render(vector_answer("5")).replace(b"Connection: close\r\n", b"")


def main(questions: int = 2000) -> None:
    """Measure and print."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}"
    unit = calibrate()
    found = asyncio.run(measure(url, questions))
    server.terminate()
    server.join()
    plain = found["plain httpx"]
    print(f"{questions} questions, {CONNECTIONS} connections; calibration loop {unit * 1e6:.0f} us")
    for name, seconds in found.items():
        each = seconds / questions
        ratio = f"{plain / seconds:5.1f} times less than plain httpx"
        print(f"{name:28} {each * 1e6:7.0f} us CPU each {each / unit:7.2f} units {ratio}")


async def measure(url: str, questions: int) -> dict[str, float]:
    """Give CPU seconds by way of asking."""
    address = f"{url}/api/v1/query?query=sum%28x%29"
    found: dict[str, float] = {}
    async with httpx.AsyncClient(trust_env=False) as client:
        found["plain httpx"] = await spent(lambda n: client.get(address), questions)
    async with httpx.AsyncClient(transport=httpx_aiohttp.AiohttpTransport()) as client:
        found["httpx over aiohttp"] = await spent(lambda n: client.get(address), questions)
    sender, call = Sender(), Call(url=URL(address, encoded=True))
    loop = asyncio.get_running_loop()
    found["our sender"] = await spent(lambda n: sender.send(call, loop.time() + 3), questions)
    transport = PrometheusTransport(sender, a_resolver({}))
    sampler = CohortSampler({"prometheus": PrometheusScaler()}, {"prometheus": transport})
    cohort = a_cohort(url, questions)
    await sampler.sample(cohort)
    before = time.process_time()
    samples = await sampler.sample(cohort)
    found["sampler, metadata to sample"] = time.process_time() - before
    assert all(isinstance(measured, Sample) for (measured,) in samples.by_object.values())
    await sender.close()
    return found


async def spent(ask: Callable[[int], Awaitable[object]], questions: int) -> float:
    """Give the CPU seconds of so many questions over a few workers."""
    waiting = iter(range(questions))

    async def worker() -> None:
        for number in waiting:
            await ask(number)

    await ask(0)
    before = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(worker())
    return time.process_time() - before


def a_cohort(url: str, questions: int) -> Cohort:
    """Give as many objects, each with a query of its own."""
    now, turns = datetime.now(UTC), []
    for number in range(questions):
        ask = an_ask(serverAddress=url, query=f'sum(rate(x{{app="{number}"}}[2m]))')
        obj = ScaledObject(
            key=ObjectKey(namespace="bench", name=f"web-{number}"),
            target=ScaleTarget(namespace="bench", name=f"web-{number}"),
            triggers=(Trigger(type="prometheus", ask=ask),),
        )
        turns.append(Turn(obj=obj, at=now, slots=frozenset({Slot.SYNC}), asks=(0,)))
    return Cohort(at=now, wall=now, turns=tuple(turns))


def calibrate() -> float:
    """Give the CPU seconds of a fixed piece of Python, the best of five."""
    best = float("inf")
    for _ in range(5):
        before = time.process_time()
        sum(len(str(number)) for number in range(1000))
        best = min(best, time.process_time() - before)
    return best


def serve(ready: Connection) -> None:
    """Answer every request with the same sample, as cheaply as Python can."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self._transport = transport

        def data_received(self, data: bytes) -> None:
            self._transport.write(ANSWER)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:2]))
