"""The records of one tick as a plan: for people, for programs, and as an exit status."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from autoscaler.cli.output import API_VERSION, Screen
from autoscaler.model.codec import encode_record
from autoscaler.model.observation import Missing
from autoscaler.model.record import Decided, Record, Withheld
from autoscaler.views.why import waterfall
from autoscaler.views.words import because


def write_text(records: Sequence[Record], screen: Screen) -> None:
    """Write each record as a waterfall, and one line about all of them."""
    for record in records:
        first, *rest = waterfall(record, clock=local_time)
        screen.write(screen.paint(first, "cyan", bold=True))
        for line in rest:
            screen.write(line)
        screen.write()
    changing = sum(map(would_change, records))
    screen.write(f"{len(records)} planned, {changing} would change. Nothing was written.")


def write_json(records: Sequence[Record], screen: Screen) -> None:
    """Write the records as one JSON document, each with what it means in words."""
    body = {
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "records": [
            {
                "object": {"namespace": record.obj.key.namespace, "name": record.obj.key.name},
                "current": record.decision.current if isinstance(record, Decided) else None,
                "desired": record.decision.desired if isinstance(record, Decided) else None,
                "why": because(record) if isinstance(record, Decided) else None,
                "record": encode_record(record),
            }
            for record in records
        ],
    }
    screen.write(json.dumps(body, indent=2))


def as_planned(record: Record) -> Record:
    """Say of a withheld write that this is what a plan is for."""
    if isinstance(record, Decided) and isinstance(record.outcome, Withheld):
        return replace(record, outcome=Withheld(why="a plan never writes"))
    return record


def would_change(record: Record) -> bool:
    """Say whether the daemon would write."""
    return isinstance(record, Decided) and record.decision.desired != record.decision.current


def is_answered(record: Record) -> bool:
    """Say whether everything that was asked gave an answer, and the formula made a number of it."""
    if not isinstance(record, Decided):
        return False
    return not any(isinstance(found, Missing) for found in (*record.seen.measurements, record.decision.composite))


def status(records: Sequence[Record], *, refused: bool, exit_code: bool) -> int:
    """Give the exit status; what could not be found out outweighs what was found."""
    if not all(map(is_answered, records)):
        return 3
    return 1 if refused or (exit_code and any(map(would_change, records))) else 0


def local_time(instant: datetime) -> str:
    """Write an instant in the reader's own zone."""
    return instant.astimezone().strftime("%H:%M:%S %Z")


REPORTS: dict[str, Callable[[Sequence[Record], Screen], None]] = {"text": write_text, "json": write_json}
