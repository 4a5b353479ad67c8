"""Draws ``docs/demo.svg`` from a real run of the demo: ``python -m docs.picture``."""

import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

WIDTH, LINE, LEFT, TOP = 8.4, 20, 20, 56
STYLE = "font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"
INK, QUIET, BLIND, GROWN, ASLEEP = "#d8dee9", "#7b8794", "#e5b567", "#8fc98f", "#81a9d6"


def screen() -> list[str]:
    """Run the demo and give the lines from its header to its summary."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "autoscaler", "demo", "--fast", "--folder", folder]
        output = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    lines = output.split("\n\n")
    summary = lines[2].splitlines()[0].split(". ", 1)
    return ["$ autoscaler demo --fast", "", *lines[1].splitlines(), "", summary[0] + ".", summary[1]]


def color(line: str) -> str:
    """Choose the colour of a line; it carries no meaning of its own."""
    if "source" in line:
        return BLIND
    if "→" not in line or line.startswith(("$", "20")):
        return QUIET if line.startswith(("$", "  TIME")) else INK
    return ASLEEP if "→ 0 " in line else GROWN


def draw(lines: list[str]) -> str:
    """Make the picture."""
    width = round(max(len(line) for line in lines) * WIDTH + 2 * LEFT)
    height = TOP + LINE * len(lines) + 8
    dots = "".join(f'<circle cx="{22 + 18 * n}" cy="20" r="5.5" fill="#3b4252"/>' for n in range(3))
    texts = "".join(
        f'<text x="{LEFT}" y="{TOP + LINE * n}" fill="{color(line)}" xml:space="preserve">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="100%" height="100%" rx="8" fill="#1f2430"/>{dots}<g style="{STYLE}">{texts}</g></svg>\n'
    )


if __name__ == "__main__":
    Path(__file__).with_name("demo.svg").write_text(draw(screen()), encoding="utf-8")
