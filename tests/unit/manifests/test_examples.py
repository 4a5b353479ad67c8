from pathlib import Path

from autoscaler.manifests.catalog import Catalog, Changes, update
from autoscaler.manifests.files import snapshot
from autoscaler.manifests.settings import Settings
from autoscaler.scalers.registry import build_registry, built_in
from tests.unit.manifests.builders import T0

CONFIG = Path(__file__).parents[3] / "config"


def changes(*paths: Path) -> Changes:
    files = snapshot([str(path) for path in paths], recursive=False)
    return update(Catalog(), files, build_registry(built_in()), Settings(), at=T0, governed={})[1]


def test_the_examples_that_people_copy_have_nothing_wrong():
    """Every file of config/ gives an object and not one finding."""
    found = changes(CONFIG)
    assert found.findings == ()
    assert sorted(str(obj.key) for obj in found.added) == [
        "default/vllm",
        "default/web",
        "models/sklearn-default-0-classifier",
    ]


def test_the_published_example_shows_everything_that_is_wrong_with_it():
    """The open parenthesis, the short range, the many series and the dropped key, each at its place."""
    found = changes(CONFIG / "published" / "seldon-blog.yaml")
    places = [(one.fault.code, one.fault.line, one.fault.column) for one in found.findings]
    assert places == [("W103", 21, 18), ("E300", 23, 18), ("W304", 23, 18), ("W302", 23, 18)]
    assert found.findings[1].fault.message.startswith("1:83: unclosed left parenthesis")
    assert found.added == ()
