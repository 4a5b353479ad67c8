"""What a recorded answer of the real code makes of ours."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Agrees:
    """Our answer is the recorded one."""


@dataclass(frozen=True)
class Explained:
    """Our answer differs as one row of the table of differences says, and is the row's answer."""

    row: str


@dataclass(frozen=True)
class Disagrees:
    """Our answer differs and no row says so."""

    expected: object
    got: object


Verdict = Agrees | Explained | Disagrees


class Family(Protocol):
    """One file of vectors: whether a vector is its own, and what becomes of it."""

    def recognise(self, vector: dict[str, Any]) -> bool: ...

    def judge(self, vector: dict[str, Any]) -> Verdict: ...
