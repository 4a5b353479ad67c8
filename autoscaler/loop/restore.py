"""The last write for an object that is deleted: back to the count its target had at first sight."""

from dataclasses import replace

from autoscaler.loop.tick import Ports, fence
from autoscaler.model.decision import Activity, Decision, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Observation, ScaleStatus, Unreadable
from autoscaler.model.record import Decided, Record, Round, Superseded, Unneeded, Unobserved
from autoscaler.model.turn import Cohort, Turn

ATTEMPTS = 4  # a tick that was under way when the object went may write once more


async def restore(ports: Ports, obj: ScaledObject, memory: Memory) -> Round:
    """Write the original replica count (``advanced.restoreToOriginalReplicaCount``); again where it was overtaken.

    Source: KEDA scaledobject_finalizer.go.
    """
    assert memory.past is not None, "an object that never ticked has no original count"
    now = ports.clock.now()
    record: Record = await _attempt(ports, obj, memory, memory.past.original_replicas)
    for _ in range(ATTEMPTS - 1):
        if not (isinstance(record, Decided) and isinstance(record.outcome, Superseded)):
            break
        record = await _attempt(ports, obj, memory, memory.past.original_replicas)
    return Round(at=now, records=(record,), sources={})


async def _attempt(ports: Ports, obj: ScaledObject, memory: Memory, original: int) -> Record:
    now = ports.clock.now()
    turn = Turn(obj=obj, at=now, slots=frozenset(), asks=())
    cohort = Cohort(at=now, wall=ports.clock.wall(), turns=(turn,))
    scale = (await ports.targets.read(cohort))[obj.target]
    if isinstance(scale, Unreadable):
        return Unobserved(obj=obj, memory=memory, at=now, why=scale)
    record = planned(obj, memory, scale, cohort, original)
    if record.decision.desired == scale.spec:
        return record
    return replace(record, outcome=await ports.actuator.apply(record, deadline=fence(obj, now)))


def planned(obj: ScaledObject, memory: Memory, scale: ScaleStatus, cohort: Cohort, original: int) -> Decided:
    """Make the record of a restore that has not been written yet."""
    seen = Observation(at=cohort.at, wall=cohort.wall, slots=frozenset(), scale=scale, measurements=())
    step = Step(stage=Stage.RESTORE, before=scale.spec, after=original, reason=Reason.RESTORED)
    decision = Decision(
        current=scale.spec, base=scale.spec, desired=original, activity=Activity.PAUSED, forced=True, steps=(step,)
    )
    return Decided(obj=obj, memory=memory, seen=seen, decision=decision, outcome=Unneeded())
