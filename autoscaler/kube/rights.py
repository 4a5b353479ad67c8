"""What the daemon must be allowed to do, what of it it may not, and the Role that would allow it."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

import msgspec

from autoscaler.kube.answers import decoded, unreadable
from autoscaler.kube.client import Answer, Reader
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.pods import needs_pods
from autoscaler.kube.proxy import Service
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Unreadable
from autoscaler.model.value import value

REVIEW_SECONDS: Final = 5.0


class _Verdict(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Verdict = msgspec.field(default_factory=_Verdict)


_REVIEW = msgspec.json.Decoder(_Review)


@value
class Right:
    """One verb on one resource of a namespace; ``resource`` is as a Role writes it (``deployments/scale``).

    ``name`` is the only object that it is about; empty: all of them.
    """

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    def __str__(self) -> str:
        of = f" of {self.name}" if self.name else ""
        return f"{self.verb} {self.resource}{'.' + self.group if self.group else ''}{of} in {self.namespace}"


def rights_for(
    objects: Iterable[ScaledObject],
    discovery: Discovery,
    *,
    writes: bool,
    proxied: Iterable[Service] = (),
    accounts: Iterable[tuple[str, str]] = (),
) -> tuple[Right, ...]:
    """List what these objects need, sorted; ``writes`` False is a dry run, ``proxied`` are Services read by proxy.

    ``accounts`` are the service accounts, by namespace and name, whose tokens are asked for.
    A kind that is not known yet is left out: reading its scale says what is wrong with it.
    """
    needed = {
        Right(namespace=service.namespace, group="", resource="services/proxy", verb="get") for service in proxied
    }
    for namespace, name in accounts:
        needed.add(Right(namespace=namespace, group="", resource="serviceaccounts/token", verb="create", name=name))
    for obj in objects:
        target = obj.target
        plural = discovery.plural(target)
        group = target.api_version.rpartition("/")[0]
        if plural is not None:
            for verb in ("get", "patch") if writes else ("get",):
                needed.add(Right(namespace=target.namespace, group=group, resource=f"{plural}/scale", verb=verb))
        if needs_pods(obj):
            needed.add(Right(namespace=target.namespace, group="", resource="pods", verb="list"))
    return tuple(sorted(needed, key=lambda right: (right.namespace, *_kind(right), right.verb)))


def rights_to_see_rivals(objects: Iterable[ScaledObject]) -> tuple[Right, ...]:
    """List what lets us see HPAs on the targets of these objects, sorted; everything works without it (D32)."""
    namespaces = sorted({obj.target.namespace for obj in objects})
    return tuple(
        Right(namespace=namespace, group="autoscaling", resource="horizontalpodautoscalers", verb="list")
        for namespace in namespaces
    )


async def lacking(client: Reader, rights: Iterable[Right]) -> tuple[Right, ...] | Unreadable:
    """Ask the API server which of these rights we do not have; it keeps nothing of the question."""
    missing: list[Right] = []
    for right in rights:
        reply = await client.review(_question(right), timeout_seconds=REVIEW_SECONDS)
        review = decoded(reply.body, _REVIEW) if isinstance(reply, Answer) and reply.status in (200, 201) else None
        if review is None:
            return unreadable(reply, "what we may do")
        if not review.status.allowed:
            missing.append(right)
    return tuple(missing)


def role_rules(rights: Iterable[Right]) -> str:
    """Write the rules of a Role that grants these rights of one namespace: one line of YAML, to be copied as it is."""
    rules: list[str] = []
    ordered = sorted(rights, key=lambda right: (*_kind(right), right.verb))
    for (group, resource, name), same in groupby(ordered, key=_kind):
        verbs = ", ".join(dict.fromkeys(right.verb for right in same))
        named = f" resourceNames: [{name}]," if name else ""
        rules.append(f'{{apiGroups: ["{group}"], resources: [{resource}],{named} verbs: [{verbs}]}}')
    return f"rules: [{', '.join(rules)}]"


def _kind(right: Right) -> tuple[str, str, str]:
    return right.group, right.resource, right.name


def _question(right: Right) -> dict[str, object]:
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "namespace": right.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "name": right.name,
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
