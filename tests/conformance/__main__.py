"""``python -m tests.conformance [PATH ...]``: how far we agree with recorded answers of KEDA and the HPA."""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.conformance.differences import DIFFERENCES
from tests.conformance.runner import VECTORS, Tally, files, run

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[VECTORS], help="files or folders of vectors")
    parser.add_argument("--all", action="store_true", help="print every disagreement, not the first 20 of a file")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="judge one vector of N")
    options = parser.parse_args()
    try:
        found = files(options.paths)
    except FileNotFoundError as error:
        parser.error(str(error))
    if not found:
        parser.error(f"no file that ends in .jsonl or .jsonl.gz in {' '.join(map(str, options.paths))}")
    tallies = report(run(found, every=options.every), limit=None if options.all else SHOWN)
    judged_well = sum(tally.agree + tally.explained.total() for tally in tallies)
    return 1 if any(tally.differences for tally in tallies) or not judged_well else 0


def report(tallies: Iterable[Tally], *, limit: int | None = SHOWN) -> list[Tally]:
    """Print each file's tally as it comes, then the total and what each row explains, and give the tallies."""
    started, explained, seen = time.monotonic(), Counter[str](), list[Tally]()
    for tally in tallies:
        show(tally, limit=limit)
        seen.append(tally)
        explained += tally.explained
    agree, disagree = sum(tally.agree for tally in seen), sum(len(tally.differences) for tally in seen)
    print(f"\n{agree} agree, {explained.total()} explained, {disagree} disagree in {time.monotonic() - started:.1f} s")
    singly = Counter(dict.fromkeys(DIFFERENCES, 0))
    for rows, count in explained.items():
        singly.update(dict.fromkeys(rows.split("+"), count))
    for row, difference in DIFFERENCES.items():
        if singly[row]:
            print(f"{row:>4} {singly[row]:>6}  {difference.ours}")
    return seen


def show(tally: Tally, *, limit: int | None) -> None:
    rows = ", ".join(f"{row} {count}" for row, count in sorted(tally.explained.items(), key=_order))
    print(
        f"{tally.path.name}: {tally.total} vectors, {tally.agree} agree, "
        f"{tally.explained.total()} explained{f' ({rows})' if rows else ''}, {len(tally.differences)} disagree"
    )
    for difference in tally.differences[:limit]:
        print(f"  {difference.id}\n    expected {_text(difference.expected)}\n    got      {_text(difference.got)}")
    if limit is not None and len(tally.differences) > limit:
        print(f"  and {len(tally.differences) - limit} more (--all)")


def _order(item: tuple[str, int]) -> tuple[int, str]:
    return int(item[0].split("+")[0].lstrip("D")), item[0]


def _text(answer: object) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=repr)


if __name__ == "__main__":
    sys.exit(main())
