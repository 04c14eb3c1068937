"""Any sequence of edits, runs, forgetting, pruning, compaction and crashes: the library holds what a dictionary would."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from db import check_library, open_reader, open_writer
from tests.db.making import Disk, content, index, unit

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
