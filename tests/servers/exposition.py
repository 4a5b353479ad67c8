"""A /metrics endpoint whose gauges the test sets: the workload that Prometheus scrapes."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.servers.process import free_port

Series = tuple[str, tuple[tuple[str, str], ...]]


class Exposition:
    """Gauges in Prometheus' text format on a loopback port, served by a thread of its own."""

    def __init__(self) -> None:
        self._values: dict[Series, float] = {}
        self._broken = False
        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Name host and port, as a scrape target is written."""
        return f"127.0.0.1:{self._server.server_port}"

    def set(self, name: str, value: float, **labels: str) -> None:
        """Give a gauge its value from the next scrape on."""
        self._values = {**self._values, _series(name, labels): value}

    def remove(self, name: str, **labels: str) -> None:
        """Withdraw one series; the next scrape marks it stale, and an instant query no longer answers with it."""
        gone = _series(name, labels)
        self._values = {series: value for series, value in self._values.items() if series != gone}

    def clear(self) -> None:
        """Withdraw every series: Prometheus stays up and answers with nothing."""
        self._values = {}

    def break_off(self) -> None:
        """Answer scrapes with 500 until ``mend``."""
        self._broken = True

    def mend(self) -> None:
        """Answer scrapes again."""
        self._broken = False

    def text(self) -> str:
        """Print the gauges as Prometheus reads them."""
        return "".join(f"{name}{_braces(labels)} {value!r}\n" for (name, labels), value in self._values.items())

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        exposition = self

        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exposition.text().encode()
                self.send_response(500 if exposition._broken else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Keep scrapes out of the tests' output."""

        return Metrics


def _series(name: str, labels: dict[str, str]) -> Series:
    return name, tuple(sorted(labels.items()))


def _braces(labels: tuple[tuple[str, str], ...]) -> str:
    escaped = (value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for _, value in labels)
    pairs = ",".join(f'{name}="{value}"' for (name, _), value in zip(labels, escaped, strict=True))
    return f"{{{pairs}}}" if pairs else ""
