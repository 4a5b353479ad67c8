"""A dry run with a token that may only read: everything is decided, nothing is written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.daemon import FAST, Stage, await_that, grant

pytestmark = pytest.mark.e2e


def test_a_dry_run_logs_every_decision_and_writes_nothing(stage: Stage):
    """With ``get`` on the scale as its only right it says what it would write and why; the API server sees reads."""
    stage.make("dry", "asleep", replicas=1)
    stage.push("dry", 34)
    stage.push("asleep", 0)
    reader = grant(stage.plane, stage.namespace, "get", account="reader")
    objects = {"dry": stage.scaled("dry"), "asleep": stage.scaled("asleep", cooldown=1)}
    daemon = stage.launch("--dry-run", *FAST, name="dry", config=reader, **objects)
    await_that(lambda: len(daemon.events("would scale")) >= 2, what="two wishes")
    wishes = {record["object"].split("/")[1]: record for record in daemon.events("would scale")}
    assert {name: (wish["current"], wish["desired"]) for name, wish in wishes.items()} == {
        "dry": (1, 4),
        "asleep": (1, 0),
    }
    assert "34" in wishes["dry"]["why"]
    assert wishes["dry"]["cause"] == "--dry-run writes nothing"
    user = f"system:serviceaccount:{stage.namespace}:reader"
    asked = stage.plane.audit.requests(user=user)
    reviews = ("selfsubjectaccessreviews", "")
    assert {event.verb for event in asked if (event.resource, event.subresource) != reviews} <= {"get", "list", "watch"}
    assert not daemon.events("rights missing")


def once(stage: Stage, tmp_path: Path, *flags: str) -> tuple[int, list[dict[str, object]]]:
    """Run ``autoscaler run --once`` and give its exit status and its log."""
    (tmp_path / "once.yaml").write_text(stage.scaled("once"))
    command = [sys.executable, "-m", "autoscaler", "run", "--once", "--log-format", "json", "-f", str(tmp_path)]
    ended = subprocess.run(
        [*command, "--kubeconfig", str(stage.kubeconfig), *flags], capture_output=True, text=True, timeout=120
    )
    return ended.returncode, [json.loads(line) for line in ended.stdout.splitlines()]


def test_once_ticks_once_and_ends(stage: Stage, tmp_path: Path):
    """``--once`` writes what one tick decides, logs it, and ends with 0; under ``--dry-run`` it only logs it."""
    stage.make("once")
    stage.push("once", 25)
    status, log = once(stage, tmp_path, "--dry-run")
    assert (status, stage.replicas("once")) == (0, 0)
    assert [(record["current"], record["desired"]) for record in log if record["event"] == "would scale"] == [(0, 3)]
    status, log = once(stage, tmp_path)
    assert (status, stage.replicas("once")) == (0, 3)
    assert [(record["current"], record["desired"]) for record in log if record["event"] == "scaled"] == [(0, 3)]
