"""Builders that default everything a test does not speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autoscaler.manifests.catalog import Catalog, Changes, Snapshot, update
from autoscaler.manifests.document import Away, SourceFile, read
from autoscaler.manifests.faults import error
from autoscaler.manifests.scaledobject import Judged, candidate, parse
from autoscaler.manifests.settings import Scalers, Settings
from autoscaler.model.faults import Faults
from autoscaler.model.objects import (
    Ask,
    MetricKind,
    MetricTarget,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
)
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret

T0 = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class FakeScaler:
    """A trigger type that wants ``threshold`` and ``query`` and notes what credentials it was given."""

    type: str = "prometheus"
    keys: frozenset[str] = frozenset({"serverAddress", "query", "threshold"})
    may_cache: bool = True
    kind: MetricKind = MetricKind.EXTERNAL

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        threshold = spec.metadata.get("threshold") or spec.metadata.get("value")
        if threshold is not None and not threshold.isdecimal():
            return Faults(faults=(error("E104", f"{spec.path}.metadata.threshold", "no number"),))
        if threshold is None:
            return Faults(faults=(error("E102", f"{spec.path}.metadata", f'{self.type} needs "threshold"'),))
        return Parsed(
            ask=Ask(
                question=Question(source=Source(transport=self.type), text=spec.metadata.get("query", "")),
                metric=f"s{spec.index}-{self.type}",
                kind=self.kind,
                target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=int(float(threshold) * 1000)),
                settings=(("auth", "none" if auth is None else ",".join(sorted(auth))),),
            )
        )


SCALERS = {
    "prometheus": FakeScaler(),
    "cron": FakeScaler(type="cron", may_cache=False),
    "memory": FakeScaler(type="memory", may_cache=False, keys=frozenset({"value"}), kind=MetricKind.RESOURCE),
    "cpu": FakeScaler(type="cpu", may_cache=False, keys=frozenset({"value"}), kind=MetricKind.RESOURCE),
}

WEB = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: web
  namespace: demo
spec:
  scaleTargetRef:
    name: web
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://prometheus:9090
        query: sum(rate(http_requests_total[1m]))
        threshold: "10"
"""


def judge(text: str, settings: Settings = Settings()) -> Judged:  # noqa: B008
    """Judge the one ScaledObject of a text."""
    found = read([SourceFile(path="web.yaml", text=text)])
    assert not found.findings, found.findings
    return parse(candidate(found.documents[0]), SCALERS, settings, lambda _ref: None)


def loaded(text: str, settings: Settings = Settings()) -> ScaledObject:  # noqa: B008
    """Give the object of a text that must have no error."""
    judged = judge(text, settings)
    assert judged.obj is not None, judged.faults
    return judged.obj


def seen(text: str) -> list[str]:
    """Give the faults of a text as ``line:column code path``."""
    return [f"{one.line}:{one.column} {one.code} {one.path}" for one in judge(text).faults]


def web(spec: str = "", *, annotations: str = "", name: str = "web", target: str = "web") -> str:
    """Write the simplest ScaledObject with more lines of spec and of annotations."""
    text = WEB.replace("  name: web\n", f"  name: {name}\n", 1).replace("    name: web\n", f"    name: {target}\n", 1)
    if annotations:
        lines = "".join(f"    {line}\n" for line in annotations.splitlines())
        text = text.replace("  namespace: demo\n", f"  namespace: demo\n  annotations:\n{lines}", 1)
    return text + "".join(f"  {line}\n" for line in spec.splitlines())


def step(
    catalog: Catalog,
    files: Mapping[str, str],
    *,
    after: float = 0.0,
    settled: bool = True,
    governed: Mapping[ScaleTarget, ObjectKey] | None = None,
    scalers: Scalers = SCALERS,
) -> tuple[Catalog, Changes]:
    """Update a catalog with files by path, ``after`` seconds from the start."""
    away = () if settled else (Away(path="live", why="the folder holds no manifest"),)
    snapshot = Snapshot(files=tuple(SourceFile(path=path, text=text) for path, text in files.items()), away=away)
    at = T0 + timedelta(seconds=after)
    return update(catalog, snapshot, scalers, Settings(), at=at, governed=governed or {})
