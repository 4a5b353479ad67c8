"""Any value of the vocabulary to plain data and back, by its declared types.

Plain data is dict, list, str, int, float, bool and None. Keys are in camel case; instants are ISO 8601 in UTC;
durations are seconds; mappings are lists of pairs; members of a union carry their ``kind``. Decoding trusts nothing.
What a source is sent in headers and parameters never leaves: a password may be among it (S14).
"""

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from autoscaler.model.objects import Source
from autoscaler.model.observation import Measurement
from autoscaler.model.record import Outcome, Record

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
Writer: TypeAlias = Callable[[object], Plain]
Reader: TypeAlias = Callable[[Plain], object]
T = TypeVar("T")

MASK = "***"
_WRITERS: dict[type[object], Writer] = {}
_READERS: dict[object, Reader] = {}
_TAGGED = frozenset((*get_args(Measurement), *get_args(Outcome), *get_args(Record)))


class _RefusedError(Exception):
    """Plain data that is not what it should be."""


def encode(value: object) -> Plain:
    """Give any value of the vocabulary as plain data."""
    return _writer(type(value))(value)


def decode(kind: type[T], data: Plain) -> T | None:
    """Read plain data as ``kind``; None where it does not fit exactly."""
    try:
        value = _reader(kind)(data)
    except (_RefusedError, ValueError, OverflowError, RecursionError, AssertionError):
        return None
    return value if isinstance(value, kind) else None


def masked(source: Source) -> Source:
    """Give a source without the values of its headers and parameters, as it is written everywhere."""
    return dataclasses.replace(
        source,
        headers=tuple((name, MASK) for name, _ in source.headers),
        parameters=tuple((name, MASK) for name, _ in source.parameters),
    )


def _writer(kind: type[object]) -> Writer:
    """Give the encoder of one type, built once."""
    if kind not in _WRITERS:
        _WRITERS[kind] = _build_writer(kind)
    return _WRITERS[kind]


def _build_writer(kind: type[object]) -> Writer:
    if kind is Source:
        return _write_source
    if dataclasses.is_dataclass(kind):
        return _value_writer(kind)
    if issubclass(kind, Enum):
        return _write_enum
    for known, writer in _PLAIN_WRITERS:
        if issubclass(kind, known):
            return writer
    raise TypeError(f"no plain form for {kind.__name__}")


def _value_writer(kind: type[object]) -> Writer:
    names = tuple((field.name, _camel(field.name)) for field in dataclasses.fields(kind))  # type: ignore[arg-type]
    tag = kind.__name__ if kind in _TAGGED else None

    def write(value: object) -> Plain:
        out: dict[str, Plain] = {} if tag is None else {"kind": tag}
        for name, key in names:
            part = getattr(value, name)
            out[key] = part if part is None or type(part) in _AS_THEY_ARE else _writer(type(part))(part)
        return out

    return write


def _write_source(source: object) -> Plain:
    assert isinstance(source, Source)
    return _value_writer(Source)(masked(source))


def _write_enum(value: object) -> Plain:
    assert isinstance(value, Enum)
    text = value.value
    assert isinstance(text, str)
    return text


def _write_float(value: object) -> Plain:
    """JSON has no infinity and no NaN: they travel as text."""
    assert isinstance(value, float)
    return value if math.isfinite(value) else str(value)


def _write_instant(value: object) -> Plain:
    assert isinstance(value, datetime)
    assert value.tzinfo is not None, f"an instant without a zone: {value}"
    return value.astimezone(UTC).isoformat()


def _write_duration(value: object) -> Plain:
    assert isinstance(value, timedelta)
    return value.total_seconds()


def _write_set(value: object) -> Plain:
    assert isinstance(value, frozenset)
    return sorted((encode(part) for part in value), key=str)


def _write_list(value: object) -> Plain:
    assert isinstance(value, tuple | list)
    return [encode(part) for part in value]


def _write_pairs(value: object) -> Plain:
    assert isinstance(value, Mapping)
    return [[encode(key), encode(part)] for key, part in value.items()]


def _write_itself(value: object) -> Plain:
    assert value is None or isinstance(value, bool | int | str)
    return value


_AS_THEY_ARE = frozenset((bool, int, str))
_PLAIN_WRITERS: tuple[tuple[type[object], Writer], ...] = (
    (str, _write_itself),
    (int, _write_itself),
    (type(None), _write_itself),
    (float, _write_float),
    (datetime, _write_instant),
    (timedelta, _write_duration),
    (frozenset, _write_set),
    (tuple, _write_list),
    (list, _write_list),
    (Mapping, _write_pairs),
)


def _reader(kind: object) -> Reader:
    """Give the decoder of one declared type, built once."""
    if kind not in _READERS:
        _READERS[kind] = _build_reader(kind)
    return _READERS[kind]


def _build_reader(kind: object) -> Reader:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _union_reader(parts)
    if origin is tuple:
        return _tuple_reader(parts)
    if origin is frozenset:
        return lambda data: frozenset(_read_list(_reader(parts[0]), data))
    if origin is Mapping:
        return _pairs_reader(parts[0], parts[1])
    assert isinstance(kind, type), f"no plain form for {kind}"
    if dataclasses.is_dataclass(kind):
        return _value_reader(kind)
    if issubclass(kind, Enum):
        return lambda data: kind(_exactly(str, data))
    return _SCALARS[kind]


def _value_reader(kind: type[object]) -> Reader:
    names = frozenset(_camel(field.name) for field in dataclasses.fields(kind))  # type: ignore[arg-type]

    @cache
    def fields() -> tuple[tuple[str, str, Reader], ...]:
        """Resolve on the first use: a type may hold itself."""
        return tuple((name, _camel(name), _reader(hint)) for name, hint in get_type_hints(kind).items())

    def read(data: Plain) -> object:
        if not isinstance(data, dict) or not names.issuperset(data.keys() - _ENVELOPE):
            raise _RefusedError(kind.__name__)
        if kind in _TAGGED and data.get("kind") != kind.__name__:
            raise _RefusedError(kind.__name__)
        return kind(**{name: reader(data[key]) for name, key, reader in fields() if key in data or _refuse(key)})

    return read


def _refuse(key: str) -> bool:
    raise _RefusedError(f"no {key}")


def _union_reader(members: tuple[object, ...]) -> Reader:
    """Try the members in turn, text before floats: a float that is not finite is text, too."""
    readers = [_reader(member) for member in sorted(members, key=lambda member: member is float)]

    def read(data: Plain) -> object:
        for reader in readers:
            try:
                return reader(data)
            except _RefusedError:
                continue
        raise _RefusedError("no member fits")

    return read


def _tuple_reader(parts: tuple[object, ...]) -> Reader:
    if len(parts) == 2 and parts[1] is Ellipsis:
        return lambda data: tuple(_read_list(_reader(parts[0]), data))

    def read(data: Plain) -> object:
        if not isinstance(data, list) or len(data) != len(parts):
            raise _RefusedError("a list of another length")
        return tuple(_reader(part)(entry) for part, entry in zip(parts, data, strict=True))

    return read


def _pairs_reader(key: object, value: object) -> Reader:
    pairs = _reader(tuple[tuple[key, value], ...])  # type: ignore[valid-type]

    def read(data: Plain) -> object:
        entries = pairs(data)
        assert isinstance(entries, tuple)
        return types.MappingProxyType(dict(entries))

    return read


def _read_list(reader: Reader, data: Plain) -> list[object]:
    return [reader(entry) for entry in _exactly(list, data)]


def _exactly(kind: type[T], data: Plain) -> T:
    if type(data) is not kind:
        raise _RefusedError(f"not a {kind.__name__}")
    return data


def _read_float(data: Plain) -> object:
    if type(data) in (int, float) or data in ("inf", "-inf", "nan"):
        return float(data)  # type: ignore[arg-type]
    raise _RefusedError("not a number")


def _read_instant(data: Plain) -> object:
    at = datetime.fromisoformat(_exactly(str, data))
    if at.tzinfo is None:
        raise _RefusedError("an instant without a zone")
    return at.astimezone(UTC)


def _read_duration(data: Plain) -> object:
    seconds = _read_float(data)
    assert isinstance(seconds, float)
    return timedelta(seconds=seconds)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_ENVELOPE = frozenset(("kind", "version", "apiVersion"))
_SCALARS: dict[type[object], Reader] = {
    bool: lambda data: _exactly(bool, data),
    int: lambda data: _exactly(int, data),
    str: lambda data: _exactly(str, data),
    type(None): lambda data: _exactly(type(None), data),
    float: _read_float,
    datetime: _read_instant,
    timedelta: _read_duration,
}
