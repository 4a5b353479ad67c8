"""The command itself: help, version, mistakes, and how fast it answers."""

import resource
import subprocess
import sys
from importlib import import_module

import click
import pytest

from autoscaler.cli.main import TREE, VERBS, Tree, cli
from tests.unit.cli.run import ROOT, autoscaler, environment, typed

NETWORK = ("kubernetes", "httpx", "aiohttp", "structlog", "prometheus_client", "apscheduler")
HEAVY = (*NETWORK, "pydantic", "yaml", "msgspec")


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a piece of code imports."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(),
    )
    return set(done.stdout.split("\n")[-2].split())


def test_help_is_a_tree_of_what_people_want_to_do():
    """The overview names every verb under its heading, and the exit statuses."""
    done = typed("--help")
    assert done.status == 0
    assert (
        done.out
        == """\
Usage: autoscaler COMMAND [OPTIONS]

Scales Kubernetes workloads on PromQL: KEDA's ScaledObjects, one loop, every decision explained.

Look, without installing anything
  demo             The real daemon on this machine, no cluster needed
  check [PATH...]  Find what is wrong in files

Change with confidence
  plan PATH        One tick now: what would be written and why. Never writes

Run
  run PATH         The daemon (--dry-run, --once)
  explain TOPIC    Documentation of a field, finding, reason, trigger or metric

Every flag can be set as AUTOSCALER_<FLAG>; COMMAND -h shows them.
Exit status: 0 fine, 1 found something, 2 wrong usage, 3 could not find out, 4 refused.
"""
    )


def test_without_a_verb_the_overview_is_shown():
    """Typing the bare name is a way to ask what there is."""
    done = typed()
    assert done.status == 2
    assert done.out.startswith("Usage: autoscaler COMMAND")


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples_and_exit_statuses(verb: str, flag: str):
    """-h works anywhere; every verb shows how it is used and how it ends."""
    done = typed(verb, flag)
    assert done.status == 0
    assert done.out.startswith(f"Usage: autoscaler {verb}")
    examples = done.out.partition("Examples:")[2]
    assert examples.count(f"autoscaler {verb}") >= 3
    assert "Exit status: 0" in done.out


def test_the_tree_names_the_verbs_that_exist():
    """A verb in the overview can be called, and every flag of it can be set by the environment."""
    assert isinstance(cli, Tree)
    for _, verbs in TREE:
        for verb in verbs:
            command = cli.get_command(click.Context(cli), verb.name)
            assert command is getattr(import_module(f"autoscaler.cli.{verb.name}"), verb.name)
            assert command.context_settings["auto_envvar_prefix"] == "AUTOSCALER"


def test_the_version_is_told():
    """--version gives name and number."""
    assert typed("--version").out == "autoscaler 0.1.0\n"


def test_an_unknown_verb_gets_a_suggestion_and_what_to_type_next():
    """A typo ends with the nearest verb and status 2."""
    done = typed("chekc")
    assert done.status == 2
    assert done.err == "Error: no command 'chekc'; did you mean 'check'?\nTry:   autoscaler -h\n"


def test_a_wrong_flag_ends_with_what_to_type_next():
    """A mistake in a verb leads to that verb's help."""
    done = typed("check", "--nope", ".")
    assert done.status == 2
    assert done.err.endswith("Try:   autoscaler check -h\n")


def test_a_flag_can_be_set_by_the_environment():
    """AUTOSCALER_<FLAG> is the same as the flag, and the flag wins."""
    assert autoscaler("check", "config/web.yaml", AUTOSCALER_OUTPUT="json").out.startswith("{")
    assert autoscaler("check", "config/web.yaml", "-o", "text", AUTOSCALER_OUTPUT="json").out.startswith("1 file")


def test_python_without_asserts_is_refused():
    """The checks that guard every write must not be compiled away."""
    done = autoscaler("--version", python=("-O",))
    assert done.status == 1
    assert "PYTHONOPTIMIZE" in done.err


def test_a_reader_that_leaves_early_is_no_error():
    """Piping into head ends quietly."""
    command = f"{sys.executable} -m autoscaler explain metrics | head -1"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT, env=environment()
    )
    assert done.stderr == ""
    assert done.stdout.startswith("keda_scaler_active")


def test_help_and_version_need_nothing_heavier_than_click():
    """What answers at once imports no library of the daemon."""
    loaded = loaded_by("from autoscaler.cli.main import cli\ncli.main(['--help'], standalone_mode=False)")
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_check_and_explain_load_no_network():
    """What only reads files imports neither kubernetes nor an HTTP client."""
    for verb in ("check", "explain"):
        loaded = loaded_by(f"import autoscaler.cli.{verb}")
        assert loaded.isdisjoint(NETWORK)


def processor_seconds(*arguments: str) -> float:
    """The least processor time of five runs: what the command costs, whatever else the machine does."""
    spans = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "autoscaler", *arguments],
            stdout=subprocess.DEVNULL,
            check=True,
            cwd=ROOT,
            env=environment(),
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spans.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spans)


def test_help_answers_within_150_ms():
    """Help and version cost so little that they feel instant."""
    assert processor_seconds("--help") < 0.15
    assert processor_seconds("--version") < 0.15
