"""Files that change while the daemon runs, and what annotations ask for."""

import time
from dataclasses import dataclass

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that

pytestmark = pytest.mark.e2e

PICKED_UP = 5 + 10  # five seconds are promised; the machine may be slow for some
RESTORE = "  advanced: {restoreToOriginalReplicaCount: true}\n"


@dataclass
class Parting:
    """What came of an object whose file was removed."""

    after_seconds: float
    counts: list[int]
    metrics: str


def play(stage: Stage) -> Parting:
    """Scale an object that found two replicas, remove its file, and wait for what that ends with."""
    stage.make("parting", replicas=2)
    stage.make("beside")
    stage.push("parting", 35)
    objects = {"parting": stage.scaled("parting", more=RESTORE), "beside": stage.scaled("beside")}
    daemon = stage.launch(*FAST, scaledObject="parting", **objects)
    stage.await_replicas("parting", 4)
    await_that(lambda: 'scaledObject="parting"' in daemon.get("/metrics")[1], what="series of the object")
    (daemon.objects / "parting.yaml").unlink()
    waited = await_that(lambda: stage.replicas("parting") == 2, within_seconds=90, what="the original count")
    stage.await_writes("parting", 4, 2)
    await_that(lambda: 'scaledObject="parting"' not in daemon.get("/metrics")[1], what="no more series")
    return Parting(waited, [count for _, count in stage.writes("parting")], daemon.get("/metrics")[1])


@pytest.fixture(scope="module")
def daemon(stage: Stage) -> RunningDaemon:
    """A daemon with one object, for the files that tests add, change and remove."""
    stage.make("staying")
    return stage.launch(*FAST, name="files", staying=stage.scaled("staying"))


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
    (told,) = [line for line in daemon.get("/metrics")[1].splitlines() if "fresh" in line and "E105" in line]
    assert f'namespace="{stage.namespace}"' in told
    daemon.write("fresh.yaml", stage.scaled("fresh", poll=1, threshold=25))
    daemon.await_event("no longer refused", within_seconds=PICKED_UP)


def test_a_document_that_is_no_yaml_stops_nobody(stage: Stage, daemon: RunningDaemon):
    """A file that cannot be read at all is named, and the objects of the others are scaled on."""
    daemon.write("broken.yaml", "kind: [ScaledObject\n")
    await_that(
        lambda: [r for r in daemon.events("refused") if r["file"].endswith("broken.yaml")], within_seconds=PICKED_UP
    )
    stage.push("staying", 15)
    stage.await_replicas("staying", 2)
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
    daemon.await_event("resumed")


def test_a_forced_activation_wakes(stage: Stage, daemon: RunningDaemon):
    """``force-activation`` takes an idle object to one replica, and its end lets it sleep again."""
    stage.make("forced")
    stage.push("forced", 0)
    note = 'autoscaling.keda.sh/force-activation: "true"'
    daemon.write("forced.yaml", stage.scaled("forced", cooldown=2, annotations=note))
    stage.await_replicas("forced", 1, within_seconds=PICKED_UP)
    daemon.write("forced.yaml", stage.scaled("forced", cooldown=2))
    stage.await_replicas("forced", 0, within_seconds=PICKED_UP + 15)


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


def test_a_file_that_is_removed_ends_its_object(played: Parting):
    """Thirty seconds after its file the object goes, its target goes back to its original count, and metrics forget."""
    print("removed after", round(played.after_seconds, 1))
    assert played.after_seconds >= 30
    assert played.counts == [4, 2]
    assert 'scaledObject="parting"' not in played.metrics
