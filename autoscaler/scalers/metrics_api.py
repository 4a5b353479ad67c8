"""The metrics-api trigger: a number out of any HTTP answer. Source: KEDA metrics_api_scaler.go."""

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from yarl import URL

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, Author, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.addresses import Address, Refusal, parse_address
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.endpoints import parse_service_url
from autoscaler.scalers.headers import basic
from autoscaler.scalers.locations.found import NotFound
from autoscaler.scalers.locations.json_path import find_in_json
from autoscaler.scalers.locations.metric_selector import find_in_metrics
from autoscaler.scalers.locations.yaml_path import find_in_yaml
from autoscaler.scalers.metadata import Reader
from autoscaler.scalers.numbers import to_milli
from autoscaler.scalers.prometheus.auth import EVERYWHERE, read_modes

_NORMAL = str.maketrans(dict.fromkeys("/.:%()", "-"))
_FORMATS = ("json", "xml", "yaml", "prometheus")
_AS_WRITTEN = "!$%&'()*+,-./:;=?@[]_~"
_DEADLINE = timedelta(seconds=3)
_LONGEST = 512  # characters of valueLocation, which is followed at every poll


def _average(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)


_AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "average": _average,
    "sum": sum,
    "max": max,
    "min": min,
}
_AUTH_KEYS = ("authModes", "authMode", "apiKey", "method", "keyParamName")


class MetricsApiScaler:
    """Asks one URL, or each endpoint of a service (option ``aggregate``; the answers come packed as one)."""

    type = "metrics-api"
    keys = frozenset(
        (
            *("url", "valueLocation", "format", "targetValue", "activationTargetValue", "unsafeSsl", "timeout"),
            *("aggregateFromKubeServiceEndpoints", "aggregationType", *_AUTH_KEYS),
        )
    )
    may_cache = True

    def __init__(self, deadline: timedelta = _DEADLINE) -> None:
        self._deadline = deadline

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a URL, where the number lies in its answer, and the target."""
        reader = Reader(spec, auth)
        location = reader.required_text("valueLocation")
        form = reader.choice("format", _FORMATS, default="json")
        if len(location) > _LONGEST:
            wrong = f"valueLocation is longer than {_LONGEST} characters: shorten it"
            reader.fault("E104", "valueLocation", wrong, reason="too_costly")
        amount = reader.number("targetValue")
        if not amount and not spec.as_metric_source:
            reader.fault("E104", "targetValue", "targetValue must be a number other than 0", reason="bad_target")
        activation = reader.number("activationTargetValue") or 0.0
        aggregate = reader.flag("aggregateFromKubeServiceEndpoints", default=False)
        how = reader.choice("aggregationType", _AGGREGATES, default="average")
        question = self._question(reader, aggregate=aggregate)
        target = reader.metric_target(to_milli(amount or 0.0))
        if refused := reader.refused():
            return refused
        ask = Ask(
            question=question,
            metric=f"s{spec.index}-metric-api-{location.translate(_NORMAL)}",
            target=target,
            activation=activation,
            settings=(("aggregate", how if aggregate else ""), ("format", form), ("location", location)),
        )
        return Parsed(ask=ask)

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Find the number, or the aggregate of those that endpoints gave."""
        if isinstance(answer, Missing):
            return answer
        settings = dict(ask.settings)
        number = _aggregated(unpack(answer), settings) if settings["aggregate"] else _found(answer, settings)
        if isinstance(number, Missing):
            return number
        if math.isinf(number):
            return Missing(reason=MissingReason.NOT_A_NUMBER, detail="the value is infinite")
        if math.isnan(number):
            return Sample(value_milli=0, active=False, at=at, origin=Origin.NULL_AS_ZERO)
        return Sample(value_milli=to_milli(number), active=number > ask.activation, at=at)

    def _question(self, reader: Reader, *, aggregate: bool) -> Question:
        address, text = _address(reader, aggregate=aggregate)
        timeout = reader.duration("timeout")
        source = Source(
            transport="http",
            addresses=(str(URL(address.text).origin()),) if address is not None else (),
            credential=reader.spec.auth,
            headers=_headers(address),
            options=_options(reader, aggregate=aggregate),
            deadline=timeout or self._deadline,
        )
        return Question(source=source, text=text)


def pack(answers: Iterable[Answer]) -> Response:
    """Put the answers of a service's endpoints into one; those that are Missing are left out."""
    rows = [
        [answer.status, answer.content_type, b64encode(answer.body).decode()]
        for answer in answers
        if isinstance(answer, Response)
    ]
    return Response(status=200, content_type="application/json", body=json.dumps(rows).encode())


def unpack(answer: Response) -> tuple[Response, ...]:
    """Take apart what ``pack`` put together."""
    rows = json.loads(answer.body)
    return tuple(Response(status=row[0], content_type=row[1], body=b64decode(row[2])) for row in rows)


def _aggregated(answers: tuple[Response, ...], settings: Mapping[str, str]) -> float | Missing:
    """Aggregate what could be read; one endpoint that fails does not matter while another answers."""
    found = [_found(answer, settings) for answer in answers]
    numbers = [number for number in found if isinstance(number, float)]
    if not numbers:
        return Missing(reason=MissingReason.EMPTY, detail=f"none of {len(answers)} endpoints gave a value")
    return _AGGREGATES[settings["aggregate"]](numbers)


def _found(answer: Response, settings: Mapping[str, str]) -> float | Missing:
    if answer.status != 200:
        return Missing(reason=MissingReason.HTTP_STATUS, detail=f"the server answered {answer.status}, wanted 200")
    found = _FINDERS[settings["format"]](answer.body, settings["location"])
    return Missing(reason=MissingReason.MALFORMED, detail=found.detail) if isinstance(found, NotFound) else found


def _no_xml(body: bytes, location: str) -> NotFound:
    """XML gives no value in KEDA either: Go cannot decode it into a map."""
    return NotFound(detail="format xml gives no value: ask the server for JSON, or use another format")


_FINDERS: Mapping[str, Callable[[bytes, str], float | NotFound]] = {
    "json": find_in_json,
    "yaml": find_in_yaml,
    "prometheus": find_in_metrics,
    "xml": _no_xml,
}


def _address(reader: Reader, *, aggregate: bool) -> tuple[Address | None, str]:
    """Read the URL: where it leads, and its text as it is sent, path and query as they were written."""
    text = reader.required_text("url")
    if not text:
        return None, ""
    before, mark, query = text.partition("#")[0].partition("?")
    address = parse_address(before)
    if isinstance(address, Refusal):
        reader.fault("E104", "url", address.detail, reason="bad_url")
        return None, ""
    if aggregate and parse_service_url(text) is None:
        message = "url must name a service and its namespace, such as http://service.namespace:8080/path"
        reader.fault("E104", "url", message, reason="bad_service_url")
        return None, ""
    return address, f"{address.text}{mark}{quote(query, safe=_AS_WRITTEN)}"


def _headers(address: Address | None) -> tuple[tuple[str, str], ...]:
    """A user and password in the URL become a header (S1)."""
    if address is None or address.userinfo is None:
        return ()
    return (("Authorization", basic(*address.userinfo)),)


def _options(reader: Reader, *, aggregate: bool) -> tuple[tuple[str, str], ...]:
    """Gather what the transport needs beside: modes, TLS, and on whose behalf credentials are used (S3)."""
    modes = read_modes(reader)
    spec = reader.spec
    found = {
        "aggregate": "true" if aggregate else "",
        "authModes": ",".join(modes),
        "author": Author.TENANT.value if spec.author is Author.TENANT else "",
        "keyParamName": reader.text("keyParamName", sources=EVERYWHERE) or "" if "apiKey" in modes else "",
        "method": reader.text("method", sources=EVERYWHERE) or "header" if "apiKey" in modes else "",
        "namespace": spec.namespace if spec.auth is not None and spec.auth.kind.startswith("Cluster") else "",
        "unsafeSsl": "true" if reader.flag("unsafeSsl", default=False) else "",
    }
    return tuple((name, text) for name, text in found.items() if text)
