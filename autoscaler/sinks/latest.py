"""The newest record of each object and state of each source: what metrics and pages read."""

from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.record import Record, Round
from autoscaler.views.entry import Entry, SourceEntry, fold, fold_source
from autoscaler.views.exposition import Faulty, Shown, families

Files: TypeAlias = Callable[[], tuple[int, bool]]


class Latest:
    """Keeps the newest, for as long as the object is one of ``governed``: what is deleted vanishes at once.

    ``faulty`` gives the faults of the newest version of objects that were refused, ``files`` how many documents are
    refused and whether files are away.
    """

    def __init__(
        self, governed: Collection[ObjectKey], faulty: Callable[[], Faulty], files: Files = lambda: (0, False)
    ) -> None:
        self._governed = governed
        self._faulty = faulty
        self._files = files
        self._entries: dict[ObjectKey, Entry] = {}
        self._sources: dict[Source, SourceEntry] = {}

    def __call__(self, done: Round) -> None:
        """Take one round."""
        for record in done.records:
            if record.obj.key in self._governed:
                self._entries[record.obj.key] = fold(self._entries.get(record.obj.key), record)
        for report in done.reports:
            before = self._sources.get(report.source) or SourceEntry()
            self._sources[report.source] = fold_source(before, report, done.sources.get(report.source))

    def record(self, key: ObjectKey) -> Record | None:
        """Give an object's newest record; None before its first tick and after its deletion."""
        entry = self._entries.get(key)
        return entry.record if entry is not None and key in self._governed else None

    def families(self) -> Iterator[str]:
        """Give ``/metrics`` as text, one family at a time, of what is there at this moment."""
        self._prune()
        refused, away = self._files()
        return families(
            Shown(
                entries=tuple(self._entries.values()),
                sources=dict(self._sources),
                faulty=self._faulty(),
                refused=refused,
                away=away,
            )
        )

    def _prune(self) -> None:
        for key in self._entries.keys() - set(self._governed):
            del self._entries[key]
        used = {
            trigger.ask.question.source for entry in self._entries.values() for trigger in entry.record.obj.triggers
        }
        for source in self._sources.keys() - used:
            del self._sources[source]
