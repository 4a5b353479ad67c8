"""Settings as click options: flags, environment and settings file from one declaration."""

import difflib
import math
import re
from collections.abc import Callable, Collection
from dataclasses import MISSING, Field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from autoscaler.settings import Settings

DEFAULT_CONFIG = "/etc/autoscaler/autoscaler.yaml"
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
OF_RUN = {"filename": True, "dry_run": False}
"""Flags of ``run`` that a settings file may hold too, and whether they may be repeated."""
SHORT = {"--recursive": ("-R",)}
MOST = timedelta(days=366)
HIGHEST = 2**31 - 1
PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Duration(click.ParamType[timedelta]):
    """A duration as Prometheus writes it: ``15s``, ``1m30s``, ``250ms``; a bare number is seconds."""

    name = "duration"

    def __init__(self, least: timedelta) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse a duration."""
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        whole = f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text
        if not whole or PART.sub("", whole):
            self.fail(f"{text!r} is no duration; write it like 15s, 1m30s or 250ms", param, ctx)
        seconds = sum(float(amount) * UNITS[unit] for amount, unit in PART.findall(whole))
        if not self._least.total_seconds() <= seconds <= MOST.total_seconds():
            self.fail(f"{text!r} is not within {shown(self._least)} and {shown(MOST)}", param, ctx)
        return timedelta(seconds=seconds)


class Finite(click.FloatRange):
    """A float that is a number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse a float, and refuse what no number is compared with."""
        number = float(super().convert(value, param, ctx))
        return number if math.isfinite(number) else self.fail(f"{value!r} is not a finite number", param, ctx)


def shown(duration: timedelta) -> str:
    """Write a duration as it is read."""
    seconds = duration.total_seconds()
    for unit in ("h", "m"):
        if seconds >= UNITS[unit] and seconds % UNITS[unit] == 0:
            return f"{seconds / UNITS[unit]:g}{unit}"
    return f"{seconds:g}s"


def default_of(declared: "Field[Any]") -> Any:
    """Give a setting's default as click wants it."""
    return () if declared.default is MISSING else declared.default


def option_of(declared: "Field[Any]") -> click.Option:
    """Make the click option of one setting."""
    default = default_of(declared)
    flag = "--" + declared.name.replace("_", "-")
    kind = declared.metadata
    common: dict[str, Any] = {
        "help": kind["help"],
        "default": default,
        "show_default": default not in (None, (), False),
    }
    if kind["metavar"]:
        common["metavar"] = kind["metavar"]
    if isinstance(default, bool):
        return GroupedOption([flag, *SHORT.get(flag, ())], is_flag=True, group=kind["group"], **common)
    if isinstance(default, timedelta):
        common["default"] = shown(default)  # as text, which --help shows as it is
        return GroupedOption([flag], type=Duration(kind["least"]), group=kind["group"], **common)
    if isinstance(default, tuple):
        return GroupedOption([flag], multiple=True, group=kind["group"], **common)
    if kind["choices"]:
        return GroupedOption([flag], type=click.Choice(kind["choices"]), group=kind["group"], **common)
    if isinstance(default, int):
        return GroupedOption([flag], type=click.IntRange(min=1, max=HIGHEST), group=kind["group"], **common)
    if isinstance(default, float):
        return GroupedOption([flag], type=Finite(min=0), group=kind["group"], **common)
    return GroupedOption([flag], group=kind["group"], **common)


class GroupedOption(click.Option):
    """An option that knows under which heading ``--help`` shows it."""

    def __init__(self, *args: Any, group: str = "Options", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose ``--help`` shows options under headings, in the order they were declared."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section per heading."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                groups.setdefault(getattr(param, "group", "Options"), []).append(record)
        for name, records in groups.items():
            with formatter.section(name):
                formatter.write_dl(records)


def with_settings(command: Callable[..., Any], *, without: Collection[str] = ()) -> Callable[..., Any]:
    """Give a click command one option per setting, except where a setting would have no effect."""
    params = [option_of(declared) for declared in fields(Settings) if declared.name not in without]
    command.__click_params__ = [*reversed(params), *getattr(command, "__click_params__", [])]  # type: ignore[attr-defined]
    return command


def read_config(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """Take defaults from the settings file before the other options are read."""
    chosen = path or DEFAULT_CONFIG
    file = Path(chosen)
    if path is None and not file.is_file():
        return None
    try:
        text = file.read_text()
    except OSError as error:
        raise click.UsageError(f"--config {chosen}: {error.strerror}") from error
    ctx.default_map = {**(ctx.default_map or {}), **read_settings_file(chosen, text)}
    return chosen


def with_config(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--config``."""
    return click.option(
        "--config",
        cls=GroupedOption,
        group="Input",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=read_config,
        help=f"Settings file.  [default: {DEFAULT_CONFIG} where it exists]",
    )(command)


def read_settings_file(path: str, text: str) -> dict[str, Any]:
    """Read a settings file into click's default map; its keys are the flags' names.

    Values stay text, as on the command line: ``off`` is the word. Raises click.UsageError naming the key and the
    nearest known one.
    """
    import yaml

    try:
        loaded = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 (makes only text)
    except yaml.YAMLError as error:
        raise click.UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if loaded in (None, ""):
        return {}
    if not isinstance(loaded, dict):
        raise click.UsageError(f"{path}: a settings file is a mapping of setting to value")
    repeated = {declared.name: isinstance(default_of(declared), tuple) for declared in fields(Settings)} | OF_RUN
    chosen: dict[str, Any] = {}
    for key, found in loaded.items():
        name = str(key).replace("-", "_")
        if name not in repeated:
            near = difflib.get_close_matches(name, repeated, n=1)
            hint = f"; did you mean {near[0].replace('_', '-')!r}?" if near else ""
            raise click.UsageError(f"{path}: unknown setting {str(key)!r}{hint}")
        chosen[name] = _setting(f"{path}: {key}", found, repeated=repeated[name])
    return chosen


def _setting(where: str, found: object, *, repeated: bool) -> Any:
    """Give one value of a settings file as its option takes it; one that may be repeated is a list or a single text."""
    many = found if isinstance(found, list) else [found]
    if any(isinstance(each, list | dict) or not each for each in many) or (len(many) != 1 and not repeated):
        raise click.UsageError(f"{where}: write {'a value or a list of values' if repeated else 'one value'}")
    return tuple(map(str, many)) if repeated else many[0]
