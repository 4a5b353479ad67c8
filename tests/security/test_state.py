"""S17: memory is ours or it is lost; whatever a state folder holds, nothing in it makes a count fall."""

import random
import zlib
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from autoscaler.core.decide import decide
from autoscaler.model.codec import MOST, clamp_memory
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey
from autoscaler.model.saved import Saved
from autoscaler.sinks.state import StateFolder
from tests.unit.builders import a_memory, a_past, an_object, an_observation, at

KEY = ObjectKey(namespace="shop", name="web")
FORGED = 10_000
EVIL = (
    None,
    -1,
    0,
    1,
    MOST + 1,
    2**63,
    -(2**70),
    1.5,
    1e300,
    True,
    "",
    "x",
    "9999-12-31T23:59:59.999999+00:00",
    "0001-01-01T00:00:00+00:00",
    "2026-01-01T00:00:00",
    "2026-13-45T99:99:99+00:00",
    [],
    {},
    [[[]]],
)


def now() -> datetime:
    return at(1000)


def a_file(folder: Path) -> dict:
    """The content of a good state file."""
    store = StateFolder(folder, now=now)
    memory = a_memory((7, 900), (9, 950), grown=((2, 940),), failures=(1,), past=a_past(replicas=9, last=990))
    store.save(Saved(memories={KEY: memory}, sources={}, clean=False, saved_at=at(995)))
    store.close()
    return msgspec.json.decode((folder / "memory.v1").read_bytes().partition(b"\n")[2])


def places(part: object):
    """Every place in plain data that can be overwritten."""
    entries = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, inner in entries:
        yield part, key
        yield from places(inner)


def write(folder: Path, body: bytes) -> None:
    """Put a body under a header that fits."""
    (folder / "memory.v1").write_bytes(b"autoscaler-state 1 %08x %d\n" % (zlib.crc32(body), len(body)) + body)


def test_ten_thousand_forged_states_make_nothing_fall(tmp_path: Path):
    """Loading never raises, instants are clamped, counts possible, and none falls below what metrics ask for."""
    good = msgspec.json.encode(a_file(tmp_path))
    chance = random.Random(20260101)
    store = StateFolder(tmp_path, now=now)
    obj = an_object(10, maximum=20)
    seen = an_observation(80, replicas=9, now=1000)
    for _ in range(FORGED):
        body = msgspec.json.decode(good)
        for _ in range(chance.randint(1, 4)):
            parent, key = chance.choice(list(places(body)))
            parent[key] = deepcopy(chance.choice(EVIL))
        write(tmp_path, msgspec.json.encode(body))
        found = store.load()
        if found is None:
            continue
        assert found.saved_at <= now()
        assert not found.clean
        for memory in found.memories.values():
            assert_possible(memory)
            if memory.past is None or memory.past.target == obj.target:
                assert decide(obj, clamp_memory(memory, now=now(), most=20), seen).desired >= 8


def assert_possible(memory: Memory) -> None:
    for entry in memory.recommendations or ():
        assert 0 <= entry.replicas <= MOST
        assert entry.at <= now()
    for change in (*memory.grown, *memory.shrunk):
        assert 0 <= change.pods <= MOST
        assert change.at <= now()
    assert memory.last_active_at is None or memory.last_active_at <= now()
    for trigger in memory.triggers:
        assert 0 <= trigger.failures <= MOST
    if memory.past is not None:
        assert max(memory.past.first_at, memory.past.last_at) <= now()
        assert memory.past.cut_until is None or memory.past.cut_until <= now() + timedelta(seconds=1800)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 4096,
        b"autoscaler-state 1 00000000 0\n",
        b"autoscaler-state 1 00000000 999999999999\n{}",
        b"autoscaler-state 99999999999999999999 00000000 2\n{}",
        b"autoscaler-state -1 00000000 2\n{}",
        b'{"version":1}',
    ],
)
def test_what_is_no_state_file_is_lost_memory(tmp_path: Path, content: bytes):
    """Rubbish in the place of the file is the same as no file."""
    (tmp_path / "memory.v1").write_bytes(content)
    assert StateFolder(tmp_path, now=now).load() is None


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"[" * 100_000, b'{"version":1}', b'{"version":2,"memories":[],"sources":[]}', b"\xff\xfe"],
)
def test_a_body_that_is_no_state_is_lost_memory(tmp_path: Path, body: bytes):
    """A header that fits does not make its body believed."""
    write(tmp_path, body)
    assert StateFolder(tmp_path, now=now).load() is None


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path):
    """A state file that is a link is replaced, and what it pointed to stays as it was."""
    outside = tmp_path / "outside"
    outside.write_text("precious")
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "memory.v1").symlink_to(outside)
    store = StateFolder(folder, now=now)
    store.load()
    store.save(Saved(memories={KEY: a_memory((3, 0))}, sources={}, clean=False, saved_at=at(995)))
    assert outside.read_text() == "precious"
    assert not (folder / "memory.v1").is_symlink()
