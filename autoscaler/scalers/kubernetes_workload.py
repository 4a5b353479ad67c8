"""The kubernetes-workload trigger: how many pods match a selector. Source: KEDA kubernetes_workload_scaler.go."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret, plain
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.metadata import Reader
from autoscaler.scalers.numbers import to_milli
from autoscaler.scalers.selector import parse_selector, selects

_ENDED = frozenset(("Succeeded", "Failed"))


class Pod(msgspec.Struct, frozen=True):
    """One pod in the answer of the transport ``pods``: a JSON array of these."""

    labels: dict[str, str] = {}
    phase: str = ""
    node: str = ""


_PODS = msgspec.json.Decoder(list[Pod])


class KubernetesWorkloadScaler:
    """Asks for the pods of the object's namespace; the source's address is the namespace, the text the selector."""

    type = "kubernetes-workload"
    keys = frozenset(("podSelector", "value", "activationValue", "groupByNode"))
    may_cache = True

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a selector and its target."""
        reader = Reader(spec, auth)
        selector = reader.required_text("podSelector")
        amount = reader.number("value") or 0.0
        activation = reader.number("activationValue") or 0.0
        by_node = reader.flag("groupByNode", default=False)
        if amount <= 0 and not spec.as_metric_source:
            reader.fault("E104", "value", "value must be a number above 0", reason="bad_target")
        if selector and parse_selector(selector) is None:
            wanted = "a label selector such as app=web,tier in (a,b)"
            message = f'podSelector must be {wanted}, found "{plain(selector, 80)}"'
            reader.fault("E104", "podSelector", message, reason="bad_selector")
        target = reader.metric_target(to_milli(amount))
        if refused := reader.refused():
            return refused
        source = Source(transport="pods", addresses=(spec.namespace,))
        ask = Ask(
            question=Question(source=source, text=selector),
            metric=f"s{spec.index}-workload-{spec.namespace}",
            target=target,
            activation=activation,
            settings=(("by_node", str(by_node).lower()), ("selector", selector)),
        )
        return Parsed(ask=ask)

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Count the pods that match and have not ended, or the nodes they are on."""
        if isinstance(answer, Missing):
            return answer
        settings = dict(ask.settings)
        requirements = parse_selector(settings["selector"])
        assert requirements is not None, f"{settings['selector']} was parsed at load"
        try:
            pods = _PODS.decode(answer.body)
        except msgspec.DecodeError:
            return Missing(reason=MissingReason.MALFORMED, detail="the list of pods could not be read")
        found = [pod for pod in pods if pod.phase not in _ENDED and selects(requirements, pod.labels)]
        nodes = {pod.node for pod in found if pod.node}
        count = len(nodes) if settings["by_node"] == "true" else len(found)
        return Sample(value_milli=count * 1000, active=count > ask.activation, at=at)
