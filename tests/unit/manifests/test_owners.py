from dataclasses import replace
from datetime import timedelta

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.owners import Claim, settle
from tests.unit.manifests.builders import T0, loaded, web


def claim(name: str, born: float | None) -> Claim:
    text = web(name=name)
    (document,) = read([SourceFile(path=f"{name}.yaml", text=text)]).documents
    at = None if born is None else T0 + timedelta(seconds=born)
    return Claim(document=document, path="spec", obj=replace(loaded(text), created_at=at))


def winners(*claims: Claim) -> list[str]:
    return [one.obj.key.name for one in settle(claims, {}, {}).winners]


def test_the_older_object_goes_on_where_nobody_governed():
    """creationTimestamp decides between two objects of the cluster."""
    assert winners(claim("young", 5), claim("old", 1)) == ["old"]


def test_equal_or_missing_ages_decide_nothing():
    """Two of one second, or a file beside an object of the cluster: neither acts."""
    assert winners(claim("a", 1), claim("b", 1)) == []
    assert winners(claim("a", 1), claim("b", None)) == []
