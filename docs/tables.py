"""The README's generated tables: one row per declaration in the code, so that neither can drift from the other."""

from collections.abc import Iterable
from dataclasses import fields

from autoscaler.cli.options import default_of, shown
from autoscaler.settings import Settings
from autoscaler.views.findings import PAGES
from autoscaler.views.metrics import ALL as METRICS
from tests.conformance.differences import DIFFERENCES


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    head = tuple(header)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def settings() -> str:
    """Give every setting with its default."""
    rows = []
    for declared in fields(Settings):
        default = default_of(declared)
        text = shown(default) if hasattr(default, "total_seconds") else str(default)
        flag = f"`--{declared.name.replace('_', '-')}`"
        rows.append((flag, "" if default in (None, "", (), False) else f"`{text}`", declared.metadata["help"]))
    return table(("flag", "default", "meaning"), rows)


def metrics() -> str:
    """Give every metric of ``/metrics``."""
    rows = ((f"`{one.name}`", one.type.value, ", ".join(one.labels), one.meaning) for one in METRICS)
    return table(("metric", "type", "labels", "meaning"), rows)


def findings() -> str:
    """Give every finding of ``check``."""
    return table(("code", "finding"), ((code, page.title) for code, page in PAGES.items()))


def differences() -> str:
    """Give every intended difference from KEDA and the HPA."""
    return table(
        ("#", "KEDA (HPA)", "we", "why"), ((name, row.theirs, row.ours, row.why) for name, row in DIFFERENCES.items())
    )
