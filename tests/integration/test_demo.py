"""The demo, run as its user runs it: what it shows is a promise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROW = re.compile(r"^  (\d:\d\d) +(\S+(?: rps| data)) +(\d+(?: → \d+)?) +(.*)$")


RUNS = 4
"""One second of the demo takes 0.07: a run on which the machine stood still for a moment is run again."""

Shown = tuple[subprocess.CompletedProcess[str], Path]
Row = tuple[str, str, str]
"""Time, replicas and reason of a line of the screen."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """Run it until it shows what it should, four times at most."""
    done: list[Shown] = []
    while len(done) < RUNS and not (done and is_whole(rows(done[-1][0].stdout))):
        folder = tmp_path_factory.mktemp("demo") / "kept"
        command = [sys.executable, "-m", "autoscaler", "demo", "--fast", "--folder", str(folder)]
        environment = {"PYTHONIOENCODING": "utf-8"}
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=180, env=environment)
        done.append((ended, folder))
    return done


@pytest.fixture(scope="module")
def shown(runs: list[Shown]) -> Shown:
    """Give the last run."""
    return runs[-1]


def rows(output: str) -> list[Row]:
    """Every line of the screen that tells of a change."""
    found = [ROW.match(line) for line in output.splitlines()]
    return [(row[1], row[3].strip(), row[4]) for row in found if row is not None]


def writes(found: list[Row]) -> list[tuple[int, int]]:
    """The changes of replicas among the lines."""
    pairs = [replicas.split(" → ") for _, replicas, _ in found]
    return [(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2]


def is_whole(found: list[Row]) -> bool:
    """Say whether it grew to ten in three steps, or four, lost and found its source there, and fell to zero in two."""
    replicas = [each for _, each, _ in found]
    if replicas.count("10") != 2:
        return False
    place = replicas.index("10")
    grown, fallen = writes(found[:place]), writes(found[place + 2 :])
    return len(grown) in (3, 4) and grown[-1][1] == 10 and replicas[place + 1] == "10" and fallen == [(10, 2), (2, 0)]


def test_nothing_shrinks_through_the_outage_in_any_run(runs: list[Shown]) -> None:
    """However the machine stalls, each write goes on from the last, none beyond the bounds or down in the outage."""
    for done, _ in runs:
        assert done.returncode == 0, done.stdout + done.stderr
        found = rows(done.stdout)
        made = writes(found)
        assert [before for before, _ in made] == [0, *(after for _, after in made[:-1])]
        assert all(0 <= after <= 10 for _, after in made)
        assert not [
            row for row in found if "0:50" <= row[0] <= "1:10" for before, after in writes([row]) if after < before
        ]


def test_it_follows_the_load_and_holds_through_the_outage(shown: Shown) -> None:
    """Growth as it is seen, no shrinking while Prometheus is empty, zero after the cooldown, each with its reason."""
    found = rows(shown[0].stdout)
    assert is_whole(found)
    reasons = [reason for _, _, reason in found]
    assert re.fullmatch(r"active: 3\d\.\d > 0; 3\d\.\d / 10 → 4", reasons[0])
    assert re.fullmatch(r"2\d\d\.\d / 10 → 2[12], held at maxReplicaCount 10 \(1[12] short\)", reasons[-5])
    assert reasons[-4] == "source blind: Prometheus came back empty (targets up: 12 → 0); no shrinking"
    assert reasons[-3].startswith("source recovering: the query looks back [30s], full again at 1:")
    assert reasons[-2].endswith("and nothing higher in the last 20 s")
    assert reasons[-1] == "idle for cooldownPeriod 15 s"


def test_it_sums_up_beside_kedas_rules(shown: Shown) -> None:
    """The same samples under KEDA's rules fall to zero during the outage; ours did not."""
    output = shown[0].stdout
    assert re.search(r"[56] writes", output)
    assert re.search(r"KEDA 2\.20's rules on the same samples: 10 → 0 at 1:[01]\d", output)


def test_it_ends_with_plan_and_check_on_the_kept_file(shown: Shown) -> None:
    """Both verbs work on the file that the demo leaves, and the file is clean."""
    done, folder = shown
    assert f"$ autoscaler plan {folder}/web.yaml" in done.stdout
    assert "1 file: 1 object, nothing wrong." in done.stdout
    assert (folder / "web.yaml").is_file()
    assert not (folder / "kubeconfig").exists()


def test_a_typo_in_the_kept_file_is_found(shown: Shown) -> None:
    """What the demo tells its user to try gives the two findings, with line, column and suggestion."""
    kept = shown[1] / "web.yaml"
    typo = kept.with_name("typo.yaml")
    typo.write_text(kept.read_text().replace(" threshold:", " treshold:"))
    command = [sys.executable, "-m", "autoscaler", "check", str(typo)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 1
    first, second, *_ = done.stdout.splitlines()
    assert first == f'{typo}:15:9: E102 triggers[0].metadata: prometheus needs "threshold"'
    assert second.startswith(f"{typo}:17:9: W103 triggers[0].metadata.treshold: ")
    assert second.endswith('did you mean "threshold"?')
