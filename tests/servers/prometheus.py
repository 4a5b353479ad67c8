"""A real Prometheus whose series the test sets: pushed, and visible at once, or scraped every second."""

import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.servers.exposition import Exposition
from tests.servers.process import Process, ServerFailedError, free_port
from tests.servers.remote_write import HEADERS, STALE, write_request

CONFIG = """\
global: {{scrape_interval: {interval_ms}ms, scrape_timeout: {interval_ms}ms, evaluation_interval: {interval_ms}ms}}
scrape_configs:
  - job_name: test
    honor_labels: true
    honor_timestamps: true
    static_configs: [{{targets: ["{target}"]}}]
"""


class Prometheus:
    """A Prometheus on a loopback port, and the ``Exposition`` that it scrapes."""

    def __init__(
        self, program: Path, folder: Path, *, scrape_interval_ms: int = 1000, flags: Sequence[str] = ()
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.exposition = Exposition()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._data = folder / "data"
        config = folder / "prometheus.yaml"
        config.write_text(CONFIG.format(interval_ms=scrape_interval_ms, target=self.exposition.address))
        command: list[str | Path] = [program, f"--config.file={config}", f"--storage.tsdb.path={self._data}",
                   f"--web.listen-address=127.0.0.1:{self.port}", "--web.enable-remote-write-receiver",
                   "--storage.tsdb.retention.time=1d", "--log.level=warn", *flags]  # fmt: skip
        self.process = Process(command, folder / "prometheus.log")
        # Not from the environment: a proxy set there is not meant for loopback.
        self._client = httpx.Client(base_url=self.url, timeout=5.0, trust_env=False)

    def start(self) -> None:
        """Start it, on the same port every time, with the data that the last stop left; return when it answers."""
        self.process.start()
        self.process.await_ready(self._is_ready)

    def stop(self, *, wipe: bool = False) -> None:
        """End it: connections are refused. With ``wipe`` the next start knows no series."""
        self.process.stop()
        if wipe:
            shutil.rmtree(self._data)

    def pause(self) -> None:
        """Suspend it: connections are accepted by the kernel and never answered."""
        self.process.pause()

    def resume(self) -> None:
        """Let it answer again."""
        self.process.resume()

    def close(self) -> None:
        """End it and its scrape target for good."""
        self.process.stop()
        self._client.close()
        self.exposition.close()

    def push(self, name: str, value: float, *, at: datetime | None = None, **labels: str) -> None:
        """Write one sample, visible to queries when this returns; like any, it is too old after five minutes."""
        self.push_history(name, [(at or datetime.now(UTC), value)], **labels)

    def push_history(self, name: str, samples: Sequence[tuple[datetime, float]], **labels: str) -> None:
        """Write a series' samples, oldest first and each later than those before; up to an hour old."""
        pairs = sorted([("__name__", name), *labels.items()])
        request = write_request(pairs, [(round(at.timestamp() * 1000), value) for at, value in samples])
        answer = self._client.post("/api/v1/write", content=request, headers=HEADERS)
        assert answer.is_success, f"push of {name}: {answer.status_code} {answer.text}"

    def withdraw(self, name: str, **labels: str) -> None:
        """End a pushed series: instant queries no longer answer with it."""
        self.push_history(name, [(datetime.now(UTC), STALE)], **labels)

    def await_scraping(self) -> None:
        """Wait for the first scrape after a start: Prometheus looks for its targets only after five seconds."""
        self.await_answer('up{job="test"}', [1.0], within_seconds=20)

    def query(self, promql: str) -> list[float]:
        """Ask an instant query and return the values of its series, in the server's order."""
        answer = self._client.get("/api/v1/query", params={"query": promql})
        assert answer.status_code == 200, f"query {promql!r}: {answer.text}"
        data = answer.json()["data"]
        pairs = [data["result"]] if data["resultType"] == "scalar" else [row["value"] for row in data["result"]]
        return [float(value) for _, value in pairs]

    def await_answer(self, promql: str, wanted: Sequence[float], *, within_seconds: float = 5.0) -> float:
        """Wait until a query answers with exactly these values, and return the seconds that took.

        ``[]`` waits for an empty answer. Raises ServerFailedError with the last answer when the time is up.
        """
        began = time.monotonic()
        while (found := self.query(promql)) != list(wanted):
            if time.monotonic() - began > within_seconds:
                raise ServerFailedError(f"{promql} is {found} after {within_seconds} s, not {list(wanted)}")
            time.sleep(0.02)
        return time.monotonic() - began

    def _is_ready(self) -> bool:
        try:
            return self._client.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False
