"""The types of autoscaling/v1 and v2, and the one way an object can fail to be decoded.

Source: kubernetes staging/src/k8s.io/api/autoscaling v1 and v2, types.go.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from autoscaler.manifests.positions import Data
from autoscaler.model.quantity import parse_quantity
from autoscaler.model.text import plain
from autoscaler.model.value import value

Read: TypeAlias = "Callable[[Data, str], Data]"
Fields: TypeAlias = "Mapping[str, tuple[Read, Data]]"
"""By name: how a field is read, and what it holds when it is absent; None: it stays absent."""

_INT32: Final = range(-(2**31), 2**31)


@value
class Misfit:
    """A value that is not of its field's type: the API server refuses the whole object."""

    path: str
    message: str


class MisfitError(Exception):
    """Carries a misfit out of nested fields; it does not leave this room."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.misfit = Misfit(path=path, message=message)


def decode(document: Mapping[str, Data]) -> dict[str, Data] | Misfit:
    """Read the spec of an object by the types of its apiVersion; null fields count as absent, unknown ones are left."""
    fields = V1_SPEC if document.get("apiVersion") == "autoscaling/v1" else SPEC
    try:
        spec = read_fields(document.get("spec") or {}, fields, "spec")
    except MisfitError as error:
        return error.misfit
    return spec


def read_fields(raw: Data, fields: Fields, path: str) -> dict[str, Data]:
    """Read a mapping field by field. Raises MisfitError."""
    if not isinstance(raw, Mapping):
        raise MisfitError(path, f"must be a mapping, found {plain(repr(raw), 30)}")
    out: dict[str, Data] = {}
    for name, (read, default) in fields.items():
        held = raw.get(name)
        found = default if held is None else read(held, f"{path}.{name}")
        if found is not None:
            out[name] = found
    return out


def struct(fields: Fields) -> Read:
    """A nested mapping."""
    return lambda raw, path: read_fields(raw, fields, path)


def items(fields: Fields) -> Read:
    """A list of mappings; a null among them is an empty one."""

    def read(raw: Data, path: str) -> Data:
        if not isinstance(raw, list):
            raise MisfitError(path, f"must be a list, found {plain(repr(raw), 30)}")
        return [read_fields(held or {}, fields, f"{path}[{index}]") for index, held in enumerate(raw)]

    return read


def text(raw: Data, path: str) -> Data:
    """Text."""
    if not isinstance(raw, str):
        raise MisfitError(path, f"must be text, found {plain(repr(raw), 30)}")
    return raw


def text_unless_empty(raw: Data, path: str) -> Data:
    """Text whose empty form is the same as none."""
    return text(raw, path) or None


def whole(raw: Data, path: str) -> Data:
    """A whole number of 32 bits."""
    if not isinstance(raw, int) or isinstance(raw, bool) or raw not in _INT32:
        raise MisfitError(path, f"must be a whole number of 32 bits, found {plain(repr(raw), 30)}")
    return raw


def quantity(raw: Data, path: str) -> Data:
    """A quantity, kept as text; a bare number is one, too, and blanks around it do not count.

    It is read before JSON's escapes are: a tab is none of these blanks.
    """
    shown = raw.strip(" ") if isinstance(raw, str) else repr(raw)
    if isinstance(raw, bool) or not isinstance(raw, str | int | float) or parse_quantity(shown) is None:
        raise MisfitError(path, f'must be a quantity as "500m" is, found {plain(repr(raw), 30)}')
    return shown


def labels(raw: Data, path: str) -> Data:
    """Texts by name, null among them the empty one; a mapping without any is the same as none."""
    if not isinstance(raw, Mapping):
        raise MisfitError(path, f"must be a mapping, found {plain(repr(raw), 30)}")
    return {name: "" if held is None else text(held, f"{path}.{name}") for name, held in raw.items()} or None


def texts(raw: Data, path: str) -> Data:
    """A list of texts."""
    if not isinstance(raw, list):
        raise MisfitError(path, f"must be a list, found {plain(repr(raw), 30)}")
    return ["" if held is None else text(held, f"{path}[{index}]") for index, held in enumerate(raw)]


REFERENCE: Final[Fields] = {"kind": (text, ""), "name": (text, ""), "apiVersion": (text_unless_empty, None)}
_EXPRESSION: Final[Fields] = {"key": (text, ""), "operator": (text, ""), "values": (texts, None)}
_selector: Final[tuple[Read, Data]] = (
    struct({"matchLabels": (labels, None), "matchExpressions": (items(_EXPRESSION), None)}),
    None,
)
_METRIC: Final[Fields] = {"name": (text, ""), "selector": _selector}
_TARGET: Final[Fields] = {
    "type": (text, ""),
    "value": (quantity, None),
    "averageValue": (quantity, None),
    "averageUtilization": (whole, None),
}
_NO_REFERENCE: Final[dict[str, Data]] = {"kind": "", "name": ""}
_NO_TARGET: Final[dict[str, Data]] = {"type": ""}
_NO_METRIC: Final[dict[str, Data]] = {"name": ""}
_target: Final[tuple[Read, Data]] = (struct(_TARGET), _NO_TARGET)
_metric: Final[tuple[Read, Data]] = (struct(_METRIC), _NO_METRIC)
METRIC_SPEC: Final[Fields] = {
    "type": (text, ""),
    "object": (
        struct({"describedObject": (struct(REFERENCE), _NO_REFERENCE), "target": _target, "metric": _metric}),
        None,
    ),
    "pods": (struct({"metric": _metric, "target": _target}), None),
    "resource": (struct({"name": (text, ""), "target": _target}), None),
    "containerResource": (struct({"name": (text, ""), "target": _target, "container": (text, "")}), None),
    "external": (struct({"metric": _metric, "target": _target}), None),
}
_POLICY: Final[Fields] = {"type": (text, ""), "value": (whole, 0), "periodSeconds": (whole, 0)}
RULES: Final[Fields] = {
    "stabilizationWindowSeconds": (whole, None),
    "selectPolicy": (text, None),
    "policies": (items(_POLICY), None),
    "tolerance": (quantity, None),
}
BEHAVIOR: Final[Fields] = {"scaleUp": (struct(RULES), None), "scaleDown": (struct(RULES), None)}
SPEC: Final[Fields] = {
    "scaleTargetRef": (struct(REFERENCE), _NO_REFERENCE),
    "minReplicas": (whole, None),
    "maxReplicas": (whole, 0),
    "metrics": (items(METRIC_SPEC), None),
    "behavior": (struct(BEHAVIOR), None),
}
V1_SPEC: Final[Fields] = {
    "scaleTargetRef": (struct(REFERENCE), _NO_REFERENCE),
    "minReplicas": (whole, None),
    "maxReplicas": (whole, 0),
    "targetCPUUtilizationPercentage": (whole, None),
}
_V1_OBJECT: Final[Fields] = {
    "target": (struct(REFERENCE), _NO_REFERENCE),
    "metricName": (text, ""),
    "targetValue": (quantity, "0"),
    "selector": _selector,
    "averageValue": (quantity, None),
}
_V1_RESOURCE: Final[Fields] = {
    "name": (text, ""),
    "targetAverageUtilization": (whole, None),
    "targetAverageValue": (quantity, None),
}
V1_METRICS: Final = items(
    {
        "type": (text, ""),
        "object": (struct(_V1_OBJECT), None),
        "pods": (
            struct({"metricName": (text, ""), "targetAverageValue": (quantity, "0"), "selector": _selector}),
            None,
        ),
        "resource": (struct(_V1_RESOURCE), None),
        "containerResource": (struct({**_V1_RESOURCE, "container": (text, "")}), None),
        "external": (
            struct(
                {
                    "metricName": (text, ""),
                    "metricSelector": _selector,
                    "targetValue": (quantity, None),
                    "targetAverageValue": (quantity, None),
                }
            ),
            None,
        ),
    }
)
"""The metrics annotation of autoscaling/v1."""
