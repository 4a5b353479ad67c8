"""Writes the scale subresource: fenced, bounded, on the version it was decided on (L7, R15)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from autoscaler.kube.answers import scale_of, words
from autoscaler.kube.backoff import Backoff
from autoscaler.kube.budget import Budget
from autoscaler.kube.client import Answer, NoAnswer, Reply, Writer
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.targets import read_scale
from autoscaler.model.objects import Mode, ScaleTarget
from autoscaler.model.observation import ScaleStatus, Unreadable
from autoscaler.model.record import Applied, Decided, Failed, Outcome, Superseded, Unknown, Unneeded, Withheld

FIELD_MANAGER: Final = "autoscaler"
ATTEMPTS: Final = 5
PAUSE_SECONDS: Final = 0.01
LEAST_SECONDS: Final = 0.1  # with less time left an answer would hardly come, and the write would be Unknown
PASSED: Final = Superseded(why="the deadline of this write passed before it could leave")


class ScaleActuator:
    """The loop's ``Actuator`` on a real API server. ``now`` is the loop's steady clock.

    ``noticed`` hears what the API server answered to a write, and what was found after a conflict.
    """

    def __init__(
        self,
        client: Writer,
        discovery: Discovery,
        now: Callable[[], datetime],
        budget: Budget | None = None,
        *,
        noticed: Callable[[ScaleTarget, ScaleStatus], None] | None = None,
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._now = now
        self._budget = budget or Budget()
        self._backoff = Backoff(now)
        self._noticed = noticed or _unheard

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        """Write ``decision.desired``, once, before ``deadline`` or not at all."""
        decision, target = record.decision, record.obj.target
        if decision.desired == decision.current:
            return Unneeded()
        if record.obj.mode is Mode.DRY_RUN:
            return Withheld(why="the object's mode is dry-run")
        if rival := record.seen.scale.rival:
            return Withheld(why=f"HPA {rival} scales the same target")
        if fault := out_of_bounds(record):
            return Failed(why=fault)
        if waiting := self._backoff.waiting(target):
            return waiting
        granted = await self._budget.take(
            within_seconds=self._left(deadline), current=decision.current, desired=decision.desired
        )
        outcome = await self._write(record, deadline) if granted else self._crowded()
        self._backoff.note(target, outcome)
        return outcome

    async def _write(self, record: Decided, deadline: datetime) -> Outcome:
        target, desired = record.obj.target, record.decision.desired
        path = self._discovery.locate(target)
        if isinstance(path, Unreadable):
            return Failed(why=path.detail)
        scale = record.seen.scale
        began = self._now()
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_SECONDS)
            if (left := self._left(deadline)) < LEAST_SECONDS:
                return PASSED
            assert out_of_bounds(record) is None
            reply = await self._client.patch(
                path, _patch(scale, desired), timeout_seconds=left, query={"fieldManager": FIELD_MANAGER}
            )
            if not (isinstance(reply, Answer) and reply.status == 409):
                return self._outcome(reply, record, self._now() - began)
            found = await self._again(target, record, deadline)
            if not isinstance(found, ScaleStatus):
                return found
            scale = found
        return Failed(why=f"{ATTEMPTS} conflicts in a row: {target} changes faster than it can be written", status=409)

    async def _again(self, target: ScaleTarget, record: Decided, deadline: datetime) -> ScaleStatus | Outcome:
        """Read after a conflict: the scale when its count and identity are still those decided on."""
        if (left := self._left(deadline)) <= 0:
            return PASSED
        found = await read_scale(self._client, self._discovery, target, left)
        if isinstance(found, Unreadable):
            return Failed(why=f"a conflict, and then {found.detail}", status=409)
        self._noticed(target, found)
        if found.uid != record.seen.scale.uid:
            return Superseded(why=f"{target} was deleted and made again")
        if found.spec != record.seen.scale.spec:
            who = found.writer or "somebody else"
            return Superseded(why=f"{who} wrote {found.spec} replicas meanwhile", found=found.spec)
        return found

    def _outcome(self, reply: Reply, record: Decided, took: timedelta) -> Outcome:
        desired = record.decision.desired
        if isinstance(reply, NoAnswer):
            if reply.sent:
                return Unknown(why=reply.detail)
            return PASSED if reply.timed_out else Failed(why=reply.detail)
        if reply.status == 429 and reply.retry_after is not None:
            self._budget.rest(reply.retry_after)
        if reply.status != 200:
            return Failed(why=words(reply), status=reply.status)
        stored = scale_of(reply.body)
        if stored is None:
            return Unknown(why="the API server's answer to the write makes no sense")
        self._noticed(record.obj.target, stored)
        if stored.spec != desired:
            why = f"the API server stored {stored.spec} instead of {desired}: an admission webhook?"
            return Failed(why=why, status=reply.status)
        return Applied(at=record.seen.at, resource_version=stored.resource_version, took=took)

    def _crowded(self) -> Superseded:
        """Say what a write waited for in vain."""
        most = f"no more than {self._budget.rate:g} writes leave in a second (--writes-per-second), growth first"
        return Superseded(why=f"its turn did not come before its deadline: {most}")

    def _left(self, deadline: datetime) -> float:
        return (deadline - self._now()).total_seconds()


class Withholding:
    """The actuator of a process under ``--dry-run``: it has no client at all."""

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        """Say what is not written, and why."""
        if record.decision.desired == record.decision.current:
            return Unneeded()
        return Withheld(why="--dry-run writes nothing")


def out_of_bounds(record: Decided) -> str | None:
    """Check a decision once more, apart from the code that made it (L4); None: lawful."""
    obj, desired = record.obj, record.decision.desired
    exempt = {obj.idle_replicas, obj.pause.replicas}
    if obj.min_replicas == 0:
        exempt.add(0)
    if record.memory.past is not None:
        exempt.add(record.memory.past.original_replicas)
    if obj.awake_floor <= desired <= obj.max_replicas or desired in exempt:
        return None
    return (
        f"{desired} replicas are outside {obj.awake_floor}..{obj.max_replicas} of {obj.key}; "
        "this is a mistake of the autoscaler and nothing was written"
    )


def _unheard(target: ScaleTarget, scale: ScaleStatus) -> None:
    """Hear nothing: without watches every read is new."""


def _patch(scale: ScaleStatus, desired: int) -> dict[str, object]:
    return {
        "metadata": {"resourceVersion": scale.resource_version, "uid": scale.uid},
        "spec": {"replicas": desired},
    }
