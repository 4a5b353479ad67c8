"""What the daemon says of its files and its memory while it runs and when it ends."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from autoscaler.cli.compose import NoStore
from autoscaler.cli.readings import READER, Readings
from autoscaler.cli.serve import memory_kept, memory_left
from autoscaler.loop.vitals import Vitals
from autoscaler.manifests.catalog import Changes
from autoscaler.model.objects import ObjectKey
from autoscaler.model.saved import Saved
from autoscaler.sinks.log import Format, configure_log
from autoscaler.sinks.state import StateFolder

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_store(folder: Path) -> StateFolder:
    return StateFolder(folder, now=lambda: NOW, known=lambda: ())


def test_files_that_are_away_are_told_once_and_shown_while_they_are():
    """An emptied folder is a warning in the log and a line of the readiness detail until it is back."""
    log = io.StringIO()
    vitals = Vitals(started_at=NOW)
    readings = Readings(configure_log(log, form=Format.JSON, level="info", colors=False), vitals)
    readings.note(Changes())
    assert READER not in vitals.troubles
    readings.note(Changes(), settled=False)
    readings.note(Changes(), settled=False)
    assert [json.loads(line)["event"] for line in log.getvalue().splitlines()] == ["files away"]
    assert "runs on" in vitals.troubles[READER]
    assert any(check.name == READER for check in vitals.report(NOW).checks)
    readings.note(Changes())
    assert READER not in vitals.troubles


def test_a_file_that_goes_is_told_when_it_goes():
    """An object ends half a minute after its document is gone, and the log says so at once; and that it is back."""
    log = io.StringIO()
    readings = Readings(configure_log(log, form=Format.JSON, level="info", colors=False), Vitals(started_at=NOW))
    readings.note(Changes())
    readings.note(Changes(vanished=(ObjectKey(namespace="shop", name="web"),)))
    readings.note(Changes(returned=(ObjectKey(namespace="shop", name="web"),)))
    line, back = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (back["event"], back["object"]) == ("file back", "shop/web")
    assert (line["event"], line["object"]) == ("file gone", "shop/web")
    assert line["kept"] == "for 30 s, scaled as before; removed then unless it is back"


def test_the_end_says_what_became_of_the_memory(tmp_path: Path):
    """Saved is said only where it was; a folder that cannot be used is named."""
    (tmp_path / "file").write_text("")
    good, bad = a_store(tmp_path / "good"), a_store(tmp_path / "file" / "below")
    for store in (good, bad):
        store.save(Saved(memories={}, sources={}, clean=True, saved_at=NOW))
        store.close()
    assert memory_left(NoStore()) == "not kept (--state-dir)"
    assert memory_left(good) == "saved"
    assert memory_left(bad).startswith(f"lost: cannot write {tmp_path / 'file' / 'below'}")


def test_the_start_says_that_saved_memory_could_not_be_used(tmp_path: Path):
    """A state folder whose files are rubbish is not called memory that was kept."""
    (tmp_path / "memory.v1").write_text("rubbish")
    store = a_store(tmp_path)
    store.load()
    store.close()
    assert memory_kept(store) == (
        f"{tmp_path}, where memory.v1 cannot be used (it is no state file): memory starts new: "
        "replicas are held for a full window"
    )
