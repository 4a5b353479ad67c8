import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from autoscaler.manifests.catalog import Snapshot
from autoscaler.manifests.document import Away
from autoscaler.manifests.files import read_paths, snapshot, watch
from autoscaler.manifests.load import MAX_BYTES
from autoscaler.manifests.rereading import Rereading


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def mount(folder: Path, version: str, files: dict[str, str]) -> None:
    """Lay files out as the kubelet does: a dated folder, ..data pointing at it, and a link for each file."""
    write(folder / f"..{version}", files)
    (folder / "..new").symlink_to(f"..{version}")
    os.replace(folder / "..new", folder / "..data")
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")


def names(folder: Path, *, recursive: bool = False) -> list[str]:
    return [file.path.removeprefix(f"{folder}/") for file in read_paths([str(folder)], recursive=recursive)]


def test_a_folder_gives_its_manifests_in_order(tmp_path):
    """Files that end in .yaml, .yml or .json, sorted; hidden ones and those below are left out."""
    write(tmp_path, {"b.yml": "", "a.yaml": "", "c.json": "", "d.txt": "", ".e.yaml": "", "sub/f.yaml": ""})
    assert names(tmp_path) == ["a.yaml", "b.yml", "c.json"]


def test_folders_below_are_read_if_asked(tmp_path):
    """-R goes down, but not into hidden folders."""
    write(tmp_path, {"a.yaml": "", "sub/deep/f.yaml": "", ".git/g.yaml": ""})
    assert names(tmp_path, recursive=True) == ["a.yaml", "sub/deep/f.yaml"]


def test_a_mounted_config_map_is_read_once(tmp_path):
    """Each file is seen through its link alone, though the mount holds it three times."""
    mount(tmp_path, "2026_01_01", {"web.yaml": "a: 1"})
    files = read_paths([str(tmp_path)], recursive=True)
    assert [(file.path, file.text) for file in files] == [(f"{tmp_path}/web.yaml", "a: 1")]


def test_a_file_named_by_itself_is_read_whatever_it_is_called(tmp_path):
    """A path given by name needs no ending, and one file is read once however often it is named."""
    write(tmp_path, {"web": "a: 1"})
    path = str(tmp_path / "web")
    assert [file.text for file in read_paths([path, path], recursive=False)] == ["a: 1"]


def test_stdin_is_a_file():
    """A dash reads standard input."""
    (file,) = read_paths(["-"], recursive=False, stdin=io.BytesIO("ü: 1".encode()))
    assert (file.path, file.text) == ("<stdin>", "ü: 1")


def test_what_cannot_be_read_is_a_value(tmp_path):
    """A missing path, bytes that are no text, a file too large and a pipe each say what is wrong."""
    (tmp_path / "bytes.yaml").write_bytes(b"a: 1\nb: \xff\n")
    (tmp_path / "large.yaml").write_bytes(b" " * (MAX_BYTES + 1))
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    problems = {Path(file.path).name: file.problem for file in read_paths([str(tmp_path), "/no/such"], recursive=False)}
    assert problems == {
        "bytes.yaml": "line 2 is not UTF-8; save it as UTF-8",
        "large.yaml": "it is larger than 1 MiB; split it into several files",
        "pipe.yaml": "it is not a regular file",
        "dangling.yaml": "no such file or directory",
        "such": "no such file or directory",
    }


def test_an_empty_or_missing_folder_is_not_settled(tmp_path):
    """Only a folder that could be read and holds something says that what is absent is gone."""
    assert [one.why for one in snapshot([str(tmp_path)], recursive=False).away] == ["the folder holds no manifest"]
    missing = Away(path=str(tmp_path / "missing"), why="no such file or directory")
    assert snapshot([str(tmp_path / "missing")], recursive=False).away == (missing,)
    write(tmp_path, {"a.yaml": ""})
    assert snapshot([str(tmp_path)], recursive=False).away == ()


def test_a_byte_order_mark_is_no_text(tmp_path):
    """Files of editors that write a mark are read like others."""
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert [file.text for file in read_paths([str(tmp_path)], recursive=False)] == ["a: 1"]


def follow(folder: Path, still_seconds: float = 60) -> AsyncIterator[Snapshot]:
    return watch([str(folder)], recursive=False, poll_seconds=0.01, still_seconds=still_seconds)


def texts(seen: Snapshot) -> list[str | None]:
    return [file.text for file in seen.files]


@pytest.mark.parametrize("mounted", [False, True])
def test_a_change_is_noticed(tmp_path, mounted):
    """An edited file and a swapped ..data link give a new snapshot within a poll; the first one comes at once."""

    async def scenario() -> None:
        def put(version: str, text: str) -> None:
            files = {"web.yaml": text}
            mount(tmp_path, version, files) if mounted else write(tmp_path, files)

        put("one", "a: 1")
        seen = follow(tmp_path)
        async with asyncio.timeout(5):
            assert texts(await anext(seen)) == ["a: 1"]
            put("two", "a: 22")
            assert texts(await anext(seen)) == ["a: 22"]
            (tmp_path / "more.yaml").write_text("b: 1")
            assert texts(await anext(seen)) == ["b: 1", "a: 22"]
            (tmp_path / "more.yaml").unlink()
            assert texts(await anext(seen)) == ["a: 22"]

    asyncio.run(scenario())


def test_a_still_folder_is_looked_at_again(tmp_path):
    """Without a change a snapshot comes all the same, so that a vanished file's time can run out."""

    async def scenario() -> None:
        write(tmp_path, {"a.yaml": "a: 1"})
        seen = follow(tmp_path, still_seconds=0.03)
        async with asyncio.timeout(5):
            assert await anext(seen) == await anext(seen)

    asyncio.run(scenario())


def test_a_folder_that_goes_and_comes_back_is_followed(tmp_path):
    """A folder that cannot be read gives an unsettled snapshot, not an exception."""

    async def scenario() -> None:
        folder = tmp_path / "config"
        write(folder, {"a.yaml": "a: 1"})
        seen = follow(folder)
        async with asyncio.timeout(5):
            assert not (await anext(seen)).away
            folder.rename(tmp_path / "away")
            gone = await anext(seen)
            assert (len(gone.away), [file.problem for file in gone.files]) == (1, ["no such file or directory"])
            (tmp_path / "away").rename(folder)
            assert texts(await anext(seen)) == ["a: 1"]

    asyncio.run(scenario())


async def test_who_asks_for_a_look_waits_until_it_was_dealt_with(tmp_path):
    """Long before the next look is due the files are read again, and those who asked go on when that is in force."""
    write(tmp_path, {"a.yaml": "a: 1"})
    rereading, in_force = Rereading(), []

    async def follow_on() -> None:
        async for seen in watch([str(tmp_path)], recursive=False, poll_seconds=60, pause=rereading.pause):
            await asyncio.sleep(0)
            in_force.append(texts(seen))

    async with asyncio.TaskGroup() as group:
        following = group.create_task(follow_on())
        await rereading.read_again()
        write(tmp_path, {"a.yaml": "a: 22"})
        await asyncio.gather(rereading.read_again(), rereading.read_again())
        assert in_force[-1] == ["a: 22"]
        seen = len(in_force)
        await rereading.read_again()
        assert len(in_force) == seen
        following.cancel()
