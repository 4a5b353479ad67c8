"""What verbs write: results on stdout, notes on stderr; colour and signs only where the reader can show them."""

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable
from typing import TextIO, TypeVar

import click

from autoscaler.views.signs import in_ascii, shows_signs

API_VERSION = "autoscaler.sh/v1"
F = TypeVar("F", bound=Callable[..., object])


def with_color(command: F) -> F:
    """Give a verb ``--color``."""
    return click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        show_default=True,
        help="Colour on stdout; auto looks at the terminal, NO_COLOR, FORCE_COLOR and TERM.",
    )(command)


class Screen:
    """A stream as its reader sees it: piped text is never coloured, cut or wrapped."""

    def __init__(self, stream: TextIO, color: str = "auto") -> None:
        self._stream = stream
        self._colors = _is_colored(stream, color)
        self._ascii = not shows_signs(stream.encoding)

    def write(self, text: str = "") -> None:
        """Write one line, or several."""
        self._stream.write(f"{in_ascii(text) if self._ascii else text}\n")

    def paragraph(self, text: str, indent: str = "") -> None:
        """Write prose: wrapped to a terminal's width, one line where it is piped."""
        if not self._stream.isatty():
            self.write(f"{indent}{text}")
            return
        width = min(shutil.get_terminal_size().columns, 110)
        self.write(textwrap.fill(text, width, initial_indent=indent, subsequent_indent=indent))

    def paint(self, text: str, color: str, *, bold: bool = False) -> str:
        """Colour a word where that is wanted; colour never carries meaning."""
        return click.style(text, fg=color, bold=bold) if self._colors else text


def columns(text: str) -> int:
    """Give how many columns of a terminal a text takes: East Asian signs take two, marks on a letter none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def stdout(color: str = "auto") -> Screen:
    """Give the screen for results."""
    return Screen(sys.stdout, color)


def stderr() -> Screen:
    """Give the screen for notes."""
    return Screen(sys.stderr, "never")


def _is_colored(stream: TextIO, color: str) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
