"""ScaledObject documents as a person writes them."""

SCALED_OBJECT = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {{name: {name}, namespace: {namespace}{annotations}}}
spec:
  scaleTargetRef: {{name: {name}}}
  pollingInterval: {poll}
  cooldownPeriod: {cooldown}
  minReplicaCount: {minimum}
  maxReplicaCount: {maximum}
{more}  triggers:
  - type: prometheus
    metadata: {{serverAddress: "{server}", query: '{query}', threshold: "{threshold}"}}
"""


def scaled_object(
    namespace: str,
    server: str,
    query: str,
    *,
    name: str = "web",
    poll: int = 1,
    cooldown: int = 5,
    minimum: int = 0,
    maximum: int = 10,
    threshold: int = 10,
    more: str = "",
    annotations: str = "",
) -> str:
    """A ScaledObject document for a Deployment of the same name."""
    return SCALED_OBJECT.format(
        namespace=namespace,
        server=server,
        query=query,
        name=name,
        poll=poll,
        cooldown=cooldown,
        minimum=minimum,
        maximum=maximum,
        threshold=threshold,
        more=more,
        annotations=f", annotations: {{{annotations}}}" if annotations else "",
    )
