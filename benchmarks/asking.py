"""Asking several open rivals the same queries in turn, and what comes of it: recall@10 and CPU time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.children import Served
from benchmarks.errors import BenchmarkError
from benchmarks.questions import HITS, Questions
from core.arrays import HalfRows, RowNumbers, Vectors

_SECONDS_EACH = 20.0  # for one rival with one effort; who is slower is asked fewer queries,
_ONCE_S = 1.0  # and who takes longer than this for one, each of them once
_LEAST_QUERIES = 2  # of each kind
_ENOUGH_FOR_P99 = 100  # of each kind
_OTHER_THREADS = 1.2  # process time by thread time: above it, work was done where it was not timed


@dataclass(frozen=True)
class OfKind:
    """How one kind of query went."""

    queries: int
    recall: float
    p50_ms: float
    p99_ms: float | None  # None: too few queries


@dataclass(frozen=True)
class Asked:
    """One rival with one effort: by kind of query."""

    effort: int
    kinds: dict[str, OfKind]

    @property
    def recall(self) -> float:
        """The worse of the kinds."""
        return min(kind.recall for kind in self.kinds.values())


@dataclass(frozen=True)
class Timed:
    """A search that times itself, in the process where it runs."""

    opener: Callable[[], Callable[[Vectors, int, int], RowNumbers]]

    def __call__(self) -> Callable[[Vectors, int], tuple[RowNumbers, float, float]]:
        """Opens, and returns what answers with rows, seconds of this thread and of the whole process."""
        search = self.opener()

        def answer(query: Vectors, effort: int) -> tuple[RowNumbers, float, float]:
            process, thread = time.process_time(), time.thread_time()
            rows = search(query, HITS, effort)
            return rows, time.thread_time() - thread, time.process_time() - process

        return answer


@dataclass(frozen=True)
class _Share:
    """What one rival with one effort is asked."""

    queries: int  # of each kind, the first ones
    repeats: int

    def has(self, query: int, repeat: int) -> bool:
        return query < self.queries and repeat < self.repeats


class _Notes:
    """Times and recalls of one rival with one effort, by query."""

    def __init__(self) -> None:
        self.seconds: dict[int, list[float]] = {}
        self.recalls: dict[int, float] = {}
        self.process_s = 0.0

    def thread_s(self) -> float:
        return sum(sum(times) for times in self.seconds.values())

    def summary(self, effort: int, questions: Questions) -> Asked:
        kinds = {}
        for kind in questions.kinds:
            ids = [at for at in self.seconds if questions.kind(at) == kind]
            ms = np.array([np.median(self.seconds[at]) for at in ids]) * 1e3
            p99 = float(np.percentile(ms, 99)) if len(ids) >= _ENOUGH_FOR_P99 else None
            recall = float(np.mean([self.recalls[at] for at in ids]))
            kinds[kind] = OfKind(len(ids), recall, float(np.median(ms)), p99)
        return Asked(effort, kinds)


def ask_all(
    served: Mapping[str, Served],
    efforts: Mapping[str, tuple[int, ...]],
    questions: Questions,
    rows: HalfRows,
    repeats: int,
) -> dict[str, tuple[Asked, ...]]:
    """Every query to every rival with each of its efforts, `repeats` times, one rival after the other.

    A rival's efforts come in different passes over the queries, so that none finds the memory warmed by the one before.

    Raises:
        BenchmarkError: a rival worked in other threads than the one that was timed.
    """
    notes = {(name, effort): _Notes() for name, some in efforts.items() for effort in some}
    shares = {way: _share(served[way[0]], way[1], questions, repeats) for way in notes}
    passes = max(len(some) for some in efforts.values())
    for turn in range(repeats * passes):
        for at in questions.mixed():
            for name, some in efforts.items():
                # Efforts are spread over the passes; a rival with few of them has passes without a question.
                place = (turn + at) % passes
                if place < len(some) and shares[name, some[place]].has(at % questions.each, turn // passes):
                    _ask(served[name], some[place], notes[name, some[place]], questions, rows, at)
    for (name, effort), noted in notes.items():
        if noted.process_s > _OTHER_THREADS * noted.thread_s() + 0.05:
            raise BenchmarkError(f"{name} {effort}: worked in other threads than the one that was timed")
    return {
        name: tuple(notes[name, effort].summary(effort, questions) for effort in some) for name, some in efforts.items()
    }


def _ask(child: Served, effort: int, noted: _Notes, questions: Questions, rows: HalfRows, at: int) -> None:
    found, thread_s, process_s = child.ask(questions.vectors[at], effort)
    noted.seconds.setdefault(at, []).append(thread_s)
    noted.process_s += process_s
    if at not in noted.recalls:
        noted.recalls[at] = questions.recall(at, rows, found)


def _share(child: Served, effort: int, questions: Questions, repeats: int) -> _Share:
    """How much there is time for; asks some, under watch, which also warms the rival up."""
    seconds = []
    for at in questions.mixed()[:4]:
        answer: Any = child.ask_watched(questions.vectors[at], effort)
        seconds.append(answer[1])
        if min(seconds) > _ONCE_S:
            return _Share(_LEAST_QUERIES, 1)
    there_is_time_for = _SECONDS_EACH / repeats / len(questions.kinds) / max(*seconds[1:], 1e-6)
    return _Share(max(_LEAST_QUERIES, int(there_is_time_for)), repeats)
