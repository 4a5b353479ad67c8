"""Whether a query can give more than one series. Pure."""

import promql_parser as promql

from autoscaler.scalers.prometheus.promql import Expression, bare, result_type, walk

_SELECTING = frozenset(("topk", "bottomk", "limitk", "limit_ratio", "count_values"))
_SINGLE = frozenset(("vector", "absent", "absent_over_time", "time", "pi", "scalar"))
_SET_OPERATORS = frozenset(("and", "unless"))


def may_give_several(expression: Expression) -> bool:
    """Say whether labels are left that can differ; recorded names are taken to be one series."""
    match bare(expression):
        case promql.AggregateExpr() as aggregate:
            return _aggregate_may(aggregate)
        case promql.UnaryExpr() as unary:
            return may_give_several(unary.expr)
        case promql.BinaryExpr() as binary:
            return _binary_may(binary)
        case promql.Call() as call:
            return _call_may(call)
        case promql.VectorSelector() as selector:
            return ":" not in (selector.name or "")
        case promql.MatrixSelector() as matrix:
            return may_give_several(matrix.vector_selector)
        case promql.SubqueryExpr() as subquery:
            return may_give_several(subquery.expr)
        case _:
            return False


def _aggregate_may(aggregate: promql.AggregateExpr) -> bool:
    if str(aggregate.op) in _SELECTING:
        one = bare(aggregate.param) if isinstance(aggregate.param, promql.Expr) else None
        return not (isinstance(one, promql.NumberLiteral) and one.val == 1 and str(aggregate.op) != "count_values")
    if aggregate.modifier is None:
        return False
    if aggregate.modifier.type == promql.AggModifierType.Without:
        return may_give_several(aggregate.expr)
    return bool(set(aggregate.modifier.labels) - _pinned(aggregate.expr))


def _binary_may(binary: promql.BinaryExpr) -> bool:
    word = str(binary.op)
    if word in _SET_OPERATORS:
        return may_give_several(binary.lhs)
    if word == "or":
        return may_give_several(binary.lhs) or may_give_several(binary.rhs)
    sides = [side for side in (binary.lhs, binary.rhs) if result_type(side) == "vector"]
    return all(may_give_several(side) for side in sides)


def _call_may(call: promql.Call) -> bool:
    name = call.func.name
    if name in _SINGLE:
        return False
    if name == "histogram_quantile":
        return _quantile_may(bare(call.args[-1]))
    vectors = [arg for arg in call.args if result_type(arg) in ("vector", "matrix")]
    return any(may_give_several(arg) for arg in vectors)


def _quantile_may(expression: Expression) -> bool:
    """``le`` is used up by the quantile."""
    if isinstance(expression, promql.AggregateExpr) and expression.modifier is not None:
        if expression.modifier.type == promql.AggModifierType.By:
            return bool(set(expression.modifier.labels) - {"le"} - _pinned(expression.expr))
        return True
    return not isinstance(expression, promql.AggregateExpr)


def _pinned(expression: Expression) -> set[str]:
    """Give the labels that every selector of an expression fixes to one value."""
    fixed: list[set[str]] = [
        {matcher.name for matcher in node.matchers.matchers if matcher.op == promql.MatchOp.Equal}
        for node in walk(expression)
        if isinstance(node, promql.VectorSelector)
    ]
    return set.intersection(*fixed) if fixed else set()
