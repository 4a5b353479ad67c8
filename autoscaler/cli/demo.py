"""``autoscaler demo``: the real daemon between stand-ins on this machine, and a load that comes and goes."""

import shutil
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autoscaler import __version__
from autoscaler.cli.output import stdout

if TYPE_CHECKING:
    from autoscaler.demo.scene import Scene
    from autoscaler.demo.screen import Screen

FAST = 15.0
EPILOG = """\b
Examples:
  autoscaler demo                    two and a half minutes, as they happen
  autoscaler demo --fast             the same in ten seconds
  autoscaler demo --folder /tmp/d    keep its files there

\b
Exit status: 0 when the load was followed, 1 when it was not.
"""


@click.command(epilog=EPILOG, short_help="The real daemon on this machine, no cluster needed")
@click.option("--fast", is_flag=True, help="The same load in ten seconds: the daemon's clock runs 15 times as fast.")
@click.option("--folder", default="autoscaler-demo", show_default=True, metavar="DIR", help="Where its files are kept.")
def demo(fast: bool, folder: str) -> None:
    """Watch the real daemon follow a load, with no cluster.

    It runs between a stand-in Kubernetes API and a stand-in Prometheus on 127.0.0.1: idle, a ramp, a burst, a
    Prometheus that comes back empty, and idle again.
    """
    import asyncio

    try:
        sys.exit(asyncio.run(play(Path(folder), rate=FAST if fast else 1.0)))
    except KeyboardInterrupt:
        click.echo("\nstopped; nothing is left running", err=True)
        sys.exit(130)


async def play(folder: Path, *, rate: float) -> int:
    """Run the demo, and give its exit status."""
    from autoscaler.cli.serve import serve_until  # takes a second; were the clock running, it would count fifteenfold
    from autoscaler.demo import load
    from autoscaler.demo.scene import Scene, fast_clock, next_sync
    from autoscaler.demo.screen import HEADER, Screen

    click.echo(
        f"autoscaler {__version__} demo: the real daemon between a stand-in Kubernetes API and a stand-in Prometheus, "
        "all on 127.0.0.1.\n"
        f"No cluster is used, nothing leaves this machine. {load.SECONDS:.0f} s of load in "
        f"{load.SECONDS / rate:.0f} s; Ctrl-C ends it.\n"
    )
    zero = next_sync(datetime.now(UTC))
    scene = Scene(folder, fast_clock(rate, zero), zero)
    screen = Screen(zero, say, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None)
    await scene.open()
    say(HEADER)
    try:
        await run_daemon(serve_until, scene, screen)
        conclude(scene, screen)
        await show(scene)
    finally:
        await scene.close()
    return 0 if screen.errors == 0 and screen.writes > 0 else 1


def say(text: str) -> None:
    """Print a line in what the terminal can show."""
    stdout().write(text)
    sys.stdout.flush()


async def run_daemon(serve: Callable[..., Awaitable[int]], scene: "Scene", screen: "Screen") -> None:
    """Run the daemon on the scene until the load has ended."""
    import asyncio
    from datetime import timedelta

    from autoscaler.demo.load import SECONDS
    from autoscaler.settings import Settings
    from autoscaler.sinks.log import Format, make_logger

    settings = Settings(
        kubeconfig=str(scene.kubeconfig),
        namespace="demo",
        listen="127.0.0.1:0",
        guard_beat=timedelta(seconds=5),
        guard_recovery_min=timedelta(seconds=20),
    )
    stop = asyncio.Event()
    end = scene.clock.until(scene.zero + timedelta(seconds=SECONDS)).total_seconds()
    asyncio.get_running_loop().call_later(end, stop.set)
    with scene.log.open("w") as log:
        logger = make_logger(log, form=Format.JSON, level="info")
        paths = (str(scene.manifest),)
        await serve(stop, settings, paths, scene.clock, dry_run=False, logger=logger, watchers=(screen,))


def conclude(scene: "Scene", screen: "Screen") -> None:
    """Sum up, beside what KEDA's rules make of the same samples."""
    from autoscaler.demo.rival import rival
    from autoscaler.demo.screen import minutes, outage_seconds

    falls = [fall for fall in rival(screen.records) if fall.before > 0]
    theirs = f"{falls[0].before} → 0 at {minutes(scene.elapsed(falls[0].at))}" if falls else "no fall either"
    say(
        f"\n{screen.writes} writes, {screen.ticks} ticks, {screen.errors} errors. "
        f"{outage_seconds():.0f} s without data: nothing shrank. KEDA 2.20's rules on the same samples: {theirs}."
    )


async def show(scene: "Scene") -> None:
    """Run ``plan`` and ``check`` on the kept file while the stand-ins are still there, and say what to do next."""
    folder, command = scene.folder, own_command()
    say(f"Kept: {scene.manifest} and {scene.log.name} (one JSON line per change)\n")
    await run_verb("plan", str(scene.manifest), "--kubeconfig", str(scene.kubeconfig))
    await run_verb("check", str(scene.manifest))
    say(
        "The demo's API server and Prometheus end here, and plan with them. What works now:\n"
        f"  {command} check {folder}        the kept file, as above\n"
        f"  sed -i 's/ threshold:/ treshold:/' {scene.manifest}; {command} check {folder}        what a typo gets\n"
        f"  {command} run -f YOUR.yaml --kubeconfig ~/.kube/config --dry-run        your cluster, read-only"
    )


def own_command() -> str:
    """Give what starts this program in the terminal at hand: its name, or its path in a virtual environment."""
    import os

    beside = Path(sys.executable).with_name("autoscaler")
    on_path = shutil.which("autoscaler")
    if on_path is not None or not beside.exists():
        return "autoscaler"
    return os.path.relpath(beside)


async def run_verb(*words: str) -> None:
    """Run another verb as its user would, under its command line."""
    import asyncio

    say(f"$ autoscaler {' '.join(words)}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "autoscaler", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    say(output.decode(errors="replace"))
