"""Documents: what one YAML text holds, each with its kind, its name and its nodes."""

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from autoscaler.manifests.faults import error, placed
from autoscaler.manifests.load import load
from autoscaler.manifests.positions import Data, Fields, Items, Node, data
from autoscaler.model.faults import Fault
from autoscaler.model.objects import Author
from autoscaler.model.text import plain
from autoscaler.model.value import value

DEFAULT_NAMESPACE: Final = "default"


@value
class SourceFile:
    """One file as read. ``text`` is None where it could not be, and ``problem`` says why."""

    path: str
    text: str | None = field(default=None, repr=False)
    problem: str = ""


@value
class Away:
    """A path that gives nothing now, though something may be there: it cannot be read, or holds no manifest."""

    path: str
    why: str


def is_within(file: str, path: str) -> bool:
    """Say whether a file is what stands at a path, or lies in the folder there."""
    return file == path or file.startswith(path.rstrip("/") + "/")


@value
class Document:
    """One manifest. ``data`` is its content as plain values; neither it nor the nodes show in a repr (S14).

    ``live`` says that it comes from the API server, so that its uid and creationTimestamp are real.
    """

    file: str
    api_version: str
    kind: str
    namespace: str
    name: str
    author: Author = Author.OPERATOR
    live: bool = False
    root: Node = field(repr=False)
    data: dict[str, Data] = field(repr=False)

    @property
    def subject(self) -> str:
        """Name it for people: ``ScaledObject web``."""
        return f"{plain(self.kind, 60)} {plain(self.name, 60)}".strip()


@value
class Finding:
    """One fault and where it was found. ``subject`` names the object, empty where the file itself is meant."""

    file: str
    subject: str = ""
    fault: Fault


@value
class Documents:
    """Everything that a set of files holds, and what could not be read."""

    documents: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()


def read(
    files: Iterable[SourceFile], *, namespace: str = DEFAULT_NAMESPACE, author: Author = Author.OPERATOR
) -> Documents:
    """Split files into documents. ``namespace`` is for those that name none."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for file in files:
        if file.text is None:
            fault = error("E100", "", f"it cannot be read: {file.problem}")
            findings.append(Finding(file=file.path, fault=fault))
            continue
        loaded = load(file.text)
        if loaded.fault is not None:
            findings.append(Finding(file=file.path, fault=loaded.fault))
        for root in _flat(loaded.documents):
            made = _document(file.path, root, namespace, author)
            if isinstance(made, Document):
                documents.append(made)
            else:
                findings.append(Finding(file=file.path, fault=placed((made,), root)[0]))
    return Documents(documents=tuple(documents), findings=tuple(findings))


def _flat(roots: Iterable[Node]) -> Iterator[Node]:
    """A ``List``, as ``kubectl get -o yaml`` prints it, stands for its items."""
    for root in roots:
        items = _items(root)
        if items is None:
            yield root
        else:
            yield from _flat(items)


def _items(root: Node) -> tuple[Node, ...] | None:
    if not isinstance(root, Fields):
        return None
    kind, items = root.find("kind"), root.find("items")
    if kind is None or items is None or data(kind.node) not in ("List", "ScaledObjectList"):
        return None
    return items.node.items if isinstance(items.node, Items) else None


def _document(file: str, root: Node, namespace: str, author: Author) -> Document | Fault:
    content = data(root)
    if not isinstance(content, dict):
        return error("E101", "", "a manifest must be a mapping that begins with apiVersion and kind")
    for required in ("apiVersion", "kind"):
        if not isinstance(content.get(required), str) or not content[required]:
            return error("E101", required, f"{required} is required and must be text; is this a Kubernetes manifest?")
    metadata = content.get("metadata")
    about = metadata if isinstance(metadata, dict) else {}
    name, home = about.get("name"), about.get("namespace")
    return Document(
        file=file,
        api_version=str(content["apiVersion"]),
        kind=str(content["kind"]),
        namespace=home if isinstance(home, str) and home else namespace,
        name=name if isinstance(name, str) else "",
        author=author,
        root=root,
        data=content,
    )
