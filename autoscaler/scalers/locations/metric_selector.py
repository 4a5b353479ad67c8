"""A sample in Prometheus' text format by a selector. Source: KEDA metrics_api_scaler.go.

The first sample of the family that has every label counts; any operator of a matcher is read as equality, and
histograms and summaries are not looked into, all as in KEDA.
"""

from autoscaler.model.text import plain
from autoscaler.scalers.locations.found import NotFound
from autoscaler.scalers.locations.metric_lines import COMPOSITE, BrokenTextError, Line, read_lines
from autoscaler.scalers.locations.selector_text import Selector, parse_metric_selector


def find_in_metrics(body: bytes, location: str) -> float | NotFound:
    """Find the first sample that a selector names."""
    selector = parse_metric_selector(location)
    if selector is None:
        return NotFound(detail=f'valueLocation "{plain(location, 80)}" is no metric selector')
    try:
        lines = list(read_lines(body.decode()))
    except (UnicodeDecodeError, BrokenTextError):
        return NotFound(detail="the answer is not in Prometheus' text format")
    for line in lines:
        if line.kind not in COMPOSITE and _is_meant(line, selector):
            return line.number
    return NotFound(detail=f'there is no sample "{plain(location, 80)}" in the answer')


def _is_meant(line: Line, selector: Selector) -> bool:
    has_all = all(label in line.labels and line.labels[label] == text for label, text in selector.labels)
    return line.family == selector.name and has_all
