"""A workload's selector as the text that a scale subresource would show."""

import msgspec


class Requirement(msgspec.Struct):
    """One of ``matchExpressions``."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class Selector(msgspec.Struct, rename="camel"):
    """A label selector."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()


def selector_text(selector: Selector) -> str:
    """Write a selector as ``labelSelector`` takes it."""
    labels = [f"{key}={text}" for key, text in sorted(selector.match_labels.items())]
    return ",".join([*labels, *(_requirement(each) for each in selector.match_expressions)])


def _requirement(each: Requirement) -> str:
    values = ",".join(sorted(each.values))
    return {
        "In": f"{each.key} in ({values})",
        "NotIn": f"{each.key} notin ({values})",
        "Exists": each.key,
        "DoesNotExist": f"!{each.key}",
    }.get(each.operator, each.key)
