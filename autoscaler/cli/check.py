"""``autoscaler check``: everything that is wrong with files, at once. It reads files and nothing else."""

import difflib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import click

from autoscaler.cli.library import library_of
from autoscaler.cli.options import GroupedCommand, with_config, with_settings
from autoscaler.cli.output import API_VERSION, Screen, columns, stdout, with_color
from autoscaler.manifests.catalog import Changes, Snapshot
from autoscaler.manifests.document import DEFAULT_NAMESPACE, Finding
from autoscaler.manifests.files import snapshot
from autoscaler.model.fatal import FatalError
from autoscaler.model.faults import Fault, Severity, sentence
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.settings import Settings
from autoscaler.views.findings import PAGES

EPILOG = """\b
Examples:
  autoscaler check config/                 every file of a folder
  helm template . | autoscaler check -     what a chart renders
  autoscaler check -o github --strict .    in a pull request

\b
Exit status: 0 nothing wrong, 1 errors (with --strict warnings too), 2 wrong usage or a file that cannot be read.
"""

OF_DOCUMENTS = ("recursive", "max_replicas_limit", "allow_server")
"""Settings of the daemon that decide what it takes of a document."""
LONGEST = 600
_SELDON = "SeldonDeployment "
_PREFIX = re.compile(r".*\.(?=triggers\[)|spec\.|metadata\.annotations\.(?=autoscaler\.sh/)")
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_WORDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


@value
class Result:
    """What was checked and found.

    ``unreadable`` are the files that could not be read; ``derived`` says which objects other kinds stand for.
    """

    files: int
    objects: int
    findings: tuple[Finding, ...]
    ignored: int
    unreadable: tuple[str, ...]
    derived: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """Count findings of one weight."""
        return sum(finding.fault.severity is severity for finding in self.findings)

    def status(self, *, strict: bool) -> int:
        """Give the exit status."""
        if self.unreadable or not self.files:
            return 2
        wrong = self.count(Severity.ERROR) or (strict and self.count(Severity.WARNING))
        return 1 if wrong else 0


@click.command(cls=GroupedCommand, epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("-f", "--filename", multiple=True, metavar="PATH", help="The same as PATH (repeatable).")
@click.option("-o", "--output", type=click.Choice(("text", "json", "github")), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--ignore", multiple=True, metavar="CODE", help="Leave out findings of this code (repeatable).")
@click.option(
    "--namespace", default=DEFAULT_NAMESPACE, show_default=True, help="Namespace of documents that name none."
)
@with_config
@with_color
@partial(with_settings, without=tuple(one.name for one in fields(Settings) if one.name not in OF_DOCUMENTS))
def check(
    paths: tuple[str, ...],
    filename: tuple[str, ...],
    output: str,
    strict: bool,
    ignore: tuple[str, ...],
    color: str,
    **given: Any,
) -> None:
    """Find what is wrong in ScaledObjects and SeldonDeployments.

    PATH is a file, a folder or - for standard input. Every finding has a place, a code that `autoscaler explain`
    documents, and says what to do. Documents are read as `run` reads them with the same settings, so what it would
    refuse is an error here. No cluster and no Prometheus is asked.
    """
    typed = click.get_current_context().get_parameter_source("filename") is click.core.ParameterSource.COMMANDLINE
    chosen = (*paths, *filename) if typed or not paths else paths  # a settings file names what the daemon reads
    if not chosen:
        raise click.UsageError("name a file, a folder or - for standard input: autoscaler check config/")
    _refuse_unknown(ignore)
    try:
        result = examine(chosen, Settings(**given), ignore=frozenset(code.upper() for code in ignore))
    except FatalError as error:
        raise click.UsageError(str(error)) from error
    _REPORTS[output](result, stdout(color))
    sys.exit(result.status(strict=strict))


def examine(paths: Sequence[str], settings: Settings, *, ignore: frozenset[str]) -> Result:
    """Read and check everything below ``paths``, by the reader that the daemon has."""
    settings = replace(settings, namespace=settings.namespace or DEFAULT_NAMESPACE)  # no kubeconfig is needed here
    seen = snapshot(paths, recursive=settings.recursive)
    changes = library_of(settings, dry_run=False).read(seen, datetime.now(UTC), {})
    if seen.files and not changes.added and not changes.refused:
        changes = replace(changes, findings=(*changes.findings, _nothing_in(seen)))
    return result_of(seen, changes, ignore)


def result_of(seen: Snapshot, changes: Changes, ignore: frozenset[str]) -> Result:
    """Sort findings by file, weight and place, and leave out what is to be ignored."""
    kept = tuple(finding for finding in changes.findings if finding.fault.code not in ignore)
    return Result(
        files=len(seen.files),
        objects=len(changes.added) + len(changes.refused),
        findings=tuple(sorted(kept, key=_place)),
        ignored=len(changes.findings) - len(kept),
        unreadable=tuple(file.path for file in seen.files if file.text is None),
        derived=tuple(_derived(changes)),
    )


def _nothing_in(seen: Snapshot) -> Finding:
    message = "no ScaledObject and no SeldonDeployment in any of these files: nothing was checked"
    fault = Fault(code="W101", severity=Severity.WARNING, path="", message=message)
    return Finding(file=seen.files[0].path, fault=fault)


def _derived(changes: Changes) -> Iterator[str]:
    """Say which ScaledObject a SeldonDeployment stands for."""
    for refused in changes.refused:
        if refused.key is not None and refused.subject.startswith(_SELDON):
            yield f"{refused.file}: {refused.subject} → so/{refused.key.name} in {refused.key.namespace}"
    for obj in changes.added:
        if f": {_SELDON}" in obj.origin:
            yield f"{obj.origin} → so/{obj.key.name} in {obj.key.namespace}, target {obj.target}"


def write_text(result: Result, screen: Screen) -> None:
    """Write findings for people, one line each and the line that is meant where it is known."""
    for line in result.derived:
        screen.write(plain(line, LONGEST))
    write_findings(result.findings, screen)
    screen.write(_summary(result))


def write_findings(findings: Iterable[Finding], screen: Screen) -> None:
    """Write findings for people."""
    for finding in findings:
        fault = finding.fault
        place = ":".join(
            str(part) for part in (plain(finding.file, LONGEST), fault.line, fault.column) if part is not None
        )
        code = screen.paint(fault.code, _COLORS[fault.severity], bold=True)
        prefix = _PREFIX.match(fault.path)
        path = fault.path if prefix is None else fault.path[prefix.end() :]
        screen.write(f"{place}: {code} {sentence(path, fault.message)}")
        if fault.excerpt is not None:
            screen.write(f"    {fault.excerpt}")
            if fault.caret is not None:
                screen.write(f"    {' ' * columns(fault.excerpt[: fault.caret])}^")


def _summary(result: Result) -> str:
    parts = [_counted(result.files, "file")]
    parts += [_counted(result.count(severity), word) for severity, word in _WORDS.items() if result.count(severity)]
    if result.ignored:
        parts.append(f"{result.ignored} ignored")
    if not result.files:
        return "No YAML file there. Folders below are read with -R."
    if not result.findings:
        return f"{', '.join(parts)}: {_counted(result.objects, 'object')}{', nothing wrong' if result.objects else ''}."
    none = "" if result.objects else ": 0 objects"
    return f"{', '.join(parts)}{none}. More: autoscaler explain {worst(result)}"


def worst(result: Result) -> str:
    """Give the code of the finding that weighs most; there must be one."""
    return min(result.findings, key=lambda finding: list(_WORDS).index(finding.fault.severity)).fault.code


def write_json(result: Result, screen: Screen) -> None:
    """Write the result as one JSON document."""
    findings = [
        {
            "file": finding.file,
            "line": finding.fault.line,
            "column": finding.fault.column,
            "code": finding.fault.code,
            "severity": finding.fault.severity.value,
            "object": finding.subject,
            "path": finding.fault.path,
            "message": finding.fault.message,
            "excerpt": finding.fault.excerpt,
            "caret": finding.fault.caret,
        }
        for finding in result.findings
    ]
    counts = {f"{word}s": result.count(severity) for severity, word in _WORDS.items()}
    body = {
        "apiVersion": API_VERSION,
        "kind": "CheckResult",
        "files": result.files,
        "objects": result.objects,
        **counts,
        "ignored": result.ignored,
        "findings": findings,
    }
    screen.write(json.dumps(body, indent=2))


def write_github(result: Result, screen: Screen) -> None:
    """Write findings as annotations of a GitHub workflow."""
    for finding in result.findings:
        fault = finding.fault
        place = {"file": plain(finding.file, LONGEST), "line": fault.line, "col": fault.column, "title": fault.code}
        given = ",".join(f"{name}={_property(str(part))}" for name, part in place.items() if part is not None)
        screen.write(f"::{_GITHUB[fault.severity]} {given}::{_message(sentence(fault.path, fault.message))}")


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _place(finding: Finding) -> tuple[str, int, int, int]:
    return finding.file, list(_WORDS).index(finding.fault.severity), finding.fault.line or 0, finding.fault.column or 0


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _refuse_unknown(codes: Iterable[str]) -> None:
    for code in codes:
        if code.upper() not in PAGES:
            near = difflib.get_close_matches(code.upper(), PAGES, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; autoscaler explain findings lists them"
            raise click.UsageError(f"--ignore {code}: no such finding{hint}")


_REPORTS: dict[str, Callable[[Result, Screen], None]] = {
    "text": write_text,
    "json": write_json,
    "github": write_github,
}
