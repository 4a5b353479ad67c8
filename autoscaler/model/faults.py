"""What is wrong with a document: every fault at once, as values."""

from enum import Enum

from autoscaler.model.value import value


class Severity(Enum):
    """How much a finding weighs: an error stops the object, a warning warns, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@value
class Fault:
    """One finding.

    ``code`` is documented by ``autoscaler explain CODE``; ``path`` is the field (``spec.triggers[0].metadata.query``).
    ``message`` says what is wrong and what to do. ``line`` and ``column`` count from 1, None where a document has no
    positions. ``excerpt`` is a quoted line, ``caret`` the offset in it that is meant.
    """

    code: str
    severity: Severity
    path: str
    message: str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None
    caret: int | None = None
    reason: str = ""


def sentence(path: str, message: str) -> str:
    """Put a path before a message, so that no field is named twice: ``spec.minReplicaCount must be a whole number``."""
    last = path.rpartition(".")[2]
    if last and message.startswith(f"{last} "):
        return path + message.removeprefix(last)
    return f"{path}: {message}" if path else message


@value
class Faults:
    """Everything that is wrong with one document, in document order; at least one of them an error."""

    faults: tuple[Fault, ...]
