"""What the composition hands to the parts."""

from pathlib import Path

from autoscaler.cli.library import library_of
from autoscaler.manifests.files import snapshot
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.settings import Settings
from tests.unit.builders import START

SECRETS = """\
apiVersion: v1
kind: Secret
metadata: {name: open, namespace: shop}
stringData: {token: abc}
---
apiVersion: v1
kind: Secret
metadata: {name: kept, namespace: shop, annotations: {autoscaler.sh/use: deny}}
stringData: {token: abc}
"""


def test_a_secret_whose_owner_denies_its_use_is_refused(tmp_path: Path):
    """A Secret annotated ``autoscaler.sh/use: deny`` is never handed to a source, whoever refers to it."""
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    library = library_of(Settings(namespace="default"), dry_run=False)
    library.read(snapshot((str(tmp_path),), recursive=False), START, {})
    held = library.secret("shop", "open")
    assert not isinstance(held, Missing)
    assert held is not None
    assert held["token"].reveal() == "abc"
    refused = library.secret("shop", "kept")
    assert isinstance(refused, Missing)
    assert refused.reason is MissingReason.REFUSED
    assert "shop/kept" in refused.detail
