"""``metadata`` of an object: name, labels and annotations by the API server's rules.

Source: kubernetes apimachinery pkg/api/validation/objectmeta.go, pkg/util/validation.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from autoscaler.manifests.faults import error
from autoscaler.manifests.names import is_key, is_label_value, is_subdomain
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain
from autoscaler.model.value import value

_WANTED: Final = "at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit"


@value
class Metadata:
    """What loading needs of ``metadata``, and what is wrong with it."""

    annotations: dict[str, str]
    faults: tuple[Fault, ...]


def read_metadata(raw: Data, name: str) -> Metadata:
    """Read ``metadata`` of the object of that name; without any, an object has neither labels nor annotations."""
    held = raw if isinstance(raw, dict) else {}
    labels, label_faults = _texts(held.get("labels"), "labels")
    annotations, annotation_faults = _texts(held.get("annotations"), "annotations")
    faults = (*_name_faults(name), *label_faults, *_value_faults(labels), *annotation_faults)
    return Metadata(annotations=annotations, faults=faults)


def _name_faults(name: str) -> Iterator[Fault]:
    if not is_subdomain(name):
        wanted = "lower case letters, digits, - and ., beginning and ending with a letter or digit"
        found = f'found "{plain(name, 60)}"' if name else "found none"
        yield error("E101", "metadata.name", f"a name takes {wanted}; {found}")


def _texts(raw: Data, field: str) -> tuple[dict[str, str], tuple[Fault, ...]]:
    """Read a map of text to text; a null is an empty text there, as the API server has it."""
    if raw is None:
        return {}, ()
    if not isinstance(raw, dict):
        return {}, (error("E101", f"metadata.{field}", f"{field} must be a mapping"),)
    held, faults = dict[str, str](), list[Fault]()
    for key, text in raw.items():
        path = f"metadata.{field}.{key}"
        if not is_key(key.lower() if field == "annotations" else key):
            faults.append(error("E101", path, f"a key of {field} takes {_WANTED}, after a domain and / or not"))
        if text is None or isinstance(text, str):
            held[key] = text or ""
        else:
            faults.append(error("E101", path, f"an entry of {field} must be text; write it in quotes"))
    return held, tuple(faults)


def _value_faults(labels: Mapping[str, str]) -> Iterator[Fault]:
    for key, text in labels.items():
        if not is_label_value(text):
            yield error("E101", f"metadata.labels.{key}", f"a label's value takes {_WANTED}")
