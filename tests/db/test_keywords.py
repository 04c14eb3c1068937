"""Keyword search in the library: what is found, by which words, and that every snapshot holds texts and index together."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from core.pictures import Caption, CaptionSource
from core.queries import Filters
from core.words import Term
from db import LibraryWriter, check_library, keywords, open_reader, open_writer
from db.connect import transaction
from db.keywords import NAMED
from tests.db.making import Disk, index
from tests.db.wording import captioned, found, noted, term


def test_captions_names_and_folders_below_the_root_are_searched(
    writer: LibraryWriter, disk: Disk, library: Path
) -> None:
    captioned(disk, b"/home/me/Pictures/Norway 2019/IMG_1234.jpg", "A dog on the beach")
    disk.put(b"/home/me/Pictures/Norway 2019/fjords/Sunset_at_sea.JPG")
    disk.put(b"/home/me/Pictures/dogs.jpg")
    index(writer, disk, b"/home/me/Pictures")
    dog, sunset = (
        b"/home/me/Pictures/Norway 2019/IMG_1234.jpg",
        b"/home/me/Pictures/Norway 2019/fjords/Sunset_at_sea.JPG",
    )
    assert found(library, "dog") == {dog: [1.0]}
    assert found(library, "norway") == {dog: [NAMED], sunset: [NAMED]}
    assert found(library, "fjords", "sunset") == {sunset: [NAMED, NAMED]}
    assert found(library, "IMG_1234") == {dog: [NAMED]}
    assert found(library, "beach", "2019", "sunset") == {dog: [1.0, NAMED, 0.0], sunset: [0.0, NAMED, NAMED]}
    assert found(library, "home") == found(library, "me") == found(library, "jpg") == {}
    assert len(found(library, "pictures")) == 3  # the root's own name
    assert noted(writer) == 0


def test_case_accents_and_short_words(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/1.jpg", "Café in Zürich")
    captioned(disk, b"/p/2.jpg", "狗在海滩上")
    captioned(disk, b"/p/3.jpg", "TV at 5 o'clock", "Straße")
    index(writer, disk, b"/p")
    for word in ("cafe", "CAFÉ", "cafe\u0301", "ｃａｆé", "zurich"):
        assert found(library, word) == {b"/p/1.jpg": [1.0]}
    for word in ("海滩", "狗", "海滩上"):
        assert found(library, word) == {b"/p/2.jpg": [1.0]}
    assert found(library, "滩海") == {}
    for word in ("tv", "o'clock", "strasse"):
        assert found(library, word) == {b"/p/3.jpg": [1.0]}
    assert list(found(library, "5")) == [b"/p/3.jpg"]


def test_a_word_is_whole_and_fragments_wait_until_none_is(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/a.jpg", "a cat")
    captioned(disk, b"/p/b.jpg", "our vacation in the Sandstrand hotel")
    index(writer, disk, b"/p")
    assert found(library, "cat") == {b"/p/a.jpg": [1.0]}
    with_fragments = Term("strand", ((" strand ", 1.0),), ((" strand", 0.6), ("strand", 0.3)))
    assert found(library, with_fragments) == {b"/p/b.jpg": [0.3]}
    captioned(disk, b"/p/c.jpg", "am Strand")
    index(writer, disk, b"/p")
    assert found(library, with_fragments) == {b"/p/c.jpg": [1.0]}


def test_a_phrase_is_marked(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/a.jpg", "the golden gate")
    captioned(disk, b"/p/b.jpg", "a gate, golden")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        rows = reader.keyword_rows(reader.active_space(), [term("golden"), term("gate")], " golden gate ")
        paths = [picture.path for picture in reader.pictures(reader.active_space(), rows.rows)]
        assert dict(zip(paths, rows.phrase.tolist(), strict=True)) == {b"/p/a.jpg": True, b"/p/b.jpg": False}


@pytest.mark.parametrize(
    "pattern", ['"', 'a" OR "b', "NEAR(dog cat)", "dog*", "text:dog", "^dog", "dog NOT cat", "(", "-dog", "a\0dog"]
)
def test_nothing_in_a_pattern_is_an_operator(writer: LibraryWriter, disk: Disk, library: Path, pattern: str) -> None:
    captioned(disk, b"/p/a.jpg", "dog")
    index(writer, disk, b"/p")
    assert found(library, Term("odd", ((pattern, 1.0),))) == {}


def test_only_what_may_be_found_is(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/in/dog1.jpg", "dog")
    captioned(disk, b"/p/out/dog2.jpg", "dog")
    for number in range(20):
        disk.put(b"/p/in/%d.jpg" % number)
    index(writer, disk, b"/p")
    assert set(found(library, "dog", filters=Filters(folders=(b"/p/in",)))) == {b"/p/in/dog1.jpg"}
    del disk.files[b"/p/in/dog1.jpg"]
    index(writer, disk, b"/p")
    assert set(found(library, "dog")) == {b"/p/out/dog2.jpg"}


def test_captions_judged_not_to_fit_are_not_searched(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/a.jpg", "a zebra")
    index(writer, disk, b"/p")
    with transaction(writer.store) as conn:
        conn.exec_driver_sql("UPDATE caption SET kept = 0")
    assert found(library, "zebra") == {}


def test_a_copy_is_found_by_its_own_name_while_it_is_there(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/first.jpg", "same")
    disk.put(b"/p/second.jpg", "same")
    for number in range(20):
        disk.put(b"/p/%d.jpg" % number)
    index(writer, disk, b"/p")
    assert len(found(library, "second")) == 1
    del disk.files[b"/p/second.jpg"]
    index(writer, disk, b"/p")
    assert found(library, "second") == {}
    assert len(found(library, "first")) == 1


def test_a_moved_file_has_its_new_names(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/spain/old.jpg")
    index(writer, disk, b"/p")
    disk.move(b"/p/spain/old.jpg", b"/p/norway/new.jpg")
    index(writer, disk, b"/p")
    assert found(library, "old") == found(library, "spain") == {}
    assert set(found(library, "norway", "new")) == {b"/p/norway/new.jpg"}


def test_a_root_above_makes_its_folders_names_count(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/photos/travels/rome/a.jpg")
    index(writer, disk, b"/photos/travels/rome")
    assert found(library, "travels") == {}
    index(writer, disk, b"/photos/travels")
    assert set(found(library, "travels")) == {b"/photos/travels/rome/a.jpg"}


def test_many_texts_are_read_page_by_page(
    writer: LibraryWriter, disk: Disk, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.words._PAGE", 3)
    for number in range(10):
        captioned(disk, b"/p/%d/%d.jpg" % (number, number), f"harp {number}")
    index(writer, disk, b"/p", batch=10)
    assert len(found(library, "harp")) == 10
    assert noted(writer) == 0
    assert check_library(library) == []


def test_tags_are_searched_until_they_are_taken_away(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a.jpg")
    index(writer, disk, b"/p")
    with transaction(writer.store) as conn:
        conn.exec_driver_sql("INSERT INTO tag (id, name, folded) VALUES (1, 'Grand Canyon', 'grand canyon')")
        conn.exec_driver_sql("INSERT INTO asset_tag VALUES (1, 1, 'user', NULL, NULL, 0)")
    assert found(library, "canyon") == {b"/p/a.jpg": [1.0]}
    with transaction(writer.store) as conn:
        conn.exec_driver_sql("DELETE FROM asset_tag")
        conn.exec_driver_sql("DELETE FROM tag")
    assert found(library, "canyon") == {}


def test_what_is_forgotten_leaves_no_trace(library: Path, disk: Disk) -> None:
    captioned(disk, b"/p/a.jpg", "xylophone")
    captioned(disk, b"/p/b.jpg", "a harp")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        assert b"xylophone" in (library / "library.sqlite3-wal").read_bytes()
        writer.forget(b"/p/a.jpg")
    left = b"".join(path.read_bytes() for path in library.glob("library.sqlite3*"))
    assert b"ylophon" not in left
    assert b"harp" in left
    connection = sqlite3.connect(library / "library.sqlite3")
    connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, words, row)")
    terms = {row[0] for row in connection.execute("SELECT term FROM temp.terms")}
    segments = b"".join(row[0] for row in connection.execute("SELECT block FROM words_data"))
    connection.close()
    assert "har" in terms
    assert "xyl" not in terms
    assert b"xyl" not in segments


def test_forgetting_clears_away_what_went_before_it(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(30):  # so many that the segment with the word is not merged by itself
        captioned(disk, b"/p/%d.jpg" % number, f"a harp {number}")
    disk.put(b"/p/plain.jpg")
    index(writer, disk, b"/p")
    image = writer.store.conn.exec_driver_sql("SELECT max(id) FROM asset").scalar_one()
    writer.add_captions({image: [Caption("xylophone", CaptionSource.IMPORTED)]})
    assert writer.remove_captions([image], [CaptionSource.IMPORTED]) == 1
    assert b"xyl" in words_segments(library)
    writer.forget(b"/p/plain.jpg")  # with which no text goes
    assert b"xyl" not in words_segments(library)


def words_segments(library: Path) -> bytes:
    connection = sqlite3.connect(library / "library.sqlite3")
    segments = b"".join(row[0] for row in connection.execute("SELECT block FROM words_data"))
    connection.close()
    return segments


def test_a_transaction_that_fails_changes_no_word(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    index(writer, disk, b"/p")
    with pytest.raises(ZeroDivisionError), transaction(writer.store) as conn:
        _add_and_fail(conn)
    assert noted(writer) == 0
    assert set(found(library, "harp")) == {b"/p/a.jpg"}


def _add_and_fail(conn: Connection) -> None:
    conn.exec_driver_sql("INSERT INTO caption_text (text) VALUES ('a flute')")
    raise ZeroDivisionError


def test_a_reader_keeps_its_words_while_a_writer_goes_on(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        captioned(disk, b"/p/b.jpg", "another harp")
        index(writer, disk, b"/p")
        assert len(reader.keyword_rows(reader.active_space(), [term("harp")]).rows) == 1
    assert len(found(library, "harp")) == 2


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize("at_once", [3, 1_000_000])
@pytest.mark.parametrize("columns", [False, True])
def test_many_are_found_as_few_are(
    writer: LibraryWriter,
    disk: Disk,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    few: int,
    at_once: int,
    columns: bool,
) -> None:
    """Files of large folders through the columns, long lists of numbers row by row."""
    monkeypatch.setattr(keywords, "_FEW", few)
    monkeypatch.setattr(keywords, "_ONE_TEXT", at_once)
    for number in range(12):
        captioned(disk, b"/harps/%d.jpg" % number, "a harp" if number % 2 else "a flute")
        captioned(disk, b"/flutes/harp %d.jpg" % number, "nothing")
        disk.put(b"/copies/%d.jpg" % number, f"/harps/{number % 5}.jpg")
    index(writer, disk, b"/harps", b"/flutes", b"/copies", batch=40)
    if columns:
        writer.refresh_derived(writer.spaces()[0], exact_below=10**6, force=True)
    disk.put(b"/harps/late.jpg")
    index(writer, disk, b"/harps")
    with open_reader(library) as reader:
        rows = reader.keyword_rows(reader.active_space(), [term("harps")])
        assert {picture.path for picture in reader.pictures(reader.active_space(), rows.rows)} == {
            *(b"/harps/%d.jpg" % number for number in range(12)),
            b"/harps/late.jpg",
        }
        assert len(reader.keyword_rows(reader.active_space(), [term("harp")]).rows) == 12 + 6


def test_common_words_may_be_left_out_but_codes_never(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    for number in range(30):
        captioned(disk, b"/p/2019/%d.jpg" % number, f"a dog {number}", "a harp" if number < 3 else "a flute")
    index(writer, disk, b"/p")
    with open_reader(library) as reader:
        terms = [term("dog"), term("harp"), term("2019")]
        rows = reader.keyword_rows(reader.active_space(), terms, most=10)
        assert rows.terms == (1, 2)
        assert rows.strengths.shape == (30, 2)
        assert np.count_nonzero(rows.strengths[:, 0]) == 3
        flutes = reader.keyword_rows(reader.active_space(), [term("dog"), term("harp")], " a flute ", most=10)
        assert (len(flutes.rows), flutes.phrase.any()) == (3, False)  # rows with the phrase alone are none
        none = reader.keyword_rows(reader.active_space(), terms[:1], most=10)
        assert (none.rows.size, none.terms, none.strengths.shape) == (0, (), (0, 0))
