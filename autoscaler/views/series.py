"""The text format of Prometheus: escaped labels, numbers, families."""

from collections.abc import Iterable

from autoscaler.views.metrics import Metric

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def labels(names: Iterable[str], values: Iterable[str]) -> str:
    """Write label pairs, without the braces; whatever a value holds, it stays inside its quotes."""
    return ",".join(f'{name}="{escape(text)}"' for name, text in zip(names, values, strict=True))


def escape(text: str) -> str:
    """Escape a label value as the format asks; what is no valid UTF-8 becomes a question mark."""
    return text.translate(_ESCAPES).encode("utf-8", "replace").decode("utf-8")


def number(milli: int) -> str:
    """Write thousandths as a decimal number, without rounding."""
    whole, rest = divmod(abs(milli), 1000)
    sign = "-" if milli < 0 else ""
    return f"{sign}{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else f"{sign}{whole}"


def family(metric: Metric, lines: list[str]) -> str:
    """Write one family; nothing at all where it has no series."""
    if not lines:
        return ""
    head = f"# HELP {metric.name} {metric.meaning}\n# TYPE {metric.name} {metric.type.value}\n"
    return head + "\n".join(lines) + "\n"
