"""A small synchronous client of a Kubernetes API server: paths and plain documents, one user's token."""

import json
import ssl
from pathlib import Path
from typing import Any

import httpx

MERGE_PATCH = "application/merge-patch+json"
Document = dict[str, Any]


class RefusedError(AssertionError):
    """The API server answered with an error; ``status`` is its HTTP code and ``reason`` its Kubernetes reason."""

    def __init__(self, request: str, answer: httpx.Response) -> None:
        said = _document(answer)
        self.status = answer.status_code
        self.reason = said.get("reason", "")
        super().__init__(f"{request}: {self.status} {self.reason}: {said.get('message', answer.text)}")


class Api:
    """One user of the API server.  Every verb answers with the server's document or raises ``RefusedError``."""

    def __init__(self, url: str, token: str, ca: Path) -> None:
        self.url, self.token, self.ca = url, token, ca
        # Made by the first request: the server writes its certificate when it starts.
        self._client: httpx.Client | None = None

    @property
    def client(self) -> httpx.Client:
        """Lend the HTTP client, for what has no verb here."""
        if self._client is None:
            headers = {"Authorization": f"Bearer {self.token}"}
            self._client = httpx.Client(
                base_url=self.url,
                headers=headers,
                verify=ssl.create_default_context(cafile=self.ca),
                timeout=30.0,
                trust_env=False,
            )
        return self._client

    def request(
        self, verb: str, path: str, body: Document | None = None, *, content_type: str = "application/json"
    ) -> Document:
        """Send one request and return the document in its answer."""
        headers = {"Content-Type": content_type} if body is not None else {}
        content = json.dumps(body).encode() if body is not None else None
        answer = self.client.request(verb, path, content=content, headers=headers)
        if answer.is_error:
            raise RefusedError(f"{verb} {path}", answer)
        return _document(answer)

    def get(self, path: str) -> Document:
        """Read an object or a list."""
        return self.request("GET", path)

    def create(self, path: str, body: Document) -> Document:
        """POST an object to its collection."""
        return self.request("POST", path, body)

    def replace(self, path: str, body: Document) -> Document:
        """PUT an object."""
        return self.request("PUT", path, body)

    def patch(self, path: str, body: Document, *, content_type: str = MERGE_PATCH) -> Document:
        """PATCH an object; a merge patch unless said otherwise."""
        return self.request("PATCH", path, body, content_type=content_type)

    def delete(self, path: str) -> Document:
        """DELETE an object, its dependants in the background."""
        return self.request("DELETE", path)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


def _document(answer: httpx.Response) -> Document:
    try:
        parsed = answer.json()
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
