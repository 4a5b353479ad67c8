"""References to credentials, resolved at the last moment and kept nowhere (D7, S3-S6).

A reference that leads nowhere is Missing, never an empty credential. Order of places, later ones overwriting earlier
ones: KEDA scale_resolvers.go, resolveAuthRef.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeAlias

from autoscaler.model.auth import Authentication, AuthRef, Reference, ReferenceKind
from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.model.value import value
from autoscaler.scalers.addresses import parse_origin
from autoscaler.scalers.files import read_parameters

Entries: TypeAlias = Mapping[str, Secret] | Missing | None
Find: TypeAlias = Callable[[str, str], Entries]
Fetch: TypeAlias = Callable[[str, str], Awaitable[Entries]]
CLUSTER_KIND = "ClusterTriggerAuthentication"
_ORDER = (
    ReferenceKind.ENV,
    ReferenceKind.FILE,
    ReferenceKind.CONFIG_MAP,
    ReferenceKind.SECRET,
    ReferenceKind.TOKEN,
)


class RequestToken(Protocol):
    """Asks for a service account's token for an audience."""

    async def __call__(self, namespace: str, account: str, audience: str, /, *, anew: bool) -> Secret | Missing:
        """Give a token; ``anew``: the source has refused the one that was given before."""


@value
class Places:
    """Where credentials may be looked for.

    ``find_*`` answer at once from what is loaded: the entries, a Missing (REFUSED: it may not be used), or None (not
    there). ``fetch_*`` ask the cluster for what is not loaded; None: there is no cluster to ask.
    ``read_again`` renews what is loaded; None: it is loaded once and for all.
    ``environment`` holds only the names that ``--auth-env`` allows. ``audiences`` is ``--token-audience`` by
    (namespace, service account). ``cluster_namespace`` is where cluster-wide authentications keep their objects.
    """

    find_authentication: Callable[[AuthRef], Authentication | None]
    find_secret: Find
    find_config_map: Find
    fetch_secret: Fetch | None = None
    fetch_config_map: Fetch | None = None
    request_token: RequestToken | None = None
    read_again: Callable[[], Awaitable[None]] | None = None
    audiences: Mapping[tuple[str, str], str]
    environment: Mapping[str, str]
    auth_root: Path | None = None
    cluster_namespace: str = "autoscaler"


@value
class _Use:
    """Who uses an authentication, and for what. ``home`` is the namespace in which its objects are looked up."""

    authentication: Authentication
    home: str
    namespace: str
    author: Author
    anew: bool = False


class Resolver:
    """Turns references into credentials, anew each time it is asked."""

    def __init__(self, places: Places) -> None:
        self._places = places

    async def resolve(
        self,
        ref: AuthRef,
        namespace: str,
        *,
        author: Author = Author.OPERATOR,
        addresses: tuple[str, ...] = (),
        anew: bool = False,
    ) -> Mapping[str, Secret] | Missing:
        """Give every parameter of an authentication, or the first reference that is wrong.

        ``namespace`` is that of the object which uses it; ``addresses`` are where the credentials would go.
        ``anew``: the source has refused what was given before, so a token that is kept does not serve, and files are
        read again.
        """
        if anew and self._places.read_again is not None:
            await self._places.read_again()
        use = self._admit(ref, namespace, author, addresses)
        if isinstance(use, Missing):
            return use
        use = replace(use, anew=anew)
        parameters: dict[str, Secret] = {}
        for reference in _in_order(use.authentication):
            found = await self._look_up(reference, use)
            if isinstance(found, Missing):
                return found
            parameters.update(found)
        return parameters

    def resolve_loaded(
        self, ref: AuthRef, namespace: str, *, author: Author = Author.OPERATOR
    ) -> Mapping[str, Secret] | Missing:
        """Resolve from what is loaded, without waiting: for reading triggers and for ``check``.

        Missing also where the cluster would have to be asked.
        """
        use = self._admit(ref, namespace, author, ())
        if isinstance(use, Missing):
            return use
        parameters: dict[str, Secret] = {}
        for reference in _in_order(use.authentication):
            found = self._look_up_loaded(reference, use)
            if found is None or isinstance(found, Missing):
                return found or _unresolved(reference, use, "is not loaded")
            parameters.update(found)
        return parameters

    def _admit(self, ref: AuthRef, namespace: str, author: Author, addresses: tuple[str, ...]) -> _Use | Missing:
        """Find the authentication and judge whether this use of it is at home (S3)."""
        authentication = self._places.find_authentication(ref)
        if authentication is None:
            return Missing(reason=MissingReason.UNRESOLVED, detail=f"{ref} does not exist")
        away = away_from_home(authentication, namespace, addresses) if author is Author.TENANT else None
        if away is not None:
            return Missing(reason=MissingReason.REFUSED, detail=away)
        home = self._places.cluster_namespace if ref.kind == CLUSTER_KIND else authentication.ref.namespace
        return _Use(authentication=authentication, home=home, namespace=namespace, author=author)

    async def _look_up(self, reference: Reference, use: _Use) -> Mapping[str, Secret] | Missing:
        found = self._look_up_loaded(reference, use)
        if found is not None:
            return found
        match reference.kind:
            case ReferenceKind.SECRET if self._places.fetch_secret is not None:
                entries = await self._places.fetch_secret(use.home, reference.name)
                return _pick(entries, reference, use)
            case ReferenceKind.CONFIG_MAP if self._places.fetch_config_map is not None:
                entries = await self._places.fetch_config_map(use.home, reference.name)
                return _pick(entries, reference, use)
            case ReferenceKind.TOKEN if self._places.request_token is not None:
                audience = self._places.audiences[use.namespace, reference.name]
                token = await self._places.request_token(use.namespace, reference.name, audience, anew=use.anew)
                return token if isinstance(token, Missing) else {reference.parameter: token}
            case _:
                return _unresolved(reference, use, "does not exist")

    def _look_up_loaded(self, reference: Reference, use: _Use) -> Mapping[str, Secret] | Missing | None:
        """Look one reference up without waiting; None where only the cluster can tell."""
        match reference.kind:
            case ReferenceKind.ENV:
                return self._from_environment(reference, use)
            case ReferenceKind.FILE:
                return self._from_file(reference, use)
            case ReferenceKind.TOKEN:
                return self._admit_token(reference, use)
            case ReferenceKind.CONFIG_MAP:
                entries = self._places.find_config_map(use.home, reference.name)
            case ReferenceKind.SECRET:
                entries = self._places.find_secret(use.home, reference.name)
        return None if entries is None else _pick(entries, reference, use)

    def _from_environment(self, reference: Reference, use: _Use) -> Mapping[str, Secret] | Missing:
        """Read a variable of ours: only for operators, only by an allowed name (S5)."""
        if use.author is Author.TENANT:
            return _refused(reference, use, "reads the daemon's environment: only operators may")
        text = self._places.environment.get(reference.name)
        if not text:
            return _unresolved(reference, use, "is not set or not named by --auth-env")
        return {reference.parameter: Secret(text)}

    def _from_file(self, reference: Reference, use: _Use) -> Mapping[str, Secret] | Missing:
        if use.author is Author.TENANT and use.authentication.ref.kind != CLUSTER_KIND:
            return _refused(reference, use, f"may only stand in a {CLUSTER_KIND}")
        return read_parameters(self._places.auth_root, reference.name)

    def _admit_token(self, reference: Reference, use: _Use) -> Missing | None:
        """Judge a token request before it is made: the audience is ours to say (S4)."""
        if (use.namespace, reference.name) not in self._places.audiences:
            wanted = f"--token-audience {use.namespace}/{reference.name}=AUDIENCE"
            return _refused(reference, use, f"has no audience: give {wanted}")
        return None


def _in_order(authentication: Authentication) -> tuple[Reference, ...]:
    """Give the references in the order in which they overwrite each other; a file stands for all others."""
    files = tuple(each for each in authentication.references if each.kind is ReferenceKind.FILE)
    return files or tuple(sorted(authentication.references, key=lambda each: _ORDER.index(each.kind)))


def away_from_home(authentication: Authentication, namespace: str, addresses: tuple[str, ...]) -> str | None:
    """Say why an authentication is not at home here; None where it is. A tenant may not use it then (S3)."""
    ref, shared = authentication.ref, authentication.ref.kind == CLUSTER_KIND
    if not shared and ref.namespace != namespace:
        return f"{ref} belongs to another namespace than {namespace}"
    if (shared or authentication.namespaces) and not _names(authentication.namespaces, namespace):
        return f"{ref} is not for namespace {namespace}: add it to autoscaler.sh/namespaces"
    if not shared and not authentication.servers:
        return None
    homes = {parse_origin(server) for server in authentication.servers}
    for address in addresses:
        if (origin := parse_origin(address)) is None or origin not in homes:
            return f"{ref} may not be sent to {origin or address}: add it to autoscaler.sh/servers"
    return None


def _names(namespaces: tuple[str, ...], namespace: str) -> bool:
    return "*" in namespaces or namespace in namespaces


def _pick(entries: Entries, reference: Reference, use: _Use) -> Mapping[str, Secret] | Missing:
    if isinstance(entries, Missing):
        return entries
    if entries is None:
        return _unresolved(reference, use, "does not exist")
    if reference.key not in entries:
        return _unresolved(reference, use, f'has no key "{reference.key}"')
    return {reference.parameter: entries[reference.key]}


def _unresolved(reference: Reference, use: _Use, why: str) -> Missing:
    return Missing(reason=MissingReason.UNRESOLVED, detail=_said(reference, use, why))


def _refused(reference: Reference, use: _Use, why: str) -> Missing:
    return Missing(reason=MissingReason.REFUSED, detail=_said(reference, use, why))


def _said(reference: Reference, use: _Use, why: str) -> str:
    held = reference.kind in (ReferenceKind.SECRET, ReferenceKind.CONFIG_MAP)
    name = f"{use.home}/{reference.name}" if held else reference.name
    return f'{use.authentication.ref}: {reference.kind.value} "{name}" {why}'
