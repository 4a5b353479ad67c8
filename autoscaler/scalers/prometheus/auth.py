"""Authentication of the prometheus trigger: what each mode needs, and how a request is dressed with it.

Source: KEDA authentication_types.go; every mode works here or is refused with a message (D8).
"""

import re
from collections.abc import Mapping

from autoscaler.model.objects import Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret, plain
from autoscaler.model.value import value
from autoscaler.scalers.headers import Header, basic, refuse_name, refuse_value
from autoscaler.scalers.literals import parse_items, trim
from autoscaler.scalers.metadata import Place, Reader
from autoscaler.scalers.tls import TlsMaterial, fault_of

MODES = ("apiKey", "basic", "tls", "bearer", "custom", "oauth")
_EXCLUSIVE = ("bearer", "basic", "oauth")
_METHODS = ("header", "query")
_BAD_PAIRS = re.compile("%(?![0-9a-fA-F]{2})|;")
GRANTED = "accessToken"
EVERYWHERE = (Place.METADATA, Place.AUTH)
_NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "bearer": (("bearerToken", "token"),),
    "basic": (("username",),),
    "custom": (("customAuthHeader",), ("customAuthValue",)),
    "tls": (("cert",), ("key",)),
    "apiKey": (("apiKey",),),
    "oauth": (("oauthTokenURI",), ("clientID",)),
}


@value
class Dress:
    """What credentials add to a request; ``secrets`` are all that must never be shown."""

    headers: tuple[Header, ...] = ()
    parameters: tuple[tuple[str, Secret], ...] = ()
    tls: TlsMaterial = TlsMaterial()
    secrets: tuple[Secret, ...] = ()


def read_modes(reader: Reader) -> tuple[str, ...]:
    """Read ``authModes`` and fault what it cannot mean or lacks."""
    modes = reader.choices("authModes", "authMode", members=MODES, exclusive=_EXCLUSIVE, sources=EVERYWHERE)
    reader.choice("method", _METHODS, default="header", sources=EVERYWHERE)
    for mode in modes:
        _fault_incomplete(reader, mode)
    if "apiKey" in modes and reader.find("apiKey"):
        reader.fault("E106", "apiKey", "apiKey stands in the open: move it into a TriggerAuthentication")
    if "custom" in modes:
        _fault_header(reader)
    _fault_material(reader)
    identity = reader.spec.pod_identity
    if modes and identity not in (None, "", "none"):
        message = f"authModes cannot be used together with pod identity {identity}: keep one"
        reader.fault("E105", "authModes", message, reason="pod_identity_conflict")
    return modes


def dress(source: Source, parameters: Mapping[str, Secret]) -> Dress | Missing:
    """Turn resolved parameters into headers, query parameters and TLS material, by the source's modes."""
    modes = modes_of(source, parameters)
    for mode in modes:
        lacking = _lacking(mode, parameters)
        if lacking:
            return _unresolved(f"authentication mode {mode} needs {lacking[0][0]}, and {source.credential} has none")
    material = material_of(source, parameters)
    headers = tuple(_set(source.headers, _auth_header(modes, parameters)))
    in_query: tuple[tuple[str, Secret], ...] = ()
    if "apiKey" in modes:
        headers, in_query = _api_key(source, headers, parameters)
    sent = tuple(Secret(text.reveal().rpartition(" ")[2]) for _, text in headers if isinstance(text, Secret))
    return Dress(headers=headers, parameters=in_query, tls=material, secrets=(*parameters.values(), *sent))


def _fault_incomplete(reader: Reader, mode: str) -> None:
    lacking = [names for names in _NEEDED[mode] if not reader.is_given(*names, sources=_places(mode))]
    if lacking:
        wanted, ref = " and ".join(names[0] for names in lacking), reader.spec.auth
        fix = f"add it to {plain(str(ref), 120)}" if ref else "give it in a TriggerAuthentication, by authenticationRef"
        reader.fault("E106", "authModes", f"mode {mode} needs {wanted}: {fix}", reason="auth_incomplete")


def _fault_header(reader: Reader) -> None:
    name, text = reader.secret("customAuthHeader"), reader.secret("customAuthValue")
    if name is None or text is None:
        return
    refusal = refuse_name(name.reveal()) or refuse_value("of customAuthHeader", text.reveal())
    if refusal is not None:
        reader.fault("E104", "authModes", f"TriggerAuthentication: {refusal.detail}", reason="bad_header")


def _fault_material(reader: Reader) -> None:
    wrong = fault_of(_material_of(reader.secret("ca"), reader.secret("cert"), reader.secret("key"), verify=True))
    if wrong is not None:
        reader.fault("E106", "authModes", f"TriggerAuthentication: {wrong}", reason="tls_material")
    extra = reader.find("endpointParams", sources=(Place.AUTH,))
    if extra is not None and _BAD_PAIRS.search(extra.text):
        reader.fault("E101", "endpointParams", "endpointParams must be URL pairs such as a=b&c=d")


def _places(mode: str) -> tuple[Place, ...]:
    return EVERYWHERE if mode == "apiKey" else (Place.AUTH,)


def modes_of(source: Source, parameters: Mapping[str, Secret]) -> tuple[str, ...]:
    """Give the modes that parsing found, else those that the authentication itself names."""
    written = dict(source.options).get("authModes") or _text(parameters, "authModes", "authMode")
    return tuple(mode for mode in parse_items(written) if mode) if written else ()


def _lacking(mode: str, parameters: Mapping[str, Secret]) -> list[tuple[str, ...]]:
    return [names for names in _NEEDED.get(mode, ()) if not _text(parameters, *names)]


def _auth_header(modes: tuple[str, ...], parameters: Mapping[str, Secret]) -> Header | None:
    """Give the one header that is set: the first of bearer, basic, oauth and custom."""
    if "bearer" in modes:
        return "Authorization", Secret(f"Bearer {_text(parameters, 'bearerToken', 'token')}")
    if "basic" in modes:
        return "Authorization", Secret(basic(_text(parameters, "username"), _text(parameters, "password")))
    if "oauth" in modes:
        return "Authorization", Secret(f"Bearer {_text(parameters, GRANTED)}")
    if "custom" in modes:
        return _text(parameters, "customAuthHeader"), Secret(_text(parameters, "customAuthValue"))
    return None


def _api_key(
    source: Source, headers: tuple[Header, ...], parameters: Mapping[str, Secret]
) -> tuple[tuple[Header, ...], tuple[tuple[str, Secret], ...]]:
    options = dict(source.options)
    method = options.get("method") or _text(parameters, "method") or "header"
    name = options.get("keyParamName") or _text(parameters, "keyParamName")
    key = Secret(_text(parameters, "apiKey"))
    if method == "query":
        return headers, ((name or "api_key", key),)
    return tuple(_set(headers, (name or "X-API-KEY", key))), ()


def _set(headers: tuple[Header, ...], header: Header | None) -> tuple[Header, ...]:
    if header is None:
        return headers
    return (*(each for each in headers if each[0].lower() != header[0].lower()), header)


def material_of(source: Source, parameters: Mapping[str, Secret]) -> TlsMaterial:
    """Give what a source's connections are verified and identified with."""
    ca, certificate, key = (_secret(parameters, name) for name in ("ca", "cert", "key"))
    return _material_of(ca, certificate, key, verify=dict(source.options).get("unsafeSsl") != "true")


def _material_of(ca: Secret | None, certificate: Secret | None, key: Secret | None, *, verify: bool) -> TlsMaterial:
    """Give the material; a certificate counts only together with its key."""
    both = certificate is not None and key is not None
    return TlsMaterial(
        authority=ca, certificate=certificate if both else None, key=key if both else None, verify=verify
    )


def _secret(parameters: Mapping[str, Secret], name: str) -> Secret | None:
    text = _text(parameters, name)
    return Secret(text) if text else None


def _text(parameters: Mapping[str, Secret], *names: str) -> str:
    for name in names:
        if name in parameters and (text := trim(parameters[name].reveal())):
            return text
    return ""


def _unresolved(detail: str) -> Missing:
    return Missing(reason=MissingReason.UNRESOLVED, detail=detail)
