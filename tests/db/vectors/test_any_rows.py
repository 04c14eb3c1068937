"""Any sequence of adding, removing, building, extending, compaction, reopening and crashes: what is found stays right.

The model is the rows themselves, and which of them live; what is promised of a search is compared with brute force.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db.vectors import IndexRecord, RowSearcher, RowsFile, RowsHeader, build_index
from db.vectors.allowed import Allowed
from db.vectors.build import extend_index
from db.vectors.compact import compact
from db.vectors.policy import EXACT_US, LEAST_ROWS, approach
from db.vectors.sampling import text_like
from tests.db.killing import killed_at, put_back
from tests.db.vectors.shelves import Tally, clustered, expect_promised, unit

DIM = 24
MOST_ROWS = 900
KINDS = {"alike": clustered(2_000, DIM), "strange": -clustered(2_000, DIM, seed=1)}
SEEDS = st.integers(0, 1 << 16)


class AnyRows(RuleBasedStateMachine):
    """One kind of rows of a space, as the rest of `db` handles them."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.top = TemporaryDirectory()
        self.folder = Path(self.top.name) / "image"
        self.folder.mkdir()
        self.generation = 1
        self.file = self.create()
        self.rows = np.empty((0, DIM), np.float16)
        self.live = np.empty(0, np.bool_)
        self.record: IndexRecord | None = None
        self.searcher: RowSearcher | None = None

    def teardown(self) -> None:
        self.top.cleanup()

    @property
    def header(self) -> RowsHeader:
        return RowsHeader(DIM, "space", self.generation)

    def create(self) -> RowsFile:
        return RowsFile.create(self.folder / f"vectors.{self.generation}.f16", self.header)

    @property
    def mask(self) -> np.ndarray | None:
        return None if self.live.all() else self.live

    @initialize(count=st.integers(LEAST_ROWS, 400))
    def begin(self, count: int) -> None:
        self.add("alike", count, 0)
        self.build(0.99)

    @rule(kind=st.sampled_from([*KINDS, "copies"]), count=st.integers(1, 150), seed=SEEDS)
    def add(self, kind: str, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        count = min(count, MOST_ROWS - len(self.rows))
        some = self.rows[:1] if kind == "copies" else KINDS[kind]
        new = some[rng.integers(0, len(some), count)]
        self.file.append(new)
        self.rows, self.live = np.concatenate([self.rows, new]), np.concatenate([self.live, np.ones(count, np.bool_)])
        self.searcher = None

    @rule(share=st.sampled_from([0.02, 0.3, 0.9]), in_a_row=st.booleans(), seed=SEEDS)
    def remove(self, share: float, in_a_row: bool, seed: int) -> None:
        rng = np.random.default_rng(seed)
        count = int(share * len(self.live))
        start = rng.integers(0, len(self.live) - count + 1)
        gone = np.arange(start, start + count) if in_a_row else rng.permutation(len(self.live))[:count]
        self.live = self.live.copy()
        self.live[gone] = False
        self.searcher = None

    @precondition(lambda self: np.count_nonzero(self.live) >= LEAST_ROWS)
    @rule(recall=st.sampled_from([0.99, 0.99, 0.9]))
    def build(self, recall: float) -> None:
        view = self.file.view(len(self.rows))
        options = {"folder": self.folder, "generation": self.generation, "live": self.mask}
        self.record = build_index(view, target_recall=recall, **options)
        self.searcher = None

    @precondition(lambda self: self.record is not None and self.live.any())
    @rule(recall=st.sampled_from([0.99, 0.99, 0.9]))
    def extend(self, recall: float) -> None:
        assert self.record is not None
        view = self.file.view(len(self.rows))
        options = {"folder": self.folder, "generation": self.generation, "live": self.mask}
        self.record = extend_index(view, record=self.record, target_recall=recall, **options)
        self.searcher = None

    @rule()
    def leave_dead_rows_behind(self) -> None:
        """Every second one: those of hidden pictures stay."""
        keep = np.flatnonzero(self.live | (np.arange(len(self.live)) % 2 > 0))
        view = self.file.view(len(self.rows))
        self.generation += 1
        self.file = self.create()
        compact(view, keep, self.file)
        self.rows, self.live, self.record, self.searcher = self.rows[keep], self.live[keep], None, None

    @rule()
    def reopen(self) -> None:
        """As a writer does after a crash: what was never committed goes."""
        self.file = RowsFile.open(self.file.path, self.header)
        self.file.truncate(len(self.rows))
        self.searcher = None

    @rule(work=st.sampled_from(["build", "extend", "add"]), number=st.integers(0, 2))
    def be_killed(self, work: str, number: int) -> None:
        """A crash: what the record says is what counts."""
        before = self.rows, self.live, self.record

        def at_work() -> None:
            if work == "add":
                self.add("alike", 50, number)
            elif self.record is not None and np.count_nonzero(self.live) >= LEAST_ROWS:
                (self.build if work == "build" else self.extend)(0.99)

        if killed_at("file", number, self.folder, at_work):
            put_back(self.folder)
            self.rows, self.live, self.record = before
        self.reopen()

    @invariant()
    def what_is_found_is_right(self) -> None:
        if self.searcher is None:  # something changed
            self.searcher = RowSearcher(self.file, len(self.rows), self.record, self.folder)
            assert np.array_equal(self.file.view(len(self.rows)), self.rows)
            self.ask(seed=len(self.rows), count=12)

    @rule(seed=SEEDS)
    def ask(self, seed: int, count: int = 4) -> None:
        rng = np.random.default_rng(seed)
        if self.searcher is None or not len(self.rows):
            return
        built = 0 if self.record is None else self.record.built_rows
        for query in self.queries(rng, count):
            mask, k = self.any_mask(rng), int(rng.choice([1, 10, 10, 60, 2_000]))
            sure = int(rng.choice([k, 10]))
            with patch("db.vectors.policy.EXACT_US", float(rng.choice([EXACT_US, 0.0]))):  # a few are scanned, or not
                found = self.searcher.search(query, k, mask=mask, sure=sure)
                reached = expect_promised(found, self.rows, query, k, mask=mask, built=built, sure=sure)
                allowed = None if mask is None else Allowed(mask)
                if self.record and approach(self.record, k=min(k, sure, len(found)), allowed=allowed, dim=DIM):
                    self.tally.add(self.record.target, reached)
        assert self.searcher.notice is None

    def queries(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Pictures, texts, and what is neither."""
        some = unit(self.rows[rng.integers(0, len(self.rows), count)])
        texts = text_like(some, self.rows.mean(axis=0, dtype=np.float32), rng)
        return np.concatenate([some, texts, unit(rng.standard_normal((1, DIM)))])

    def any_mask(self, rng: np.random.Generator) -> np.ndarray | None:
        kind = rng.choice(["live", "live", "strewn", "a few", "in a row", "alike"])
        if kind == "live":
            return self.mask
        if kind == "in a row":
            start = rng.integers(0, len(self.rows))
            return self.live & (np.arange(len(self.rows)) >= start)
        if kind == "alike":
            likeness = self.rows.astype(np.float32) @ self.rows[rng.integers(0, len(self.rows))].astype(np.float32)
            return self.live & (likeness >= np.median(likeness))
        return self.live & (rng.random(len(self.rows)) < (0.02 if kind == "a few" else 0.6))


def test_any_sequence_finds_what_brute_force_does() -> None:
    tally = Tally()
    run_state_machine_as_test(
        lambda: AnyRows(tally),
        settings=settings(
            max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
    tally.expect_kept(least=200)
