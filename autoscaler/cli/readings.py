"""What is said of the documents while the daemon runs: in the log once per change, in metrics and readiness always."""

from dataclasses import dataclass, field

import structlog

from autoscaler.loop.vitals import NAMED, Vitals
from autoscaler.manifests.catalog import GONE_AFTER, Changes, Refused
from autoscaler.manifests.document import Away, Finding, is_within
from autoscaler.model.faults import Fault, Severity, sentence
from autoscaler.model.objects import ObjectKey

Logger = structlog.typing.FilteringBoundLogger
READER = "files"
UNREADABLE = "E100"
RUNS_ON = "what ran from it runs on, until it is read or a restart"


@dataclass
class Readings:
    """What was said last about the documents. ``unseen`` were refused, and their files are ``away`` since."""

    logger: Logger
    vitals: Vitals
    refused: tuple[Refused, ...] = ()
    unseen: tuple[Refused, ...] = ()
    away: tuple[Away, ...] = ()
    warned: frozenset[Finding] = frozenset()
    faults: dict[ObjectKey, tuple[Fault, ...]] = field(default_factory=dict)

    def note(self, changes: Changes, *, away: tuple[Away, ...] = ()) -> None:
        """Say what is new, and keep it where the probes and metrics look.

        Where something is ``away``, what is absent from the files may be there all the same, so it runs on.
        """
        self._settle(away)
        for refused in changes.refused:
            if refused not in (*self.refused, *self.unseen) and not _is_away(refused, away):
                self._refuse(refused)
        self._accept(changes.refused, away)
        self._warn(changes.findings)
        if self.vitals.loaded:
            self._tell(changes)
        self.refused = changes.refused
        self.vitals.loaded = True
        self.vitals.refused = {name_of(each): complaint(each) for each in changes.refused}
        self.faults = {each.key or ObjectKey(namespace="", name=each.file): each.faults for each in changes.refused}

    def _settle(self, away: tuple[Away, ...]) -> None:
        """Say once which paths are away and which are back, and keep them in readiness while they are away."""
        for each in away:
            if each not in self.away:
                running = RUNS_ON if self.vitals.loaded else "nothing from it"
                self.logger.warning("files away", path=each.path, why=each.why, running=running)
        for path in sorted({each.path for each in self.away} - {each.path for each in away}):
            self.logger.info("files back", path=path)
        self.away = away
        named = "; ".join(f"{each.path}: {each.why}" for each in away[:NAMED])
        more = f"; and {len(away) - NAMED} more" if len(away) > NAMED else ""
        if away:
            self.vitals.troubles[READER] = f"{named}{more}; {RUNS_ON}"
        else:
            self.vitals.troubles.pop(READER, None)

    def broke(self, traceback: str) -> None:
        """Say that reading itself broke; what was read before runs on."""
        self.vitals.troubles[READER] = "reading the files broke; what was read before runs on"
        self.logger.error("reading broke", traceback=traceback, running="what was read before")

    def _refuse(self, refused: Refused) -> None:
        self.logger.warning(
            "refused",
            **_named(refused),
            why=complaint(refused),
            running="the last good version" if refused.running else "nothing",
        )

    def _accept(self, refused: tuple[Refused, ...], away: tuple[Away, ...]) -> None:
        """Say which documents are no longer wrong, or no longer there; of those whose files are away nobody knows."""
        still = {name_of(each) for each in refused}
        gone = [each for each in (*self.refused, *self.unseen) if name_of(each) not in still]
        self.unseen = tuple(each for each in gone if _is_away(each, away) and each.faults[0].code != UNREADABLE)
        for each in gone:
            if not _is_away(each, away) and each.faults[0].code != UNREADABLE:
                self.logger.info("no longer refused", **_named(each))

    def _warn(self, findings: tuple[Finding, ...]) -> None:
        """Say each warning once; notes are for check."""
        warnings = frozenset(each for each in findings if each.fault.severity is Severity.WARNING)
        for each in sorted(warnings - self.warned, key=lambda found: (found.file, found.fault.line or 0)):
            self.logger.warning(
                "found", object=each.subject, file=each.file, code=each.fault.code, why=placed(each.fault)
            )
        self.warned = warnings

    def _tell(self, changes: Changes) -> None:
        """Say which objects a change of the files concerned."""
        for verb, keys in (
            ("object added", [obj.key for obj in changes.added]),
            ("object changed", [obj.key for obj in changes.changed]),
            ("object removed", list(changes.removed)),
        ):
            for key in keys:
                self.logger.info(verb, object=str(key))
        for key in changes.vanished:
            kept = f"for {GONE_AFTER.total_seconds():.0f} s, scaled as before; removed then unless it is back"
            self.logger.info("file gone", object=str(key), kept=kept)
        for key in changes.returned:
            self.logger.info("file back", object=str(key))


def _is_away(refused: Refused, away: tuple[Away, ...]) -> bool:
    return any(is_within(refused.file, each.path) for each in away)


def _named(refused: Refused) -> dict[str, str]:
    """Name a refused document in a line: its object where one is meant, and its file."""
    return {"object": refused.subject, "file": refused.file} if refused.subject else {"file": refused.file}


def name_of(refused: Refused) -> str:
    """Name a refused document for people: its file, and what in it is meant."""
    return f"{refused.file} {refused.subject}".rstrip()


def complaint(refused: Refused) -> str:
    """Put the first fault of a refused document into a line."""
    more = f" (and {len(refused.faults) - 1} more: autoscaler check)" if len(refused.faults) > 1 else ""
    return f"{refused.faults[0].code} {placed(refused.faults[0])}{more}"


def placed(fault: Fault) -> str:
    """Give a fault's place and message."""
    where = f"line {fault.line}: " if fault.line else ""
    return where + sentence(fault.path, fault.message)
