"""Caption rows hold what picture rows promise: invariants 1 to 4, broken on purpose, and mended."""

import copy
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged, StorageFull
from core.models import VectorKind
from core.pictures import Caption, CaptionSource
from db import check_library, open_reader, open_writer
from db.records import FindingCode, SpaceState
from db.vectors.blocks import BLOCK_ROWS
from tests.conftest import PROJECT
from tests.db.captioning import HEADER, ROW_BYTES, caption, caption_file, caption_rows, embed, found_texts, generated
from tests.db.making import DIM, FACTS, Disk, index, model, unit
from tests.db.test_doctor import flip, mend, sql

TEXTS = 2 * BLOCK_ROWS + 300


def captioned(disk: Disk, path: bytes, *texts: str) -> None:
    """A picture whose file says this."""
    disk.put(path)
    found = tuple(Caption(text, CaptionSource.EXIF) for text in texts)
    disk.facts[path.decode()] = replace(FACTS, captions=found)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Disk]:
    """Three blocks of caption rows and an index over them; one picture hidden, with its text (in the first row)."""
    library, disk = tmp_path_factory.mktemp("built") / "library", Disk()
    for picture in range(50):
        numbers = range(picture * TEXTS // 50, (picture + 1) * TEXTS // 50)
        captioned(disk, b"/p/%d" % picture, *(f"text {number}" for number in numbers))
    captioned(disk, b"/p/hidden", "hidden")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p", batch=60)
        space = writer.use_space(model())
        embed(writer, space, batch=500)
        del disk.files[b"/p/hidden"]
        index(writer, disk, b"/p")
        writer.refresh_derived(space, exact_below=1_000)
    assert check_library(library) == []
    assert caption_rows(library) == (TEXTS + 1, TEXTS)
    return library, disk


@pytest.fixture
def disk(built: tuple[Path, Disk]) -> Disk:
    return copy.deepcopy(built[1])


@pytest.fixture
def library(built: tuple[Path, Disk], tmp_path: Path) -> Path:
    return Path(shutil.copytree(built[0], tmp_path / "library"))


def cut_to(rows: int) -> Callable[[Path], None]:
    def cut(library: Path) -> None:
        with caption_file(library).open("r+b") as file:
            file.truncate(HEADER + rows * ROW_BYTES + 7)

    return cut


def append_rows(library: Path) -> None:
    with caption_file(library).open("ab") as file:
        file.write(bytes(3 * ROW_BYTES + 1))


def of_captions(statement: str) -> Callable[[Path], None]:
    chosen = "generation_id = (SELECT id FROM generation WHERE kind = 'caption')"
    return lambda library: sql(library, statement.replace("OF_CAPTIONS", chosen))


BREAKAGES: dict[str, tuple[set[FindingCode], Callable[[Path], None], int]] = {
    # name: what the doctor says, how it is broken, how many texts have to be embedded again after the fix
    "vectors deleted": ({FindingCode.VECTORS_LOST}, lambda lib: caption_file(lib).unlink(), TEXTS),
    "header damaged": ({FindingCode.VECTORS_LOST}, lambda lib: flip(caption_file(lib), 30), TEXTS),
    "vectors cut short": ({FindingCode.VECTORS_SHORT}, cut_to(BLOCK_ROWS + 5), TEXTS + 1 - BLOCK_ROWS),
    "vectors never committed": ({FindingCode.VECTORS_EXCESS}, append_rows, 0),
    "a byte of a block": (
        {FindingCode.BLOCKS_DAMAGED},
        lambda lib: flip(caption_file(lib), HEADER + (BLOCK_ROWS + 10) * ROW_BYTES),
        BLOCK_ROWS,
    ),
    "a checksum": (
        {FindingCode.BLOCKS_DAMAGED},
        of_captions("UPDATE block SET crc = crc + 1 WHERE block = 1 AND OF_CAPTIONS"),
        BLOCK_ROWS,
    ),
    "index": ({FindingCode.INDEX_UNSOUND}, lambda lib: flip(next(lib.rglob("caption/index.*")), 5_000), 0),
    "a row of no text": (
        {FindingCode.ROWS_UNMAPPED},
        lambda lib: sql(lib, "DELETE FROM caption_row WHERE row = 9"),
        1,
    ),
    "a tombstone too many": (
        {FindingCode.TOMBSTONES},
        of_captions("INSERT INTO tombstone SELECT generation_id, row FROM caption_row WHERE row = 9 AND OF_CAPTIONS"),
        0,
    ),
    "a tombstone too few": ({FindingCode.TOMBSTONES}, of_captions("DELETE FROM tombstone WHERE OF_CAPTIONS"), 0),
    "a text of nobody": (
        {FindingCode.TEXTS_UNUSED, FindingCode.WORDS},
        lambda lib: sql(lib, "INSERT INTO caption_text (text) VALUES ('a secret')"),
        0,
    ),
}


@pytest.mark.parametrize("name", BREAKAGES)
def test_what_breaks_is_found_and_mended(library: Path, disk: Disk, name: str) -> None:
    codes, break_it, lost = BREAKAGES[name]
    break_it(library)
    assert {finding.code for finding in check_library(library)} == codes
    mend(library)
    with open_writer(library, command="index") as writer:
        assert index(writer, disk, b"/p")[0].embedded == 0  # pictures are none of it
        space = writer.use_space(model())
        assert embed(writer, space, batch=500) == lost
        writer.refresh_derived(space, exact_below=1_000)
    assert check_library(library) == []
    assert found_texts(library) == {f"text {number}" for number in range(TEXTS)}
    with open_reader(library) as reader:
        for number in (0, 9, BLOCK_ROWS + 20, TEXTS - 1):
            (best,) = reader.search_captions(reader.active_space(), unit(f"fake:text {number}"), 1)
            assert (best.text, best.score) == (f"text {number}", pytest.approx(1.0, abs=1e-3))


def test_pictures_are_found_whatever_happens_to_captions(library: Path, disk: Disk) -> None:
    caption_file(library).unlink()
    with open_reader(library) as reader:
        space = reader.active_space()
        hit = reader.search(space, unit("fake:/p/7"), 1)
        assert reader.pictures(space, hit.rows)[0].path == b"/p/7"
        with pytest.raises(LibraryDamaged, match="search doctor"):
            reader.search_captions(space, unit("x"), 1)


def test_the_index_answers_as_an_exact_search_does(library: Path) -> None:
    with open_reader(library) as reader:
        space = reader.active_space()
        generation = reader.generation(space, VectorKind.CAPTION)
        assert generation.index is not None
        assert (generation.index.built_rows, generation.columns_rows) == (TEXTS + 1, 0)
        for number in range(0, TEXTS, 97):
            assert reader.search_captions(space, unit(f"fake:text {number}"), 1)[0].text == f"text {number}"
        assert reader.notices() == ()
        assert "hidden" not in {one.text for one in reader.search_captions(space, unit("fake:hidden"), 50)}
    # texts newer than the index are found at once
    with open_writer(library, command="captions generate") as writer:
        caption(library, writer, b"/p/1", generated("brand new"))
        assert embed(writer, space) == 1
    with open_reader(library) as reader:
        assert reader.search_captions(space, unit("fake:brand new"), 1)[0].text == "brand new"


def test_a_damaged_index_is_bypassed_and_told(library: Path) -> None:
    flip(next(library.rglob("caption/index.*")), 5_000)
    with open_reader(library) as reader:
        space = reader.active_space()
        assert reader.search_captions(space, unit("fake:text 3"), 1)[0].text == "text 3"
        assert "searched exactly instead" in reader.notices()[0]


def test_compaction_gives_back_the_rows_of_texts_that_are_gone(library: Path, disk: Disk) -> None:
    with open_writer(library, command="index") as writer:
        space = writer.use_space(model())
        assert writer.compact(space, VectorKind.CAPTION) == 0  # the hidden one may come back
        for number in range(10):
            writer.forget(b"/p/%d" % number)
        before = found_texts(library)
        gone = TEXTS - len(before)
        assert gone == TEXTS // 5
        assert writer.compact(space, VectorKind.CAPTION) == gone
        assert found_texts(library) == before
        assert caption_rows(library) == (len(before) + 1, len(before))
        assert [file.name for file in library.rglob("caption/*")] == ["vectors.2.f16"]
        assert check_library(library) == []
        assert writer.count_unembedded(space) == 0
        disk.put(b"/p/hidden", "/p/hidden")
        index(writer, disk, b"/p")
    assert found_texts(library) == before | {"hidden"}
    assert check_library(library) == []


@pytest.mark.parametrize("moment", ["_renumber", "_flip", "_remove"])
def test_a_crash_while_compacting_is_harmless(library: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with open_writer(library, command="index") as writer:
        writer.forget(b"/p/3")
        before = found_texts(library)
        with monkeypatch.context() as patch:
            patch.setattr(f"db.compaction.{moment}", crash)
            with pytest.raises(KeyboardInterrupt):
                writer.compact(writer.use_space(model()), VectorKind.CAPTION)
    with open_writer(library, command="index") as writer:
        assert check_library(library) == []
        writer.compact(writer.use_space(model()), VectorKind.CAPTION)
    assert found_texts(library) == before
    assert check_library(library) == []


def test_a_reader_sees_one_moment(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.forget._PATIENCE_S", 0.01)  # with the reader below, whose end nobody need wait for
    with open_reader(library) as old, open_writer(library, command="index") as writer:
        space = writer.use_space(model())
        writer.forget(b"/p/0")
        writer.compact(space, VectorKind.CAPTION)
        with open_reader(library) as new:
            assert new.search_captions(space, unit("fake:text 0"), 1)[0].text != "text 0"
        assert old.search_captions(space, unit("fake:text 0"), 1)[0].text == "text 0"


CRASH = """
    import os
    from pathlib import Path
    from db import open_writer
    import db.caption_rows
    from tests.db.captioning import embed
    from tests.db.making import model
    seen = 0
    def crash(conn):
        global seen
        seen += 1
        if seen == 2:
            os._exit(9)  # vectors are on disk, the transaction is not
        settle(conn)
    settle, db.caption_rows.settle_texts = db.caption_rows.settle_texts, crash
    writer = open_writer(Path({library!r}), command="index")
    embed(writer, writer.use_space(model()), batch=4)
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Ten pictures with a text each, none embedded."""
    library, disk = tmp_path / "fresh", Disk()
    for number in range(10):
        captioned(disk, b"/p/%d" % number, f"text {number}")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    return library


def test_killed_between_the_vectors_and_sqlite(fresh: Path) -> None:
    code = textwrap.dedent(CRASH.format(library=str(fresh)))
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=PROJECT).returncode == 9
    assert [finding.code for finding in check_library(fresh)] == ["vectors_excess"]
    assert caption_rows(fresh) == (4, 4)  # readers never notice
    with open_writer(fresh, command="index") as writer:
        assert caption_file(fresh).stat().st_size == HEADER + 4 * ROW_BYTES
        assert embed(writer, writer.use_space(model()), batch=4) == 6
    assert check_library(fresh) == []
    assert found_texts(fresh) == {f"text {number}" for number in range(10)}


def test_killed_while_the_first_row_file_is_made(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with open_writer(fresh, command="index") as writer, monkeypatch.context() as patch:
        patch.setattr("db.spaces.transaction", crash)
        with pytest.raises(KeyboardInterrupt):
            embed(writer, writer.use_space(model()))
    with open_writer(fresh, command="index") as writer:
        assert not list(fresh.rglob("caption/vectors.*"))
        assert embed(writer, writer.use_space(model())) == 10
    assert check_library(fresh) == []


def test_one_batch_is_all_or_nothing(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with open_writer(fresh, command="index") as writer:
        space = writer.use_space(model())
        with monkeypatch.context() as patch:
            patch.setattr("db.caption_rows.settle_texts", interrupted)
            with pytest.raises(KeyboardInterrupt):
                embed(writer, space)
        assert caption_file(fresh).stat().st_size == HEADER
        assert embed(writer, space) == 10
    assert check_library(fresh) == []


def test_a_full_disk_loses_nothing(fresh: Path) -> None:
    with open_writer(fresh, command="index") as writer:
        space = writer.use_space(model())
        texts = list(writer.unembedded_texts(space))
        writer.commit_texts(space, [texts[0][0]], unit("x")[np.newaxis])
        writer.add_captions({1: [generated(f"{'long ' * 200}{number}") for number in range(300)]})
        conn = writer.store.conn
        conn.exec_driver_sql(f"PRAGMA max_page_count = {conn.exec_driver_sql('PRAGMA page_count').scalar_one()}")
        many = [generated(f"{'more ' * 200}{number}") for number in range(300)]
        with pytest.raises(StorageFull, match="free some space"):
            writer.add_captions({1: many})
        conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert writer.add_captions({1: many}) == 300
        embed(writer, space)
    assert check_library(fresh) == []


def test_a_text_is_embedded_once_however_often_it_comes(fresh: Path) -> None:
    with open_writer(fresh, command="index") as writer:
        space = writer.use_space(model())
        ids = [text_id for text_id, _ in writer.unembedded_texts(space)]
        assert writer.commit_texts(space, [ids[0], ids[0]], np.stack([unit("a"), unit("a")])) == 1
        assert writer.commit_texts(space, ids[:2], np.stack([unit("a"), unit("b")])) == 1
        assert writer.commit_texts(space, ids[:2], np.stack([unit("a"), unit("b")])) == 0
        assert writer.commit_texts(space, [], np.empty((0, DIM), np.float32)) == 0
        with pytest.raises(ValueError, match="a vector for each of 2 texts"):
            writer.commit_texts(space, ids[:2], unit("a")[np.newaxis])
        with pytest.raises(ValueError, match="finite vectors of 16"):
            writer.commit_texts(space, ids[2:3], np.full((1, DIM), np.nan, np.float32))
    assert caption_rows(fresh) == (2, 2)
    assert check_library(fresh) == []


def test_the_swap_waits_for_captions(fresh: Path) -> None:
    disk = Disk()
    for number in range(10):
        captioned(disk, b"/p/%d" % number, f"text {number}")
    with open_writer(fresh, command="index") as writer:
        old = writer.use_space(model())
        embed(writer, old)
        new = writer.begin_space(model("new", 8))
        index(writer, disk, b"/p", spaces=[old, new])
        assert writer.unfilled(new.id) == 0
        assert not writer.finish_space(new.id)  # its captions are lacking
        assert embed(writer, new) == 10
        assert found_texts(fresh) == {f"text {number}" for number in range(10)}  # by the old one
        assert writer.finish_space(new.id)
        with open_reader(fresh) as reader:
            space = reader.active_space()
            assert (space.id, space.state) == (new.id, SpaceState.ACTIVE)
            assert reader.search_captions(space, unit("new:text 4", 8), 1)[0].text == "text 4"
        assert writer.drop_space(old.id) > HEADER
    assert check_library(fresh) == []
    assert len(found_texts(fresh)) == 10


def test_a_writer_that_only_hides_texts_needs_no_rows(fresh: Path) -> None:
    with open_writer(fresh, command="forget") as writer:
        writer.forget(b"/p/1")
        assert writer.count_unembedded(writer.use_space(model())) == 9
    assert check_library(fresh) == []


def test_many_spaces_hide_a_text_at_once(fresh: Path) -> None:
    disk = Disk()
    for number in range(10):
        captioned(disk, b"/p/%d" % number, f"text {number}")
    with open_writer(fresh, command="index") as writer:
        old, new = writer.use_space(model()), writer.begin_space(model("new", 8))
        for space in (old, new):
            embed(writer, space)
        writer.forget(b"/p/1")
        for space in (old, new):
            assert [rows.live_rows for rows in writer.generations(space)][-1] == 9
    assert check_library(fresh) == []
