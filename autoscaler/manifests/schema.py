"""Fitting what was written to a schema: every misfit at once, each with its path, in our own words."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from autoscaler.manifests.faults import error, guess, warning
from autoscaler.manifests.positions import Data
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain

Model = TypeVar("Model", bound=BaseModel)
Place: TypeAlias = tuple[str | int, ...]
Misfit: TypeAlias = Mapping[str, Any]

OWN_WORDS: Final = frozenset({"mode", "cadence", "onMissing", "alive", "servers", "guards"})
"""Our own words; outside their annotation KEDA drops them."""


def fit(model: type[Model], raw: Data, path: str) -> tuple[Model | None, tuple[Fault, ...]]:
    """Read ``raw`` by a schema. None where it does not fit; unknown fields only warn and are left out, as KEDA does."""
    known = without_nulls(raw)
    try:
        return model.model_validate(known), ()
    except ValidationError as failed:
        misfits = failed.errors(include_url=False, include_input=False)
    faults = tuple(_fault(model, misfit, known, path) for misfit in misfits)
    unknown = [misfit["loc"] for misfit in misfits if misfit["type"] == "extra_forbidden"]
    if len(unknown) < len(misfits):
        return None, faults
    for place in unknown:
        _drop(known, place)
    return model.model_validate(known), faults


def mended(model: type[Model], raw: Data) -> Model | None:
    """Read what does not fit as if its misfits were absent, so that rules can find what else is wrong.

    A number that should be text is taken as its text. None where too much is missing.
    """
    known = without_nulls(raw)
    try:
        return model.model_validate(known)
    except ValidationError as failed:
        places: list[Place] = [misfit["loc"] for misfit in failed.errors(include_url=False, include_input=False)]
    for place in places:
        _mend(known, place)
    try:
        return model.model_validate(known)
    except ValidationError:
        return None


def without_nulls(raw: Data) -> Data:
    """Drop every field that is null, as the API server does; a null in a list stays."""
    match raw:
        case dict():
            return {key: without_nulls(held) for key, held in raw.items() if held is not None}
        case list():
            return [without_nulls(held) for held in raw]
        case _:
            return raw


def path_of(place: Place, base: str) -> str:
    """Write a place as a path: ``spec.triggers[0].type``."""
    path = base
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _fault(model: type[BaseModel], misfit: Misfit, raw: Data, base: str) -> Fault:
    place: Place = misfit["loc"]
    path = path_of(place, base)
    if misfit["type"] == "extra_forbidden":
        return _unknown(model, place, path)
    word = _WORDS.get(misfit["type"], _misfit)
    code = _CODES.get(misfit["type"], "E101")
    return error(code, path, f"{_last(place)} {word(misfit.get('ctx', {}), _at(raw, place))}")


def _unknown(model: type[BaseModel], place: Place, path: str) -> Fault:
    name = str(place[-1])
    if name in OWN_WORDS:
        return warning(
            "W120", path, f'KEDA drops "{name}": it is our own word; put it into the annotation autoscaler.sh/spec'
        )
    hint = guess(name, _fields(model, place[:-1]))
    return warning("W103", path, f"unknown field{hint or '; it has no effect, remove it'}")


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """Give the names a mapping at this place may hold."""
    here: type[BaseModel] | None = model
    for step in place:
        if here is not None and isinstance(step, str):
            found = next((info for name, info in here.model_fields.items() if step in (name, info.alias)), None)
            here = None if found is None else _model_in(found)
    return [] if here is None else [info.alias or name for name, info in here.model_fields.items()]


def _model_in(info: FieldInfo) -> type[BaseModel] | None:
    return next((kind for kind in _kinds(info.annotation) if issubclass(kind, BaseModel)), None)


def _kinds(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from _kinds(part)


def _at(raw: Data, place: Place) -> Data:
    for step in place:
        match raw:
            case dict() if isinstance(step, str) and step in raw:
                raw = raw[step]
            case list() if isinstance(step, int) and step < len(raw):
                raw = raw[step]
            case _:
                return None
    return raw


def _mend(raw: Data, place: Place) -> None:
    holder, found = _at(raw, place[:-1]), _at(raw, place)
    if "metadata" not in place:
        _drop(raw, place)
    elif isinstance(holder, dict) and isinstance(found, int | float):
        holder[str(place[-1])] = str(found)  # what is no scalar stays: without it the trigger would seem to lack it


def _drop(raw: Data, place: Place) -> None:
    holder = _at(raw, place[:-1])
    if isinstance(holder, dict):
        holder.pop(str(place[-1]), None)


def _last(place: Place) -> str:
    if not place:
        return "it"
    last = place[-1]
    return f"entry {last}" if isinstance(last, int) else plain(last, 60)


def _kind(found: Data) -> str:
    match found:
        case None:
            return "nothing"
        case bool():
            return "true" if found else "false"
        case int() | float():
            return f"the number {plain(repr(found), 30)}"
        case str():
            return "text" if found else "empty text"
        case list():
            return "a list"
        case dict():
            return "a mapping"


def _misfit(_context: Misfit, found: Data) -> str:
    return f"does not fit the schema, found {_kind(found)}"


def _text(_context: Misfit, found: Data) -> str:
    if isinstance(found, bool):
        return f'must be text; write it in quotes: "{_kind(found)}"'
    if isinstance(found, int | float):
        return f'must be text, found {_kind(found)}; write it in quotes: "{plain(repr(found), 30)}"'
    return f"must be text, found {_kind(found)}"


def _number(_context: Misfit, found: Data) -> str:
    if isinstance(found, float):
        return f"must be a whole number, found {_kind(found)}; KEDA takes no fractions here"
    if isinstance(found, str) and found.strip().isdecimal():
        return f'must be a number, found the text "{plain(found, 30)}"; remove the quotes'
    return f"must be a whole number, found {_shown(found)}"


def _shown(found: Data) -> str:
    """Name what was found where a number or a switch belongs: no secret stands there, so text is shown."""
    return f'the text "{plain(found, 40)}"' if isinstance(found, str) and found else _kind(found)


def _one_of(context: Misfit, found: Data) -> str:
    known = re.findall("'([^']*)'", context["expected"])
    hint = guess(found, known) if isinstance(found, str) else ""
    return f"must be one of {context['expected']}, found {_shown(found)}{hint}"


_CODES: Final = {"too_short": "E106"}
"""Codes of their own; only ``triggers`` has a shortest length."""

_Word: TypeAlias = Callable[[Misfit, Data], str]

_WORDS: Final[Mapping[str, _Word]] = {
    "missing": lambda _context, _found: "is required",
    "string_type": _text,
    "int_type": _number,
    "int_from_float": _number,
    "bool_type": lambda _context, found: f"must be true or false, without quotes; found {_shown(found)}",
    "list_type": lambda _context, found: f"must be a list, found {_kind(found)}",
    "dict_type": lambda _context, found: f"must be a mapping, found {_kind(found)}",
    "model_type": lambda _context, found: f"must be a mapping, found {_kind(found)}",
    "greater_than_equal": lambda context, found: f"must be at least {context['ge']}, found {_kind(found)}",
    "less_than_equal": lambda context, found: f"must be at most {context['le']}, found {_kind(found)}",
    "greater_than": lambda context, found: f"must be above {context['gt']}, found {_kind(found)}",
    "string_too_short": lambda _context, _found: "must not be empty",
    "too_short": lambda _context, _found: "must hold at least one entry",
    "literal_error": _one_of,
    "enum": _one_of,
    "quantity": lambda _context, found: f'must be a quantity such as "0.1", in quotes; found {_shown(found)}',
    "seconds": lambda _context, found: f"must be seconds, at least 0.1 and without quotes; found {_shown(found)}",
}
