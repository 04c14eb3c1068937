"""The real `search serve` in a process of its own, with a page on a port that stays the same over restarts.

For the benchmarks of the page, and for the tests that look at it in a browser.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from benchmarks.errors import BenchmarkError

_ADDRESS = re.compile(r"http://[^\s\x1b]+")
_READY_S = 60.0
_ENDING_S = 20.0
_LOOK_S = 0.02


def free_port() -> int:
    """One that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def run_search(environment: Mapping[str, str], *arguments: str | Path) -> str:
    """The real program, to its end; what it wrote to stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BenchmarkError(f"search {arguments[0]} failed: {done.stderr}")
    return done.stdout


class ServedPage:
    """A server of one library; a context that ends it.

    Attributes:
        said: every line of what it printed so far.
    """

    def __init__(self, environment: Mapping[str, str], library: Path, options: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.said: list[str] = []
        self._environment = dict(environment)
        self._command = [sys.executable, "-m", "cli", "serve", "--library", str(library), "--port", str(self.port)]
        self._command += options
        self._process: subprocess.Popen[str] | None = None

    @property
    def process(self) -> int:
        """Its number, while it runs."""
        if self._process is None:
            raise BenchmarkError("the server does not run")
        return self._process.pid

    @property
    def url(self) -> str:
        """Where the page is, with the / at its end."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Until the page answers."""
        self._process = subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        told = Event()
        Thread(target=self._hear, args=(self._process, told), daemon=True).start()
        if not told.wait(_READY_S) or self._process.poll() is not None:
            self.kill()
            raise BenchmarkError(f"the server gave no address: {''.join(self.said)}")

    def told(self, pattern: str) -> str:
        """What it printed that looks so, now or in a while."""
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            if found := re.search(pattern, "".join(self.said)):
                return found[0]
            time.sleep(_LOOK_S)
        raise BenchmarkError(f"the server did not say {pattern}: {''.join(self.said)}")

    def stop(self) -> None:
        """As SIGTERM does it; nothing where it does not run."""
        if self._process is not None:
            self._process.terminate()
            code, self._process = self._process.wait(_ENDING_S), None
            if code != 0:
                raise BenchmarkError(f"the server ended with {code}: {''.join(self.said)}")

    def kill(self) -> None:
        """As a crash does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _hear(self, process: subprocess.Popen[str], told: Event) -> None:
        """Until it ends; `told` is set when it has given its address, or has ended without one."""
        with process.stdout or nullcontext(()) as lines:
            for line in lines:
                self.said.append(line)
                if _ADDRESS.search(line):
                    told.set()
        told.set()


def environment_of(folder: Path) -> dict[str, str]:
    """Settings, caches and sockets of its own, below a folder whose path is short; the test data stay known."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEARCH_", "XDG_"))}
    own = {"SEARCH_CONFIG": "none.toml", "XDG_CACHE_HOME": "cache", "XDG_RUNTIME_DIR": "run", "XDG_STATE_HOME": "state"}
    (folder / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    return kept | {name: str(folder / value) for name, value in own.items()} | {"SEARCH_RERANK_BUDGET_S": "0"}
