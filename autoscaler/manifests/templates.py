"""Templates of Helm that nobody rendered: what stands in double braces never reaches a cluster as it is."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from autoscaler.manifests.faults import error
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain

HINT: Final = "check what the chart renders: helm template . | autoscaler check -"
_ACTION: Final = re.compile(
    r"\{\{-?\s*(?:[.$(]|/\*|(?:if|else|end|range|with|define|block|include|template|tpl|toYaml|quote|printf|default|"
    r"required|lookup|int|not|and|or|eq|ne)\b)[^{}]*\}\}"
)


def template_in(text: str) -> str | None:
    """Give the first template action in a text, for people; None where there is none."""
    found = _ACTION.search(text)
    return None if found is None else plain(found[0], 60)


def templates(raw: Data, path: str) -> Iterator[Fault]:
    """Name every text below a field that still holds a template."""
    match raw:
        case str():
            action = template_in(raw)
            if action is not None:
                yield error("E101", path, f"holds {action}, a template that Helm has not rendered; {HINT}")
        case list():
            for index, held in enumerate(raw):
                yield from templates(held, f"{path}[{index}]")
        case dict():
            for key, held in raw.items():
                yield from templates(held, f"{path}.{key}")


def instead(faults: Iterable[Fault], unrendered: tuple[Fault, ...]) -> list[Fault]:
    """Leave out what else was found wrong with texts that are none of the author's yet."""
    there = {fault.path for fault in unrendered}
    return [*unrendered, *(fault for fault in faults if fault.path not in there)]
