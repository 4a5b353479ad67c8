"""Reading a body from the raw stream, with limits on what arrives and on what it inflates to (S9)."""

import zlib
from collections.abc import AsyncIterator

from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.quoting import quoted

_GZIP = 31
_MOST_MEMBERS = 64
_CODINGS = {"": False, "identity": False, "gzip": True}


async def read_body(chunks: AsyncIterator[bytes], coding: str, limit: int) -> bytes | Missing:
    """Gather a body of at most ``limit`` bytes, inflating gzip and nothing else."""
    packed = _CODINGS.get(coding.strip().lower())
    if packed is None:
        detail = f"answer is in a coding other than gzip, which was asked for{quoted(coding, 40)}"
        return Missing(reason=MissingReason.MALFORMED, detail=detail)
    inflater = Inflater(limit)
    whole = bytearray()
    arrived = 0
    async for chunk in chunks:
        arrived += len(chunk)
        try:
            whole += inflater.feed(chunk) if packed else chunk
        except zlib.error:
            return Missing(reason=MissingReason.MALFORMED, detail="answer is no gzip that can be inflated")
        if arrived > limit or len(whole) > limit:
            return Missing(reason=MissingReason.MALFORMED, detail=f"answer is larger than {limit // 1024} KiB")
    if packed and arrived and not inflater.whole:
        return Missing(reason=MissingReason.MALFORMED, detail="answer is cut off within its gzip")
    return bytes(whole)


class Inflater:
    """gzip, member after member, never giving more than ``limit`` bytes and one over it."""

    def __init__(self, limit: int) -> None:
        self._room = limit + 1
        self._member = zlib.decompressobj(_GZIP)
        self._members = 1

    @property
    def whole(self) -> bool:
        """Say whether the last member has ended."""
        return self._member.eof

    def feed(self, chunk: bytes) -> bytes:
        """Inflate what has arrived, up to the limit; raises zlib.error where it is no gzip."""
        out = bytearray()
        while chunk and self._room > 0:
            if self._member.eof:
                self._members += 1
                if self._members > _MOST_MEMBERS:
                    raise zlib.error(f"more than {_MOST_MEMBERS} members")
                self._member = zlib.decompressobj(_GZIP)
            piece = self._member.decompress(chunk, self._room)
            self._room -= len(piece)
            out += piece
            chunk = self._member.unused_data if self._member.eof else b""
        return bytes(out)
