"""``autoscaler explain``: documentation, offline, from the same tables that the code uses."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import click

from autoscaler.cli.output import Screen, stdout, with_color
from autoscaler.model.decision import Reason
from autoscaler.views.fields import ANNOTATIONS, FIELDS, RULES, WORDS, Field
from autoscaler.views.findings import PAGES
from autoscaler.views.metrics import ALL, BY_NAME
from autoscaler.views.reasons import MEANINGS
from autoscaler.views.triggers import NOT_ASKED, TRIGGERS

EPILOG = """\b
Examples:
  autoscaler explain E300                      a finding of check
  autoscaler explain spec.pollingInterval      a field; spec lists all
  autoscaler explain trigger.prometheus        the keys of a trigger type
  autoscaler explain ScaleDownStabilized       a reason in a decision
  autoscaler explain autoscaler_held           a metric

\b
Exit status: 0, or 2 for a topic that is not known.
"""

_INDEX = re.compile(r"\[\d*\]")
_OWN = "autoscaler.sh/spec"
Page = Callable[[Screen], None]


@click.command(epilog=EPILOG)
@click.argument("topic", required=False)
@with_color
def explain(topic: str | None, color: str) -> None:
    """Explain a field, a finding, a reason, a trigger type or a metric.

    TOPIC may also be one of the lists: fields, findings, reasons, triggers, metrics.
    """
    screen = stdout(color)
    pages = _pages()
    if topic is None:
        for name in _LISTS:
            screen.write(f"autoscaler explain {name}")
        return
    page = pages.get(_normal(topic))
    if page is None:
        near = difflib.get_close_matches(_normal(topic), pages, n=1, cutoff=0.5)
        hint = f"; did you mean {_spelled(near[0])!r}?" if near else "; autoscaler explain lists what there is"
        raise click.UsageError(f"nothing is known about {topic!r}{hint}")
    page(screen)


def _pages() -> Mapping[str, Page]:
    """Give every topic's page, by its normal spelling."""
    found: dict[str, Page] = {}
    for path in FIELDS:
        for name in (path, path.removeprefix("spec.")):
            found[_normal(name)] = _of(_field_page, path)
    found[_normal("spec")] = _of(_list_fields, "spec")
    for rule in RULES:
        found[_normal(rule.path)] = _of(_one_field, rule)
    for field in (*ANNOTATIONS, *WORDS):
        found.setdefault(_normal(field.path), _of(_one_field, field))
    for field in ANNOTATIONS:
        found.setdefault(_normal(field.path.rpartition("/")[2]), _of(_one_field, field))
    found[_normal(_OWN)] = _own_words_page
    for name, fields in TRIGGERS.items():
        found[_normal(name)] = found[_normal(f"trigger.{name}")] = _of(_trigger_page, name)
        for field in fields:
            for above in (f"trigger.{name}", "spec.triggers.metadata", "triggers.metadata", ""):
                found.setdefault(_normal(f"{above}.{field.path}".lstrip(".")), _of(_one_field, field))
    found.update({_normal(code): _of(_finding_page, code) for code in PAGES})
    found.update({_normal(reason.value): _of(_reason_page, reason) for reason in MEANINGS})
    found.update({_normal(name): _of(_metric_page, name) for name in BY_NAME})
    return found | {_normal(name): page for name, page in _LISTS.items()}


def _of(write: Callable[..., None], *about: object) -> Page:
    return lambda screen: write(screen, *about)


def _normal(topic: str) -> str:
    """Spell a topic so that case and positions in lists do not matter."""
    return _INDEX.sub("", topic).lower()


def _spelled(normal: str) -> str:
    """Give a topic in its usual spelling."""
    names: Iterable[str] = (*FIELDS, *PAGES, *BY_NAME, *(reason.value for reason in Reason))
    return next((name for name in names if _normal(name) == normal), normal)


def _finding_page(screen: Screen, code: str) -> None:
    page = PAGES[code]
    screen.write(screen.paint(f"{page.code}  {page.title}", "yellow", bold=True))
    screen.write()
    screen.paragraph(page.why)
    screen.write()
    screen.paragraph(f"Fix: {page.fix}")
    screen.write()
    for line in page.example.splitlines():
        screen.write(f"    {line}")


def _field_page(screen: Screen, path: str) -> None:
    _one_field(screen, FIELDS[path])
    below = [found for found in FIELDS if found.startswith(f"{path}.") and "." not in found[len(path) + 1 :]]
    if below:
        screen.write()
        _table(screen, ((found, _short(FIELDS[found])) for found in below))


def _one_field(screen: Screen, field: Field) -> None:
    screen.write(f"{screen.paint(field.path, 'cyan', bold=True)}  ({_short(field)})")
    screen.paragraph(field.meaning, "  ")


def _short(field: Field) -> str:
    if field.required:
        return f"{field.type}, required"
    return f"{field.type}, default {field.default}" if field.default else field.type


def _own_words_page(screen: Screen) -> None:
    _one_field(screen, next(field for field in ANNOTATIONS if field.path == _OWN))
    screen.write()
    _each_field(screen, WORDS)


def _trigger_page(screen: Screen, name: str) -> None:
    screen.write(screen.paint(f"trigger type {name}: spec.triggers[].metadata", "cyan", bold=True))
    screen.write()
    if name in NOT_ASKED:
        screen.paragraph(NOT_ASKED[name])
        screen.write()
    _each_field(screen, TRIGGERS[name])


def _reason_page(screen: Screen, reason: Reason) -> None:
    screen.write(screen.paint(reason.value, "cyan", bold=True))
    screen.paragraph(MEANINGS[reason], "  ")


def _metric_page(screen: Screen, name: str) -> None:
    metric = BY_NAME[name]
    screen.write(f"{screen.paint(metric.name, 'cyan', bold=True)}  ({metric.type.value})")
    screen.paragraph(metric.meaning, "  ")
    if metric.labels:
        screen.write(f"  labels: {', '.join(metric.labels)}")


def _each_field(screen: Screen, fields: Iterable[Field]) -> None:
    for field in fields:
        _one_field(screen, field)


def _list_fields(screen: Screen, prefix: str) -> None:
    _table(screen, ((path, _short(field)) for path, field in FIELDS.items() if path.startswith(prefix)))


def _list_annotations(screen: Screen) -> None:
    _each_field(screen, ANNOTATIONS)


def _list_everything_of_an_object(screen: Screen) -> None:
    _list_fields(screen, "spec")
    screen.write()
    _list_annotations(screen)


def _table(screen: Screen, rows: Iterable[tuple[str, str]]) -> None:
    held = list(rows)
    width = max(len(name) for name, _ in held)
    for name, text in held:
        screen.write(f"{name:<{width}}  {text}")


def _findings() -> Iterator[tuple[str, str]]:
    return ((code, page.title) for code, page in PAGES.items())


def _triggers() -> Iterator[tuple[str, str]]:
    for name in TRIGGERS:
        yield name, f"autoscaler explain trigger.{name}{'   (not asked by this version)' if name in NOT_ASKED else ''}"


_LISTS: Mapping[str, Page] = {
    "fields": _list_everything_of_an_object,
    "annotations": _list_annotations,
    "findings": lambda screen: _table(screen, _findings()),
    "reasons": lambda screen: _table(screen, ((reason.value, text) for reason, text in MEANINGS.items())),
    "triggers": lambda screen: _table(screen, _triggers()),
    "metrics": lambda screen: _table(screen, ((metric.name, metric.meaning) for metric in ALL)),
}
