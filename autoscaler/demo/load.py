"""The demo's load over time: idle, a ramp, a burst, an outage of the metrics, and idle again. Pure.

Every instant is in seconds since the demo began, which is also when a sync slot falls: so at 2:15, the first sync
after the window holds no higher number, the workload shrinks. The steps lie on whole seconds and the daemon asks once
a second, so each is met by the first tick of its second.
"""

from bisect import bisect_right
from typing import Final

from autoscaler.demo.prometheus import Series

SECONDS: Final = 160.0
TARGETS: Final = 12
QUERY: Final = 'sum(rate(http_requests_total{app="web"}[30s]))'
OUTAGE: Final = (50.0, 70.0)
JOB: Final = {"job": "web", "namespace": "demo"}

# Until 0:27 at most 44 rps: within 15 s of the first growth the policy has one pod left, and it would be spent on 5.
# Until 0:43 at most 70 rps, so that seven pods stay seven. From 1:10 at most 20 rps: two pods. Activity is dated to the
# whole second below it, and demo/web ticks within one: from the last load to zero it is 15 s, not 16.
_CURVE: Final = (
    (0.0, 0.0),
    (11.0, 34.0),
    (26.0, 41.0),
    (27.0, 61.5),
    (42.0, 69.0),
    (43.0, 212.0),
    (50.0, 205.0),
    (70.0, 18.0),
    (90.0, 15.5),
    (120.0, 19.0),
    (130.0, 18.0),
    (137.0, 0.0),
)
_STEPS: Final = frozenset({11.0, 27.0, 43.0, 70.0, 137.0})  # reached in a jump, not along a line
_INSTANTS: Final = tuple(instant for instant, _ in _CURVE)


def load_at(second: float) -> float:
    """Give the requests per second that the workload gets at that second of the demo."""
    place = bisect_right(_INSTANTS, second) - 1
    if place < 0:
        return 0.0
    begins, level = _CURVE[place]
    following = _CURVE[place + 1] if place + 1 < len(_CURVE) else None
    if following is None or following[0] in _STEPS:
        return level
    ends, aim = following
    return level + (aim - level) * (second - begins) / (ends - begins)


def is_outage(second: float) -> bool:
    """Say whether the metrics come back empty at that second."""
    return OUTAGE[0] <= second < OUTAGE[1]


def answer(query: str, second: float) -> tuple[Series, ...] | None:
    """Answer the queries of the demo as a Prometheus would that has its samples; None: not a query it knows."""
    known = {
        QUERY: Series(labels={}, number=load_at(second)),
        "sum(up)": Series(labels={}, number=float(TARGETS)),
        "count(up)": Series(labels={}, number=float(TARGETS)),
        "sum(up)/count(up)": Series(labels={}, number=1.0),
        "count(up)by(job,namespace)": Series(labels=JOB, number=float(TARGETS)),
    }
    found = {compact(text): series for text, series in known.items()}.get(compact(query))
    if found is None:
        return None
    return () if is_outage(second) else (found,)


def compact(query: str) -> str:
    """Write a query without its white space, so that a re-printed one is still the same."""
    return "".join(query.split())
