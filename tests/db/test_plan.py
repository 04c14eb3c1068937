"""What a scan comes to: which files have to be read, why, and in which order."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ProblemKind
from core.pictures import TakenAt, TakenSource
from db import LibraryWriter, dry_plan, open_reader, open_writer
from db.records import CommitCounts, FailedFile, ImportedRow, IndexedFile, PlanCounts, RootScan, ScanEntry, WorkKind
from tests.db.making import FACTS, Disk, content, index, model, stage_all, unit


def planned(writer: LibraryWriter, disk: Disk, *roots: bytes, spaces=None) -> tuple[PlanCounts, dict[bytes, WorkKind]]:
    stage_all(writer, disk, roots)
    spaces = [writer.use_space(model())] if spaces is None else spaces
    counts = writer.plan([space.id for space in spaces])
    work = {item.path: item.kind for item in writer.work()}
    writer.start_run("again")  # drops what is staged
    return counts, work


def test_every_kind(writer: LibraryWriter, disk: Disk) -> None:
    for name in (b"same", b"touched", b"sidecar", b"gone", b"passing", b"lasting", b"mended"):
        disk.put(b"/p/" + name)
    disk.broken = {
        b"/p/passing": ProblemKind.PERMISSION,
        b"/p/lasting": ProblemKind.TRUNCATED,
        b"/p/mended": ProblemKind.TRUNCATED,
    }
    index(writer, disk, b"/p")
    disk.put(b"/p/new")
    disk.put(b"/p/touched", "other content")
    disk.put(b"/p/mended")
    disk.sidecars[b"/p/sidecar"] = b"digest"
    del disk.files[b"/p/gone"]
    counts, work = planned(writer, disk, b"/p")
    assert work == {
        b"/p/new": WorkKind.NEW,
        b"/p/touched": WorkKind.CHANGED,
        b"/p/sidecar": WorkKind.FACTS,
        b"/p/passing": WorkKind.RETRY,
        b"/p/mended": WorkKind.RETRY,
    }
    assert counts == PlanCounts(new=1, changed=1, retry=2, facts=1, unchanged=1, broken=1, vanished=1, waiting=5)


def test_newest_first_in_pages(writer: LibraryWriter, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.planning._PAGE", 3)
    for number in range(10):
        disk.put(b"/p/%d" % number)
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    seen = []
    for item in writer.work():
        seen.append(item.path)
        writer.commit([disk.read(item, [space])])  # commits in between disturb nothing
    assert seen == [b"/p/%d" % number for number in reversed(range(10))]


def test_spaces_that_need_a_vector(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/a")
    disk.put(b"/p/copy", "/p/a")
    index(writer, disk, b"/p")
    first, second = writer.use_space(model()), writer.begin_space(model("second", 8))
    disk.put(b"/p/new")
    disk.sidecars[b"/p/copy"] = b"changed"
    stage_all(writer, disk, [b"/p"])
    counts = writer.plan([first.id, second.id])
    items = {item.path: item for item in writer.work()}
    # one file per picture is enough: the copy is read for its sidecar already
    assert items[b"/p/new"].spaces == (first.id, second.id)
    assert items[b"/p/copy"].kind is WorkKind.FACTS
    assert items[b"/p/copy"].spaces == (second.id,)
    assert {item.kind for path, item in items.items() if path == b"/p/a"} <= {WorkKind.BACKFILL}
    assert (counts.new, counts.facts) == (1, 1)
    for item in items.values():
        writer.commit([disk.read(item, [first, second])])
    assert planned(writer, disk, b"/p", spaces=[first, second])[1] == {}
    with open_reader(writer.path) as reader:
        assert reader.generation(second).live_rows == reader.generation(first).live_rows == 2


def test_backfill_reads_one_file_per_picture_and_another_where_that_fails(writer: LibraryWriter, disk: Disk) -> None:
    for name in (b"/p/a", b"/p/b", b"/p/c"):
        disk.put(name, "the same")
    index(writer, disk, b"/p")
    space = writer.begin_space(model("second", 8))
    spaces = [writer.use_space(model()), space]
    _, work = planned(writer, disk, b"/p", spaces=spaces)
    assert list(work.values()) == [WorkKind.BACKFILL]
    disk.broken = dict.fromkeys(work, ProblemKind.BROKEN)
    index(writer, disk, b"/p", spaces=spaces)
    _, again = planned(writer, disk, b"/p", spaces=spaces)
    assert list(again.values()) == [WorkKind.BACKFILL]
    assert set(again).isdisjoint(work)
    index(writer, disk, b"/p", spaces=spaces)
    assert planned(writer, disk, b"/p", spaces=spaces)[1] == {}
    assert writer.counts(spaces[0]).pictures == 1  # what could not be read again stays as it was


def test_the_known_hash_spares_decoding_but_never_hides_news(writer: LibraryWriter, disk: Disk) -> None:
    undated = replace(FACTS, taken=TakenAt(FACTS.taken.local, None, TakenSource.FILE))
    for name in (b"/p/touched", b"/p/undated", b"/p/sidecar", b"/p/moved"):
        disk.put(name)
    disk.facts["/p/undated"] = undated
    index(writer, disk, b"/p")
    for name in (b"/p/touched", b"/p/undated", b"/p/sidecar"):
        disk.put(name)  # the same content at another time
    disk.sidecars[b"/p/sidecar"] = b"changed"
    disk.move(b"/p/moved", b"/p/moved to")
    stage_all(writer, disk, [b"/p"])
    writer.plan([writer.use_space(model()).id])
    known = {item.path: item.known_hash for item in writer.work()}
    assert known == {
        b"/p/touched": content("/p/touched"),
        b"/p/undated": None,  # its date is the file's own, and that changed
        b"/p/sidecar": None,
        b"/p/moved to": content("/p/moved"),
    }


def test_placeholders_are_never_work(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/here")
    index(writer, disk, b"/p")
    root = writer.remember_root(b"/p")
    entries = [
        replace(disk.below(b"/p")[0], online_only=True, size=0, mtime_ns=1),
        ScanEntry(b"/p/cloud", 10, 20, b"", online_only=True),
    ]
    for _ in range(2):
        writer.stage(root, entries)
        counts = writer.plan([writer.use_space(model()).id])
        assert (counts.waiting, list(writer.work())) == (0, [])
        writer.settle([RootScan(root.id, reachable=True, device=1)])
        with open_reader(library) as reader:
            assert [(p.path, p.kind) for p in reader.problems()] == [(b"/p/cloud", ProblemKind.ONLINE_ONLY)]
            assert reader.counts().pictures == 1
    # once fetched, it is read
    disk.put(b"/p/cloud")
    assert planned(writer, disk, b"/p")[1] == {b"/p/cloud": WorkKind.RETRY}


def test_ignored_files_wait_for_a_change(writer: LibraryWriter, disk: Disk) -> None:
    disk.put(b"/p/noext")
    space = writer.use_space(model())
    stage_all(writer, disk, [b"/p"])
    writer.plan([space.id])
    counts = writer.commit(
        [FailedFile(item, ProblemKind.NOT_A_PICTURE, "text", ignored=True) for item in writer.work()]
    )
    assert (counts.ignored, counts.skipped) == (1, 0)
    writer.start_run("again")
    assert planned(writer, disk, b"/p")[1] == {}
    with open_reader(writer.path) as reader:
        assert reader.problems() == []
        assert reader.counts().ignored == 1
    disk.put(b"/p/noext", "a picture now")
    assert planned(writer, disk, b"/p")[1] == {b"/p/noext": WorkKind.RETRY}
    assert index(writer, disk, b"/p")[0].added == 1


def test_dry_plan_says_the_same_and_writes_nothing(library: Path, disk: Disk) -> None:
    for name in (b"/p/a", b"/p/b", b"/p/c"):
        disk.put(name)
    assert dry_plan(library, [(b"/p", disk.below(b"/p"))]) == PlanCounts(new=3, waiting=3)
    assert not library.exists()
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    del disk.files[b"/p/a"]
    disk.put(b"/p/b", "changed")
    disk.put(b"/p/d")
    before = {path: path.read_bytes() for path in library.rglob("*") if path.is_file()}
    counts = dry_plan(library, [(b"/p", disk.below(b"/p"))])
    assert counts == PlanCounts(new=1, changed=1, unchanged=1, vanished=1, waiting=2)
    after = {path: path.read_bytes() for path in library.rglob("*") if path.is_file()}
    assert {p: b for p, b in after.items() if p.suffix not in {".sqlite3-wal", ".sqlite3-shm"}} == before
    with open_writer(library, command="index"):  # a dry run may go on beside a writer
        assert dry_plan(library, [(b"/p", disk.below(b"/p"))]) == counts


def test_names_that_are_no_text(writer: LibraryWriter, disk: Disk) -> None:
    names = [b"/p/\xff\xfe.jpg", b"/p/new\nline", b"/p/" + b"d" * 200 + b"/" + "ü".encode() * 100, b"/p/'; DROP TABLE"]
    for name in names:
        disk.put(name, repr(name))
    assert index(writer, disk, b"/p")[0].added == len(names)
    assert planned(writer, disk, b"/p")[1] == {}
    with open_reader(writer.path) as reader:
        space = reader.active_space()
        assert sorted(p.path for p in reader.pictures(space, range(4))) == sorted(names)


def test_refreshing_unchanged_files_is_quick(writer: LibraryWriter, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures are printed; the bound is generous: 100,000 files take 0.7 s of CPU."""
    count = 5_000
    entries = [ScanEntry(b"/p/%03d/%06d.jpg" % (n // 300, n), n, n * 1_000, b"") for n in range(count)]
    root, space = writer.remember_root(b"/p"), writer.use_space(model())
    writer.stage(root, entries)
    writer.plan([space.id])
    vector, batch = unit("all alike"), []
    started = time.perf_counter()
    for item in writer.work():
        batch.append(IndexedFile(item, content(os.fsdecode(item.path)), FACTS, {space.id: vector}))
        if len(batch) == 1_000:
            writer.commit(batch)
            batch = []
    committed = time.perf_counter()
    writer.start_run("again")
    clock = time.process_time()
    started_refresh = time.perf_counter()
    writer.stage(root, entries)
    staged = time.perf_counter()
    counts = writer.plan([space.id])
    assert (counts.unchanged, list(writer.work())) == (count, [])
    planned_at = time.perf_counter()
    writer.settle([RootScan(root.id, reachable=True, device=1)])
    done = time.perf_counter()
    with capsys.disabled():
        print(
            f"\n{count:,} files: commit {committed - started:.1f} s; refresh: stage {staged - started_refresh:.2f} s,"
            f" plan {planned_at - staged:.2f} s, settle {done - planned_at:.2f} s"
            f" ({time.process_time() - clock:.2f} s of CPU)"
        )
    assert time.process_time() - clock < 0.5


@pytest.mark.parametrize("mtime_ns", [10**20, -(10**20), -1])
def test_file_times_that_no_clock_should_show(mtime_ns: int, writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.files[b"/p/odd"] = ("odd", mtime_ns)
    disk.put(b"/p/other")
    assert index(writer, disk, b"/p")[0] == CommitCounts(added=2, embedded=2)
    assert index(writer, disk, b"/p")[0] == CommitCounts()
    disk.move(b"/p/odd", b"/p/moved")
    assert index(writer, disk, b"/p")[0] == CommitCounts(moved=1)
    space = writer.use_space(model())
    imported = ImportedRow(b"/x/odd", unit("x"), 10, mtime_ns)
    assert writer.import_rows(space, [imported]) == CommitCounts(added=1, embedded=1)
