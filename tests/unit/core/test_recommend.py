"""From proposals to one recommendation."""

from autoscaler.core.recommend import recommend, winner
from autoscaler.model.decision import Proposal, Reason, Stage, Step


def proposals(*counts: int | None) -> list[Proposal]:
    return [
        Proposal(trigger=index, replicas=count, fault=f"fault {index}" if count is None else None)
        for index, count in enumerate(counts)
    ]


def step(before: int, after: int, reason: Reason, detail: str = "") -> Step:
    return Step(stage=Stage.RECOMMEND, before=before, after=after, reason=reason, detail=detail)


def test_the_highest_proposal_wins():
    """The recommendation is the maximum of the proposals."""
    assert recommend(proposals(3, 7, 5), 4) == (7, step(4, 7, Reason.VALID_METRIC))
    assert recommend(proposals(0), 4) == (0, step(4, 0, Reason.VALID_METRIC))


def test_a_failing_metric_blocks_shrinking_only():
    """With one metric failing the others may raise or keep the count, not lower it; the first fault is told."""
    assert recommend(proposals(3, None, None), 4) == (None, step(4, 4, Reason.FAILED_METRIC, "fault 1"))
    assert recommend(proposals(4, None), 4) == (4, step(4, 4, Reason.PARTIAL_FAILURE, "fault 1"))
    assert recommend(proposals(None, 5), 4) == (5, step(4, 5, Reason.PARTIAL_FAILURE, "fault 0"))


def test_nothing_to_go_on():
    """With every metric failing, or none at all, there is no recommendation, even at a base of zero."""
    assert recommend(proposals(None), 4) == (None, step(4, 4, Reason.FAILED_METRIC, "fault 0"))
    assert recommend(proposals(None), 0) == (None, step(0, 0, Reason.FAILED_METRIC, "fault 0"))
    assert recommend([], 4) == (None, step(4, 4, Reason.FAILED_METRIC))


def test_the_winner_is_the_first_of_equals():
    """The reason names the first metric that asks for the most; nobody wins with 0 or nothing."""
    five = proposals(None, 5, 5, 2)
    assert winner(five) is five[1]
    rising = proposals(2, 5)
    assert winner(rising) is rising[1]
    assert winner(proposals(0, None)) is None
