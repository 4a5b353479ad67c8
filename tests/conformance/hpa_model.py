"""A plain second model of the HPA's pass, against which an intended difference is asserted.

It works on milliseconds and bare lists and shares nothing with the code under test. With no rows switched on it must
reproduce a recording; with the rows that a vector touches, it says what we must answer instead.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from autoscaler.model.quantity import parse_quantity

TOP = 2**31 - 1
Vector = dict[str, Any]
UP_DEFAULT = [{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]
DOWN_DEFAULT = [{"type": "Percent", "value": 100, "periodSeconds": 15}]


@dataclass
class Model:
    """One HPA over one trace. ``rows`` are the differences that are switched on: D11, D23, D40."""

    config: Vector
    rows: frozenset[str]
    spec: Vector = field(default_factory=dict)
    recs: list[list[int]] | None = None
    ups: list[list[Any]] = field(default_factory=list)
    downs: list[list[Any]] = field(default_factory=list)
    zeroed: bool = False
    raw: int | None = None
    stable: int | None = None

    def admit(self, spec: Vector) -> None:
        self.spec = spec

    def forget(self) -> None:
        self.recs, self.ups, self.downs = None, [], []

    @property
    def floor(self) -> int:
        given = self.spec.get("minReplicas")
        least = 1 if given is None else int(given)
        return max(least, 1) if "D40" in self.rows else least

    def direction(self, name: str) -> Vector | None:
        behavior = self.spec["behavior"]
        if behavior is None:
            return None
        given = {k: v for k, v in (behavior.get(name) or {}).items() if v is not None}
        policies = UP_DEFAULT if name == "scaleUp" else DOWN_DEFAULT
        window = 0 if name == "scaleUp" else int(self.config["downscaleStabilizationSeconds"])
        tolerance = given.get("tolerance")
        return {
            "window": given.get("stabilizationWindowSeconds", window) * 1000,
            "select": given.get("selectPolicy", "Max"),
            "policies": given.get("policies", policies),
            "tolerance": self.config["tolerance"] if tolerance is None else parse_quantity(str(tolerance)).number,
        }

    def run(self, tick: Vector, current: int) -> int | None:
        """Give the desired count of one pass, None where it decides nothing."""
        now = tick["t_ms"]
        self.raw = self.stable = None
        seed_at_zero = "D40" not in self.rows
        if self.recs is None:
            self.recs = [[current, now]] if current or seed_at_zero else []
        gate = self.config["scaleToZero"] and "D40" not in self.rows
        if current == 0:
            external = any(m["kind"] == "External" for m in self.spec["metrics"])
            if not (gate and self.zeroed and (self.floor != 0 or external)):
                if not gate:
                    self.zeroed = False
                return 0
        elif current > self.spec["maxReplicas"]:
            return int(self.spec["maxReplicas"])
        elif current < self.floor:
            return self.floor
        raw = self.combined(tick, current)
        if raw is None:
            return None
        self.raw = max(raw, 0)
        self.stable = self.held(self.raw, current, now)
        after = self.bounded(self.stable, current, now)
        return max(after, self.floor) if current == 0 and self.floor else after

    def combined(self, tick: Vector, current: int) -> int | None:
        answers = [
            self.one(metric, reading, tick, current)
            for metric, reading in zip(self.spec["metrics"], tick["readings"], strict=True)
        ]
        good = [a for a in answers if a is not None]
        best = max(good, default=0) if any(a > 0 for a in good) else (good[-1] if good else 0)
        if not good or (len(good) < len(answers) and best < current):
            return None
        return best

    def inside(self, ratio: float) -> bool:
        up, down = self.direction("scaleUp"), self.direction("scaleDown")
        above = self.config["tolerance"] if up is None else up["tolerance"]
        below = self.config["tolerance"] if down is None else down["tolerance"]
        return 1.0 - below <= ratio <= 1.0 + above

    def one(self, metric: Vector, reading: Any, tick: Vector, current: int) -> int | None:
        if isinstance(reading, dict) and "error" in reading:
            return None
        kind, text = metric["target"]["type"], metric["target"]["value"]
        target = int(text) if kind == "Utilization" else parse_quantity(text).milli
        if metric["kind"] == "Resource":
            return self.resource(metric, reading["perPod"], target, current)
        if kind == "AverageValue":
            if reading < 0:
                if "D11" in self.rows:
                    return 0
                reading = 2**63 - 1
            share = float(target) * float(tick["statusReplicas"])
            ratio = float(reading) / share if share else (math.inf if reading else math.nan)
            return tick["statusReplicas"] if self.inside(ratio) else min(math.ceil(float(reading) / float(target)), TOP)
        ratio = float(reading) / float(target)
        if current == 0:
            return saturated(float(math.ceil(ratio)))
        if self.inside(ratio):
            return current
        if tick["pods"] == 0:
            return None
        return saturated(float(math.ceil(ratio * float(tick["readyPods"]))))

    def resource(self, metric: Vector, per_pod: list[int | None], target: int, current: int) -> int | None:
        known = [u for u in per_pod if u is not None]
        lost = len(per_pod) - len(known)
        if not known:
            return None
        percent = metric["target"]["type"] == "Utilization"
        request = metric.get("requestMilli", 0)
        first = self.usage_ratio(known, percent, request, target)
        if not lost:
            return current if self.inside(first) else saturated(float(math.ceil(first * float(len(known)))))
        assumed = request * max(100, target) // 100 if percent else target
        filled = known + ([assumed] * lost if first < 1.0 else [0] * lost if first > 1.0 else [])
        second = self.usage_ratio(filled, percent, request, target)
        if self.inside(second) or first < 1.0 < second or second < 1.0 < first:
            return current
        count = saturated(float(math.ceil(second * float(len(filled)))))
        against = (second < 1.0 and count > current) or (second > 1.0 and count < current)
        return current if against else count

    @staticmethod
    def usage_ratio(usage: list[int], percent: bool, request: int, target: int) -> float:
        if percent:
            share = sum(usage) * 100 // (request * len(usage))
            return float((share + 2**31) % 2**32 - 2**31) / float(target)
        return float(int(sum(usage) / 1) // len(usage)) / float(target)

    def held(self, wanted: int, current: int, now: int) -> int:
        assert self.recs is not None
        up, down = self.direction("scaleUp"), self.direction("scaleDown")
        if up is None or down is None:
            since = now - self.config["downscaleStabilizationSeconds"] * 1000
            after = max([wanted, *(n for n, t in self.recs if t >= since)])
            old = [i for i, (_, t) in enumerate(self.recs) if t < since]
        else:
            low = min([wanted, *(n for n, t in self.recs if t > now - up["window"])])
            high = max([wanted, *(n for n, t in self.recs if t > now - down["window"])])
            after = min(max(current, low), high)
            oldest = now - max(up["window"], down["window"])
            old = [i for i, (_, t) in enumerate(self.recs) if t < oldest]
        if old:
            self.recs[old[-1]] = [wanted, now]
        else:
            self.recs.append([wanted, now])
        return after

    def bounded(self, wanted: int, current: int, now: int) -> int:
        up, down, ceiling = self.direction("scaleUp"), self.direction("scaleDown"), self.spec["maxReplicas"]
        if up is None or down is None:
            if wanted < self.floor:
                return self.floor
            return min(wanted, ceiling, saturated(max(2.0 * current, 4.0)))
        if wanted > current:
            return min(wanted, ceiling, max(self.allowed(current, up, now, 1), current))
        if wanted < current:
            return max(wanted, self.floor, min(self.allowed(current, down, now, -1), current))
        return wanted

    def allowed(self, current: int, rules: Vector, now: int, sign: int) -> int:
        if rules["select"] == "Disabled":
            return current
        ends = []
        for policy in rules["policies"]:
            since = now - policy["periodSeconds"] * 1000
            grown = sum(n for n, t, _ in self.ups if t > since)
            shrunk = sum(n for n, t, _ in self.downs if t > since)
            start = wrapped(current - grown + shrunk)
            if policy["type"] == "Pods":
                ends.append(wrapped(start + sign * policy["value"]))
            else:
                end = float(start) * (1.0 + sign * (float(policy["value"]) / 100))
                ends.append(saturated(float(math.ceil(end)) if sign > 0 else end))
        lowest = (sign > 0) == (rules["select"] == "Min")
        return min(ends) if lowest else max(ends)

    def wrote(self, before: int, after: int, at: int) -> None:
        """Book a write that succeeded."""
        if self.config["scaleToZero"] and "D40" not in self.rows:
            external = any(m["kind"] == "External" for m in self.spec["metrics"])
            self.zeroed = before > 0 and after == 0 and self.floor == 0 and external
        name = "scaleUp" if after > before else "scaleDown"
        rules = self.direction(name)
        if rules is None:
            return
        events = self.ups if after > before else self.downs
        oldest = at - max(p["periodSeconds"] for p in rules["policies"]) * 1000
        for event in events:
            event[2] = event[2] or event[1] < oldest
        spent = [i for i, event in enumerate(events) if event[2]]
        if spent:
            events[spent[-1]] = [abs(after - before), at, False]
        else:
            events.append([abs(after - before), at, False])


def saturated(number: float) -> int:
    if number != number:
        return 0
    return TOP if number >= TOP else -TOP - 1 if number <= -TOP - 1 else int(number)


def wrapped(number: int) -> int:
    return (number + 2**31) % 2**32 - 2**31


@dataclass(frozen=True)
class Pass:
    """What one pass came to: the raw number and the stabilized one are None where it made no recommendation."""

    desired: int | None
    after: int
    raw: int | None = None
    stable: int | None = None


@dataclass(frozen=True)
class Replay:
    """All passes of a trace, and the three lists at its end."""

    passes: list[Pass]
    recommendations: list[Vector]
    ups: list[Vector]
    downs: list[Vector]


def replay(vector: Vector, rows: frozenset[str]) -> Replay:
    """Run a whole trace with the differences of ``rows`` switched on."""
    model = Model(config=vector["config"], rows=rows)
    model.admit(vector["spec"])
    replicas, passes = vector["initialReplicas"], []
    for tick in vector["ticks"]:
        replicas = tick.get("setReplicas", replicas)
        if "newSpec" in tick:
            model.admit(tick["newSpec"])
        if tick.get("restart") or tick.get("deleted"):
            model.forget()
        if tick.get("deleted"):
            model.zeroed = False
        if tick.get("deleted") or tick.get("getScale") == "error":
            passes.append(Pass(None, replicas))
            continue
        desired, replicas = _pass(model, tick, replicas)
        passes.append(Pass(desired, replicas, model.raw, model.stable))
    recommendations = [{"n": n, "t_ms": t} for n, t in model.recs or ()]
    return Replay(passes, recommendations, _listed(model.ups), _listed(model.downs))


def _listed(events: list[list[Any]]) -> list[Vector]:
    return [{"n": n, "t_ms": t, **({"stale": True} if stale else {})} for n, t, stale in events]


def _pass(model: Model, tick: Vector, replicas: int) -> tuple[int | None, int]:
    write, attempts = tick.get("write") or {}, 0
    before = None if model.recs is None else [list(entry) for entry in model.recs]
    desired = model.run(tick, replicas)
    if desired is None or desired == replicas:
        return desired, replicas
    conflicts, other = write.get("conflicts", 0), write.get("otherWriter")
    if conflicts and other is not None and "D23" in model.rows and other != replicas:
        model.recs, replicas, attempts = before, other, 1
        desired = model.run(tick, replicas)
        if desired is None or desired == replicas:
            return desired, replicas
    if conflicts > attempts and other is not None and "D23" not in model.rows:
        base, replicas = replicas, other
    else:
        base = replicas
    if write.get("error") or conflicts >= 5:
        return desired, replicas
    model.wrote(base, desired, tick["t_ms"] + tick.get("write_ms", 0))
    return desired, desired
