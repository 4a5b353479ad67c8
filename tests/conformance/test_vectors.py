"""The recorded answers of the real code, as a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.__main__ import report
from tests.conformance.differences import DIFFERENCES
from tests.conformance.runner import VECTORS, read, run


def test_every_vector_agrees_or_is_a_listed_difference(capsys: pytest.CaptureFixture[str]):
    """Every recorded answer is ours too, or ours is the answer of a row of the table of differences."""
    with capsys.disabled():
        print()
        tallies = report(run([VECTORS]))
    assert sum(tally.total for tally in tallies) > 0, f"no vectors below {VECTORS}"
    unlisted = {one for tally in tallies for row in tally.explained for one in row.split("+")} - set(DIFFERENCES)
    differing = {tally.path.name: tally.differences[:3] for tally in tallies if tally.differences}
    assert (differing, unlisted) == ({}, set())


def test_a_path_without_vectors_is_named():
    """A path that is neither a folder nor a file of vectors is an error that names it."""
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        list(run([VECTORS / "nowhere.txt"]))


def test_a_line_that_is_no_vector_disagrees(tmp_path: Path):
    """One broken line is told as that, and the others are judged all the same."""
    (good,) = read(VECTORS / "keda" / "formula.jsonl.gz", every=100_000)
    (tmp_path / "formula.jsonl").write_text(f'{good}\n{{"id": 3\n[]\n{good}\n')
    (tally,) = run([tmp_path])
    assert (tally.agree, [found.id for found in tally.differences]) == (2, ['no id: {"id": 3', "no id: []"])


@pytest.mark.parametrize("path", ["nowhere", ""])
def test_nothing_to_judge_is_wrong_usage(tmp_path: Path, path: str):
    """A path that does not exist, or a folder without vectors, ends with 2 and names itself."""
    command = [sys.executable, "-m", "tests.conformance", str(tmp_path / path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert str(tmp_path / path) in done.stderr
    assert "Traceback" not in done.stderr
