"""What a parser's words mean: a mistake that every Prometheus refuses, and where it is, or what a newer one may know.

The parser tells what is wrong but not where; the place is looked up in the text, strings and comments left out.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping

from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.scalers.prometheus.promql import Unparsed, parse

_LITERAL = re.compile(r"""(?s)"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`|#[^\n]*""")
_VARIABLE = re.compile(r"\$(?:\{\w+(?::\w+)?\}|\w+)")
_SPLIT_UNIT = re.compile(r"\[\s*(\d+)\s+([A-Za-z]+)\s*\]")
_GROUPED = re.compile(r"(?i)\b([a-z_]\w*)\s+(?:by|without)\s*\(")
_MOST_CALLS = 20
_AGGREGATES = (
    *("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"),
)
_NO_NAMES = frozenset((*_AGGREGATES, "and", "or", "unless", "bool", "atan2", "offset"))
_FUNCTIONS = (
    *("rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "changes", "resets", "histogram_avg"),
    *("sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time"),
    *("quantile_over_time", "stddev_over_time", "present_over_time", "absent_over_time", "absent", "scalar", "vector"),
    *("histogram_quantile", "histogram_count", "histogram_sum", "label_replace", "label_join", "clamp", "clamp_min"),
    *("clamp_max", "abs", "ceil", "floor", "round", "exp", "ln", "log2", "log10", "sqrt", "time", "timestamp"),
    *("minute", "hour", "month", "year", "day_of_week", "day_of_month", "days_in_month", "sort", "sort_desc", "sgn"),
)
_ALSO = {"average": "avg", "mean": "avg", "total": "sum", "maximum": "max", "minimum": "min"}
"""What other languages call it."""


@value
class Mistake:
    """What is wrong, in a sentence. ``offset`` is the character that is meant, None where that is not known.

    ``certain`` says that every Prometheus refuses it; what is not may be known to a newer or another server.
    """

    what: str
    offset: int | None = None
    certain: bool = True


def explain(text: str, words: str) -> Mistake:
    """Turn the parser's words about a query into what its author can act on."""
    seen = _LITERAL.sub(lambda found: " " * len(found[0]), text)
    if (variable := _VARIABLE.search(seen)) is not None:
        fix = "a range such as [5m]" if "interval" in variable[0] or "range" in variable[0] else "its value"
        return Mistake(
            what=f"{plain(variable[0], 40)} is a variable of Grafana, which no Prometheus knows: write {fix}",
            offset=variable.start(),
        )
    for pattern, made in _MEANINGS.items():
        if (found := re.fullmatch(pattern, words)) is not None:
            return made(text, seen, found)
    return _not_known(words)


def _unknown_function(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    name = found[1]
    near = difflib.get_close_matches(name.lower(), (*_AGGREGATES, *_FUNCTIONS), n=1, cutoff=0.75)
    meant = _ALSO.get(name.lower()) or (near[0] if near else "")
    hint = f' (did you mean "{meant}"?)' if meant else ""
    place = re.search(rf"\b{re.escape(name)}\b", seen)
    what = f'Prometheus has no function "{plain(name, 60)}" that we know{hint}'
    return Mistake(what=what, offset=place.start() if place is not None else None, certain=False)


def _unreadable(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    """The parser says no more than that; a misspelled aggregation is nearly always before its ``by``."""
    named = next((one for one in _GROUPED.finditer(seen) if one[1].lower() not in _NO_NAMES), None)
    return _not_known(found[0]) if named is None else _unknown_function(text, seen, named)


def _not_known(words: str) -> Mistake:
    return Mistake(what=f"this is no PromQL that we know ({plain(words, 120)})", certain=False)


def _no_range(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    what = f"{found[1]}() of Prometheus takes a range: give one, such as {found[1]}(x[5m])"
    return Mistake(what=what, offset=_call(text, seen, found[1], found[0]), certain=False)


def _of_call(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    return Mistake(what=plain(found[0], 120), offset=_call(text, seen, found[1], found[0]), certain=False)


def _arguments(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    """Too few arguments are a mistake everywhere; more than we know may be those of a newer server."""
    offset = _call(text, seen, found[2], found[0])
    return Mistake(what=plain(found[0], 120), offset=offset, certain=int(found[3]) < int(found[1]))


def _unquoted(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    word = found[1]
    place = re.search(rf"[=~]\s*({re.escape(word)})\b", seen)
    what = f'the value of a label stands in quotes: write "{plain(word, 60)}"'
    return Mistake(what=what, offset=place.start(1) if place is not None else None)


def _in_braces(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    place = re.search(rf"[=~]\s*({re.escape(found[1])}[\w.-]*)", seen)
    if place is None:
        return Mistake(what=plain(found[0], 120), certain=False)
    return Mistake(what=f'the value of a label stands in quotes: write "{plain(place[1], 60)}"', offset=place.start(1))


def _in_brackets(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    """A blank before the unit is a mistake everywhere; sums and calls in brackets are Prometheus 3's."""
    split = _SPLIT_UNIT.search(seen)
    if split is None:
        return Mistake(what=plain(found[0], 120), certain=False)
    fix = f"[{split[1]}{split[2][0].lower()}]"
    return Mistake(what=f"{split[0]} is no range: a duration is a number and its unit, {fix}", offset=split.start())


def _duration(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    place = re.search(rf"{re.escape(found[1])}\w*", seen)
    shown = found[1] if place is None else place[0]
    what = f"{plain(shown, 60)} is no duration: write it like 30s, 5m or 1h"
    return Mistake(what=what, offset=None if place is None else place.start())


def _certain(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    return Mistake(what=plain(found[0], 120))


def _of_types(text: str, seen: str, found: "re.Match[str]") -> Mistake:
    """Prometheus refuses it; VictoriaMetrics converts where types do not fit, so its language takes it."""
    return Mistake(what=plain(found[0], 120), certain=False)


def _call(text: str, seen: str, name: str, words: str) -> int | None:
    """Find the call of a function that the parser's words are about: the innermost one that gives them by itself."""
    span: tuple[int, int] | None = None
    for start, end in _calls(seen, name):
        alone = parse(text[start:end])
        if isinstance(alone, Unparsed) and alone.words == words and (span is None or end < span[1]):
            span = (start, end)
    return None if span is None else span[0]


def _calls(seen: str, name: str) -> Iterator[tuple[int, int]]:
    """Give where the calls of a function begin and end, as many as may be parsed again."""
    for count, found in enumerate(re.finditer(rf"\b{re.escape(name)}\s*\(", seen)):
        if count == _MOST_CALLS:
            return
        depth = 0
        for at in range(found.end() - 1, len(seen)):
            depth += {"(": 1, ")": -1}.get(seen[at], 0)
            if depth == 0:
                yield found.start(), at + 1
                break


_MEANINGS: Mapping[str, Callable[[str, str, "re.Match[str]"], Mistake]] = {
    r"unknown function with name '(.*)'": _unknown_function,
    r"expected type matrix in call to function '(\w+)', got vector": _no_range,
    r"expected type \w+ in call to function '(\w+)', got \w+": _of_call,
    r"expected (\d+) argument\(s\) in call to '(\w+)', got (\d+)": _arguments,
    r"unexpected identifier '(\w+)' in label matching, expected string": _unquoted,
    r"unexpected character inside braces: '(\d)'": _in_braces,
    r"unexpected character inside brackets: .*": _in_brackets,
    r"bad number or duration syntax: (.+)": _duration,
    r"expected type \w+ in aggregation expression, got \w+": _of_types,
    r"wrong number of arguments for aggregate expression provided, .*": _certain,
    r"ranges only allowed for vector selectors": _of_types,
    r"binary expression must contain only scalar and instant vector types": _of_types,
    r"comparisons between scalars must use BOOL modifier": _of_types,
    r"set operator '\w+' not allowed in binary scalar expression": _of_types,
    r"vector selector must contain at least one non-empty matcher": _of_types,
    r"no expression found in input": _certain,
    r"invalid promql query": _unreadable,
}
"""The parser's words and what they mean. What is not here may be known to another server."""
