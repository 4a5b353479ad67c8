"""Prometheus' remote-write request, by hand: one series, protocol buffers in a snappy block that compresses nothing.

Source: the remote-write 1.0 specification; prometheus prompb/remote.proto; snappy format_description.txt.
"""

import struct
from collections.abc import Sequence

HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
STALE = struct.unpack("<d", bytes.fromhex("020000000000f07f"))[0]
"""The NaN that ends a series: an instant query no longer answers with it. Source: prometheus model/value/value.go."""

_LITERAL_LIMIT = 1 << 16


def write_request(labels: Sequence[tuple[str, str]], samples: Sequence[tuple[int, float]]) -> bytes:
    """Encode one series, its labels sorted by name and its samples (milliseconds since 1970, value) oldest first."""
    series = b"".join(_message(1, _text(1, name) + _text(2, value)) for name, value in labels)
    series += b"".join(_message(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at)) for at, value in samples)
    return _snappy(_message(1, series))


def _snappy(data: bytes) -> bytes:
    chunks = [data[begin : begin + _LITERAL_LIMIT] for begin in range(0, len(data), _LITERAL_LIMIT)]
    literals = (bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk for chunk in chunks)
    return _varint(len(data)) + b"".join(literals)


def _message(field: int, body: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(body)) + body


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
