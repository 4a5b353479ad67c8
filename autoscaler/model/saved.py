"""What a store keeps over a restart."""

from collections.abc import Mapping
from datetime import datetime

from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.source import SourceState
from autoscaler.model.value import value


@value
class Saved:
    """What a store knew: memories by object, states by source, and whether the last stop was orderly."""

    memories: Mapping[ObjectKey, Memory]
    sources: Mapping[Source, SourceState]
    clean: bool
    saved_at: datetime
