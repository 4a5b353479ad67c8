"""``python -m tests.mutation``: change the core in 500 places, one at a time, and see whether the suite notices.

What was judged is kept in a folder, so a run that was stopped goes on; a file that has changed since is judged again.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.mutation.bench import Bench, Judged, SuiteError
from tests.mutation.mutants import Mutant, draw

TREE = Path(__file__).parents[2]
LISTED = Path(__file__).with_name("survivors.md")
LEAST = 0.95
Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many mutants are drawn (500)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (1)")
    parser.add_argument("--workers", type=int, default=2, help="how many are judged at a time (2)")
    parser.add_argument("--folder", type=Path, default=TREE / ".mutation", help="where results are kept (.mutation)")
    parser.add_argument("--survivors", action="store_true", help="judge those again that lived, after adding tests")
    options = parser.parse_args()
    mutants = draw(TREE, options.count, options.seed)
    kept = Kept(options.folder / "results.jsonl")
    todo = [m for m in mutants if (row := kept.of(m)) is None or (options.survivors and row["killer"] is None)]
    print(f"{len(mutants)} mutants of seed {options.seed}, {len(mutants) - len(todo)} judged before", flush=True)
    try:
        judge(todo, kept, options.workers)
    except SuiteError as failure:
        print(failure)
        return 2
    return report([row for mutant in mutants if (row := kept.of(mutant)) is not None])


class Kept:
    """The results so far: the newest line of each mutant counts, while its file is as it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows: dict[str, Row] = {row["id"]: row for row in map(json.loads, lines)}

    def of(self, mutant: Mutant) -> Row | None:
        """Give what became of a mutant, None where that is not known."""
        row = self.rows.get(mutant.id)
        return row if row is not None and row["code"] == _digest(mutant) else None

    def add(self, judged: Judged) -> Row:
        mutant, verdict = judged.mutant, judged.verdict
        row = {
            "id": mutant.id,
            "path": str(mutant.path),
            "line": mutant.line,
            "before": mutant.before,
            "after": mutant.after,
            "code": _digest(mutant),
            "killer": verdict.killer,
            "timed_out": verdict.timed_out,
            "failed": verdict.failed,
        }
        self.rows[mutant.id] = row
        with self.path.open("a") as file:
            file.write(json.dumps(row) + "\n")
        return row


def judge(todo: list[Mutant], kept: Kept, workers: int) -> None:
    """Judge what is not judged yet, and say how it goes."""
    if not todo:
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Bench(TREE, Path(folder), workers) as bench:
        spent = bench.measure()
        print(", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in spent.items()), flush=True)
        for number, judged in enumerate(bench.judge(todo), 1):
            row = kept.add(judged)
            if row["killer"] is None or number % 25 == 0:
                print(f"{number}/{len(todo)} {time.monotonic() - started:.0f} s  {_line(row)}", flush=True)


def report(rows: list[Row]) -> int:
    """Print the figures, and the survivors with a mark where the list of survivors does not have them."""
    stages = Counter(row["killer"] for row in rows if row["killer"] and not row["timed_out"])
    late, alive = (
        sum(row["timed_out"] for row in rows),
        sorted((row for row in rows if row["killer"] is None), key=lambda row: (row["path"], row["line"], row["id"])),
    )
    by_stage = ", ".join(f"{stage} {count}" for stage, count in stages.most_common())
    rate = 1 - len(alive) / max(len(rows), 1)
    print(f"\n{stages.total()} killed ({by_stage}), {late} timed out, {len(alive)} survived: {rate:.1%} of {len(rows)}")
    listed = LISTED.read_text() if LISTED.exists() else ""
    for row in alive:
        print(f"{'' if row['id'] in listed else 'not listed: '}{_line(row)}")
    return 0 if rate >= LEAST else 1


def _line(row: Row) -> str:
    fate = "timed out" if row["timed_out"] else f"killed by {row['killer']}" if row["killer"] else "SURVIVED"
    return f"{row['id']} {row['path']}:{row['line']} {fate}\n    - {row['before']}\n    + {row['after']}"


def _digest(mutant: Mutant) -> str:
    return sha256(mutant.code.encode()).hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
