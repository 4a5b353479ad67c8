"""What the daemon says of its files and its memory while it runs and when it ends."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from autoscaler.cli.compose import NoStore
from autoscaler.cli.readings import READER, RUNS_ON, Readings
from autoscaler.cli.serve import memory_kept, memory_left
from autoscaler.loop.vitals import Vitals
from autoscaler.manifests.catalog import Changes, Refused
from autoscaler.manifests.document import Away
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.objects import ObjectKey
from autoscaler.model.saved import Saved
from autoscaler.sinks.log import Format, configure_log
from autoscaler.sinks.state import StateFolder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO_SUCH = "no such file or directory"
AWAY = (Away(path="live", why=NO_SUCH),)


def a_store(folder: Path) -> StateFolder:
    return StateFolder(folder, now=lambda: NOW, known=lambda: ())


def test_files_that_are_away_are_told_once_and_shown_while_they_are():
    """An emptied folder is a warning in the log and a line of the readiness detail until it is back."""
    log = io.StringIO()
    vitals = Vitals(started_at=NOW)
    readings = Readings(configure_log(log, form=Format.JSON, level="info", colors=False), vitals)
    readings.note(Changes())
    assert READER not in vitals.troubles
    readings.note(Changes(), away=AWAY)
    readings.note(Changes(), away=AWAY)
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["event"], line["path"], line["why"], line["running"]) == ("files away", "live", NO_SUCH, RUNS_ON)
    assert vitals.troubles[READER] == f"live: {NO_SUCH}; {RUNS_ON}"
    assert any(check.name == READER for check in vitals.report(NOW).checks)
    readings.note(Changes())
    assert READER not in vitals.troubles
    assert json.loads(log.getvalue().splitlines()[-1])["event"] == "files back"


def test_a_folder_that_is_moved_mends_nothing():
    """A refused document whose folder is away is not called mended, nor is the folder called an object."""
    log = io.StringIO()
    readings = Readings(configure_log(log, form=Format.JSON, level="info", colors=False), Vitals(started_at=NOW))
    wrong, gone = refused("live/bad.yaml", "ScaledObject bad", "E105"), refused("live", "", "E100")
    readings.note(Changes(refused=(wrong,)))
    readings.note(Changes(refused=(gone,)), away=AWAY)
    readings.note(Changes(refused=(wrong,)))
    readings.note(Changes())
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["event"], line.get("object"), line.get("path")) for line in lines] == [
        ("refused", "ScaledObject bad", None),
        ("files away", None, "live"),
        ("files back", None, "live"),
        ("no longer refused", "ScaledObject bad", None),
    ]


def refused(file: str, subject: str, code: str) -> Refused:
    fault = Fault(code=code, severity=Severity.ERROR, path="", message="wrong")
    return Refused(file=file, subject=subject, key=None, faults=(fault,), running=False)


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
