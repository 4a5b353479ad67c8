"""Memory in a folder: one file, replaced whole, the generation before it kept (R11, R13).

A file is one header line (magic, version, CRC32, length) and JSON. Its name carries its version, so a newer daemon's
file is neither read nor touched. ``load`` and ``save`` block: call them on a thread of their own, one at a time.
"""

import contextlib
import errno
import fcntl
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from autoscaler.model.codec import VERSION, encode_memory, encode_source
from autoscaler.model.fatal import FatalError
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.plaindata import encode, masked
from autoscaler.model.saved import Saved
from autoscaler.model.source import SourceState
from autoscaler.sinks.statefile import HEADER, read_body, saved_from

_WARN_EVERY = timedelta(minutes=1)
_STARTS_NEW = "memory starts new: replicas are held for a full window"
_FIXES = {
    errno.EEXIST: "it is no folder, but a file or a link that leads nowhere; give --state-dir a folder",
    errno.ENOTDIR: "a part of the path is a file; give --state-dir a folder",
    errno.ENOENT: "the folder is gone, or cannot be made there; make it and start again, or give another --state-dir",
    errno.EACCES: "make the folder writable for this user",
    errno.EPERM: "make the folder writable for this user",
    errno.EROFS: "the file system is read-only; give --state-dir a folder on one that is not",
    errno.ENOSPC: "free some space on that disk",
    errno.EDQUOT: "free some space, or raise this user's quota",
    errno.EFBIG: "raise the limit on the size of files",
}
_log: FilteringBoundLogger = structlog.get_logger()


class StateFolder:
    """The state folder of one daemon, held by a lock until ``close``.

    ``now`` is the daemon's steady clock. ``known`` gives the sources in use, asked when loading: files hold no values
    of headers and parameters, so a source that has them is recognised among these.
    A folder that cannot be written never stops anything: ``fault`` says why, None while all is well. ``lost`` says
    which files could not be used when loading and what follows, None where all could; such files are kept aside.
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
        self.lost: str | None = None
        self._lock = self._take_lock()

    def load(self) -> Saved | None:
        """Give what was saved last, or the generation before where that is torn; None where nothing can be read.

        A torn file never takes the place of the good one before it, and is kept beside it, its older like replaced.
        """
        self._move_newer_aside()
        unusable: dict[Path, str] = {}
        found: Saved | None = None
        for path in (self._current, self._previous):
            body = read_body(path)
            saved = saved_from(body, clean=self._was_clean(path), now=self._now()) if isinstance(body, bytes) else body
            if isinstance(saved, Saved):
                found = replace(saved, sources=_recognised(saved.sources, self._known()))
                self.saved_at = found.saved_at
                break
            self._torn = True
            if saved is not None:
                unusable[path] = saved.why
        self._tell_unusable(unusable, _STARTS_NEW if found is None else "the save before it is used")
        return found

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
            self._failed(f"cannot write {self._current}", error)
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
            self._failed(f"cannot use the state folder {self.folder}", error)
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
            header = HEADER.match(path.read_bytes()[:64])
        except OSError:
            return False
        return path == self._current and header is not None and mark.strip() == header[2]

    def _move_newer_aside(self) -> None:
        """Give a newer version's file that bears our name its own name, so that nothing of ours overwrites it."""
        with contextlib.suppress(OSError):
            header = HEADER.match(self._current.read_bytes()[:64])
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

    def _tell_unusable(self, unusable: Mapping[Path, str], effect: str) -> None:
        """Warn of each file that cannot be used, and put it aside, so that a save does not overwrite it."""
        for path, why in unusable.items():
            aside = path.with_name(f"{path.name}.corrupt")
            try:
                path.replace(aside)
                kept = str(aside)
            except OSError as error:
                kept = f"in its place, until the next save: {error.strerror}"
            _log.warning("state unusable", file=str(path), why=why, kept=kept, effect=effect)
        if unusable:
            said = ", ".join(f"{path.name} cannot be used ({why})" for path, why in unusable.items())
            self.lost = f"{said}: {effect}"

    def _failed(self, what: str, error: OSError) -> None:
        self.fault = f"{what}: {error.strerror}"
        now = self._now()
        if self._warned_at is None or now - self._warned_at >= _WARN_EVERY:
            self._warned_at = now
            fix = _FIXES.get(error.errno or 0, "mend that, or give another --state-dir")
            effect = "memory stays in this process and is lost with it"
            _log.warning("state not saved", fault=self.fault, effect=effect, fix=fix)


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
