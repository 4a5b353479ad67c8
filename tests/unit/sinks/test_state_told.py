"""What the state folder says of files and folders that it cannot use."""

from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from autoscaler.sinks.state import StateFolder
from tests.unit.builders import a_memory
from tests.unit.sinks.test_state import now, saved


def test_files_that_cannot_be_used_are_told_and_kept_aside(tmp_path: Path):
    """Memory is never thrown away without a word: file, fault and effect are in the log, and the file stays."""
    for round_ in (b"rubbish", b"more rubbish"):
        (tmp_path / "memory.v1").write_bytes(round_)
        (tmp_path / "memory.v1.previous").write_bytes(b"")
        store = StateFolder(tmp_path, now=now)
        with capture_logs() as lines:
            assert store.load() is None
        store.save(saved(a_memory((3, 0))))
        store.close()
    effect = "memory starts new: replicas are held for a full window"
    assert lines == [
        {
            "event": "state unusable",
            "log_level": "warning",
            "file": str(tmp_path / name),
            "why": why,
            "kept": str(tmp_path / f"{name}.corrupt"),
            "effect": effect,
        }
        for name, why in (("memory.v1", "it is no state file"), ("memory.v1.previous", "it is empty"))
    ]
    assert store.lost == (
        "memory.v1 cannot be used (it is no state file), memory.v1.previous cannot be used (it is empty): " + effect
    )
    assert (tmp_path / "memory.v1.corrupt").read_bytes() == b"more rubbish"
    kept = ["lock", "memory.v1", "memory.v1.corrupt", "memory.v1.previous.corrupt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == kept


def test_a_first_start_has_lost_nothing(tmp_path: Path):
    """An empty folder is nothing to warn of, and neither is one generation alone."""
    store = StateFolder(tmp_path, now=now)
    with capture_logs() as lines:
        store.load()
        store.save(saved(a_memory((3, 0))))
        store.load()
    assert (lines, store.lost) == ([], None)


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("")
    return folder / "file"


@pytest.mark.parametrize(
    ("make", "fault", "fix"),
    [
        (a_file, "File exists", "it is no folder, but a file or a link"),
        (lambda folder: a_file(folder) / "x", "Not a directory", "a part of the path is a file; give --state-dir a"),
        (lambda _: Path("/proc/nowhere"), "No such file or directory", "the folder is gone, or cannot be made there"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told_with_what_helps(
    tmp_path: Path, make: Callable[[Path], Path], fault: str, fix: str
):
    """What is no folder is not mended by making it writable."""
    with capture_logs() as lines:
        StateFolder(make(tmp_path), now=now)
    (line,) = lines
    assert line["fault"].endswith(fault)
    assert line["fix"].startswith(fix)
