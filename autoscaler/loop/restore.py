"""The last write for an object that is deleted: back to the count its target had at first sight."""

from datetime import timedelta

from autoscaler.loop.tick import Ports, fence
from autoscaler.model.decision import Activity, Decision, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Observation, ScaleStatus, Unreadable
from autoscaler.model.record import Decided, Round, Unneeded, Unobserved
from autoscaler.model.turn import Cohort, Turn


async def restore(ports: Ports, obj: ScaledObject, memory: Memory) -> Round:
    """Write the original replica count once (``advanced.restoreToOriginalReplicaCount``).

    Source: KEDA scaledobject_finalizer.go.
    """
    assert memory.past is not None, "an object that never ticked has no original count"
    now = ports.clock.now()
    turn = Turn(obj=obj, at=now, slots=frozenset(), asks=())
    cohort = Cohort(at=now, wall=ports.clock.wall(), turns=(turn,))
    scale = (await ports.targets.read(cohort))[obj.target]
    if isinstance(scale, Unreadable):
        return Round(at=now, records=(Unobserved(obj=obj, memory=memory, at=now, why=scale),), sources={})
    record = planned(obj, memory, scale, cohort, memory.past.original_replicas)
    if record.decision.desired == scale.spec:
        return Round(at=now, records=(record,), sources={})
    outcome = await ports.actuator.apply(record, deadline=fence(obj, now))
    done = Decided(
        obj=obj, memory=memory, seen=record.seen, decision=record.decision, outcome=outcome, took=timedelta(0)
    )
    return Round(at=now, records=(done,), sources={})


def planned(obj: ScaledObject, memory: Memory, scale: ScaleStatus, cohort: Cohort, original: int) -> Decided:
    """Make the record of a restore that has not been written yet."""
    seen = Observation(at=cohort.at, wall=cohort.wall, slots=frozenset(), scale=scale, measurements=())
    step = Step(stage=Stage.RESTORE, before=scale.spec, after=original, reason=Reason.RESTORED)
    decision = Decision(
        current=scale.spec, base=scale.spec, desired=original, activity=Activity.PAUSED, forced=True, steps=(step,)
    )
    return Decided(obj=obj, memory=memory, seen=seen, decision=decision, outcome=Unneeded())
