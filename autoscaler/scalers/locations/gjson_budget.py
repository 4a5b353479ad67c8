"""What a search through foreign JSON may take (S11). Pure."""

from dataclasses import dataclass

BYTES_A_STEP = 256
"""Bytes that are passed over within a step."""
_VALUES_A_STEP = 32
_ESCAPED_A_STEP = 8
_REWRITTEN_A_STEP = 32
_SURPRISES = 8


class TooCostlyError(Exception):
    """A search that takes too many steps."""


@dataclass
class Budget:
    """How many steps a search may still take; a step is a value passed over, a microsecond or so.

    ``surprises``: how often brackets may still turn out to hold no JSON, which costs what stands before them, too.
    """

    steps: int
    surprises: int = _SURPRISES

    def spend(self, steps: int = 1) -> None:
        """Take steps; raises TooCostlyError where none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise TooCostlyError

    def passed(self, start: int, end: int) -> None:
        """Take the steps of bytes that were passed over."""
        self.spend(1 + (end - start) // BYTES_A_STEP)

    def decoded(self, commas: int) -> None:
        """Take the steps of many short values that were passed over at once."""
        self.spend(commas // _VALUES_A_STEP)

    def resolved(self, text: str) -> None:
        """Take the steps of a string whose escapes are resolved."""
        self.spend(len(text) // _ESCAPED_A_STEP)

    def rewritten(self, text: str) -> None:
        """Take the steps of a text that a modifier goes through."""
        self.spend(1 + len(text) // _REWRITTEN_A_STEP)
