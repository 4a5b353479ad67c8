"""One file of memory: a header line (magic, version, CRC32, length) and JSON. What does not fit is not believed."""

import re
import zlib
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from autoscaler.model.codec import VERSION, decode_memory, decode_source
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.plaindata import Plain, decode
from autoscaler.model.saved import Saved
from autoscaler.model.value import value

HEADER = re.compile(rb"autoscaler-state (\d{1,9}) ([0-9a-f]{8}) (\d{1,12})\n")
T = TypeVar("T")


@value
class Unusable:
    """A file that is there and cannot be used; ``why`` says what is wrong with it, for people."""

    why: str


@value
class _Body:
    """The parts of a file before they are believed."""

    saved_at: datetime
    memories: list[tuple[ObjectKey, Plain]]
    sources: list[tuple[Source, Plain]]


def read_body(path: Path) -> bytes | Unusable | None:
    """Give the JSON of a whole file of our version; None where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unusable(why=f"it cannot be read: {(error.strerror or 'input/output error').lower()}")
    header = HEADER.match(content)
    if header is None:
        return Unusable(why="it is no state file" if content else "it is empty")
    if int(header[1]) != VERSION:
        return Unusable(why=f"it is of version {int(header[1])}, and this daemon reads version {VERSION}")
    body = content[header.end() :]
    if len(body) != int(header[3]):
        return Unusable(why=f"it holds {len(body)} bytes where its head says {int(header[3])}")
    return body if zlib.crc32(body) == int(header[2], 16) else Unusable(why="its checksum does not fit")


def saved_from(body: bytes, *, clean: bool, now: datetime) -> Saved | Unusable:
    """Believe only what fits: a memory that does not is a lost one, so its object counts as old (L6)."""
    parts = _parts(body)
    if parts is None:
        return Unusable(why="its content is no memory of this version")
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
