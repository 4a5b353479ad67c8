"""Runs the command as a person types it: in this process, or in one of its own where that is what is tested."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from autoscaler.cli.main import main

ROOT = Path(__file__).parents[3]


class Done(NamedTuple):
    """What came of it."""

    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Nothing of the tester's own settings; UTF-8."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "VIRTUAL_ENV") if name in os.environ}
    return {**keep, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def typed(*arguments: str, cwd: Path = ROOT) -> Done:
    """Type a command line, in this process."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 0
    return Done(status, out.getvalue(), err.getvalue())


def autoscaler(*arguments: str, stdin: str = "", cwd: Path = ROOT, python: tuple[str, ...] = (), **env: str) -> Done:
    """Type a command line, in a process of its own with a clean environment."""
    done = subprocess.run(
        [sys.executable, *python, "-m", "autoscaler", *arguments],
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env=environment(**env),
        timeout=60,
    )
    return Done(done.returncode, done.stdout, done.stderr)
