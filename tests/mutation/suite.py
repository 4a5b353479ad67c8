"""Runs the suite against the core of the tree it is started in, in a fork for each request on standard input.

Only what does not change from mutant to mutant is imported before the fork. A request is a line of JSON, and so is
each answer. The stages: the mutated file's own tests, all unit tests, a tenth of the vectors, properties.
"""

import importlib
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import lark
import msgspec
import pydantic
import pytest
from hypothesis import strategies

PRELOADED = (hypothesis, lark, msgspec, pydantic, pytest, strategies)
UNIT = Path("tests/unit/core")
_VALUES = tuple(f"formula/test_{name}.py" for name in ("values", "failures", "language", "costs"))
_KINDS = ("formula/test_kinds.py", "formula/test_kinds_of_operators.py", "formula/test_compile.py")
OWN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("signs", "sources"), ("test_sources.py", "test_incidents.py", "test_belief.py")),
    "evaluate": ("formula/test_compose.py",),
    "check": _KINDS,
    "shapes": _KINDS,
    "signatures": _KINDS,
    "times": ("formula/test_times.py",),
    "members": ("formula/test_times.py",),
    **dict.fromkeys(("builtins", "lists", "machine", "operators", "patterns", "predicates"), _VALUES),
    **dict.fromkeys(("texts", "tree", "values"), _VALUES),
}
"""Test files of the modules that have none of their own name."""
FIRST = UNIT / "test_sequences.py"
VECTORS = Path("tests/conformance/vectors")
FILES = {
    "hpa/hpa_traces": "hpa_traces",
    "hpa/hpa_traces_resource": "hpa_traces",
    "hpa/hpa_calc": "hpa_calc",
    "keda/executor": "executor",
    "keda/fallback": "fallback",
    "keda/loop": "loop",
    "keda/formula": "formula",
}
"""The files of vectors that the core decides, and their families."""
EVERY = 10
PYTEST = ["-x", "-q", "--noconftest", "-p", "no:cacheprovider"]
PROFILE: dict[str, Any] = {
    "max_examples": 30,
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(hypothesis.HealthCheck),
    "phases": (hypothesis.Phase.explicit, hypothesis.Phase.generate),
}
"""No rule of Hypothesis's that a slow machine breaks may pass for a test that fails, and nothing is shrunk."""
BROKEN = "broken"
MEMORY = 4 * 2**30


class Verdict(NamedTuple):
    """How a run ended: ``killer`` is the stage that failed or ran out of time, None if all passed."""

    killer: str | None
    timed_out: bool
    failed: str
    """The first test or vector that failed and its last word; empty where none did."""
    seconds: dict[str, float]
    """Processor time of each stage that ended."""


def main() -> None:
    """Answer requests until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        verdict = forked(Path(request["path"]) if request["path"] else None, request["allowed"])
        print(json.dumps(verdict._asdict()), flush=True)


def forked(path: Path | None, allowed: dict[str, float]) -> Verdict:
    """Run the stages in a child of this process; each may use the processor time that is allowed for it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _run(path, allowed, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = [json.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    seconds = {stage: spent for stage, failed, spent in told if not failed}
    if len(seconds) == len(STAGES):
        return Verdict(None, False, "", seconds)
    if told and told[-1][0] == BROKEN:
        raise RuntimeError(f"the suite itself broke on {path}: {told[-1][1]}")
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
    return Verdict(list(STAGES)[len(seconds)], timed_out, told[-1][1] if told else "", seconds)


def _run(path: Path | None, allowed: dict[str, float], writing: int) -> None:
    """Tell the outcome of each stage and end the process; it never returns."""
    sys.dont_write_bytecode = path is not None
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    hypothesis.settings.register_profile("mutation", **PROFILE)
    hypothesis.settings.load_profile("mutation")
    try:
        for stage, run in STAGES.items():
            started = time.process_time()
            _allow(allowed.get(stage))
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                failed = run(path)
            os.write(writing, json.dumps([stage, failed, time.process_time() - started]).encode() + b"\n")
            if failed:
                break
    except Exception:
        os.write(writing, json.dumps([BROKEN, traceback.format_exc(), 0]).encode() + b"\n")
    finally:
        os._exit(0)


def _allow(seconds: float | None) -> None:
    """End this process when it has used so many more seconds, or ten times as many have passed."""
    if seconds is not None:
        spent = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, resource.RLIM_INFINITY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _own(path: Path | None) -> str:
    """Run the mutated file's own tests, so that most mutants die before the others are even collected."""
    names = OWN.get(path.stem, (f"test_{path.stem}.py",)) if path is not None else ()
    own = [UNIT / name for name in names if (UNIT / name).exists()]
    return _pytest(own) if own else ""


def _unit(path: Path | None) -> str:
    return _pytest([FIRST, UNIT])


def _properties(path: Path | None) -> str:
    if path is not None and path.parent.name == "formula":
        return ""  # no property evaluates a formula
    return _pytest([Path("tests/properties")])


class _Failures:
    """Keeps the first failure that pytest reports."""

    def __init__(self) -> None:
        self.first = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.first:
            said = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
            self.first = f"{report.nodeid}: {' '.join(line[1:].strip() for line in said)[:200]}"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.first:
            self.first = f"{report.nodeid} cannot be imported"


def _pytest(paths: Sequence[Path]) -> str:
    failures = _Failures()
    status = pytest.main([*PYTEST, *map(str, paths)], plugins=[failures])
    return failures.first or ("" if status == 0 else f"pytest ended with {status!r}")


def _vectors(path: Path | None) -> str:
    """Judge every tenth vector up to the first that neither agrees nor is explained."""
    runner = importlib.import_module("tests.conformance.runner")
    verdicts = importlib.import_module("tests.conformance.verdict")
    for name, family_name in FILES.items():
        family = importlib.import_module(f"tests.conformance.families.{family_name}")
        for line in runner.read(VECTORS / f"{name}.jsonl.gz", every=EVERY):
            vector = json.loads(line)
            if isinstance(_judged(family, vector), verdicts.Disagrees | Exception):
                return f"{vector['id']} disagrees"
    return ""


def _judged(family: Any, vector: dict[str, Any]) -> object:
    """Judge a vector; a mutant may break the code in any way, so what is raised is an answer."""
    try:
        return family.judge(vector)
    except Exception as error:
        return error


STAGES: dict[str, Callable[[Path | None], str]] = {
    "own": _own,
    "unit": _unit,
    "vectors": _vectors,
    "properties": _properties,
}
"""Each gives what failed first, or nothing."""

if __name__ == "__main__":
    main()
