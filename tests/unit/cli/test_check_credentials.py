"""``autoscaler check`` on credentials: what of them is not among the files, and what could never work."""

from pathlib import Path

from tests.unit.cli.run import typed
from tests.unit.cli.test_check import GOOD

LOGIN = """\
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: login, namespace: shop}
spec:
  secretTargetRef:
    - {parameter: username, name: prometheus, key: user}
    - {parameter: password, name: prometheus, key: word}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: prometheus, namespace: shop}
stringData: {user: scaler, word: hush}
"""
BASIC = GOOD.replace("query:", "authModes: basic\n        query:") + "      authenticationRef: {name: login}\n"


def found(folder: Path, *documents: str) -> list[str]:
    """Code and message of every finding."""
    (folder / "web.yaml").write_text("---\n".join(documents))
    done = typed("check", "web.yaml", cwd=folder)
    return [line.partition(": ")[2] for line in done.out.splitlines() if line.startswith("web.yaml:")]


def test_a_secret_that_is_not_among_the_files_is_said_once(tmp_path: Path):
    """Credentials may lie elsewhere, so it is a note; the reference and the fix are named."""
    assert found(tmp_path, BASIC, LOGIN) == [
        "I122 triggers[0].authenticationRef: TriggerAuthentication shop/login names Secret shop/prometheus, which is "
        "not among these documents; add it, or the trigger gives no sample"
    ]
    assert found(tmp_path, BASIC, LOGIN, SECRET) == []


def test_a_faulty_secret_is_not_called_absent(tmp_path: Path):
    """The document is here, so it is not to be added; its own fault says what is wrong with it."""
    broken = SECRET.replace("stringData", "data").replace("scaler", "'?'").replace("hush", "aHVzaA==")
    assert found(tmp_path, BASIC, LOGIN, broken) == [
        "E101 data.user: a value must be base64 of UTF-8 text",
        "W122 triggers[0].authenticationRef: TriggerAuthentication shop/login names Secret shop/prometheus, which is "
        "refused for its own faults: the trigger gives no sample until that is corrected",
    ]


def test_a_faulty_authentication_is_not_called_absent(tmp_path: Path):
    """The trigger says that it waits for the authentication's own fault to be mended."""
    broken = LOGIN.replace("secretTargetRef:", "vault: 1\n  secretTargetRef: 5\n  x:")
    faults = found(tmp_path, BASIC, broken)
    assert (
        "W122 triggers[0].authenticationRef: TriggerAuthentication shop/login is refused for its own faults: until "
        "they are mended, no sample" in faults
    )
    assert [text for text in faults if text.startswith("I122")] == []
    elsewhere = broken.replace("namespace: shop", "namespace: blog")
    assert [text[:4] for text in found(tmp_path, BASIC, elsewhere) if "authenticationRef" in text] == ["I122"]


def test_a_key_that_its_secret_does_not_have_is_warned_of(tmp_path: Path):
    """The Secret is here, so what is wrong with the reference is certain; keys are shown and values never."""
    assert found(tmp_path, BASIC, LOGIN, SECRET.replace("word:", "wort:")) == [
        'W122 triggers[0].authenticationRef: TriggerAuthentication shop/login names the key "word" of Secret '
        "shop/prometheus, which has user, wort: the trigger gives no sample until that is corrected"
    ]


def test_an_authentication_that_lacks_what_its_mode_needs_stops_the_trigger(tmp_path: Path):
    """Parameters are known by name even where their Secret is not here: basic without a username cannot work."""
    (note, error) = sorted(found(tmp_path, BASIC, LOGIN.replace("username", "user")), reverse=True)
    assert note.startswith("I122")
    assert error == (
        "E106 triggers[0].metadata.authModes: mode basic needs username: add it to TriggerAuthentication shop/login"
    )


def test_a_mode_without_an_authentication_says_where_to_give_it(tmp_path: Path):
    """Credentials stand in a TriggerAuthentication alone."""
    assert found(tmp_path, BASIC.replace("      authenticationRef: {name: login}\n", "")) == [
        "E106 triggers[0].metadata.authModes: mode basic needs username: give it in a TriggerAuthentication, by "
        "authenticationRef"
    ]


def test_a_target_that_is_too_low_is_shown_where_it_stands(tmp_path: Path):
    """The fault is at the key that holds the target, and shows what is in it."""
    for amount in ("0", "-5"):
        (text,) = found(tmp_path, GOOD.replace('"10"', f'"{amount}"'))
        assert text.startswith(f'E104 triggers[0].metadata.threshold must be at least 0.001, found "{amount}"')


def test_a_credential_that_leaves_its_home_is_warned_of(tmp_path: Path):
    """An operator's file may send it elsewhere, but not unsaid (S3); at home, and without a home, nothing is."""
    metadata = "metadata: {name: login, namespace: shop, annotations: {KEY: 'VALUE'}}"

    def said(key: str, value: str) -> list[str]:
        annotated = metadata.replace("KEY", f"autoscaler.sh/{key}").replace("VALUE", value)
        login = LOGIN.replace("metadata: {name: login, namespace: shop}", annotated)
        return [text for text in found(tmp_path, BASIC, login, SECRET) if text.startswith("W125")]

    (away,) = said("servers", "https://other.example")
    assert away == (
        "W125 triggers[0].authenticationRef: TriggerAuthentication shop/login may not be sent to "
        "http://prometheus:9090: add it to autoscaler.sh/servers, or ask elsewhere"
    )
    assert said("servers", "http://prometheus:9090") == []
    (foreign,) = said("namespaces", "till, stock")
    assert "is not for namespace shop: add it to autoscaler.sh/namespaces" in foreign
    assert said("namespaces", "shop") == []
