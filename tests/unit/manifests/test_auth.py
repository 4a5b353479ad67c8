from dataclasses import replace

import pytest

from autoscaler.manifests.auth import authentication, kept, resolver
from autoscaler.manifests.document import Document, SourceFile, read
from autoscaler.manifests.settings import Grant
from autoscaler.model.auth import AuthRef, Reference, ReferenceKind
from autoscaler.model.text import Secret

AUTH = """\
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: prom
  namespace: demo
  annotations: {autoscaler.sh/servers: "https://a:9090, https://b", autoscaler.sh/namespaces: demo}
spec:
  secretTargetRef:
    - {parameter: bearerToken, name: token, key: value}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: demo}
data: {value: aHVzaA==}
stringData: {other: hush hush}
"""


def document(text: str) -> Document:
    (found,) = read([SourceFile(path="auth.yaml", text=text)]).documents
    return found


def test_an_authentication_is_its_references():
    """Parameters, where they are kept, and the homes of the credential are read; no value is."""
    found, faults = authentication(document(AUTH))
    assert faults == ()
    assert found is not None
    assert found.ref == AuthRef(kind="TriggerAuthentication", namespace="demo", name="prom")
    assert found.references == (
        Reference(parameter="bearerToken", kind=ReferenceKind.SECRET, name="token", key="value"),
    )
    assert (found.servers, found.namespaces) == (("https://a:9090", "https://b"), ("demo",))


def test_every_source_has_its_reference():
    """env, filePath, configMapTargetRef and boundServiceAccountToken come over; a cluster's has no namespace."""
    text = AUTH.replace("kind: Trigger", "kind: ClusterTrigger") + (
        "  env: [{parameter: a, name: A}]\n  filePath: prom.json\n"
        "  configMapTargetRef: [{parameter: b, name: m, key: k}]\n"
        "  boundServiceAccountToken: [{parameter: c, serviceAccountName: s}]\n"
        "  podIdentity: {provider: aws, roleArn: x}\n"
    )
    found, _ = authentication(document(text))
    assert found is not None
    assert found.ref.namespace == ""
    assert found.pod_identity == "aws"
    assert [(one.kind, one.parameter, one.name) for one in found.references] == [
        (ReferenceKind.ENV, "a", "A"),
        (ReferenceKind.FILE, "filePath", "prom.json"),
        (ReferenceKind.CONFIG_MAP, "b", "m"),
        (ReferenceKind.SECRET, "bearerToken", "token"),
        (ReferenceKind.TOKEN, "c", "s"),
    ]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("  hashiCorpVault: {address: x}\n", "10 E104 spec.hashiCorpVault"),
        ("  oauth2: {type: clientCredentials}\n", "10 E104 spec.oauth2"),
        ("  filePath: x\n", "10 E104 spec.filePath"),
        ("  configMapTargetRef: [{parameter: a, name: b}]\n", "10 E101 spec.configMapTargetRef[0].key"),
        ("  podIdentity: {}\n", "10 E101 spec.podIdentity.provider"),
    ],
)
def test_a_source_that_is_not_read_is_named(lines, fault):
    """What this version cannot read, and what is incomplete, refuses the authentication and says where."""
    found, faults = authentication(document(AUTH + lines))
    assert found is None
    assert [f"{one.line} {one.code} {one.path}" for one in faults] == [fault]


def test_a_container_has_no_meaning_here():
    """env reads the daemon's own variables, so containerName is read and said to do nothing."""
    found, faults = authentication(document(AUTH + "  env: [{parameter: a, name: A, containerName: c}]\n"))
    assert found is not None
    assert [one.code for one in faults] == ["I121"]


def test_a_secrets_values_are_hidden_from_the_start():
    """data is decoded, stringData taken as it is, and both are of the type that never shows itself."""
    held, faults = kept(document(SECRET))
    assert faults == ()
    assert held is not None
    assert held.values == {"value": Secret("hush"), "other": Secret("hush hush")}
    assert "hush" not in repr(held)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("aHVzaA==", "not base64!", "data.value"),
        ("aHVzaA==", "//8=", "data.value"),
        ("aHVzaA==", "aHVzaé==", "data.value"),
        ("hush hush", "54321", "stringData.other"),
        ("{value: aHVzaA==}", "[aHVzaA==]", "data"),
    ],
)
def test_a_broken_secret_says_where_and_not_what(old, new, path):
    """A value that is no base64 of text is a fault at its key, and no part of any value is in the message."""
    held, faults = kept(document(SECRET.replace(old, new)))
    assert held is None
    assert [(one.code, one.path) for one in faults] == [("E101", path)]
    assert new not in str(faults)


def test_a_config_map_is_kept_like_a_secret():
    """Its values hide as well: who knows what people keep there."""
    held, _ = kept(document("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {k: v}\n"))
    assert held is not None
    assert (held.kind, held.namespace, held.values) == ("ConfigMap", "default", {"k": Secret("v")})


def test_parameters_are_given_only_if_all_are_there():
    """A missing Secret, key or permission leaves all parameters out: credentials are not optional (D7)."""
    known, _ = authentication(document(AUTH))
    held, _ = kept(document(SECRET))
    denial = "namespace: demo, annotations: {autoscaler.sh/use: deny}"
    denied, _ = kept(document(SECRET.replace("namespace: demo", denial)))
    assert known is not None
    assert held is not None
    assert denied is not None
    place = ("Secret", "demo", "token")
    full = resolver({known.ref: known}, {place: held}, "default")
    names, secret = frozenset({"bearerToken"}), "Secret demo/token"
    grant = Grant(parameters=None, names=names, servers=known.servers, namespaces=known.namespaces)
    assert full(known.ref) == replace(grant, parameters={"bearerToken": Secret("hush")})
    nothing = replace(grant, absent=(secret,))
    assert resolver({known.ref: known}, {}, "default")(known.ref) == nothing
    refused = replace(grant, unusable=(f"{secret}, which is annotated autoscaler.sh/use: deny",))
    assert resolver({known.ref: known}, {place: denied}, "default")(known.ref) == refused
    other = replace(held, values={"user": Secret("hush"), "other": Secret("hush")})
    (lack,) = resolver({known.ref: known}, {place: other}, "default")(known.ref).unusable
    assert lack == f'the key "value" of {secret}, which has other, user'
    assert resolver({}, {place: held}, "default")(known.ref) is None


def test_a_misspelt_annotation_of_a_secret_or_an_authentication_is_a_warning():
    """Where ``use`` is misspelt the Secret is used all the same, so somebody must say so."""
    _, (told,) = kept(
        document(SECRET.replace("namespace: demo", "namespace: demo, annotations: {autoscaler.sh/uses: deny}"))
    )
    assert (told.code, told.message) == ("W103", 'unknown annotation; did you mean "autoscaler.sh/use"?')
