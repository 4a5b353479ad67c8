"""Runs the suite against the core of the tree it is started in, in a fork for each request on standard input.

Only what does not change from mutant to mutant is imported before the fork. A request is a line of JSON, and so is
each answer. The stages: unit tests (the mutated file's own first), a tenth of the vectors, properties.
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
from typing import NamedTuple

import hypothesis
import lark
import msgspec
import pydantic
import pytest
from hypothesis import strategies

PRELOADED = (hypothesis, lark, msgspec, pydantic, pytest, strategies)
UNIT = Path("tests/unit/core")
OWN = {"signs": ["test_sources.py"]}
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
MEMORY = 4 * 2**30


class Verdict(NamedTuple):
    """How a run ended: ``killer`` is the stage that failed or ran out of time, None if all passed."""

    killer: str | None
    timed_out: bool
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
    seconds = {stage: spent for stage, passed, spent in told if passed}
    if len(seconds) == len(STAGES):
        return Verdict(None, False, seconds)
    timed_out = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
    return Verdict(list(STAGES)[len(seconds)], timed_out, seconds)


def _run(path: Path | None, allowed: dict[str, float], writing: int) -> None:
    """Tell the outcome of each stage and end the process; it never returns."""
    sys.dont_write_bytecode = path is not None
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    hypothesis.settings.register_profile("mutation", max_examples=30, derandomize=True, deadline=None, database=None)
    hypothesis.settings.load_profile("mutation")
    try:
        for stage, run in STAGES.items():
            started = time.process_time()
            _allow(allowed.get(stage))
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(out):
                passed = run(path)
            if path is None and not passed:
                sys.stderr.write(out.getvalue())
            os.write(writing, json.dumps([stage, passed, time.process_time() - started]).encode() + b"\n")
            if not passed:
                break
    except Exception:
        if path is None:
            traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _allow(seconds: float | None) -> None:
    """End this process when it has used so many more seconds, or ten times as many have passed."""
    if seconds is not None:
        spent = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, int(spent + seconds) + 5))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _unit(path: Path | None) -> bool:
    return _pytest([*_own(path), FIRST, UNIT])


def _own(path: Path | None) -> Sequence[Path]:
    if path is None:
        return ()
    if path.parent.name == "formula":
        return (UNIT / "formula",)
    names = OWN.get(path.stem, [f"test_{path.stem}.py"])
    return [UNIT / name for name in names if (UNIT / name).exists()]


def _properties(path: Path | None) -> bool:
    return _pytest([Path("tests/properties")])


def _pytest(paths: Sequence[Path]) -> bool:
    return pytest.main([*PYTEST, *map(str, paths)]) == 0


def _vectors(path: Path | None) -> bool:
    """Judge every tenth vector up to the first that neither agrees nor is explained."""
    runner = importlib.import_module("tests.conformance.runner")
    verdict = importlib.import_module("tests.conformance.verdict")
    for name, family_name in FILES.items():
        family = importlib.import_module(f"tests.conformance.families.{family_name}")
        for line in runner.read(VECTORS / f"{name}.jsonl.gz", every=EVERY):
            if isinstance(family.judge(json.loads(line)), verdict.Disagrees):
                return False
    return True


STAGES: dict[str, Callable[[Path | None], bool]] = {"unit": _unit, "vectors": _vectors, "properties": _properties}

if __name__ == "__main__":
    main()
