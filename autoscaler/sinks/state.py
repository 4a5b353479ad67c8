"""Memory in a folder: one file, replaced whole, the generation before it kept (R11, R13).

A file is one header line (magic, version, CRC32, length) and JSON. Its name carries its version, so a newer daemon's
file is neither read nor touched. ``load`` and ``save`` block: call them on a thread of their own, one at a time.
"""

import contextlib
import fcntl
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from autoscaler.model.codec import VERSION, decode_memory, decode_source, encode_memory, encode_source
from autoscaler.model.fatal import FatalError
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.plaindata import Plain, decode, encode, masked
from autoscaler.model.saved import Saved
from autoscaler.model.source import SourceState
from autoscaler.model.value import value

_HEADER = re.compile(rb"autoscaler-state (\d{1,9}) ([0-9a-f]{8}) (\d{1,12})\n")
_WARN_EVERY = timedelta(minutes=1)
T = TypeVar("T")
_log: FilteringBoundLogger = structlog.get_logger()


class StateFolder:
    """The state folder of one daemon, held by a lock until ``close``.

    ``now`` is the daemon's steady clock. ``known`` gives the sources in use, asked when loading: files hold no values
    of headers and parameters, so a source that has them is recognised among these.
    A folder that cannot be written never stops anything: ``fault`` says why, None while all is well.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime],
        known: Callable[[], Iterable[Source]] = tuple,
    ) -> None:
        self.folder = folder
        self._now = now
        self._known = known
        self._current = folder / f"memory.v{VERSION}"
        self._previous = folder / f"memory.v{VERSION}.previous"
        self._mark = folder / f"memory.v{VERSION}.clean"
        self._encoded: dict[ObjectKey, tuple[Memory, msgspec.Raw]] = {}
        self._warned_at: datetime | None = None
        self._torn = False
        self.saved_at: datetime | None = None
        self.fault: str | None = None
        self._lock = self._take_lock()

    def load(self) -> Saved | None:
        """Give what was saved last, or the generation before where that is torn; None where nothing can be read.

        A torn file never takes the place of the good one before it.
        """
        self._move_newer_aside()
        for path in (self._current, self._previous):
            body = _read(path)
            saved = None if body is None else _saved(body, clean=self._was_clean(path), now=self._now())
            if saved is not None:
                saved = replace(saved, sources=_recognised(saved.sources, self._known()))
                self.saved_at = saved.saved_at
                return saved
            self._torn = True
        return None

    def save(self, saved: Saved) -> None:
        """Write everything, atomically; a full or read-only disk is a fault and a warning once a minute."""
        try:
            body = msgspec.json.encode(self._body(saved))
            crc = zlib.crc32(body)
            header = b"autoscaler-state %d %08x %d\n" % (VERSION, crc, len(body))
            _replace(self._current, header + body, None if self._torn else self._previous)
            self._torn = False
            if saved.clean:
                _replace(self._mark, b"%08x\n" % crc)
        except OSError as error:
            self._failed(f"cannot write {self._current}: {error.strerror}")
            return
        if self.fault is not None:
            _log.info("state saved again", folder=str(self.folder))
        self.fault = self._warned_at = None
        self.saved_at = saved.saved_at

    def age(self) -> timedelta | None:
        """Give the age of what is saved; None while nothing is."""
        return None if self.saved_at is None else max(self._now() - self.saved_at, timedelta(0))

    def close(self) -> None:
        """Let the folder go."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> int | None:
        """Lock the folder; None where it cannot be written at all."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._failed(f"cannot use the state folder {self.folder}: {error.strerror}")
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(lock)
            raise FatalError(
                f"another daemon (process {holder}) uses the state folder {self.folder}; "
                "stop it, or give this one a --state-dir of its own"
            ) from error
        with contextlib.suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"%d\n" % os.getpid(), 0)
        return lock

    def _was_clean(self, path: Path) -> bool:
        """Take the mark of an orderly stop away and say whether it was there, for this very file.

        A mark that cannot be taken away would vouch for a crash one day: it counts as absent.
        """
        try:
            mark = self._mark.read_bytes()
            self._mark.unlink()
            _sync_folder(self.folder)
            header = _HEADER.match(path.read_bytes()[:64])
        except OSError:
            return False
        return path == self._current and header is not None and mark.strip() == header[2]

    def _move_newer_aside(self) -> None:
        """Give a newer version's file that bears our name its own name, so that nothing of ours overwrites it."""
        with contextlib.suppress(OSError):
            header = _HEADER.match(self._current.read_bytes()[:64])
            if header is not None and int(header[1]) > VERSION:
                kept = self.folder / f"memory.v{int(header[1])}"
                if not kept.exists():
                    self._current.rename(kept)

    def _body(self, saved: Saved) -> dict[str, object]:
        self._encoded = {key: self._encode(key, memory) for key, memory in saved.memories.items()}
        return {
            "version": VERSION,
            "savedAt": encode(saved.saved_at),
            "memories": [[encode(key), raw] for key, (_, raw) in self._encoded.items()],
            "sources": [[encode(source), encode_source(state)] for source, state in _told_apart(saved.sources)],
        }

    def _encode(self, key: ObjectKey, memory: Memory) -> tuple[Memory, msgspec.Raw]:
        """Encode a memory once: it is replaced, never changed."""
        known = self._encoded.get(key)
        if known is not None and known[0] is memory:
            return known
        return memory, msgspec.Raw(msgspec.json.encode(encode_memory(memory)))

    def _failed(self, fault: str) -> None:
        self.fault = fault
        now = self._now()
        if self._warned_at is None or now - self._warned_at >= _WARN_EVERY:
            self._warned_at = now
            _log.warning("state not saved", fault=fault, fix="memory stays in this process; make the folder writable")


def _told_apart(sources: Mapping[Source, SourceState]) -> Iterator[tuple[Source, SourceState]]:
    """Give the sources that can be told apart without what they are sent; the others start afresh, which only holds."""
    alike = Counter(masked(source) for source in sources)
    return ((source, state) for source, state in sources.items() if alike[masked(source)] == 1)


def _recognised(saved: Mapping[Source, SourceState], known: Iterable[Source]) -> dict[Source, SourceState]:
    """Put the sources in use in the place of those written without values."""
    plain = {source: state for source, state in saved.items() if not (source.headers or source.parameters)}
    hidden = [source for source in set(known) if source.headers or source.parameters]
    alike = Counter(masked(source) for source in hidden)
    found = {source: saved[masked(source)] for source in hidden if masked(source) in saved}
    return plain | {source: state for source, state in found.items() if alike[masked(source)] == 1}


@value
class _Body:
    """The parts of a file before they are believed."""

    saved_at: datetime
    memories: list[tuple[ObjectKey, Plain]]
    sources: list[tuple[Source, Plain]]


def _read(path: Path) -> bytes | None:
    """Give the JSON of a whole file of our version; None where it is absent, torn or another's."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header = _HEADER.match(content)
    if header is None or int(header[1]) != VERSION:
        return None
    body = content[header.end() :]
    if len(body) != int(header[3]) or zlib.crc32(body) != int(header[2], 16):
        return None
    return body


def _saved(body: bytes, *, clean: bool, now: datetime) -> Saved | None:
    """Believe only what fits: a memory that does not is a lost one, so its object counts as old (L6)."""
    parts = _parts(body)
    if parts is None:
        return None
    lost = Memory(lost=True)
    sources = {source: decode_source(data, now) for source, data in parts.sources}
    return Saved(
        memories={key: decode_memory(data, now) or lost for key, data in parts.memories},
        sources={source: state for source, state in sources.items() if state is not None},
        clean=clean,
        saved_at=min(parts.saved_at, now),
    )


def _parts(body: bytes) -> _Body | None:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return None
    saved_at = decode(datetime, data.get("savedAt"))
    memories = _pairs(ObjectKey, data.get("memories"))
    sources = _pairs(Source, data.get("sources"))
    if saved_at is None or memories is None or sources is None:
        return None
    return _Body(saved_at=saved_at, memories=memories, sources=sources)


def _pairs(kind: type[T], data: Plain) -> list[tuple[T, Plain]] | None:
    """Give keys with what belongs to them; None where one key cannot be read: nothing can then be told apart."""
    if not isinstance(data, list):
        return None
    out: list[tuple[T, Plain]] = []
    for entry in data:
        key = decode(kind, entry[0]) if isinstance(entry, list) and len(entry) == 2 else None
        if key is None or not isinstance(entry, list):
            return None
        out.append((key, entry[1]))
    return out


def _replace(path: Path, content: bytes, previous: Path | None = None) -> None:
    """Put a whole new file in the place of ``path``, which becomes ``previous``; a crash leaves one of them whole."""
    fresh = path.with_name(path.name + ".new")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    if previous is not None:
        with contextlib.suppress(FileNotFoundError):
            path.replace(previous)
    fresh.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
