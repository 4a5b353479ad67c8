"""The log: structlog, configured once; a line per change, and per trouble when it begins and when it ends."""

import logging
from collections.abc import Collection, Mapping
from enum import Enum
from traceback import format_tb
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.record import Round
from autoscaler.model.source import SourceHealth
from autoscaler.model.text import plain
from autoscaler.sinks.holding import Holding
from autoscaler.views.event import NOTHING_SAID, Level, Standing
from autoscaler.views.logline import tell, tell_source
from autoscaler.views.signs import in_ascii, shows_signs

LONGEST_FIELD = 1000
LONGEST_TRACEBACK = 20_000


class Format(Enum):
    """Who reads the log."""

    CONSOLE = "console"
    JSON = "json"


class Log:
    """Writes rounds to the log. What is said of an object is forgotten once it is none of ``governed``."""

    def __init__(self, logger: FilteringBoundLogger, governed: Collection[ObjectKey]) -> None:
        self._logger = logger
        self._heartbeat = logger.is_enabled_for(logging.DEBUG)
        self._governed = governed
        self._said: dict[ObjectKey, Standing] = {}
        self._holding = Holding(governed)
        self._sources: dict[Source, SourceHealth] = {}

    def __call__(self, done: Round) -> None:
        """Take one round."""
        for source, state in done.sources.items():
            event = tell_source(self._sources.get(source), source, state)
            self._sources[source] = state.health
            if event is not None:
                self._write(event.level, event.verb, event.fields)
        for record in done.records:
            key = record.obj.key
            said, events = tell(self._said.get(key, NOTHING_SAID), record, heartbeat=self._heartbeat)
            if key in self._governed:
                self._said[key] = said
            else:
                self._said.pop(key, None)
            for event in events:
                line = self._holding.take(key, event)
                if line is not None:
                    self._write(line.level, line.verb, line.fields)

    def _write(self, level: Level, verb: str, fields: Mapping[str, object]) -> None:
        self._logger.log(_LEVELS[level], verb, **fields)


def configure_log(to: TextIO, *, form: Format, level: str, colors: bool = False) -> FilteringBoundLogger:
    """Send everything that is logged in this process to one stream; call it once, where the process is put together.

    ``level`` is debug, info, warning or error. What libraries log is shown from warning on, without the text of
    exceptions, which may hold what a request held (S14).
    """
    processors = _processors(form, colors=colors, wide=shows_signs(to.encoding))
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=to),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(to)
    handler.setFormatter(_Foreign(processors))
    handler.addFilter(_is_ours_to_hear)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def make_logger(to: TextIO, *, form: Format, level: str) -> FilteringBoundLogger:
    """Make a logger of the same make that configures nothing else."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(to),
        processors=_processors(form, colors=False, wide=shows_signs(to.encoding)),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    return logger


def _processors(form: Format, *, colors: bool, wide: bool) -> list[Processor]:
    """``wide``: the stream can show signs beyond ASCII."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    if form is Format.JSON:
        as_json = structlog.processors.JSONRenderer(ensure_ascii=not wide)
        return [structlog.stdlib.add_log_level, stamp, _clean, _head_first, as_json]
    console = structlog.dev.ConsoleRenderer(
        colors=colors, exception_formatter=structlog.dev.plain_traceback, sort_keys=False, pad_event_to=0
    )
    lines: list[Processor] = [structlog.stdlib.add_log_level, stamp, _clean, _traceback_last, console]
    return lines if wide else [*lines, _narrow]


def _clean(logger: object, method: str, event: EventDict) -> EventDict:
    """Escape what could forge a line or steer a terminal, in whatever comes from outside (S13)."""
    for key, field in event.items():
        if key == "traceback":
            event[key] = "\n".join(plain(line, LONGEST_FIELD) for line in str(field)[-LONGEST_TRACEBACK:].splitlines())
        else:
            event[key] = _cleaned(field)
    return event


def _cleaned(field: object) -> object:
    if isinstance(field, str):
        return plain(field, LONGEST_FIELD)
    if isinstance(field, Mapping):
        return {_cleaned(key): _cleaned(part) for key, part in field.items()}
    return field


def _head_first(logger: object, method: str, event: EventDict) -> EventDict:
    """Begin every JSON line with the same three keys."""
    head: EventDict = {key: event[key] for key in ("timestamp", "level", "event")}
    return {**head, **event}


def _traceback_last(logger: object, method: str, event: EventDict) -> EventDict:
    """Hand a traceback to the console as what follows the line."""
    text = event.pop("traceback", None)
    if text is not None:
        event["exception"] = text
    return event


def _narrow(logger: object, method: str, line: EventDict | str) -> str:
    return in_ascii(str(line))


class _Foreign(logging.Formatter):
    """Writes what libraries log as our own lines: frames and types of exceptions, never their text."""

    def __init__(self, processors: list[Processor]) -> None:
        super().__init__()
        self._processors = processors

    def format(self, record: logging.LogRecord) -> str:
        """Write one line."""
        event: EventDict = {"event": record.getMessage(), "logger": record.name}
        if record.exc_info and record.exc_info[0] is not None:
            frames = "".join(format_tb(record.exc_info[2]))
            event["traceback"] = f"{frames}{record.exc_info[0].__name__}"
        line: Any = event
        for processor in self._processors:
            line = processor(None, record.levelname.lower(), line)
        return str(line)


def _is_ours_to_hear(record: logging.LogRecord) -> bool:
    """Leave out malformed requests to our listener: whoever can reach it could fill the log with them."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or kind.__module__ != "aiohttp.http_exceptions"


_LEVELS = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}
