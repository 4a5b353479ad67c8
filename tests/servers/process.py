"""One server process: started on loopback, awaited, suspended, and ended by its pid."""

import atexit
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

# Below the range from which Linux takes the ports of outgoing connections: while a server is stopped, nobody else
# gets its port, and a client that retries it cannot connect to itself.
PORTS = range(12_000, 30_000)
_handed_out: set[int] = set()


class ServerFailedError(AssertionError):
    """A server ended, or did not become ready in time; the message ends with the tail of its log."""


class Process:
    """A command that is started, suspended and ended at will, its output in one log file."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self.command = [str(word) for word in command]
        self.log = log
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Tell whether the process runs; a suspended one does."""
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int:
        """Name the running process."""
        assert self._running is not None, f"{self.command[0]} was never started"
        return self._running.pid

    def start(self) -> None:
        """Start the command; in a session of its own, so that Ctrl-C reaches the tests and not the servers."""
        assert not self.alive, f"{self.command[0]} runs already"
        with self.log.open("ab") as out:
            self._running = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        atexit.register(self.stop)

    def await_ready(self, is_ready: Callable[[], bool], *, within_seconds: float = 60.0) -> None:
        """Wait until the question is answered with yes.

        Raises ServerFailedError when the process ends first or the time is up.
        """
        deadline = time.monotonic() + within_seconds
        while not is_ready():
            if not self.alive:
                raise ServerFailedError(f"{self.command[0]} ended before it was ready.\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{self.command[0]} is not ready after {within_seconds} s.\n{self.tail()}")
            time.sleep(0.05)

    def pause(self) -> None:
        """Suspend the process: it keeps its port and answers nobody."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self.stop(within_seconds=0)

    def stop(self, *, within_seconds: float = 10.0) -> None:
        """End the process, by force when it does not go in time; a process that has ended is no mistake."""
        atexit.unregister(self.stop)
        if not self.alive:
            return
        assert self._running is not None
        self._running.terminate()
        self.resume()
        try:
            self._running.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()

    def tail(self, lines: int = 25) -> str:
        """Quote the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """Choose a port on loopback that nobody listens on, never the same one twice."""
    while True:
        port = random.choice(PORTS)
        if port not in _handed_out and _is_free(port):
            _handed_out.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
