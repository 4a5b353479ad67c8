"""The demo, run as its user runs it: what it shows is a promise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROW = re.compile(r"^  (\d:\d\d) +(\S+(?: rps| data)) +(\d+(?: → \d+)?) +(.*)$")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("demo") / "kept"
    command = [sys.executable, "-m", "autoscaler", "demo", "--fast", "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=90, env={"PYTHONIOENCODING": "utf-8"})
    return done, folder


def rows(output: str) -> list[tuple[str, str]]:
    """Replicas and reason of each line of the screen."""
    found = [ROW.match(line) for line in output.splitlines()]
    return [(row[3].strip(), row[4]) for row in found if row is not None]


def test_it_follows_the_load_and_holds_through_the_outage(shown: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """Growth as it is seen, no shrinking while Prometheus is empty, zero after the cooldown."""
    done, _ = shown
    assert done.returncode == 0, done.stdout + done.stderr
    found = rows(done.stdout)
    assert [replicas for replicas, _ in found] == ["0 → 4", "4 → 7", "7 → 10", "10", "10", "10 → 2", "2 → 0"]
    assert found[0][1] == "active: 34.0 > 0; 34.0 / 10 → 4"
    assert re.fullmatch(r"2\d\d\.\d / 10 → 2[12], held at maxReplicaCount 10 \(1[12] short\)", found[2][1])
    assert found[3][1] == "source blind: Prometheus came back empty (targets up: 12 → 0); no shrinking"
    assert found[4][1].startswith("source recovering: the query looks back [30s], full again at 1:")
    assert found[5][1].endswith("and nothing higher in the last 20 s")
    assert found[6][1] == "idle for cooldownPeriod 15 s"


def test_it_sums_up_beside_kedas_rules(shown: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """The same samples under KEDA's rules fall to zero during the outage; ours did not."""
    output = shown[0].stdout
    assert "5 writes" in output
    assert re.search(r"KEDA 2\.20's rules on the same samples: 10 → 0 at 1:0\d", output)


def test_it_ends_with_plan_and_check_on_the_kept_file(
    shown: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    """Both verbs work on the file that the demo leaves, and the file is clean."""
    done, folder = shown
    assert f"$ autoscaler plan {folder}/web.yaml" in done.stdout
    assert "1 file: 1 object, nothing wrong." in done.stdout
    assert (folder / "web.yaml").is_file()
    assert not (folder / "kubeconfig").exists()


def test_a_typo_in_the_kept_file_is_found(shown: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    """What the demo tells its user to try gives the two findings, with line, column and suggestion."""
    kept = shown[1] / "web.yaml"
    typo = kept.with_name("typo.yaml")
    typo.write_text(kept.read_text().replace(" threshold:", " treshold:"))
    command = [sys.executable, "-m", "autoscaler", "check", str(typo)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 1
    first, second, *_ = done.stdout.splitlines()
    assert first == f'{typo}:15:9: E102 triggers[0].metadata: prometheus needs "threshold"'
    suggestion = 'unknown key "treshold"; did you mean "threshold"?'
    assert second == f"{typo}:17:9: W103 triggers[0].metadata.treshold: {suggestion}"
