"""The recorded answers of the real code, as a test."""

import pytest

from tests.conformance.__main__ import report
from tests.conformance.differences import DIFFERENCES
from tests.conformance.runner import VECTORS, run


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
