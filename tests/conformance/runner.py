"""Finds files of vectors, hands them to their families on all cores, and counts what agrees."""

import gzip
import importlib
import json
import multiprocessing
import pkgutil
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from tests.conformance import families
from tests.conformance.verdict import Agrees, Disagrees, Explained, Family, Verdict

VECTORS = Path(__file__).parent / "vectors"
SUFFIXES = (".jsonl", ".jsonl.gz")
CHUNK = 50
Line = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """One vector on which we disagree."""

    id: str
    expected: object
    got: object


@dataclass
class Tally:
    """What became of the vectors of one file."""

    path: Path
    agree: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.agree + self.explained.total() + len(self.differences)

    def add(self, vector_id: str, verdict: Verdict) -> None:
        match verdict:
            case Agrees():
                self.agree += 1
            case Explained(row=row):
                self.explained[row] += 1
            case Disagrees(expected=expected, got=got):
                self.differences.append(Difference(vector_id, expected, got))


def run(paths: Sequence[Path], *, every: int = 1) -> Iterator[Tally]:
    """Judge every vector of every file, or one of so many, and give the files in the order of their names.

    All are under way at once, so that no core waits for the last vectors of a file.
    """
    with multiprocessing.get_context("fork").Pool() as pool:
        under_way = [(Tally(path), pool.imap(judge, _lines(path, every), chunksize=CHUNK)) for path in files(paths)]
        for tally, verdicts in under_way:
            for vector_id, verdict in verdicts:
                tally.add(vector_id, verdict)
            yield tally


def _lines(path: Path, every: int) -> list[Line]:
    return [(stem(path), line) for line in read(path, every=every)]


def files(paths: Sequence[Path]) -> list[Path]:
    """Give every vector file below the paths; a path that is none is a mistake of the caller's."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(held for held in path.rglob("*") if held.name.endswith(SUFFIXES))
        elif path.name.endswith(SUFFIXES) and path.is_file():
            found.append(path)
        else:
            raise FileNotFoundError(f"{path} is neither a folder nor a file that ends in .jsonl or .jsonl.gz")
    return found


def read(path: Path, *, every: int = 1) -> Iterator[str]:
    """Give a file's vectors, the first and then one of so many."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    yield from islice((line for line in text.split("\n") if line.strip()), 0, None, every)


def stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def judge(line: Line) -> tuple[str, Verdict]:
    """Judge one line by its file's family, or by the first that recognises it; what breaks is a disagreement."""
    name, text = line
    try:
        vector: dict[str, Any] = json.loads(text)
    except ValueError as error:
        return f"no id: {text[:60]}", Disagrees("a vector, one JSON object a line", str(error))
    if not isinstance(vector, dict):
        return f"no id: {text[:60]}", Disagrees("a vector, one JSON object a line", type(vector).__name__)
    vector_id = str(vector.get("id", "no id"))
    family = by_stem().get(name) or next((f for f in known() if recognises(f, vector)), None)
    if family is None:
        return vector_id, Disagrees("a family that knows this vector", f"none of {len(known())} does")
    try:
        return vector_id, family.judge(vector)
    except Exception:
        return vector_id, Disagrees("a verdict", traceback.format_exc())


def recognises(family: Family, vector: dict[str, Any]) -> bool:
    """Ask a family whether a vector is its own; one that misses a key it counts on says no."""
    try:
        return family.recognise(vector)
    except (KeyError, TypeError, AttributeError):
        return False


@cache
def known() -> tuple[Family, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(families.__path__))
    modules = [importlib.import_module(f"{families.__name__}.{name}") for name in names]
    return tuple(module for module in modules if hasattr(module, "judge"))


@cache
def by_stem() -> dict[str, Family]:
    """Which family a file's name chooses: the module of that name, or one that lists it in ``STEMS``."""
    chosen: dict[str, Family] = {}
    for family in known():
        name = getattr(family, "__name__", "").rpartition(".")[2]
        for own in (name, *getattr(family, "STEMS", ())):
            chosen[own] = family
    return chosen
