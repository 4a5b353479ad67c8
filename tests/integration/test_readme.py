"""The README, line by line: what it tells people to type works, what it names exists, and its tables are the code's."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from autoscaler.cli.live import TRANSPORTS
from autoscaler.cli.main import VERBS, cli
from autoscaler.model.objects import Cadence, Mode, OnMissing
from autoscaler.views.metrics import BY_NAME

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = {
    name: (CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")
}
TYPES = {"prometheus": "`prometheus`", "http": "`metrics-api`", "cron": "`cron`"}

CONFIG = "--kubeconfig ~/.kube/config"
STATE = "--state-dir ~/.local/state/autoscaler"
NOT_HERE = {
    "pip install .": "asks a package registry; the Dockerfile does the same",
    "$EDITOR deploy/base/objects/web.yaml": "a person's part",
    f"autoscaler plan config/web.yaml {CONFIG}": "tests/unit/cli/test_plan.py",
    f"autoscaler run -f config/ {CONFIG} --dry-run": "tests/e2e/test_dry_run.py",
    f"autoscaler run -f config/ {CONFIG} {STATE}": "tests/e2e/test_run.py",
    "kubectl apply -k deploy -n shop": "tests/e2e/test_deploy.py",
    "python -m tests.conformance": "tests/conformance/test_vectors.py",
    "python -m tests.benchmarks.loop": "tests/benchmarks/loop.py",
    "python -m tests.mutation": "tests/mutation/__main__.py",
}
"""Lines that need more than this machine, each with what shows them instead; their words are checked here."""


class Line(NamedTuple):
    """One line that people type, without its comment, and what the page says it prints."""

    command: str
    output: tuple[str, ...]


def lines() -> Iterator[Line]:
    """Every command of every console block."""
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            first, *output = part.splitlines()
            yield Line(re.split(r"\s{2,}#", first)[0].strip(), tuple(line for line in output if line.strip()))


TYPED = tuple(lines())
HERE = [line for line in TYPED if line.command not in NOT_HERE]


def ended(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout."""
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, cwd=CHECKOUT)


def autoscaler(words: list[str]) -> subprocess.CompletedProcess[str]:
    return ended(sys.executable, "-m", "autoscaler", *words)


def options(verb: str) -> set[str]:
    """Every flag of a verb."""
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}


def test_every_line_is_run_or_shown_elsewhere():
    """No line of the README is without proof, and no proof is kept for a line that has gone."""
    assert set(NOT_HERE) <= {line.command for line in TYPED}
    named = [place for place in NOT_HERE.values() if place.startswith("tests/")]
    assert [place for place in named if not (CHECKOUT / place).is_file()] == []


@pytest.mark.parametrize("line", HERE, ids=[line.command for line in HERE])
def test_a_line_works(line: Line):
    """What can run on this machine runs, and prints what the page shows; of a make target make finds the recipe."""
    program, *words = line.command.split()
    if program == "make":
        done = ended("make", "--dry-run", "--always-make", *words)
    else:
        assert program == "autoscaler"
        done = autoscaler(words)
    assert done.returncode == 0, done.stderr
    assert [shown for shown in line.output if shown not in done.stdout.splitlines()] == []


def test_lines_for_a_cluster_are_spelt_right():
    """Verbs and flags of the lines that need a cluster exist, and the manifests they apply can be built."""
    for command in NOT_HERE:
        program, *words = command.split()
        if program == "autoscaler":
            assert {word for word in words[1:] if word.startswith("-")} <= options(words[0]), command
        if program == "kubectl":
            for folder in ("deploy", "deploy/dry-run"):
                assert "kind: Deployment" in ended(shutil.which("kubectl") or "kubectl", "kustomize", folder).stdout


def test_every_flag_that_the_page_names_exists():
    """A flag in the text is a flag of some verb, or of the tools that the page calls."""
    known = set().union(*map(options, VERBS))
    assert set(re.findall(r"`(--[a-z-]+)", README)) - known == set()


@pytest.mark.parametrize("topic", re.findall(r"`(?:autoscaler )?explain ([^`]+)`", README))
def test_every_topic_that_the_page_names_is_explained(topic: str):
    """``autoscaler explain`` knows what the README sends people to."""
    done = autoscaler(["explain", topic])
    assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr


def test_the_published_example_is_shown_for_its_faults():
    """The one example that one is to learn from is found wrong, the ones to copy from are clean."""
    assert autoscaler(["check", "config/published/seldon-blog.yaml"]).returncode == 1
    assert autoscaler(["check", "--strict", "config/"]).returncode == 0


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_links_to_and_names_exists(page: str):
    """Links, and paths in this repository, lead somewhere."""
    linked = re.findall(r"\]\(([^)#]+)\)", PAGES[page])
    named = re.findall(r"`((?:tests|config|deploy|docs|autoscaler)/[^` ]*|[A-Z]+\.md)`", PAGES[page])
    missing = [path for path in (*linked, *named) if "://" not in path and not (CHECKOUT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_a_page_names_exists(page: str):
    """What a page says to make can be made."""
    written = re.findall(r"(?:`|^\$ |^    )make ([a-z- ]+)", PAGES[page], re.MULTILINE)
    targets = {word for words in written for word in words.split()}
    known = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert targets - known == set()


def test_every_rule_of_security_names_a_test_with_tests_in_it():
    """Each row of the table of rules is held by a file of tests."""
    table = README.partition("## Security")[2].partition("## Reference")[0]
    files = set(re.findall(r"`(test_[a-z]+\.py)`", table))
    assert len(files) >= 10
    for name in files:
        assert "def test_" in (CHECKOUT / "tests/security" / name).read_text(encoding="utf-8"), name


def test_the_generated_tables_are_the_codes():
    """Settings, findings, metrics and differences are renewed by ``make readme``."""
    done = ended(sys.executable, "-m", "cogapp", "--check", "README.md")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_in_the_text_is_exported():
    """A metric that the text sends people to is one of the table."""
    prose = re.sub(r"<!-- \[\[\[cog.*?\[\[\[end\]\]\] -->", "", README, flags=re.DOTALL)
    assert {name for name in re.findall(r"`(autoscaler_[a-z_]+)`", prose) if name not in BY_NAME} == set()


def test_our_own_words_are_those_that_are_read():
    """The values of mode, cadence and onMissing are the ones in the table, no more and no fewer."""
    for field, kind in (("mode", Mode), ("cadence", Cadence), ("onMissing", OnMissing)):
        (cells,) = re.findall(rf"^\| `{field}` \| ([^|]+) \|", README, re.MULTILINE)
        assert set(re.findall(r"`([^`]+)`", cells)) == {member.value for member in kind}


def test_what_it_does_not_do_is_what_it_does_not_do():
    """The triggers that are asked are those that the page names."""
    assert set(TYPES) == TRANSPORTS
    (named,) = re.findall(r"an object with\s+triggers other than\s+([^.]*?) is refused", README)
    assert set(re.findall(r"`[^`]+`", named)) == set(TYPES.values())


def test_the_loops_cost_can_be_measured():
    """The benchmark runs on a small fleet and prints every figure that the page quotes."""
    done = ended(sys.executable, "-m", "tests.benchmarks.loop", "100", "1", "2")
    assert done.returncode == 0, done.stderr
    for words in ("100 ticks/s", "us CPU", "share of one core", "KiB per object"):
        assert words in done.stdout


def test_the_version_is_told():
    """``autoscaler --version`` names the version of the package."""
    from autoscaler import __version__

    assert autoscaler(["--version"]).stdout.strip() == f"autoscaler {__version__}"


def test_settings_can_be_looked_at():
    """``run --print-config`` shows each value and where it came from, as the page says."""
    done = autoscaler(["run", "-f", "config/", "--sync-period", "20s", "--print-config"])
    shown = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
    assert shown["sync-period"] == ["20s", "flag"]
    assert shown["tolerance"] == ["0.1", "default"]
