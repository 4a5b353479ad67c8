"""What is said of a sample that could not be had: which server, what is wrong, and what to do about it. Pure.

The person who reads it has neither the object nor its file at hand, so the address stands in every message.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from autoscaler.model.objects import Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.failures import CERTIFICATE, NO_NAME, NO_TLS, REFUSED

_CLUSTER: Final = (".svc", ".svc.cluster.local")
_PLAIN_TO_TLS: Final = b"HTTP request to an HTTPS server"  # Go's servers, Prometheus among them, in a 400


def addressed(missing: Missing, question: Question, answer: Answer) -> Missing:
    """Put the server's address before what is wrong, and a remedy behind it where there is one."""
    source = question.source
    if not source.addresses:
        return missing
    remedy = _of_status(answer, question) if isinstance(answer, Response) else _of_failure(missing, source)
    return replace(missing, detail=f"{source}: {missing.detail}{'; ' if remedy else ''}{remedy}")


def _of_failure(missing: Missing, source: Source) -> str:
    if missing.reason is MissingReason.TIMEOUT:
        return f"it has {source.deadline / timedelta(seconds=1):g} s; see whether it is overloaded, or raise timeout"
    if missing.detail.startswith(CERTIFICATE):
        return _of_certificate()
    remedy = _REMEDIES.get(missing.detail)
    return remedy(source) if remedy else ""


def _of_certificate() -> str:
    return "give its authority as ca in the TriggerAuthentication, or renew the certificate"


def _of_name(source: Source) -> str:
    host = urlsplit(str(source)).hostname or ""
    if host.rstrip(".").endswith(_CLUSTER):
        return "outside the cluster use --via proxy or --map OLD=NEW; inside it, correct the Service's name"
    if host.count(".") < 2:
        full = f"{host}.svc" if "." in host else f"{host}.NAMESPACE.svc"
        return (
            f"outside the cluster a Service is written {full}, or use --map OLD=NEW; inside it, correct the host's name"
        )
    return "correct the host's name, or the name server's records"


def _of_tls(source: Source) -> str:
    return "https is spoken to it: if its port serves plain http, write http:// in the address"


def _of_refusal(source: Source) -> str:
    return "nothing listens there: see whether the server runs, and whether address and port are right"


_REMEDIES: Final[Mapping[str, Callable[[Source], str]]] = {NO_NAME: _of_name, NO_TLS: _of_tls, REFUSED: _of_refusal}


def _of_status(answer: Response, question: Question) -> str:
    source = question.source
    if answer.status in (401, 403):
        return f"{_authentication(source)}; correct that, or what it may read there"
    if answer.status == 404:
        return f"see whether the path of the address is right: it was asked at {_path(question)}"
    if answer.status == 400 and _PLAIN_TO_TLS in answer.body:
        return "it serves https: write https:// in the address"
    if answer.status in (429, 503):
        return "it is overloaded, limits who asks, or is starting: see its own log and limits"
    if "html" in answer.content_type.lower():
        return "a web page came instead of data: the address leads to a login page, a proxy or another server"
    return ""


def _authentication(source: Source) -> str:
    """Say what it was asked with, by name; never a value."""
    if source.credential is None:
        return "it was asked without credentials: name a TriggerAuthentication in authenticationRef"
    modes = dict(source.options).get("authModes", "")
    return f"it was asked with {source.credential}" + (f" (authModes {modes})" if modes else "")


def _path(question: Question) -> str:
    """Give the path that was asked: a Prometheus' is its address and the query API's, others name it themselves."""
    source = question.source
    if source.transport == "prometheus":
        return f"{urlsplit(str(source)).path.rstrip('/')}/api/v1/query"
    return urlsplit(question.text).path or "/"
