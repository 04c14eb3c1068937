"""What is done for every batch and every answer never walks a whole table: it must cost the same at a million pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from core.errors import ProblemKind
from core.pictures import CaptionSource
from core.queries import Filters
from core.tags import TagBlock
from core.words import Term
from db import LibraryWriter, open_reader
from db.connect import _dbapi
from db.records import FailedFile, RootScan
from tests.db.captioning import embed, generated
from tests.db.making import Disk, index, model, stage_all, unit

LARGE = {
    "file",
    "asset",
    "file_asset",
    "vector_row",
    "caption",
    "asset_tag",
    "caption_row",
    "caption_text",
    "f",
    "a",
    "fa",
    "r",
    "c",
    "d",
    "at",
}


@contextmanager
def watched(conn: Connection) -> Iterator[dict[str, list[str]]]:
    """Statement -> the tables that SQLite walks whole for it."""
    seen: dict[str, None] = {}  # in their order; with the values in them
    _dbapi(conn).set_trace_callback(seen.setdefault)
    walked: dict[str, list[str]] = {}
    try:
        yield walked
    finally:
        _dbapi(conn).set_trace_callback(None)
    assert seen
    for statement in seen:
        if statement.lstrip().split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
            whole = [row.detail.split()[1] for row in plan if row.detail.startswith("SCAN")]
            if found := sorted(LARGE.intersection(whole)):
                walked[statement] = found


@pytest.fixture(params=[False, True], ids=["fresh", "analysed"])
def grown(writer: LibraryWriter, disk: Disk, request: pytest.FixtureRequest) -> LibraryWriter:
    for number in range(300):
        disk.put(b"/p/%d/%d" % (number % 5, number), f"content {number % 250}")
    index(writer, disk, b"/p", batch=300)
    if request.param:
        writer.store.conn.exec_driver_sql("ANALYZE")
    return writer


def test_commits(grown: LibraryWriter, disk: Disk) -> None:
    space = grown.use_space(model())
    disk.put(b"/p/new/1")
    disk.put(b"/p/1/1", "edited")
    disk.put(b"/p/2/2", "content 2")
    disk.put(b"/p/broken")
    disk.move(b"/p/3/3", b"/p/moved")
    disk.sidecars[b"/p/4/4"] = b"changed"
    scans = stage_all(grown, disk, [b"/p"])
    grown.plan([space.id])
    items = list(grown.work())
    outcomes = [
        FailedFile(i, ProblemKind.BROKEN, "test") if i.path == b"/p/broken" else disk.read(i, [space]) for i in items
    ]
    with watched(grown.store.conn) as walked:
        counts = grown.commit(outcomes)
    assert walked == {}
    assert (counts.added, counts.changed, counts.moved, counts.skipped) == (1, 1, 1, 1)
    grown.settle([RootScan(scan.root_id, reachable=True) for scan in scans])


def test_answers(grown: LibraryWriter, library: Path) -> None:
    with open_reader(library) as reader:
        space = reader.active_space()
        with watched(reader._store.conn) as walked:
            mask, _ = reader.allowed_rows(space)
            found = reader.search(space, unit("fake:content 7"), 10, mask)
            assert len(reader.pictures(space, found.rows)) == 10
            reader.rows_with_hash(space, b"x" * 32)
            reader.rows_at_path(space, b"/p/1/1")
        assert walked == {}


def test_counts(grown: LibraryWriter, disk: Disk, library: Path) -> None:
    with open_reader(library) as reader, watched(reader._store.conn) as walked:
        assert reader.counts(reader.active_space()).pictures == 250
    assert list(walked) == ["SELECT count(*) FROM file WHERE problem_kind IS NOT NULL"]  # the index of just those


def test_tags(grown: LibraryWriter, library: Path) -> None:
    """Filtering by a tag, showing tags, and tagging a block of pictures."""
    images = np.arange(1, 61, dtype=np.int64)
    odd = np.arange(0, 60, 2)
    block = TagBlock(images, odd, np.zeros(30, np.int64), np.full(30, 0.5, np.float32))
    with watched(grown.store.conn) as walked:
        grown.set_tags("set", "fake", ["odd"], [block])
        grown.set_tags("set", "fake", ["odd"], [block], whole=False)
        grown.add_tags(images.tolist()[:5], ["few"])
        grown.remove_tags(names=["few"], images=[1])
    assert walked == {}
    with open_reader(library) as reader:
        space = reader.active_space()
        with watched(reader._store.conn) as walked:
            mask, many = reader.allowed_rows(space, Filters(tags=("odd", "few")))
            assert mask is not None
            found = reader.pictures(space, np.flatnonzero(mask))
            reader.tags(images.tolist())
        assert walked == {}
        assert many == 2
        assert {tag.name for picture in found for tag in picture.facts.tags} == {"odd", "few"}


def test_captions(grown: LibraryWriter, library: Path) -> None:
    """Adding, embedding and judging a batch of captions, one of which every picture has; finding and showing them."""
    space = grown.use_space(model())
    everywhere = generated("OLYMPUS DIGITAL CAMERA")
    grown.add_captions(dict.fromkeys(range(1, 241), (everywhere,)))
    embed(grown, space)
    with watched(grown.store.conn) as walked:
        grown.add_captions({image_id: (everywhere, generated(f"text {image_id}")) for image_id in range(1, 61)})
        embed(grown, space)
        records = list(islice(grown.captions_to_judge("itm"), 40))
        grown.judge_captions([(record.id, 0.1, False) for record in records], judge="itm")
        next(grown.pictures_without_caption("other"))
        grown.remove_captions([7], [CaptionSource.GENERATED])
    assert walked == {}
    with open_reader(library) as reader:
        with watched(reader._store.conn) as walked:
            assert len(reader.search_captions(space, unit("fake:text 7"), 10)) == 10
            reader.captions_of(range(1, 50))
            reader.images_at_paths([b"/p/1/1"])
        assert walked == {}


def test_words(grown: LibraryWriter, library: Path) -> None:
    with open_reader(library) as reader:
        space = reader.active_space()
        terms = [Term("7", ((" 7 ", 1.0),)), Term("harbour", ((" harbour ", 1.0),), ((" harbour", 0.6),))]
        with watched(reader._store.conn) as walked:
            assert len(reader.keyword_rows(space, terms, " 7 harbour ").rows) > 0
        assert walked == {}
        lookup = "EXPLAIN QUERY PLAN SELECT rowid FROM words WHERE words MATCH '\" 7 \"'"
        assert ":M" in reader._store.conn.exec_driver_sql(lookup).one().detail  # through the index, not all texts


def test_filters_over_columns(grown: LibraryWriter, library: Path) -> None:
    """Columns, and SQL for the few rows that changed since or have several files."""
    grown.refresh_derived(grown.spaces()[0], exact_below=10**6, force=True)
    with open_reader(library) as reader:
        space = reader.active_space()
        with watched(reader._store.conn) as walked:
            assert reader.allowed_rows(space, Filters(folders=(b"/p/1",), camera="x", formats=("jpeg",)))[1] == 0
            assert reader.allowed_rows(space, Filters(folders=(b"/p/1",)))[1] > 0
        assert walked == {}
