"""The settings of ``run`` as a user gives them: flags over environment over file over default, and what is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autoscaler.cli.main import main
from tests.unit.cli.run import autoscaler


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run ``autoscaler run`` in this process."""
    with pytest.raises(SystemExit) as ended:
        main(["run", *arguments])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def settings(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, str]]:
    """Give what --print-config shows: value and origin by name."""
    status, out, err = run(capsys, "--print-config", *arguments)
    assert status == 0, err
    rows = [line.split(maxsplit=1) for line in out.splitlines()]
    parted = {name: rest.rsplit("  ", maxsplit=1) for name, rest in rows}
    return {name: (parts[0].strip(), parts[-1].strip()) for name, parts in parted.items()}


def in_a_process(environment: dict[str, str], *arguments: str) -> str:
    """Run ``autoscaler run --print-config`` in a process with these variables."""
    command = [sys.executable, "-m", "autoscaler", "run", "--print-config", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=30)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_every_setting_is_shown_with_its_origin(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """--print-config names each value and whether a flag, the file or the default gave it."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text("sync-period: 30s\ntolerance: 0.2\nallow-server: [http://a:1, http://b:2]\n")
    found = settings(capsys, "--config", str(file), "--tolerance", "0.3")
    assert found["sync-period"] == ("30s", "settings file")
    assert found["tolerance"] == ("0.3", "flag")
    assert found["allow-server"] == ("http://a:1 http://b:2", "settings file")
    assert found["downscale-stabilization"] == ("5m", "default")


def test_the_environment_stands_between_file_and_flags(tmp_path: Path):
    """AUTOSCALER_<FLAG> wins over the file and loses to a flag; what may be repeated is parted by spaces."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text("timeout: 1s\napi-timeout: 1s\n")
    variables = {
        "AUTOSCALER_CONFIG": str(file),
        "AUTOSCALER_TIMEOUT": "2s",
        "AUTOSCALER_API_TIMEOUT": "2s",
        "AUTOSCALER_MAP": "a=b c=d",
    }
    shown = in_a_process(variables, "--api-timeout", "3s")
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert rows["timeout"] == ["2s", "environment"]
    assert rows["api-timeout"] == ["3s", "flag"]
    assert rows["map"] == ["a=b", "c=d", "environment"]


def test_a_single_text_stands_for_a_list_of_one(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """What may be repeated may be written as one text in a file."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text("map: http://old=http://new\nfilename: config/\ndry-run: true\n")
    assert settings(capsys, "--config", str(file))["map"] == ("http://old=http://new", "settings file")


def test_a_word_in_the_file_is_the_word(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    """What YAML would take for a truth value is read as on the command line: ``listen: off`` closes the port."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text("listen: off\nrecursive: yes\n")
    found = settings(capsys, "--config", str(file))
    assert found["listen"] == ("off", "settings file")
    assert found["recursive"] == ("True", "settings file")


def test_a_value_that_nobody_typed_is_named_with_its_origin(tmp_path: Path):
    """A value that cannot be used says which variable it is from, or that the settings file holds it."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text("sync-period: soon\n")
    from_file = autoscaler("run", "--config", str(file), "--print-config")
    from_variable = autoscaler("run", "--print-config", AUTOSCALER_TOLERANCE="much")
    assert (from_file.status, "(from the settings file, sync-period)" in from_file.err) == (2, True), from_file.err
    assert (from_variable.status, "(from AUTOSCALER_TOLERANCE)" in from_variable.err) == (2, True), from_variable.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sync-perod: 30s", "unknown setting 'sync-perod'; did you mean 'sync-period'?"),
        ("- a", "a settings file is a mapping of setting to value"),
        ("tolerance: [1, 2]", "tolerance: write one value"),
        ("map:", "map: write a value or a list of values"),
        ("map: {a: b}", "map: write a value or a list of values"),
        ("tolerance: much", "'much' is not a valid float"),
        ("a: [", "not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, said: str):
    """A settings file that cannot be used ends the start with status 2 and the place of the mistake."""
    file = tmp_path / "autoscaler.yaml"
    file.write_text(text)
    status, _, err = run(capsys, "--config", str(file), "--print-config")
    assert (status, said in err) == (2, True), err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name at least one file or folder"),
        (("-f", "x", "--sync-period", "soon"), "'soon' is no duration; write it like 15s, 1m30s or 250ms"),
        (("-f", "x", "--sync-period", "0s"), "'0s' is not within 0.1s and 8784h"),
        (("-f", "x", "--timeout", "99999999999999999d"), "'99999999999999999d' is not within 0.1s and 8784h"),
        (("-f", "x", "--tolerance", "nan"), "'nan' is not a finite number"),
        (("-f", "x", "--tolerance", "inf"), "'inf' is not a finite number"),
        (("-f", "x", "--writes-per-second", "0"), "0 is not in the range"),
        (("-f", "x", "--max-replicas-limit", "2147483648"), "2147483648 is not in the range"),
        (("-f", "x", "--sync-perod", "1s"), "--sync-period"),
        (("-f", "x", "--via", "ship"), "'ship' is not one of"),
        (("-f", "/nowhere/web.yaml"), "/nowhere/web.yaml: no such file or folder"),
        (("--config", "/nowhere/autoscaler.yaml", "-f", "x"), "/nowhere/autoscaler.yaml: No such file"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
):
    """Wrong usage ends with status 2, says what was found and what to type next."""
    status, _, err = run(capsys, *arguments)
    assert (status, said in err, "Try:" in err) == (2, True, True), err


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--kubeconfig", "/nowhere/config", "/nowhere/config"),
        ("--allow-server", "prometheus", "--allow-server 'prometheus' is no origin"),
        ("--map", "old", "--map 'old' is not OLD=NEW"),
        ("--auth-root", "/nowhere", "--auth-root '/nowhere' is no folder"),
        ("--listen", ":99999", "--listen ':99999' is not HOST:PORT"),
        ("--listen", "8080:http", "--listen '8080:http' is not HOST:PORT"),
        ("--guard-recovery-min", "2h", "--guard-recovery-min is longer than --guard-recovery-max"),
    ],
)
def test_what_cannot_be_used_ends_the_start_with_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, flag: str, value: str, said: str
):
    """A value that only the start can judge is named in the last line, with status 2 or 3."""
    kubeconfig = tmp_path / "kubeconfig"
    cluster = "{name: c, cluster: {server: 'http://127.0.0.1:9'}}"
    context = "{name: c, context: {cluster: c, user: u}}"
    kubeconfig.write_text(
        f"{{apiVersion: v1, kind: Config, current-context: c, clusters: [{cluster}], contexts: [{context}], "
        "users: [{name: u, user: {token: t}}]}"
    )
    kubeconfig.chmod(0o600)
    status, out, _ = run(
        capsys, "-f", str(tmp_path), "--log-format", "console", "--kubeconfig", str(kubeconfig), flag, value
    )
    assert (status in (2, 3), said in out) == (True, True), out


def test_help_answers_at_once_and_loads_nothing_heavy():
    """``run --help`` imports no event loop and no client of anything."""
    code = (
        "import sys; from autoscaler.cli.main import main\n"
        "try: main(['run', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'asyncio', 'kubernetes', 'aiohttp', 'httpx', 'pydantic', 'apscheduler', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert ended.stdout.splitlines()[-1] == "[]", ended.stderr
    assert "--guard-recovery-min DURATION" in ended.stdout
