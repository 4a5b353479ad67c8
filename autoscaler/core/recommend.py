"""From proposals to one recommendation. Source: kubernetes horizontal.go, computeReplicasForMetrics."""

from collections.abc import Sequence

from autoscaler.model.decision import Proposal, Reason, Stage, Step


def recommend(proposals: Sequence[Proposal], base: int) -> tuple[int | None, Step]:
    """Take the highest proposal; None where there is nothing to go on.

    While any metric gives nothing, the others may raise ``base`` or keep it, but not lower it.
    """
    known = [proposal.replicas for proposal in proposals if proposal.replicas is not None]
    best = max(known, default=0)
    if len(known) == len(proposals) and known:
        return best, Step(stage=Stage.RECOMMEND, before=base, after=best, reason=Reason.VALID_METRIC)
    fault = next((proposal.fault for proposal in proposals if proposal.replicas is None), None) or ""
    if not known or best < base:
        return None, Step(stage=Stage.RECOMMEND, before=base, after=base, reason=Reason.FAILED_METRIC, detail=fault)
    return best, Step(stage=Stage.RECOMMEND, before=base, after=best, reason=Reason.PARTIAL_FAILURE, detail=fault)


def winner(proposals: Sequence[Proposal]) -> Proposal | None:
    """Name the proposal whose metric the HPA would give as the reason: of equals the first; None when all are 0."""
    best: Proposal | None = None
    for proposal in proposals:
        if proposal.replicas and (best is None or proposal.replicas > (best.replicas or 0)):
            best = proposal
    return best
