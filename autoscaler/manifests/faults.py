"""How this room words and places its faults."""

import difflib
from collections.abc import Iterable
from dataclasses import replace

from autoscaler.manifests.positions import Node, place
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.text import plain


def error(code: str, path: str, message: str) -> Fault:
    """Make a fault that stops the object."""
    return Fault(code=code, severity=Severity.ERROR, path=plain(path), message=message)


def warning(code: str, path: str, message: str) -> Fault:
    """Make a fault that only warns."""
    return Fault(code=code, severity=Severity.WARNING, path=plain(path), message=message)


def note(code: str, path: str, message: str) -> Fault:
    """Make a fault that only informs."""
    return Fault(code=code, severity=Severity.NOTE, path=plain(path), message=message)


def placed(faults: Iterable[Fault], root: Node) -> tuple[Fault, ...]:
    """Give every fault without a line the place of its path, and put all in the order of the document."""
    found = [fault if fault.line is not None else _placed(fault, root) for fault in faults]
    return tuple(sorted(found, key=lambda fault: (fault.line or 0, fault.column or 0)))


def has_error(faults: Iterable[Fault]) -> bool:
    """Say whether any of them stops the object."""
    return any(fault.severity is Severity.ERROR for fault in faults)


def guess(word: str, known: Iterable[str]) -> str:
    """Give ``; did you mean "x"?`` where one of the known words is close, else nothing."""
    meant = closest(word, known)
    return f'; did you mean "{meant}"?' if meant is not None else ""


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is close to a misspelt one; None where none is."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold()[:100], folded, n=1, cutoff=0.7)
    return folded[close[0]] if close else None


def _placed(fault: Fault, root: Node) -> Fault:
    lacking = ".?" if fault.code == "E102" else ""  # a missing key is meant: the mapping that lacks it is the place
    at = place(root, fault.path + lacking)
    return replace(fault, line=at.line, column=at.column)
