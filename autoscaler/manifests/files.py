"""Files on disk: folders, single files, stdin and mounted ConfigMaps, read once or watched.

A mounted ConfigMap holds every file three times: as a link, under ``..data`` and under a dated folder. Names that
begin with a dot are never followed into, so each file is seen once, through its link.
"""

import os
import stat
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import BinaryIO, Final

from autoscaler.manifests.catalog import Snapshot
from autoscaler.manifests.document import Away, SourceFile
from autoscaler.manifests.load import MAX_BYTES
from autoscaler.model.text import plain

STDIN: Final = "-"
ENDINGS: Final = (".yaml", ".yml", ".json")
POLL_SECONDS: Final = 1.0
STILL_SECONDS: Final = 4.0
_DEEPEST: Final = 16


def read_paths(paths: Sequence[str], *, recursive: bool, stdin: BinaryIO | None = None) -> tuple[SourceFile, ...]:
    """Read files and folders, in order; what cannot be read is a file with a problem. ``-`` is stdin."""
    return snapshot(paths, recursive=recursive, stdin=stdin).files


def snapshot(paths: Sequence[str], *, recursive: bool, stdin: BinaryIO | None = None) -> Snapshot:
    """Read everything as it is now."""
    files: list[SourceFile] = []
    away: list[Away] = []
    for path in paths:
        if path == STDIN:
            files.append(_read_stream(sys.stdin.buffer if stdin is None else stdin))
            continue
        found = list(_within(path, recursive=recursive))
        files.extend(found)
        away.extend(Away(path=one.path, why=one.problem) for one in found if one.text is None)
        if not found:
            away.append(Away(path=str(Path(path)), why="the folder holds no manifest"))
    unique = {file.path: file for file in files}
    return Snapshot(files=tuple(unique.values()), away=tuple(dict.fromkeys(away)))


async def watch(
    paths: Sequence[str],
    *,
    recursive: bool,
    executor: Executor | None = None,
    poll_seconds: float = POLL_SECONDS,
    still_seconds: float = STILL_SECONDS,
    pause: Callable[[float], Awaitable[bool]] | None = None,
) -> AsyncIterator[Snapshot]:
    """Give a snapshot at once, after each change, and after ``still_seconds`` without one.

    The still ones let the time of a vanished file run out and see an edit that left size and time as they were. stdin
    is left out: it is read once, elsewhere. Disks are asked in the executor, never on the loop. ``pause`` waits between
    two looks, when what was seen has been dealt with, and says whether the whole time went by.
    """
    import asyncio  # here, as reading files once needs none and `check` has 400 ms

    loop = asyncio.get_running_loop()
    on_disk = tuple(path for path in paths if path != STDIN)
    known: tuple[object, ...] | None = None
    still = 0.0
    while True:
        seen = await loop.run_in_executor(executor, _marks, on_disk, recursive)
        if seen != known or still >= still_seconds:
            yield await loop.run_in_executor(executor, _snapshot, on_disk, recursive)
            known, still = seen, 0.0
        if await (pause(poll_seconds) if pause else asyncio.sleep(poll_seconds, result=True)):
            still += poll_seconds


def _snapshot(paths: tuple[str, ...], recursive: bool) -> Snapshot:
    return snapshot(paths, recursive=recursive)


def _marks(paths: tuple[str, ...], recursive: bool) -> tuple[object, ...]:
    """Say what tells one state of the disk from another: names, identities, sizes and times; no content is read."""
    return tuple(mark for path in paths for mark in _marks_within(path, recursive=recursive))


def _marks_within(path: str, *, recursive: bool) -> Iterator[object]:
    for name, problem in _names(Path(path), recursive=recursive, depth=0):
        if problem:
            yield (str(name), problem)
            continue
        try:
            status = name.stat()
        except OSError as error:
            yield (str(name), error.errno)
        else:
            yield (str(name), status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _within(path: str, *, recursive: bool) -> Iterator[SourceFile]:
    for name, problem in _names(Path(path), recursive=recursive, depth=0):
        yield SourceFile(path=str(name), problem=problem) if problem else _read_file(name)


def _names(path: Path, *, recursive: bool, depth: int) -> Iterator[tuple[Path, str]]:
    """Name the manifests at a path, each with what keeps it from being read, empty where nothing does."""
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            yield path, ""
            return
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        yield path, _problem(error)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            if recursive and depth < _DEEPEST:
                yield from _names(Path(entry.path), recursive=recursive, depth=depth + 1)
        elif entry.name.endswith(ENDINGS):
            yield Path(entry.path), ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _read_file(path: Path) -> SourceFile:
    """Read a regular file; a pipe or a device would hang or never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return SourceFile(path=str(path), problem="it is not a regular file")
        with path.open("rb") as stream:
            return _decoded(str(path), stream.read(MAX_BYTES + 1))
    except OSError as error:
        return SourceFile(path=str(path), problem=_problem(error))


def _read_stream(stream: BinaryIO) -> SourceFile:
    return _decoded("<stdin>", stream.read(MAX_BYTES + 1))


def _decoded(path: str, content: bytes) -> SourceFile:
    if len(content) > MAX_BYTES:
        return SourceFile(path=path, problem="it is larger than 1 MiB; split it into several files")
    try:
        return SourceFile(path=path, text=content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return SourceFile(path=path, problem=f"line {line} is not UTF-8; save it as UTF-8")


def _problem(error: OSError) -> str:
    return plain((error.strerror or "it cannot be read").lower())
