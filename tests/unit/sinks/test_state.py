"""The state folder keeps memory over a restart, whatever happens to disks and processes."""

import os
import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from autoscaler.model.fatal import FatalError
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.saved import Saved
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.sinks.state import StateFolder
from tests.unit.builders import START, a_memory, an_object, at

KEY = ObjectKey(namespace="shop", name="web")
SOURCE = an_object().triggers[0].ask.question.source
STATE = SourceState(health=SourceHealth.OK, since=START)


def now() -> datetime:
    return at(100)


def saved(memory: Memory, *, clean: bool = False) -> Saved:
    return Saved(memories={KEY: memory}, sources={SOURCE: STATE}, clean=clean, saved_at=at(50))


def test_what_was_saved_is_loaded(tmp_path: Path):
    """A restart gives back every memory and the state of every source."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0)), clean=True))
    store.close()
    assert StateFolder(tmp_path, now=now).load() == saved(a_memory((3, 0)), clean=True)


def test_an_empty_folder_knows_nothing(tmp_path: Path):
    """Without a file memory is lost, and the folder is made."""
    store = StateFolder(tmp_path / "a" / "b", now=now)
    assert store.load() is None
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_the_mark_of_an_orderly_stop_serves_once(tmp_path: Path):
    """A crash after an orderly stop is a crash: loading takes the mark away."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0)), clean=True))
    first, second = store.load(), store.load()
    assert first is not None
    assert second is not None
    assert (first.clean, second.clean) == (True, False)


def test_a_mark_of_another_generation_does_not_count(tmp_path: Path):
    """A stop was orderly only if its own save was the last one."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0)), clean=True))
    store.save(saved(a_memory((4, 0))))
    found = store.load()
    assert found is not None
    assert not found.clean


def torn_at(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


@pytest.mark.parametrize("size", [0, 1, 20, 40, 200])
def test_a_torn_file_gives_the_generation_before(tmp_path: Path, size: int):
    """A power cut in a write costs one generation and no more."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0))))
    store.save(saved(a_memory((4, 0)), clean=True))
    torn_at(tmp_path / "memory.v1", size)
    assert store.load() == saved(a_memory((3, 0)))


def test_a_torn_file_never_replaces_the_good_one_before_it(tmp_path: Path):
    """After a torn file the next save keeps the last good generation."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0))))
    store.save(saved(a_memory((4, 0))))
    torn_at(tmp_path / "memory.v1", 30)
    store.load()
    store.save(saved(a_memory((5, 0))))
    torn_at(tmp_path / "memory.v1", 30)
    assert store.load() == saved(a_memory((3, 0)))


def test_a_changed_byte_is_noticed(tmp_path: Path):
    """A file whose checksum does not fit is not believed."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory((3, 0))))
    path = tmp_path / "memory.v1"
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    assert store.load() is None


def test_a_newer_version_is_lost_and_stays_untouched(tmp_path: Path):
    """After a downgrade the newer daemon's file is neither read nor overwritten, whatever name it bears."""
    newer = b"autoscaler-state 2 00000000 2\n{}"
    (tmp_path / "memory.v1").write_bytes(newer)
    store = StateFolder(tmp_path, now=now)
    assert store.load() is None
    store.save(saved(a_memory((3, 0))))
    store.save(saved(a_memory((4, 0))))
    assert (tmp_path / "memory.v2").read_bytes() == newer
    assert store.load() == saved(a_memory((4, 0)))


def test_one_memory_that_does_not_fit_is_lost_alone(tmp_path: Path):
    """A memory that cannot be read makes its object old, and leaves the others as they were."""
    other = ObjectKey(namespace="shop", name="other")
    store = StateFolder(tmp_path, now=now)
    store.save(
        Saved(memories={KEY: a_memory((3, 0)), other: a_memory((4, 0))}, sources={}, clean=False, saved_at=at(50))
    )
    forge(tmp_path / "memory.v1", b'"replicas":4', b'"replicas":null')
    found = store.load()
    assert found is not None
    assert found.memories == {KEY: a_memory((3, 0)), other: Memory(lost=True)}


def forge(path: Path, old: bytes, new: bytes) -> None:
    """Change a file and make its header fit again."""
    body = path.read_bytes().partition(b"\n")[2].replace(old, new)
    path.write_bytes(b"autoscaler-state 1 %08x %d\n" % (zlib.crc32(body), len(body)) + body)


def test_instants_of_the_future_become_now(tmp_path: Path):
    """A state written by a clock that was ahead holds nothing for longer than a fresh one."""
    store = StateFolder(tmp_path, now=now)
    store.save(Saved(memories={KEY: a_memory((3, 5000), active=5000)}, sources={}, clean=False, saved_at=at(5000)))
    found = store.load()
    assert found is not None
    memory = found.memories[KEY]
    assert memory.recommendations is not None
    assert (memory.recommendations[0].at, memory.last_active_at, found.saved_at) == (now(), now(), now())


def test_a_second_daemon_is_refused_and_told_who_holds_the_folder(tmp_path: Path):
    """Two daemons never share one folder; the message names the process and the way out."""
    first = StateFolder(tmp_path, now=now)
    with pytest.raises(FatalError, match=rf"process {os.getpid()}.*--state-dir"):
        StateFolder(tmp_path, now=now)
    first.close()
    StateFolder(tmp_path, now=now).close()


def test_the_age_of_the_state_grows_until_the_next_save(tmp_path: Path):
    """The age is that of the newest save; before the first there is none."""
    instant = [at(0)]
    store = StateFolder(tmp_path, now=lambda: instant[0])
    assert store.age() is None
    store.save(saved(a_memory()))
    instant[0] = at(110)
    assert store.age() == timedelta(seconds=60)


def test_a_folder_that_cannot_be_made_is_a_fault_and_not_an_end(tmp_path: Path):
    """Without a place to write the daemon goes on deciding, and says what is wrong."""
    (tmp_path / "file").write_text("not a folder")
    store = StateFolder(tmp_path / "file" / "state", now=now)
    assert store.load() is None
    store.save(saved(a_memory()))
    assert store.fault is not None
    assert "Not a directory" in store.fault


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from autoscaler.sinks.state import StateFolder
from tests.unit.sinks.test_state import KEY, START, a_memory, now, saved
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = StateFolder(Path(sys.argv[1]), now=now)
store.save(saved(a_memory((3, 0))))
assert store.fault is None, store.fault
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
store.save(saved(a_memory((4, 0))))
assert "File too large" in store.fault, store.fault
assert store.load() == saved(a_memory((3, 0)))
assert sorted(path.name for path in Path(sys.argv[1]).iterdir()) == ["lock", "memory.v1"]
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
store.save(saved(a_memory((5, 0))))
assert store.fault is None
assert store.load() == saved(a_memory((5, 0)))
"""


def test_a_full_disk_keeps_the_last_good_state(tmp_path: Path):
    """A write that fails half way leaves the last good file in place, is said, and is over with the next good save."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("state not saved") == 1
    assert done.stdout.count("state saved again") == 1


CRASH = """
import os, sys
from pathlib import Path
from autoscaler.sinks.state import StateFolder
from tests.unit.sinks.test_state import a_memory, now, saved
store = StateFolder(Path(sys.argv[1]), now=now)
for number in range(1, 100000):
    store.save(saved(a_memory((number, 0))))
    print(number, flush=True)
"""


def test_a_killed_process_leaves_a_state_that_can_be_read(tmp_path: Path):
    """A kill at any moment costs at most the save that was under way."""
    for rounds in range(5):
        process = subprocess.Popen([sys.executable, "-c", CRASH, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        printed = [int(process.stdout.readline()) for _ in range(3 + rounds)][-1]
        process.kill()
        printed = max([printed, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
        process.wait()
        process.stdout.close()
        store = StateFolder(tmp_path, now=now)
        found = store.load()
        store.close()
        assert found is not None
        recommendations = found.memories[KEY].recommendations
        assert recommendations is not None
        assert recommendations[0].replicas in (printed - 1, printed, printed + 1)


def with_header(value: str) -> Source:
    return replace(SOURCE, headers=(("Authorization", value),), parameters=(("token", value),))


def test_what_a_source_is_sent_is_not_written(tmp_path: Path):
    """A password in a header stays out of the file; the source is recognised among those in use."""
    secret = with_header("hunter2")
    store = StateFolder(tmp_path, now=now, known=lambda: [secret, SOURCE])
    store.save(Saved(memories={}, sources={secret: STATE, SOURCE: STATE}, clean=False, saved_at=at(50)))
    assert b"hunter2" not in (tmp_path / "memory.v1").read_bytes()
    found = store.load()
    assert found is not None
    assert found.sources == {secret: STATE, SOURCE: STATE}


def test_sources_that_differ_only_in_what_they_are_sent_start_afresh(tmp_path: Path):
    """Two tenants of one server are not mistaken for each other: neither is believed to be well."""
    one, two = with_header("one"), with_header("two")
    store = StateFolder(tmp_path, now=now, known=lambda: [one, two])
    store.save(Saved(memories={}, sources={one: STATE, two: STATE}, clean=False, saved_at=at(50)))
    found = store.load()
    assert found is not None
    assert found.sources == {}
    store.save(Saved(memories={}, sources={one: STATE}, clean=False, saved_at=at(50)))
    found = store.load()
    assert found is not None
    assert found.sources == {}


def test_files_are_for_their_owner_alone(tmp_path: Path):
    """State tells what runs where: nobody else may read it."""
    store = StateFolder(tmp_path, now=now)
    store.save(saved(a_memory(), clean=True))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
