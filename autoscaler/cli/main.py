"""``autoscaler``: the tree of verbs. A verb's file is imported when it is called, nothing heavier than click before."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

import click

from autoscaler import __version__

SUMMARY = "Scales Kubernetes workloads on PromQL: KEDA's ScaledObjects, one loop, every decision explained."
STATUS = "Exit status: 0 fine, 1 found something, 2 wrong usage, 3 could not find out, 4 refused."
ENVIRONMENT = "Every flag can be set as AUTOSCALER_<FLAG>; COMMAND -h shows them."


class Verb(NamedTuple):
    """A command before it is imported."""

    name: str
    usage: str
    help: str


TREE: tuple[tuple[str, tuple[Verb, ...]], ...] = (
    (
        "Look, without installing anything",
        (
            Verb("demo", "demo", "The real daemon on this machine, no cluster needed"),
            Verb("check", "check [PATH...]", "Find what is wrong in files"),
        ),
    ),
    (
        "Change with confidence",
        (Verb("plan", "plan PATH", "One tick now: what would be written and why. Never writes"),),
    ),
    (
        "Run",
        (
            Verb("run", "run PATH", "The daemon (--dry-run, --once)"),
            Verb("explain", "explain TOPIC", "Documentation of a field, finding, reason, trigger or metric"),
        ),
    ),
)
VERBS = {verb.name: verb for _, verbs in TREE for verb in verbs}


class Tree(click.Group):
    """The group of verbs, listed from the table and imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs in the order of ``--help``."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            import difflib  # 7 ms that only a typo needs

            near = difflib.get_close_matches(cmd_name, VERBS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"no command {cmd_name!r}{hint}", ctx)
        command: click.Command = getattr(import_module(f"autoscaler.cli.{cmd_name}"), cmd_name)
        command.context_settings.setdefault("auto_envvar_prefix", "AUTOSCALER")
        return command

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the tree by what people want to do."""
        width = max(len(verb.usage) for verb in VERBS.values())
        lines = [f"Usage: {ctx.command_path} COMMAND [OPTIONS]", "", SUMMARY]
        for title, verbs in TREE:
            lines += ["", title, *(f"  {verb.usage:<{width}}  {verb.help}" for verb in verbs)]
        formatter.write("\n".join([*lines, "", ENVIRONMENT, STATUS, ""]))


@click.command(cls=Tree, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, message="autoscaler %(version)s")
def cli() -> None:
    """Choose a verb."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb and end the process with its status; a mistake ends with what to type next."""
    if not __debug__:
        sys.exit("autoscaler: Python's -O (PYTHONOPTIMIZE) removes the checks that guard every write; run it without")
    try:
        status = cli.main(args=arguments, prog_name=_invoked_as(), standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        status = 2
    except click.ClickException as mistake:
        _explain(mistake)
        status = mistake.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails once more
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _invoked_as() -> str:
    """Name the command as it was called; kubectl calls its plugins by a name with a dash."""
    return "kubectl autoscaler" if os.path.basename(sys.argv[0]) == "kubectl-autoscaler" else "autoscaler"


def _origin(mistake: click.ClickException) -> str:
    """Say where a value came from that nobody typed."""
    if not isinstance(mistake, click.BadParameter) or mistake.ctx is None or mistake.param is None:
        return ""
    name = mistake.param.name or ""
    match mistake.ctx.get_parameter_source(name):
        case click.core.ParameterSource.ENVIRONMENT:
            return f" (from {mistake.ctx.auto_envvar_prefix}_{name.upper()})"
        case click.core.ParameterSource.DEFAULT_MAP:
            return f" (from the settings file, {name.replace('_', '-')})"
        case _:
            return ""


def _explain(mistake: click.ClickException) -> None:
    """Say what is wrong, and what to type next."""
    click.echo(f"Error: {mistake.format_message()}{_origin(mistake)}", err=True)
    ctx = mistake.ctx if isinstance(mistake, click.UsageError) else None
    click.echo(f"Try:   {ctx.command_path if ctx else _invoked_as()} -h", err=True)
