"""One owner per name and per target: who goes on where several documents claim one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from autoscaler.manifests.document import Document
from autoscaler.manifests.faults import error
from autoscaler.model.faults import Fault
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget
from autoscaler.model.text import plain
from autoscaler.model.value import value

Governed: TypeAlias = Mapping[ScaleTarget, ObjectKey]
"""Which object governed a target last."""

Workload: TypeAlias = tuple[str, str, str, str]


@value
class Claim:
    """A valid object and the document it comes from. ``path`` is where its spec stands."""

    document: Document
    path: str
    obj: ScaledObject


@value
class Settled:
    """Whose claims stand, and which do not and why."""

    winners: tuple[Claim, ...]
    losers: tuple[tuple[Claim, Fault], ...]


def settle(
    claims: Sequence[Claim],
    running: Mapping[tuple[str, str], str],
    governed: Governed,
    kept: Sequence[ScaledObject] = (),
) -> Settled:
    """Give every name and every target one owner.

    ``running`` is the file of each object that runs, by namespace and name. Of two documents of one name the one of
    the file that runs goes on, else the first. Of two objects on one target the one that governed it last goes on,
    else the older one; where neither decides, none does. ``kept`` are objects that run on without a valid document:
    their targets are taken.
    """
    losers: list[tuple[Claim, Fault]] = []
    named = _by_name(claims, running, losers)
    owners = {workload_of(target): key for target, key in governed.items()}
    taken = {workload_of(obj.target): obj for obj in kept}
    winners: list[Claim] = []
    for workload, group in _grouped(named).items():
        if workload in taken:
            losers.extend((claim, _taken_by(claim, taken[workload].key, taken[workload].origin)) for claim in group)
            continue
        owner = group[0] if len(group) == 1 else _owner(group, owners.get(workload))
        winners.extend(claim for claim in group if claim is owner)
        losers.extend((claim, _taken(claim, group, owner)) for claim in group if claim is not owner)
    return Settled(winners=tuple(winners), losers=tuple(losers))


def workload_of(target: ScaleTarget) -> Workload:
    """Give what a target is, whatever version of its kind an object names."""
    group = target.api_version.rpartition("/")[0]
    return (target.namespace, group, target.kind, target.name)


def _by_name(
    claims: Sequence[Claim], running: Mapping[tuple[str, str], str], losers: list[tuple[Claim, Fault]]
) -> list[Claim]:
    groups: defaultdict[ObjectKey, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[claim.obj.key].append(claim)
    named: list[Claim] = []
    for key, group in groups.items():
        file = running.get((key.namespace, key.name))
        owner = next((claim for claim in group if claim.document.file == file), group[0])
        named.append(owner)
        where = plain(owner.document.file, 80)
        message = f"ScaledObject {plain(str(key), 120)} is in {where} already; remove one or rename it"
        losers.extend((claim, error("E109", "metadata.name", message)) for claim in group if claim is not owner)
    return named


def _grouped(claims: Sequence[Claim]) -> Mapping[Workload, list[Claim]]:
    groups: defaultdict[Workload, list[Claim]] = defaultdict(list)
    for claim in claims:
        groups[workload_of(claim.obj.target)].append(claim)
    return groups


def _owner(group: Sequence[Claim], governed_last: ObjectKey | None) -> Claim | None:
    for claim in group:
        if claim.obj.key == governed_last:
            return claim
    born = [(claim.obj.created_at, claim) for claim in group if claim.obj.created_at is not None]
    if len(born) < len(group):
        return None
    oldest = min(at for at, _ in born)
    first = [claim for at, claim in born if at == oldest]
    return first[0] if len(first) == 1 else None


def _taken(claim: Claim, group: Sequence[Claim], owner: Claim | None) -> Fault:
    if owner is not None:
        return _taken_by(claim, owner.obj.key, owner.document.file)
    others = ", ".join(plain(str(one.obj.key), 80) for one in group if one is not claim)
    target = plain(str(claim.obj.target), 80)
    message = f"{target} is the target of {others} too, and nothing tells which was first: none acts; keep only one"
    return error("E109", _place(claim), message)


def _taken_by(claim: Claim, key: ObjectKey, origin: str) -> Fault:
    target, other = plain(str(claim.obj.target), 80), f"{plain(str(key), 80)} ({plain(origin, 80)})"
    return error("E109", _place(claim), f"{target} is scaled by {other} already; remove one of the two objects")


def _place(claim: Claim) -> str:
    return f"{claim.path}.scaleTargetRef" if claim.path == "spec" else claim.path
