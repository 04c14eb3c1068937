"""Committing: identical files, edits, moves, failures, and what a crash leaves behind (invariant 1)."""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged, ProblemKind, StorageFull
from core.pictures import Caption, CaptionSource, TakenAt, TakenSource
from db import LibraryReader, LibraryWriter, check_library, open_reader, open_writer
from db.records import CommitCounts, FailedFile, IndexedFile
from tests.conftest import PROJECT
from tests.db.making import DIM, FACTS, Disk, content, index, model, stage_all, unit


def found(library: Path) -> dict[bytes, bytes]:
    """Every findable path, with the content that a search for it finds first."""
    with open_reader(library) as reader:
        space = reader.active_space()
        _, many = reader.allowed_rows(space)
        rows = range(reader.generation(space).committed_rows)
        pictures = reader.pictures(space, rows)
        assert len(pictures) == many == reader.counts(space).pictures
        return {path: p.content_hash for p in pictures for path in (p.path, *p.other_paths)}


def picture_of(reader: LibraryReader, path: bytes):
    space = reader.active_space()
    (picture,) = reader.pictures(space, reader.rows_at_path(space, path))
    return picture


def test_what_is_committed_is_found_by_its_vector(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(20):
        disk.put(b"/p/%d.jpg" % number)
    counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts(added=20, embedded=20)
    with open_reader(library) as reader:
        space = reader.active_space()
        for number in range(20):
            query = unit(f"fake:/p/{number}.jpg")
            hit = reader.search(space, query, 1)
            assert reader.pictures(space, hit.rows)[0].path == b"/p/%d.jpg" % number
            stored = query.astype(np.float16).astype(np.float64)
            assert hit.scores[0] == pytest.approx(min(1.0, stored @ query), abs=1e-6)
            assert reader.vectors(space, hit.rows)[0] == pytest.approx(query, abs=1e-3)


def test_facts_come_back_as_they_were(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    facts = replace(
        FACTS,
        format="heif",
        camera="Canon EOS 40D",
        lens="EF 50mm",
        latitude=-33.5,
        longitude=151.25,
        captions=(Caption("an ox", CaptionSource.EXIF), Caption("üß", CaptionSource.SIDECAR_TEXT)),
        phash=(1 << 64) - 3,
        taken=TakenAt(datetime.fromisoformat("1912-03-04T05:06:07"), -90, TakenSource.XMP),
    )
    disk.put(b"/p/a")
    disk.facts["/p/a"] = facts
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        assert picture_of(reader, b"/p/a").facts == facts


def test_identical_files_share_one_picture(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for name in (b"/p/long/name.jpg", b"/p/b.jpg", b"/p/a.jpg"):
        disk.put(name, "the same")
    counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts(added=3, embedded=1)
    with open_reader(library) as reader:
        picture = picture_of(reader, b"/p/long/name.jpg")
        assert (picture.path, picture.other_paths) == (b"/p/a.jpg", (b"/p/b.jpg", b"/p/long/name.jpg"))
        assert reader.rows_with_hash(reader.active_space(), content("the same")).tolist() == [picture.row]


def test_copies_agree_whatever_order_they_come_in(library: Path) -> None:
    early = replace(FACTS, taken=TakenAt(datetime.fromisoformat("2001-01-01"), None, TakenSource.FILE), captions=())
    late = replace(
        early,
        taken=TakenAt(datetime.fromisoformat("2002-01-01"), None, TakenSource.FILE),
        captions=(Caption("from a sidecar", CaptionSource.SIDECAR_TEXT),),
        latitude=1.0,
        longitude=2.0,
    )
    seen = []
    for order in ((early, late), (late, early)):
        disk = Disk()
        path = library.with_name(f"library{len(seen)}")
        with open_writer(path, command="index") as writer:
            for number, facts in enumerate(order):
                disk.put(b"/p/%d" % number, "the same")
                disk.facts["the same"] = facts
                index(writer, disk, b"/p")
        with open_reader(path) as reader:
            seen.append(picture_of(reader, b"/p/0").facts)
    assert seen[0] == seen[1] == replace(late, taken=early.taken)


def test_a_sidecar_that_goes_takes_its_caption_along(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a")
    disk.facts["/p/a"] = replace(FACTS, captions=(Caption("words", CaptionSource.SIDECAR_TEXT),))
    disk.sidecars[b"/p/a"] = b"1"
    index(writer, disk, b"/p")
    disk.facts["/p/a"], disk.sidecars = FACTS, {}
    counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts(unchanged=1)
    with open_reader(library) as reader:
        assert picture_of(reader, b"/p/a").facts.captions == ()


def test_an_edit_and_its_undo(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a", "before")
    index(writer, disk, b"/p")
    disk.put(b"/p/a", "after")
    assert index(writer, disk, b"/p")[0] == CommitCounts(changed=1, embedded=1)
    assert found(library) == {b"/p/a": content("after")}
    disk.put(b"/p/a", "before")
    assert index(writer, disk, b"/p")[0] == CommitCounts(changed=1)  # the vector was kept
    assert found(library) == {b"/p/a": content("before")}
    disk.put(b"/p/a", "before")  # only touched
    assert index(writer, disk, b"/p")[0] == CommitCounts(unchanged=1)


@pytest.mark.parametrize("same_stat", [True, False])
def test_a_moved_file_keeps_its_row(writer: LibraryWriter, disk: Disk, library: Path, *, same_stat: bool) -> None:
    for name in (b"/p/a", b"/q/b"):
        disk.put(name)
    index(writer, disk, b"/p", b"/q")
    with open_reader(library) as reader:
        before = picture_of(reader, b"/p/a")
    file_id = writer.store.conn.exec_driver_sql("SELECT id FROM file WHERE path = ?", (b"/p/a",)).scalar_one()
    disk.move(b"/p/a", b"/q/sub/c")
    if not same_stat:
        disk.put(b"/q/sub/c", "/p/a")
    counts, settled = index(writer, disk, b"/p", b"/q")
    assert (counts, settled.removed) == (CommitCounts(moved=1), 0)
    with open_reader(library) as reader:
        after = picture_of(reader, b"/q/sub/c")
        assert (after.image_id, after.row) == (before.image_id, before.row)
        assert reader.rows_at_path(reader.active_space(), b"/p/a").tolist() == []
    moved = writer.store.conn.exec_driver_sql("SELECT id FROM file WHERE path = ?", (b"/q/sub/c",)).scalar_one()
    assert moved == file_id


def test_a_copy_is_no_move(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/a")
    index(writer, disk, b"/p")
    disk.files[b"/p/b"] = disk.files[b"/p/a"]
    assert index(writer, disk, b"/p")[0] == CommitCounts(added=1)


def test_a_file_that_is_still_there_did_not_move(
    writer: LibraryWriter, disk: Disk, tmp_path: Path, library: Path
) -> None:
    """It was only left out of the scan, by another --exclude say."""
    there = os.fsencode(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a").touch()
    disk.put(there + b"/a", "x")
    index(writer, disk, there)
    disk.move(there + b"/a", there + b"/b")
    assert index(writer, disk, there)[0] == CommitCounts(added=1)


def test_a_file_found_again_elsewhere_later(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(20):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    kept = disk.files.pop(b"/p/3")
    assert index(writer, disk, b"/p")[1].removed == 1
    disk.files[b"/elsewhere/3"] = kept
    assert index(writer, disk, b"/elsewhere")[0] == CommitCounts(moved=1)
    assert b"/elsewhere/3" in found(library)


def test_problems_are_kept_and_mended(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a")
    disk.broken[b"/p/a"] = ProblemKind.TRUNCATED
    assert index(writer, disk, b"/p")[0] == CommitCounts(skipped=1)
    with open_reader(library) as reader:
        assert [(p.path, p.kind, p.reason) for p in reader.problems()] == [
            (b"/p/a", ProblemKind.TRUNCATED, "as the test wants it")
        ]
    disk.put(b"/p/a")
    disk.broken = {}
    assert index(writer, disk, b"/p")[0] == CommitCounts(added=1, embedded=1)
    with open_reader(library) as reader:
        assert reader.problems() == []


@pytest.mark.parametrize(
    ("kind", "findable"), [(ProblemKind.PERMISSION, True), (ProblemKind.IO_ERROR, True), (ProblemKind.BROKEN, False)]
)
def test_a_known_picture_that_cannot_be_read_now(
    writer: LibraryWriter, disk: Disk, library: Path, kind: ProblemKind, *, findable: bool
) -> None:
    """Where time may mend the reading it stays as it was; where the new content is no picture, it is gone."""
    disk.put(b"/p/a", "before")
    index(writer, disk, b"/p")
    disk.put(b"/p/a", "after")
    disk.broken[b"/p/a"] = kind
    assert index(writer, disk, b"/p")[0] == CommitCounts(skipped=1)
    assert (b"/p/a" in found(library)) is findable
    with open_reader(library) as reader:
        assert [problem.kind for problem in reader.problems()] == [kind]
    disk.broken = {}
    again, _ = index(writer, disk, b"/p")
    assert again == (CommitCounts(changed=1, embedded=1) if findable else CommitCounts())
    disk.put(b"/p/a", "mended")
    assert index(writer, disk, b"/p")[0].embedded == 1
    assert found(library) == {b"/p/a": content("mended")}


def test_known_hashes(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/a", "a")
    index(writer, disk, b"/p")
    first, second = writer.use_space(model()), writer.begin_space(model("second", 8))
    known = writer.known_hashes([content("a"), content("b")], [first.id, second.id])
    assert known == {content("a"): frozenset({first.id})}
    assert writer.known_hashes([content("a")], [second.id]) == {content("a"): frozenset()}


@pytest.mark.parametrize("vector", [np.full(DIM, np.nan, np.float32), np.zeros(DIM + 1, np.float32)])
def test_a_vector_that_is_none_is_never_stored(writer: LibraryWriter, disk: Disk, vector: np.ndarray) -> None:
    disk.put(b"/p/a")
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    (item,) = writer.work()
    with pytest.raises(ValueError, match="finite vectors of 16"):
        writer.commit([IndexedFile(item, content("/p/a"), FACTS, {space.id: vector})])
    assert writer.counts(space).files == 0


def test_one_batch_is_all_or_nothing(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        disk.put(b"/p/%d" % number)
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    items = list(writer.work())
    writer.commit([disk.read(item, [space]) for item in items[:4]])
    file = next((library / "spaces").rglob("vectors.*"))
    size = file.stat().st_size

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    rest = [disk.read(item, [space]) for item in items[4:]]
    with monkeypatch.context() as patch:
        patch.setattr("db.commit.settle_touched", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.commit(rest)
    assert file.stat().st_size == size
    assert len(found(library)) == 4
    writer.commit(rest)
    assert len(found(library)) == 8


def test_a_full_disk_loses_nothing(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/first")
    index(writer, disk, b"/p")
    conn = writer.store.conn
    pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
    conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")  # SQLite's own full disk
    for number in range(300):
        disk.put(b"/p/%d/%s" % (number, b"x" * 200))
    with pytest.raises(StorageFull, match="free some space"):
        index(writer, disk, b"/p", batch=300)
    assert list(found(library)) == [b"/p/first"]
    conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
    writer.start_run("again")
    assert index(writer, disk, b"/p", batch=300)[0].added == 300


CRASH = """
    import os
    from pathlib import Path
    from db import open_writer
    import db.commit
    from tests.db.making import Disk, index
    disk = Disk()
    for number in range(10):
        disk.put(b"/p/%d" % number)
    seen = 0
    def crash(conn):
        global seen
        seen += 1
        if seen == 2:
            os._exit(9)  # vectors are on disk, the transaction is not
        settle(conn)
    settle, db.commit.settle_touched = db.commit.settle_touched, crash
    index(open_writer(Path({library!r}), command="index"), disk, b"/p")
"""


def test_killed_between_the_vectors_and_sqlite(library: Path, disk: Disk) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(CRASH.format(library=str(library)))], check=False, cwd=PROJECT
    )
    assert ran.returncode == 9
    assert [finding.code for finding in check_library(library)] == ["vectors_excess"]
    with open_reader(library) as reader:  # readers never notice
        generation = reader.generation(reader.active_space())
        assert (generation.committed_rows, generation.live_rows) == (4, 4)
    for number in range(10):
        disk.put(b"/p/%d" % number)
    with open_writer(library, command="index") as writer:
        file = next((library / "spaces").rglob("vectors.*"))
        assert file.stat().st_size == 4096 + 4 * DIM * 2
        assert check_library(library) == []
        counts, _ = index(writer, disk, b"/p")
    assert counts == CommitCounts(added=6, embedded=6)
    assert check_library(library) == []
    assert len(found(library)) == 10


def test_vectors_that_went_missing_are_said_before_the_work(library: Path, disk: Disk) -> None:
    disk.put(b"/p/a")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    next((library / "spaces").rglob("vectors.*")).unlink()
    with pytest.raises(LibraryDamaged, match="search doctor"):
        open_reader(library)
    with open_writer(library, command="index") as writer, pytest.raises(LibraryDamaged, match="search doctor"):
        index(writer, disk, b"/p")


def test_a_reader_sees_one_moment(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    """Invariant 5: committed rows decide what exists, and a snapshot does not move."""
    for number in range(4):
        disk.put(b"/p/%d" % number)
    index(writer, disk, b"/p")
    with open_reader(library) as old:
        space = old.active_space()
        disk.put(b"/p/new")
        disk.put(b"/p/1", "edited")
        del disk.files[b"/p/2"]
        index(writer, disk, b"/p", prune=True)
        writer.compact(space)
        with open_reader(library) as new:
            assert new.generation(space).number == 2
            assert {p.path for p in new.pictures(space, range(9))} == set(disk.files)
        assert old.counts(space).pictures == 4
        hits = old.search(space, unit("fake:/p/2"), 4)
        assert old.pictures(space, hits.rows)[0].path == b"/p/2"
        assert len(old.pictures(space, hits.rows)) == 4


def test_failed_files_of_no_account(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a")
    index(writer, disk, b"/p")
    disk.put(b"/p/a", "text now")
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    (item,) = writer.work()
    writer.commit([FailedFile(item, ProblemKind.NOT_A_PICTURE, "text", ignored=True)])
    assert found(library) == {}


def test_waiting_counts_what_the_plan_saw(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(10):
        disk.put(b"/p/%d" % number)
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    items = list(writer.work())
    writer.commit([disk.read(item, [space]) for item in items[:4]])
    with open_reader(library) as reader:
        counts = reader.counts(space)
        assert (counts.indexed, counts.waiting, counts.known) == (4, 6, 10)


def test_the_first_error_is_the_one_that_is_told(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise StorageFull("no space for the journal")

    def fail(error: type[Exception] | None) -> None:
        with open_writer(library, command="index"):
            if error is not None:
                raise error

    with monkeypatch.context() as patch:
        patch.setattr("db.writer.checkpoint", full)
        with pytest.raises(ZeroDivisionError):
            fail(ZeroDivisionError)
        with pytest.raises(StorageFull):
            fail(None)
    fail(None)  # the lock was let go each time
