"""What a Prometheus server may ask for: how many requests, how long they took, what the library and the process need.

Labels are routes as they are declared (`/images/{image_id}`), methods and statuses: never a text, a path or an
id of anybody.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from core.errors import LibraryNotFound
from core.program import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from web.parts import Parts

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "none"


class Metrics:
    """The counts of one server's requests."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each, which says when it was first counted
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("search_http_requests", "Requests answered.", labels, registry=self.registry)
        self._seconds = Histogram(
            "search_http_seconds",
            "Until an answer was sent whole; streams of events are left out.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """One request was answered, or was left before it was."""
        route = getattr(scope.get("route"), "path", _NO_ROUTE).removeprefix("/api/v1")  # as declared, by any FastAPI
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        if not route.endswith("/events"):
            self._seconds.labels(method, route).observe(seconds)


class Measured:
    """Stands before the application and notes what becomes of each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, started = 500, perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._metrics.note(scope, status, perf_counter() - started)


def exposition(parts: Parts) -> bytes:
    """Everything, in Prometheus' text format."""
    return generate_latest(parts.metrics.registry) + generate_latest(_Moment(parts))


class _Moment:
    """What is read when it is asked for: the library and the jobs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def collect(self) -> Iterator[Metric]:
        """As prometheus_client's registries do."""
        yield _with("search_info", "The version that runs.", "version", {VERSION: 1})
        jobs = CounterMetricFamily(
            "search_jobs", "Index jobs of this server, by what became of them.", labels=("state",)
        )
        for state, count in self._parts.jobs.tally().items():
            jobs.add_metric((state.value,), count)
        yield jobs
        beside = GaugeMetricFamily("search_processes_beside", "Processes that search beside the server.")
        beside.add_metric((), self._parts.beside.count)
        yield beside
        yield from self._library()

    def _library(self) -> Iterator[Metric]:
        try:
            with self._parts.held.library() as library:
                glance = library.glance()
        except LibraryNotFound:  # nothing was indexed yet
            return
        counts = {name: getattr(glance.counts, name) for name in ("indexed", "waiting", "offline", "problems")}
        yield _with("search_library_pictures", "Pictures and files of the library.", "state", counts)
        yield _with("search_library_bytes", "On disk, of what search goes by.", "part", glance.search_bytes)


def _with(name: str, said: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family
