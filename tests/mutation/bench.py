"""Judges mutants in copies of the tree, several at a time; the tree itself is only read."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from tests.mutation.mutants import Mutant
from tests.mutation.suite import Verdict

COPIED = ("autoscaler", "tests", "config", "pyproject.toml")
NICE = 10
ALLOWANCE = 3
"""A stage may use so many times what it uses without a mutant, and ten seconds."""


@dataclass(frozen=True)
class Judged:
    """One mutant and what became of it."""

    mutant: Mutant
    verdict: Verdict


class SuiteError(Exception):
    """The suite does not pass as it is, so it says nothing about mutants."""


class Copy:
    """One copy of a tree with a suite that waits for requests in it; what is compiled there is copied, too."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            if (tree / name).is_dir():
                shutil.copytree(tree / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
            else:
                shutil.copy2(tree / name, folder / name)
        self.suite = subprocess.Popen(
            ["nice", "-n", str(NICE), sys.executable, "-m", "tests.mutation.suite"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, path: Path | None, allowed: dict[str, float]) -> Verdict:
        """Run the suite once on what the copy holds now."""
        assert self.suite.stdin is not None, "the suite was started with a pipe"
        assert self.suite.stdout is not None, "the suite was started with a pipe"
        request = {"path": str(path) if path is not None else None, "allowed": allowed}
        self.suite.stdin.write(json.dumps(request) + "\n")
        self.suite.stdin.flush()
        return Verdict(**json.loads(self.suite.stdout.readline()))

    def judge(self, mutant: Mutant, allowed: dict[str, float]) -> Judged:
        """Put the mutant in, run the suite, and take it out again with its old time, so compiled files stay valid."""
        path = self.folder / mutant.path
        source, times = path.read_bytes(), path.stat()
        path.write_text(mutant.code)
        try:
            return Judged(mutant, self.ask(mutant.path, allowed))
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def close(self) -> None:
        """End the suite."""
        assert self.suite.stdin is not None, "the suite was started with a pipe"
        self.suite.stdin.close()
        self.suite.wait()


class Bench:
    """Several copies below one folder, and what each stage of the suite may use."""

    def __init__(self, tree: Path, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, workers
        self.copies = [Copy(tree, folder / "0")]
        self.allowed: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for copy in self.copies:
            copy.close()

    def measure(self) -> dict[str, float]:
        """Run the suite without a mutant, then make the other copies; give the processor seconds of its stages."""
        verdict = self.copies[0].ask(None, {})
        if verdict.killer is not None:
            raise SuiteError(f"the {verdict.killer} tests fail without any mutant: {verdict.failed}")
        self.allowed = {stage: ALLOWANCE * seconds + 10 for stage, seconds in verdict.seconds.items()}
        self.copies += [Copy(self.folder / "0", self.folder / str(number)) for number in range(1, self.workers)]
        return verdict.seconds

    def judge(self, mutants: Iterable[Mutant]) -> Iterator[Judged]:
        """Judge each mutant in the copy that is free first; give them as they end."""
        free: SimpleQueue[Copy] = SimpleQueue()
        for copy in self.copies:
            free.put(copy)

        def judged(mutant: Mutant) -> Judged:
            copy = free.get()
            try:
                return copy.judge(mutant, self.allowed)
            finally:
                free.put(copy)

        with ThreadPoolExecutor(len(self.copies)) as pool:
            for done in as_completed([pool.submit(judged, mutant) for mutant in mutants]):
                yield done.result()
