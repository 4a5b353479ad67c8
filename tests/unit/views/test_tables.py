"""Tables of words are complete: what the code can say, ``explain`` can explain."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

from autoscaler.manifests.annotations import WrittenWords
from autoscaler.manifests.known_annotations import IGNORE, OWN, OWNER
from autoscaler.manifests.written import WrittenRules, WrittenSpec
from autoscaler.model.decision import Reason
from autoscaler.scalers.registry import build_registry, built_in
from autoscaler.views.fields import ANNOTATIONS, FIELDS, RULES, WORDS
from autoscaler.views.metrics import ALL
from autoscaler.views.reasons import MEANINGS
from autoscaler.views.triggers import TRIGGERS


def models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for part in get_args(annotation):
        yield from models(part)


def paths(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, bool]]:
    """Every field below a model, and whether it is required."""
    for name, info in model.model_fields.items():
        path = f"{prefix}.{info.alias or name}".lstrip(".")
        yield path, info.is_required()
        for below in models(info.annotation):
            yield from paths(below, path)


def test_every_field_of_the_schema_is_explained():
    """What is read from a spec and what is documented are the same fields."""
    assert {path: field.required for path, field in FIELDS.items()} == dict(paths(WrittenSpec, "spec"))
    assert {field.path for field in RULES} == {path for path, _ in paths(WrittenRules, "")}


def test_every_word_of_our_own_is_explained():
    """What the annotation may hold and what is documented are the same words."""
    known = {path for path, _ in paths(WrittenWords, "")} - {"guards"}
    assert {field.path for field in WORDS} == known


def test_our_annotations_are_explained():
    """The annotations that are read have a page."""
    assert {OWN, OWNER, IGNORE} <= {field.path for field in ANNOTATIONS}


def test_every_trigger_type_is_explained_with_its_keys():
    """A key that a trigger reads has a page, and a page is about a key that is read."""
    registry = build_registry(built_in())
    assert set(TRIGGERS) == set(registry)
    for name, fields in TRIGGERS.items():
        documented = {field.path for field in fields}
        assert documented <= registry[name].keys
        assert registry[name].keys - documented <= ELSEWHERE.get(name, set())


# another spelling, part of authModes: apiKey, or not supported, which its finding says
_CLOUD = {
    "awsRegion",
    "identityOwner",
    "awsAccessKeyID",
    "awsAccessKeyIDFromEnv",
    "awsSecretAccessKeyFromEnv",
    "cloud",
    "azureManagedPrometheusResourceURL",
    "credentialsFromEnv",
    "credentialsFromEnvFile",
}
ELSEWHERE = {
    "prometheus": {"authMode", "apiKey", "method", "keyParamName", *_CLOUD},
    "metrics-api": {"authMode", "apiKey"},
    "cpu": {"type"},
    "memory": {"type"},
}


def test_every_reason_is_explained():
    """No word of a decision is without a meaning."""
    assert set(MEANINGS) == set(Reason)


def test_every_metric_follows_the_conventions():
    """Counters end in _total, names are unique, meanings are sentences."""
    assert len({metric.name for metric in ALL}) == len(ALL)
    for metric in ALL:
        assert metric.name.startswith(("autoscaler_", "keda_"))
        assert metric.meaning.endswith(".")
        assert metric.type.value != "counter" or metric.name.endswith("_total")
