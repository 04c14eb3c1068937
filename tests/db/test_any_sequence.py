"""Any sequence of edits, runs, forgetting, pruning, compaction and crashes: the library holds what a dictionary would."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.queries import Filters
from db import KeptReaders, LibraryReader, check_library, open_reader, open_writer
from db.records import SpaceInfo
from db.vectors.policy import LEAST_ROWS
from tests.db.killing import Step, killed_at, put_back
from tests.db.making import DIM, Disk, content, index, unit
from tests.db.vectors.shelves import Tally, expect_promised

PATHS = [b"/r/%s/%d" % (folder, number) for folder in (b"a", b"b") for number in range(4)]
TEXTS = ["one", "two", "three"]


class AnySequence(RuleBasedStateMachine):
    """The model: what is on disk, what was found at the last run, what is kept though it vanished, what is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.library = Path(self.folder.name) / "library"
        self.disk = Disk()
        self.writer = open_writer(self.library, command="index")
        self.known: dict[bytes, str] = {}  # findable path -> content
        self.hidden: dict[bytes, str] = {}  # vanished from a healthy root, kept
        self.forgotten_paths: set[bytes] = set()
        self.forgotten_texts: set[str] = set()
        self.forgotten_files: set[bytes] = set()

    def teardown(self) -> None:
        self.writer.close()
        assert check_library(self.library) == []
        self.folder.cleanup()

    @rule(path=st.sampled_from(PATHS), text=st.sampled_from(TEXTS))
    def put(self, path: bytes, text: str) -> None:
        self.disk.put(path, text)

    @rule(path=st.sampled_from(PATHS))
    def delete(self, path: bytes) -> None:
        self.disk.files.pop(path, None)

    @precondition(lambda self: self.disk.files)
    @rule(data=st.data(), new=st.sampled_from(PATHS))
    def move(self, data: st.DataObject, new: bytes) -> None:
        self.disk.move(data.draw(st.sampled_from(sorted(self.disk.files))), new)

    @rule(prune=st.booleans(), batch=st.integers(1, 5))
    def run(self, prune: bool, batch: int) -> None:
        index(self.writer, self.disk, b"/r", prune=prune, batch=batch)
        self._expect_run(prune=prune)

    def _expect_run(self, *, prune: bool) -> None:
        moved_away: set[bytes] = set()
        before = self.known | self.hidden
        # newest first, as the run reads them; identical times keep the order of the scan
        for path, (text, _) in sorted(self.disk.files.items(), key=lambda one: (-one[1][1], one[0])):
            if path in self.forgotten_files or (path not in before and self._is_forgotten(path)):
                continue
            self.hidden.pop(path, None)
            if before.get(path) != text and text in self.forgotten_texts:
                self.known.pop(path, None)
                self.forgotten_files.add(path)
                continue
            if path not in before:
                moved_away |= self._source_of_move(text, moved_away)
            self.known[path] = text
        for path in moved_away:
            self.known.pop(path, None)
            self.hidden.pop(path, None)
        self._expect_judgement(prune=prune)

    def _expect_judgement(self, *, prune: bool) -> None:
        lost = {path for path in self.known if path not in self.disk.files}
        if prune:
            self.hidden.clear()
        elif len(lost) * 10 > len(self.known):  # offline, and findable
            return
        for path in lost:
            text = self.known.pop(path)
            if not prune:
                self.hidden[path] = text

    def _source_of_move(self, text: str, taken: set[bytes]) -> set[bytes]:
        """The vanished file that a new one of this content is taken for; of several the library may choose."""
        still_there = set(self.writer.store.conn.exec_driver_sql("SELECT path FROM file").scalars())
        sources = [
            path
            for path, known in (self.known | self.hidden).items()
            if known == text and path not in taken and path not in still_there
        ]
        return set(sources[:1])

    def _is_forgotten(self, path: bytes) -> bool:
        return any(path == f or path.startswith(f + b"/") for f in self.forgotten_paths)

    @rule(path=st.sampled_from([*PATHS, b"/r/a"]))
    def forget(self, path: bytes) -> None:
        self.writer.forget(path)
        self.forgotten_paths.add(path)
        everything = self.known | self.hidden
        inside = {p: text for p, text in everything.items() if p == path or p.startswith(path + b"/")}
        outside = {text for p, text in everything.items() if p not in inside}
        self.forgotten_texts |= set(inside.values()) - outside
        self.forgotten_files |= set(inside)
        for p in inside:
            self.known.pop(p, None)
            self.hidden.pop(p, None)

    @rule()
    def unforget_everything(self) -> None:
        self.writer.unforget(b"/r")
        self.forgotten_paths.clear()
        self.forgotten_texts.clear()
        self.forgotten_files.clear()

    @rule()
    def compact(self) -> None:
        for space in self.writer.spaces():
            self.writer.compact(space)

    @rule()
    def write_columns(self) -> None:
        for space in self.writer.spaces():
            self.writer.refresh_derived(space, exact_below=10**6, force=True)

    @rule(crash=st.booleans())
    def reopen(self, crash: bool) -> None:
        self.writer.close()
        if crash:
            for file in self.library.rglob("vectors.*"):
                with file.open("ab") as vectors:
                    vectors.write(b"torn" * 20)
        self.writer = open_writer(self.library, command="index")

    @invariant()
    def the_library_is_the_model(self) -> None:
        if not self.writer.spaces():
            return
        with open_reader(self.library) as reader:
            space = reader.active_space()
            generation = reader.generation(space)
            pictures = reader.pictures(space, range(generation.committed_rows))
            found = {path: p.content_hash for p in pictures for path in (p.path, *p.other_paths)}
            expected = {path: content(text) for path, text in self.known.items()}
            assert found == expected
            assert reader.counts(space).pictures == len(set(expected.values())) == generation.live_rows
            for text in TEXTS:
                hits = reader.search(space, unit(f"fake:{text}"), 1)
                (best,) = reader.pictures(space, hits.rows) or [None]
                is_there = content(text) in expected.values()
                assert (best is not None and best.content_hash == content(text)) is is_there


AnySequence.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnySequence = AnySequence.TestCase


class AnyIndexedSequence(AnySequence):
    """The same with so many pictures that there is an index: what is found is what exact search of the model finds."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.kept = KeptReaders(self.library)
        self.numbers = 0
        self.asked = 0
        self.put_many(b"/r/a", 2 * LEAST_ROWS)
        self.run(prune=False)
        self.refresh(0.99)

    def teardown(self) -> None:
        self.kept.close()
        super().teardown()

    # Single files take no turns: they are what the machine above is for.
    put = delete = move = write_columns = None

    @rule(folder=st.sampled_from([b"/r/a", b"/r/b"]), count=st.integers(1, LEAST_ROWS))
    def put_many(self, folder: bytes, count: int) -> None:
        for number in range(self.numbers, self.numbers + count):
            self.disk.put(b"%s/%d/%d" % (folder, number % 3, number))
        self.numbers += count

    @rule(folder=st.sampled_from([b"/r/a", b"/r/b/1", b"/r/b"]), share=st.sampled_from([0.05, 0.5, 1.0]))
    def delete_many(self, folder: bytes, share: float) -> None:
        inside = sorted(path for path in self.disk.files if path.startswith(folder + b"/"))
        for path in inside[: int(share * len(inside))]:
            del self.disk.files[path]

    @rule(path=st.sampled_from([b"/r/a/0", b"/r/b/1", b"/r/b/2"]))
    def forget(self, path: bytes) -> None:
        super().forget(path)

    @rule(prune=st.booleans())
    def run(self, prune: bool) -> None:
        super().run(prune=prune, batch=LEAST_ROWS)

    @rule(recall=st.sampled_from([0.99, None, 0.9]))
    def refresh(self, recall: float | None) -> None:
        for space in self.writer.spaces():
            self.writer.refresh_derived(space, exact_below=LEAST_ROWS, recall=recall)

    @rule(recall=st.sampled_from([0.99, None, 0.9]))
    def optimize(self, recall: float | None) -> None:
        for space in self.writer.spaces():
            self.writer.optimize(space, exact_below=LEAST_ROWS, recall=recall)

    @rule(
        name=st.sampled_from(["run", "refresh", "optimize", "compact"]),
        step=st.sampled_from(["file", "sql"]),
        number=st.integers(0, 40),
    )
    def be_killed(self, name: str, step: Step, number: int) -> None:
        """What was under way is done again by the next run, wherever it was."""
        work = {
            "run": lambda: index(self.writer, self.disk, b"/r", batch=LEAST_ROWS),
            "refresh": lambda: self.refresh(0.95),
            "optimize": lambda: self.optimize(0.95),
            "compact": self.compact,
        }
        killed = killed_at(step, number // 10 if step == "file" else number, self.library, work[name])
        self.writer.close()
        if killed:
            self.kept.close()  # of the files that go
            put_back(self.library)
            assert {finding.code for finding in check_library(self.library)} <= {"stray_files", "vectors_excess"}
        self.writer = open_writer(self.library, command="index")
        if name == "run":
            self.run(prune=False)

    @invariant()
    def what_is_found_is_what_exact_search_finds(self) -> None:
        self.asked += 1
        texts = sorted(set(self.known.values()))
        rng = np.random.default_rng(self.asked)
        pictures = [unit(f"fake:{texts[rng.integers(len(texts))]}") for _ in range(3) if texts]
        queries = [*pictures, *(unit(f"{self.asked} {number}") for number in range(3))]
        with self.kept.reader() if self.asked % 2 else open_reader(self.library) as reader:
            space = reader.active_space()
            for query in queries:
                folder = [None, b"/r/a", b"/r/b/1"][rng.integers(3)]
                self.expect_found(reader, space, query, folder, k=int(rng.choice([1, 10, 10, 500])))
            assert reader.notices() == ()

    def expect_found(
        self, reader: LibraryReader, space: SpaceInfo, query: np.ndarray, folder: bytes | None, k: int
    ) -> None:
        generation = reader.generation(space)
        hashes = {content(text) for path, text in self.known.items() if folder is None or path.startswith(folder)}
        rows, mask = np.zeros((generation.committed_rows, DIM), np.float16), None
        allowed = np.zeros(len(rows), np.bool_)
        for picture in reader.pictures(space, range(len(rows))):
            allowed[picture.row] = picture.content_hash in hashes
        texts = {content(text): text for text in self.known.values()}
        for picture in reader.pictures(space, np.flatnonzero(allowed)):
            rows[picture.row] = unit(f"fake:{texts[picture.content_hash]}").astype(np.float16)
        assert np.count_nonzero(allowed) == len(hashes)
        if folder is not None:
            mask, _ = reader.allowed_rows(space, Filters(folders=(folder,)))
        built = 0 if generation.index is None else generation.index.built_rows
        found = reader.search(space, query, k, mask)
        reached = expect_promised(found, rows, query, k, mask=allowed, built=built)
        if generation.index is not None:
            self.tally.add(generation.index.target, reached)


def test_any_sequence_finds_what_exact_search_does() -> None:
    tally = Tally()
    run_state_machine_as_test(
        lambda: AnyIndexedSequence(tally),
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
    tally.expect_kept(least=100)
