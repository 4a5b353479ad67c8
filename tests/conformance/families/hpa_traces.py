"""Traces of the real HPA controller: every pass is a sync slot of ours, run through decide and remember.

The runner only translates: it gives objects an interval that no gap exceeds, dates a change by the answer of its
write, and plays a restart as lost memory. Where the recording touches a listed difference, a second model with that
row switched on must give exactly our counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import combinations

from autoscaler.core.decide import decide
from autoscaler.core.remember import remember
from autoscaler.model.decision import Decision, Reason, Stage, Step
from autoscaler.model.memory import Change, Memory, Recommendation
from autoscaler.model.objects import (
    ScaledObject,
)
from autoscaler.model.observation import (
    Observation,
    PodCount,
    ScaleStatus,
    Slot,
)
from autoscaler.model.record import Applied, Failed, Outcome, Superseded, Unneeded
from tests.conformance.hpa_model import Pass, Replay, replay
from tests.conformance.hpa_objects import Vector, an_object, first_failing, measured, reason_of
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

STEMS = ("hpa_traces", "hpa_traces_resource")
START = datetime(2026, 1, 1, tzinfo=UTC)
SYNC = frozenset({Slot.SYNC})
JUDGED = (
    "desired",
    "rescaled",
    "reason",
    "ableToScale",
    "scalingActive",
    "scalingLimited",
    "error",
    "statusDesired",
    "specAfter",
)
ATTEMPTS = 5


def recognise(vector: Vector) -> bool:
    return "ticks" in vector and "initialReplicas" in vector


def judge(vector: Vector) -> Verdict:
    recorded = [tick.get("expectSaturating") or tick["expect"] for tick in vector["ticks"]]
    expected = [{name: answer[name] for name in JUDGED} for answer in recorded]
    run = Run(vector)
    ours = [run.tick(tick) for tick in vector["ticks"]]
    got = run.replayed()
    if ours == expected and _same_lists(vector, got, recorded):
        return Agrees()
    for rows in _candidates(vector):
        if got == replay(vector, frozenset(rows)):
            _assert_recorded(vector, recorded)
            return Explained("+".join(rows))
    return _difference(vector, expected, ours, got)


def _assert_recorded(vector: Vector, recorded: list[Vector]) -> None:
    """A model may explain a vector only if it gives the recording when no row is switched on."""
    plain = [(found.desired, found.after) for found in replay(vector, frozenset()).passes]
    assert plain == [(answer["desired"], answer["specAfter"]) for answer in recorded], f"{vector['id']}: the model errs"


def _same_lists(vector: Vector, got: Replay, recorded: list[Vector]) -> bool:
    """Compare the memory at the end; it was recorded for the wrapping column alone."""
    if any("expectSaturating" in tick for tick in vector["ticks"]):
        return True
    final = vector["final"]
    return [got.recommendations, got.ups, got.downs] == [
        final.get(name) or [] for name in ("recommendations", "scaleUps", "scaleDowns")
    ]


def _difference(vector: Vector, expected: list[Vector], ours: list[Vector], got: Replay) -> Verdict:
    for index, (want, found) in enumerate(zip(expected, ours, strict=True)):
        if want != found:
            return Disagrees({"tick": index, **want}, {"tick": index, **found})
    lists = {"recommendations": got.recommendations, "scaleUps": got.ups, "scaleDowns": got.downs}
    return Disagrees(vector["final"], lists)


def _candidates(vector: Vector) -> list[tuple[str, ...]]:
    """The rows that the content of a vector touches: alone first, then together."""
    touched = [row for row, touches in _TOUCHES.items() if touches(vector)]
    return [rows for size in range(1, len(touched) + 1) for rows in combinations(touched, size)]


def _touches_negative(vector: Vector) -> bool:
    return any(isinstance(reading, int) and reading < 0 for t in vector["ticks"] for reading in t.get("readings", ()))


def _touches_other_writer(vector: Vector) -> bool:
    return any("otherWriter" in (tick.get("write") or {}) for tick in vector["ticks"])


def _touches_zero(vector: Vector) -> bool:
    specs = [vector["spec"], *(tick["newSpec"] for tick in vector["ticks"] if "newSpec" in tick)]
    zeros = any(
        0 in (tick.get("specReplicas"), tick.get("setReplicas"), (tick.get("write") or {}).get("otherWriter"))
        for tick in vector["ticks"]
    )
    return zeros or vector["config"]["scaleToZero"] or any(spec.get("minReplicas") == 0 for spec in specs)


_TOUCHES: dict[str, Callable[[Vector], bool]] = {
    "D11": _touches_negative,
    "D23": _touches_other_writer,
    "D40": _touches_zero,
}


@dataclass
class Run:
    """One object and its target over one trace."""

    vector: Vector
    spec: Vector = field(init=False)
    obj: ScaledObject = field(init=False)
    memory: Memory = field(default_factory=lambda: Memory(lost=True))
    replicas: int = field(init=False)
    version: int = 1
    conditions: dict[str, str] = field(default_factory=dict)
    status_desired: int = 0
    passes: list[Pass] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admit(self.vector["spec"])
        self.replicas = self.vector["initialReplicas"]

    def admit(self, spec: Vector) -> None:
        self.spec, self.obj = spec, an_object(spec, self.vector["config"])

    def tick(self, tick: Vector) -> Vector:
        self.replicas = tick.get("setReplicas", self.replicas)
        if "newSpec" in tick:
            self.admit(tick["newSpec"])
        if tick.get("restart"):
            self.memory = Memory(lost=True)
        if tick.get("deleted"):
            self.memory, self.conditions, self.status_desired = Memory(lost=True), {}, 0
            return self.answer(desired=None)
        if tick.get("getScale") == "error":
            self.conditions["ableToScale"] = "False:FailedGetScale"
            return self.answer(desired=None, error=True)
        return self.observed(tick)

    def observed(self, tick: Vector) -> Vector:
        write, attempts = tick.get("write") or {}, 0
        decision, outcome, seen = self.decided(tick), None, self.seen(tick)
        wrote = decision.desired != self.replicas
        if wrote and write.get("conflicts") and write.get("otherWriter", self.replicas) != self.replicas:
            self.replicas, attempts, self.version = write["otherWriter"], 1, self.version + 1
            decision, seen = self.decided(tick), self.seen(tick)
            wrote = decision.desired != self.replicas
        outcome = self.written(tick, decision, attempts) if wrote else Unneeded()
        self.memory = remember(self.obj, self.memory, seen, decision, outcome)
        if isinstance(outcome, Applied):
            self.replicas, self.version = decision.desired, self.version + 1
        self.conclude(decision, outcome)
        return self.answered(decision, outcome)

    def decided(self, tick: Vector) -> Decision:
        return decide(self.obj, self.memory, self.seen(tick))

    def seen(self, tick: Vector) -> Observation:
        now = _at(tick["t_ms"])
        pods = PodCount(total=tick["pods"], ready=tick["readyPods"]) if "pods" in tick else None
        scale = ScaleStatus(
            spec=self.replicas,
            status=tick["statusReplicas"],
            resource_version=str(self.version),
            uid="uid",
            pods=pods,
        )
        pairs = zip(self.spec["metrics"], tick["readings"], strict=True)
        readings = tuple(measured(metric, reading, now) for metric, reading in pairs)
        return Observation(at=now, wall=now, slots=SYNC, scale=scale, measurements=readings)

    def written(self, tick: Vector, decision: Decision, attempts: int) -> Outcome:
        write = tick.get("write") or {}
        conflicts = write.get("conflicts", 0)
        if conflicts > attempts and "otherWriter" in write:
            self.replicas = write["otherWriter"]
        if write.get("error"):
            return Failed(why="refused")
        if conflicts >= ATTEMPTS:
            return Superseded(why="conflict", found=self.replicas)
        took = timedelta(milliseconds=tick.get("write_ms", 0))
        return Applied(at=_at(tick["t_ms"]) + took, resource_version=str(self.version + 1), took=took)

    def conclude(self, decision: Decision, outcome: Outcome) -> None:
        """What a status with the HPA's conditions would say after this pass; others stay from earlier ones."""
        steps = {step.stage: step for step in decision.steps}
        recommended, stable = steps.get(Stage.RECOMMEND), steps.get(Stage.STABILIZE)
        limited = steps.get(Stage.LIMIT) or (None if decision.forced else steps.get(Stage.BOUND))
        self.conditions["ableToScale"] = "True:" + (stable.reason.value if stable else "SucceededGetScale")
        if isinstance(outcome, Applied):
            self.conditions["ableToScale"] = "True:SucceededRescale"
        elif isinstance(outcome, Failed | Superseded):
            self.conditions["ableToScale"] = "False:FailedUpdateScale"
        if recommended is not None and stable is None:
            self.conditions["scalingActive"] = f"False:FailedGet{first_failing(self.obj, decision)}Metric"
        elif recommended is not None:
            self.conditions["scalingActive"] = "True:ValidMetricFound"
        elif not decision.forced:
            self.conditions["scalingActive"] = "False:ScalingDisabled"
        if limited is not None:
            is_limited = limited.reason is not Reason.DESIRED_WITHIN_RANGE
            self.conditions["scalingLimited"] = f"{is_limited}:{limited.reason.value}"

    def answered(self, decision: Decision, outcome: Outcome) -> Vector:
        steps = {step.stage: step for step in decision.steps}
        recommended = steps.get(Stage.RECOMMEND)
        failed = recommended is not None and Stage.STABILIZE not in steps
        refused = isinstance(outcome, Failed | Superseded)
        tried = refused or isinstance(outcome, Applied)
        partial = recommended is not None and recommended.reason is not Reason.VALID_METRIC
        if not failed and not refused:
            self.status_desired = decision.desired
        return self.answer(
            desired=None if failed else decision.desired,
            rescaled=isinstance(outcome, Applied),
            reason=reason_of(self.obj, decision, recommended) if tried else "",
            error=partial or refused,
            steps=steps,
        )

    def answer(
        self,
        *,
        desired: int | None,
        rescaled: bool = False,
        reason: str = "",
        error: bool = False,
        steps: dict[Stage, Step] | None = None,
    ) -> Vector:
        stable = (steps or {}).get(Stage.STABILIZE)
        raw = (stable.before, stable.after) if stable is not None else (None, None)
        self.passes.append(Pass(desired, self.replicas, *raw))
        return {
            "desired": desired,
            "rescaled": rescaled,
            "reason": reason,
            "ableToScale": self.conditions.get("ableToScale", ""),
            "scalingActive": self.conditions.get("scalingActive", ""),
            "scalingLimited": self.conditions.get("scalingLimited", ""),
            "error": error,
            "statusDesired": self.status_desired,
            "specAfter": self.replicas,
        }

    def replayed(self) -> Replay:
        """What we came to, in the form in which the second model answers."""
        return Replay(
            self.passes,
            [_entry(entry) for entry in self.memory.recommendations or ()],
            [_entry(change) for change in self.memory.grown],
            [_entry(change) for change in self.memory.shrunk],
        )


def _at(t_ms: int) -> datetime:
    return START + timedelta(milliseconds=t_ms)


def _entry(entry: Recommendation | Change) -> Vector:
    made: Vector = {"t_ms": (entry.at - START) // timedelta(milliseconds=1)}
    if isinstance(entry, Change):
        return {"n": entry.pods, **made, **({"stale": True} if entry.spent else {})}
    return {"n": entry.replicas, **made}
