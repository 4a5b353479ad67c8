"""Files that change while the daemon runs, and what annotations ask for."""

import time

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

pytestmark = pytest.mark.e2e

PICKED_UP = 5 + 2  # five seconds are promised; the machine is shared
RESTORE = "  advanced: {restoreToOriginalReplicaCount: true}\n"


@pytest.fixture(scope="module")
def daemon(stage: Stage) -> RunningDaemon:
    """A daemon that starts with nothing but a broken document beside a sound one that is removed later."""
    stage.make("parting", replicas=2)
    stage.push("parting", 35)
    sound = stage.scaled("parting", more=RESTORE)
    daemon = stage.launch(*FAST, name="files", parting=sound, staying=stage.scaled("staying"))
    stage.make("staying")
    stage.await_replicas("parting", 4, within_seconds=10)
    (daemon.objects / "parting.yaml").unlink()
    daemon.unlinked_at = time.monotonic()  # type: ignore[attr-defined]
    return daemon


def test_an_object_that_appears_is_scaled_at_once(stage: Stage, daemon: RunningDaemon):
    """A new file is read within five seconds and its object ticks at once."""
    stage.make("fresh")
    stage.push("fresh", 25)
    daemon.write("fresh.yaml", stage.scaled("fresh", poll=30, threshold=20))
    stage.await_replicas("fresh", 2, within_seconds=PICKED_UP)
    assert "object added" in {record["event"] for record in daemon.records}


def test_an_edit_is_followed_at_once(stage: Stage, daemon: RunningDaemon):
    """An edit wakes its object, however long its polling interval is."""
    daemon.write("fresh.yaml", stage.scaled("fresh", poll=30, threshold=8))
    stage.await_replicas("fresh", 4, within_seconds=PICKED_UP)


def test_an_invalid_edit_leaves_the_last_good_version_running(stage: Stage, daemon: RunningDaemon):
    """Log, metric and readiness say what is wrong, the object is scaled on as before, and the end is told too."""
    daemon.write("fresh.yaml", stage.scaled("fresh", poll=1, minimum=9, maximum=3))
    refused = daemon.await_event("refused", within_seconds=PICKED_UP)
    assert (refused["running"], "minReplicaCount" in refused["why"]) == ("the last good version", True)
    status, text = daemon.get("/readyz?verbose")
    assert (status, "minReplicaCount" in text) == (200, True)
    assert f'namespace="{stage.namespace}"' in next(
        line for line in daemon.get("/metrics")[1].splitlines() if "fresh" in line and "E105" in line
    )
    daemon.write("fresh.yaml", stage.scaled("fresh", poll=1, threshold=25))
    daemon.await_event("no longer refused", within_seconds=PICKED_UP)


def test_a_document_that_is_no_yaml_stops_nobody(stage: Stage, daemon: RunningDaemon):
    """A file that cannot be read at all is named, and the objects of the others are scaled on."""
    daemon.write("broken.yaml", "kind: [ScaledObject\n")
    await_that(
        lambda: [r for r in daemon.events("refused") if r["file"].endswith("broken.yaml")], within_seconds=PICKED_UP
    )
    stage.push("staying", 15)
    stage.await_replicas("staying", 2, within_seconds=5)
    (daemon.objects / "broken.yaml").unlink()


def test_pause_annotations_are_obeyed(stage: Stage, daemon: RunningDaemon):
    """``paused-replicas`` is written once and not enforced; without it the object is scaled again."""
    stage.make("held", replicas=1)
    stage.push("held", 35)
    note = 'autoscaling.keda.sh/paused-replicas: "2"'
    daemon.write("held.yaml", stage.scaled("held", annotations=note))
    stage.await_replicas("held", 2, within_seconds=PICKED_UP)
    stage.plane.kubectl("scale", "-n", stage.namespace, "deployment/held", "--replicas=7")
    time.sleep(2.5)
    assert stage.replicas("held") == 7
    daemon.write("held.yaml", stage.scaled("held", annotations='autoscaling.keda.sh/paused: "true"'))
    time.sleep(3)
    assert stage.replicas("held") == 7
    daemon.write("held.yaml", stage.scaled("held", maximum=4))
    stage.await_replicas("held", 4, within_seconds=PICKED_UP)
    daemon.await_event("resumed", within_seconds=5)


def test_a_forced_activation_wakes(stage: Stage, daemon: RunningDaemon):
    """``force-activation`` takes an idle object to one replica, and its end lets it sleep again."""
    stage.make("forced")
    stage.push("forced", 0)
    note = 'autoscaling.keda.sh/force-activation: "true"'
    daemon.write("forced.yaml", stage.scaled("forced", cooldown=2, annotations=note))
    stage.await_replicas("forced", 1, within_seconds=PICKED_UP)
    daemon.write("forced.yaml", stage.scaled("forced", cooldown=2))
    stage.await_replicas("forced", 0, within_seconds=PICKED_UP + 5)


def test_a_mounted_config_map_is_seen_to_change(stage: Stage):
    """The swap of ``..data`` is an edit like any other; a daemon may start with nothing in its folder."""
    stage.make("mounted")
    stage.push("mounted", 35)
    stage.mount("mounted", {})
    daemon = stage.launch(*FAST, name="mounted")
    assert daemon.events("started")[0]["objects"] == 0
    stage.mount("mounted", {"web.yaml": stage.scaled("mounted", poll=30, threshold=20)})
    stage.await_replicas("mounted", 2, within_seconds=PICKED_UP)
    stage.mount("mounted", {"web.yaml": stage.scaled("mounted", poll=30)})
    stage.await_replicas("mounted", 4, within_seconds=PICKED_UP)


def test_a_file_that_is_removed_ends_its_object(stage: Stage, daemon: RunningDaemon):
    """Thirty seconds after its file the object goes, its target goes back to its original count, and metrics forget."""
    await_that(lambda: stage.replicas("parting") == 2, within_seconds=50, what="the original count")
    waited = time.monotonic() - daemon.unlinked_at  # type: ignore[attr-defined]
    print("removed after", round(waited, 1))
    assert waited >= 30
    await_that(lambda: [count for _, count in stage.writes("parting")] == [4, 2], within_seconds=2, what="one write")
    assert 'name="parting"' not in daemon.get("/metrics")[1]
