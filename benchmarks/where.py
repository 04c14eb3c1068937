"""What the CPU time of one command goes to: which packages are loaded, and what is done between.

    python -m benchmarks.where query "a dog on the beach" --library FOLDER

The command runs in this process. A module's own time is that of its code and of its library's, without what it imports
in turn; what of a command is no import is told by function, from a second run under the profiler (which slows Python's
own functions down more than others). Times are of the CPU, all threads together: a busy machine changes little of them.
"""

import cProfile
import io
import os
import pstats
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from typing import Any

_PROFILED = "SEARCH_BENCHMARK_PROFILED"
_LEAST_MS = 3.0  # what is shown


class _Thread(threading.local):
    """What the imports under way in a thread have imported in turn, in seconds; one number for each that is open."""

    def __init__(self) -> None:
        self.inner = [0.0]


class Imports:
    """Counts what each package's modules take to be loaded, by themselves."""

    def __init__(self) -> None:
        self.own: dict[str, float] = defaultdict(float)
        self.modules: dict[str, int] = defaultdict(int)
        self._thread = _Thread()

    def watch(self) -> None:
        """From now on, in this process."""
        loading = ((SourceFileLoader, ("exec_module",)), (ExtensionFileLoader, ("create_module", "exec_module")))
        for loader, steps in loading:
            for step in steps:
                setattr(loader, step, self._timed(getattr(loader, step)))

    def _timed(self, load: Callable[..., Any]) -> Callable[..., Any]:
        def timed(loader: Any, about: Any) -> Any:  # noqa: ANN401 - the import system's
            package = getattr(about, "__name__", None) or about.name
            started = time.thread_time()
            inner = self._thread.inner
            inner.append(0.0)
            try:
                return load(loader, about)
            finally:
                took = time.thread_time() - started
                self.own[package.partition(".")[0]] += took - inner.pop()
                self.modules[package.partition(".")[0]] += 1
                inner[-1] += took

        return timed

    @property
    def total(self) -> float:
        """Seconds."""
        return sum(self.own.values())


def main() -> None:
    """Prints both tables; the second comes from a process of its own."""
    words = sys.argv[1:]
    if os.environ.get(_PROFILED):
        print(_functions(words))
        return
    print("\n".join(_packages(words)))
    sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "benchmarks.where", *words], env={**os.environ, _PROFILED: "1"}, check=True)


def _packages(words: list[str]) -> list[str]:
    before, imports = time.process_time(), Imports()
    imports.watch()
    _run(words)
    whole = time.process_time()
    lines = [f"{1000 * own:8.1f} ms  {name} ({imports.modules[name]} modules)" for name, own in _largest(imports.own)]
    summary = (
        f"{1000 * whole:8.1f} ms of CPU in all: {1000 * before:.0f} Python and this script,"
        f" {1000 * imports.total:.0f} loading modules, {1000 * (whole - before - imports.total):.0f} the rest"
    )
    return [summary, *lines]


def _largest(own: dict[str, float]) -> list[tuple[str, float]]:
    found = sorted(own.items(), key=lambda one: -one[1])
    return [(name, took) for name, took in found if 1000 * took >= _LEAST_MS]


def _functions(words: list[str]) -> str:
    """The functions that are no imports, by their own time."""
    import openvino  # noqa: F401 - what is loaded here is not counted below

    from db.vectors.engine import load_faiss

    load_faiss()
    _run(words)  # so that modules are loaded, and nothing else is kept that a new Library would use
    profile = cProfile.Profile(time.process_time)
    profile.runcall(_run, words)
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(45)
    return text.getvalue()


def _run(words: list[str]) -> None:
    from cli.main import main as search

    with redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        code = search(words)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
