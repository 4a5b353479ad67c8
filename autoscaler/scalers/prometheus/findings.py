"""What reading a query alone can find wrong or doubtful in it (E300, E301, W300 to W308). Pure.

A warning that is wrong costs more trust than one that is missing: each rule fires only on what is nearly always meant.
"""

from collections.abc import Iterator
from datetime import timedelta

import promql_parser as promql

from autoscaler.model.faults import Fault, Severity
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.scalers.prometheus.mistakes import Mistake, explain
from autoscaler.scalers.prometheus.promql import Expression, Unparsed, bare, parse, result_type, walk
from autoscaler.scalers.prometheus.scan import Opening, scan
from autoscaler.scalers.prometheus.series import may_give_several

_SHORT = timedelta(seconds=30)  # twice the scrape interval that most people have
_TWO_SAMPLES = frozenset(("rate", "irate", "increase", "delta", "idelta", "deriv"))
_ABSENCE = frozenset(("absent", "absent_over_time"))
_FLOORS = frozenset(("clamp_min", "clamp"))
_COMPARISONS = frozenset((">", ">=", "!=", "=="))


@value
class _Found:
    code: str
    message: str


def judge_query(text: str, path: str, target: MetricTarget | None) -> tuple[Fault, ...]:
    """Give everything that is wrong or doubtful in a query.

    ``target`` None: the value goes into a formula, so nothing can be said of how it is divided.
    """
    seen = scan(text)
    opened = (_open_fault(text, seen.opening, path),) if seen.opening is not None else ()
    expression = parse(seen.closed)
    if isinstance(expression, Unparsed):
        return opened or (_mistake_fault(text, explain(text, expression.words), path),)
    return (*opened, *(_fault(each, path) for each in _found(expression, target)))


def _found(expression: Expression, target: MetricTarget | None) -> Iterator[_Found]:
    kind = result_type(expression)
    if kind in ("string", "matrix"):
        yield _Found(code="E301", message=f"the query gives a {kind}: it must give one number, as sum(...) does")
        return
    yield from _short_ranges(expression)
    if kind == "vector" and may_give_several(expression):
        message = "more than one series possible, and from the second on that is an error: wrap it in sum(...)"
        yield _Found(code="W302", message=message)
    yield from _false_idleness(expression)
    yield from _zero_by_zero(expression)
    if target is not None:
        yield from _division(expression, target)


def _short_ranges(expression: Expression) -> Iterator[_Found]:
    """A rate needs two samples in its range."""
    seen = set()
    for node in walk(expression):
        if not isinstance(node, promql.Call) or node.func.name not in _TWO_SAMPLES:
            continue
        selector = bare(node.args[0]) if node.args else None
        if isinstance(selector, promql.MatrixSelector) and selector.range < _SHORT and selector.range not in seen:
            seen.add(selector.range)
            shown, half = promql.display_duration(selector.range), selector.range.total_seconds() / 2
            message = f"[{shown}] holds two samples only if the scrape interval is {half:g} s or less"
            yield _Found(code="W304", message=message)


def _false_idleness(expression: Expression) -> Iterator[_Found]:
    for node in walk(expression):
        if isinstance(node, promql.BinaryExpr) and str(node.op) == "or" and _is_zero(bare(node.rhs)):
            message = "or vector(0) makes an outage look like idleness: leave it out, or give an alive query beside it"
            yield _Found(code="W303", message=message)
        elif isinstance(node, promql.Call) and node.func.name in _ABSENCE:
            message = f"{node.func.name}() cannot tell an outage from idleness: give an alive query beside it"
            yield _Found(code="W303", message=message)


def _is_zero(expression: Expression) -> bool:
    if not isinstance(expression, promql.Call) or expression.func.name != "vector":
        return False
    number = bare(expression.args[0])
    return isinstance(number, promql.NumberLiteral) and number.val == 0


def _zero_by_zero(expression: Expression) -> Iterator[_Found]:
    """Both sides of a division stop together where both are rates, and 0/0 is NaN."""
    for node in walk(expression):
        if not isinstance(node, promql.BinaryExpr) or str(node.op) != "/":
            continue
        if _holds_rate(node.lhs) and _holds_rate(node.rhs) and not _is_guarded(bare(node.rhs)):
            message = "without traffic this is 0/0, which reads as 0: divide by clamp_min(..., 1e-9) or filter by > 0"
            yield _Found(code="W305", message=message)


def _holds_rate(expression: Expression) -> bool:
    return any(isinstance(node, promql.Call) and node.func.name in _TWO_SAMPLES for node in walk(expression))


def _is_guarded(expression: Expression) -> bool:
    if isinstance(expression, promql.Call):
        return expression.func.name in _FLOORS
    if isinstance(expression, promql.BinaryExpr):
        word = str(expression.op)
        return word in _COMPARISONS or word == "or" or (word == "+" and not _holds_rate(expression.rhs))
    return False


def _division(expression: Expression, target: MetricTarget) -> Iterator[_Found]:
    """AverageValue divides a total among replicas; Value compares what every replica sees alike."""
    top = bare(expression)
    averaged = target.type is TargetType.AVERAGE_VALUE
    if isinstance(top, promql.AggregateExpr):
        word = str(top.op)
        if word == "avg" and averaged:
            message = "an average does not grow with the load, yet AverageValue divides it: use sum(...), or Value"
            yield _Found(code="W308", message=message)
        elif word == "sum" and target.type is TargetType.VALUE:
            message = "a total does not fall when replicas are added, so Value grows to the end: use AverageValue"
            yield _Found(code="W308", message=message)
    elif isinstance(top, promql.Call) and top.func.name == "histogram_quantile" and averaged:
        message = "a latency is no total to be divided among replicas, as AverageValue does: use metricType Value"
        yield _Found(code="W308", message=message)


def _fault(found: _Found, path: str) -> Fault:
    severity = Severity.ERROR if found.code.startswith("E") else Severity.WARNING
    return Fault(code=found.code, severity=severity, path=path, message=found.message, reason="query")


def _mistake_fault(text: str, mistake: Mistake, path: str) -> Fault:
    """Point at a mistake where its place is known; what is not certain is sent, and the server has the last word."""
    row, excerpt, caret = "", None, None
    if mistake.offset is not None:
        begin = text.rfind("\n", 0, mistake.offset) + 1
        row = f"{text.count(chr(10), 0, mistake.offset) + 1}:{mistake.offset - begin + 1}: "
        before = text[begin : mistake.offset]
        excerpt, caret = plain(text[begin:].partition("\n")[0], 300), len(plain(before, 10 * len(before) + 1))
        caret = caret if caret < len(excerpt) else None
    after = "" if mistake.certain else "; it is sent as it stands, and the server will tell"
    return Fault(
        code="E300" if mistake.certain else "W300",
        severity=Severity.ERROR if mistake.certain else Severity.WARNING,
        path=path,
        message=f"{row}{mistake.what}{after}",
        excerpt=excerpt,
        caret=caret,
        reason="query",
    )


def _open_fault(text: str, opening: Opening, path: str) -> Fault:
    """Point at the character in its own line."""
    begin = text.rfind("\n", 0, opening.offset) + 1
    excerpt = text[begin:].partition("\n")[0]
    line, column = text.count("\n", 0, opening.noticed) + 1, opening.noticed - text.rfind("\n", 0, opening.noticed)
    return Fault(
        code="E300",
        severity=Severity.ERROR,
        path=path,
        message=f"{line}:{column}: {opening.what} ({opening.note})",
        excerpt=plain(excerpt, 300),
        caret=opening.offset - begin,
        reason="query",
    )
