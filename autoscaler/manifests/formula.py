"""``scalingModifiers`` as written to its value: the formula parsed, checked and tried, and its target.

Source: KEDA scaledobject_webhook.go, validateScalingModifiers, and pkg/scaling/modifiers/formula.go; expr-lang 1.17.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache

from lark import Lark, Token, UnexpectedInput

from autoscaler.core.formula.check import check
from autoscaler.core.formula.evaluate import execute
from autoscaler.core.formula.rewrite import rewrite
from autoscaler.core.formula.shapes import CheckError
from autoscaler.core.formula.tree import MAX_DEPTH, MAX_NODES, MAX_TEXT
from autoscaler.core.formula.values import FormulaError
from autoscaler.manifests.formula_faults import helped, point, swallowed, unexpected
from autoscaler.manifests.formula_grammar import GRAMMAR
from autoscaler.manifests.formula_rows import Misplaced, place_of
from autoscaler.manifests.formula_tree import Builder
from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.formula import Formula, Node
from autoscaler.model.gotext import parse_float
from autoscaler.model.objects import MetricTarget, Modifiers, TargetType
from autoscaler.model.text import plain

_CAST = "float("
_CARRIER = "let _kedaCompositeResult = ("
_CARRIED = "); _kedaCompositeResult == nil ? nil : float(_kedaCompositeResult)"
_TRIAL = -1.0
"""What every trigger reads as in the trial run."""
_TRIAL_AT = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", lexer_callbacks={"NAME": _checked_name})


def _checked_name(token: Token) -> Token:
    """Take letters and decimal digits alone: ``\\w`` also means ² and ½. Source: lexer/utils, IsAlphabetic."""
    for place, character in enumerate(token):
        if not (character.isalpha() or character in "_$" or (place and character.isdecimal())):
            raise Misplaced(f'"{character}" is not expected here', place_of(token) + place)
    return token


def wrap(text: str) -> tuple[str, int]:
    """Add the cast that KEDA adds, and say how many characters it puts before the author's.

    A comment at the end of the text swallows what follows it, as in KEDA.
    """
    if "??" in text:
        return f"{_CARRIER}{text}{_CARRIED}", len(_CARRIER)
    if text.startswith(_CAST):
        return text, 0
    return f"{_CAST}{text})", len(_CAST)


def parse_formula(text: str, names: Iterable[str], *, path: str, others: Iterable[str] = ()) -> Formula | Fault:
    """Parse a formula, check its types and try it with every trigger at -1.

    ``names`` are those of the triggers that have a variable: named ones, cpu and memory excepted; those are ``others``.
    A fault's ``column`` counts from 1 in the text; its ``reason`` is one of ``compile``, ``unknown_name`` and
    ``dummy_run``.
    """
    known = frozenset(names)
    if len(text.encode(errors="replace")) > MAX_TEXT:
        return point(text, path, 1, f"the formula is longer than {MAX_TEXT} bytes: shorten it", "compile")
    wrapped, shift = wrap(text)
    builder = Builder(known, shift)
    try:
        root = builder.build(_parser().parse(wrapped))
        _measure(root)
        check(root, known)
    except UnexpectedInput as error:
        message, offset = _syntax(text, error, wrapped, shift)
        return point(text, path, offset + 1, message, "compile")
    except Misplaced as error:
        return point(text, path, builder.column(error.offset), error.message, "compile")
    except CheckError as error:
        reason = "unknown_name" if error.unknown_name else "compile"
        return point(text, path, error.column, helped(error, text, known, others), reason)
    return _tried(Formula(text=text, root=rewrite(root)), known, path)


def _syntax(text: str, error: UnexpectedInput, wrapped: str, shift: int) -> tuple[str, int]:
    """Say what is wrong in the author's own text, and where in it; what KEDA adds is not there to be seen."""
    try:
        _parser().parse(text)
    except UnexpectedInput as alone:
        return unexpected(alone, text)
    except Misplaced as alone:
        return alone.message, alone.offset
    message, offset = unexpected(error, wrapped)
    return (message, max(offset - shift, 0)) if offset - shift < len(text) else swallowed(text)


def _tried(formula: Formula, names: frozenset[str], path: str) -> Formula | Fault:
    try:
        execute(formula, dict.fromkeys(names, _TRIAL), _TRIAL_AT, absent=0.0)
    except FormulaError as error:
        message = f"with every trigger at -1 it fails: {error.message}"
        return point(formula.text, path, error.column or 1, message, "dummy_run")
    return formula


def parse_modifiers(
    *,
    formula: str,
    target: str,
    activation_target: str,
    metric_type: str,
    names: Iterable[str],
    others: Iterable[str] = (),
    path: str = "spec.advanced.scalingModifiers",
) -> Modifiers | Faults | None:
    """Read ``scalingModifiers``; None where all four are empty: there are no modifiers.

    The first fault in KEDA's order is given: formula missing, target missing, formula, target, metric type.
    """
    if not (formula or target or activation_target or metric_type):
        return None
    for field, given in (("formula", formula), ("target", target)):
        if not given:
            return _refused(f"{path}.{field}", "E102", f"scalingModifiers needs a {field}: add it", f"{field}_missing")
    parsed = parse_formula(formula, names, path=f"{path}.formula", others=others)
    if isinstance(parsed, Fault):
        return Faults(faults=(parsed,))
    amount = parse_float(target)
    if amount is None or amount <= 0:
        message = f'the target must be a number above 0, found "{plain(target, 80)}"'
        return _refused(f"{path}.target", "E104", message, "bad_target")
    activation = parse_float(activation_target) if activation_target else 0.0
    if activation is None:
        message = f'activationTarget must be a number, found "{plain(activation_target, 80)}"'
        return _refused(f"{path}.activationTarget", "E104", message, "bad_activation_target")
    word = metric_type or TargetType.AVERAGE_VALUE.value
    if word not in (TargetType.AVERAGE_VALUE.value, TargetType.VALUE.value):
        message = f'metricType must be AverageValue or Value, found "{plain(metric_type, 80)}"'
        return _refused(f"{path}.metricType", "E104", message, "bad_metric_type")
    milli = MetricTarget(type=TargetType(word), amount=_milli(amount))
    return Modifiers(formula=parsed, target=milli, activation=activation)


def _milli(amount: float) -> int:
    """Cut to thousandths in doubles as KEDA does: 2.01 is 2009; what is not finite is 0."""
    return int(amount * 1000.0) if math.isfinite(amount) else 0


def _measure(root: Node) -> None:
    """Refuse a tree that is too large or too deep."""
    pending, count = [(root, 1)], 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if count > MAX_NODES:
            raise CheckError(f"the formula has more than {MAX_NODES} parts: simplify it", node.column)
        if depth > MAX_DEPTH:
            raise CheckError(f"the formula is nested deeper than {MAX_DEPTH}: simplify it", node.column)
        pending += [(child, depth + 1) for child in node.children]


def _refused(path: str, code: str, message: str, reason: str) -> Faults:
    fault = Fault(code=code, severity=Severity.ERROR, path=path, message=message, reason=reason)
    return Faults(faults=(fault,))
