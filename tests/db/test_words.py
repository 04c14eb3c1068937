"""The index of words where SQLite lacks trigrams, in older libraries and in damaged ones."""

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from db import check_library, fix_library, open_reader, open_writer
from db.keywords import NAMED
from tests.db.making import Disk, index, model, unit
from tests.db.test_open import schema_of
from tests.db.wording import captioned, found, term

# A SQLite that lacks trigrams


@pytest.fixture
def no_trigrams(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """As on a SQLite before 3.34."""
    monkeypatch.setattr("db.words._TRIGRAMS_SINCE", (999, 0, 0))
    return monkeypatch


def test_without_trigrams_all_but_keyword_search_works(
    no_trigrams: pytest.MonkeyPatch, library: Path, disk: Disk
) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        writer.forget(b"/p/none.jpg")
    assert check_library(library) == []
    with open_reader(library) as reader:
        assert len(reader.search(reader.active_space(), unit("x"), 5).rows) == 1
        missing = reader.words_missing()
        assert missing is not None
        assert "FTS5" in missing
        assert sqlite3.sqlite_version in missing
    no_trigrams.undo()
    with open_reader(library) as reader:
        assert "search index" in str(reader.words_missing())
    captioned(disk, b"/p/b.jpg", "a harp, too")
    with open_writer(library, command="index") as writer:  # one that has them makes up for it
        index(writer, disk, b"/p")
    assert set(found(library, "harp")) == {b"/p/a.jpg", b"/p/b.jpg"}
    assert check_library(library) == []


def test_a_library_made_with_trigrams_is_written_without_and_read_with_them(
    library: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    monkeypatch.setattr("db.words._TRIGRAMS_SINCE", (999, 0, 0))
    captioned(disk, b"/p/b.jpg", "a flute")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    monkeypatch.undo()
    with open_reader(library) as reader:
        assert "search index" in str(reader.words_missing())
    with open_writer(library, command="index"):
        pass
    assert set(found(library, "flute")) == {b"/p/b.jpg"}


# Older libraries, damaged ones


def make_older(library: Path) -> None:
    """The library as it was before there were words."""
    connection = sqlite3.connect(library / "library.sqlite3")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DROP TABLE words")
    connection.execute("DROP TABLE unread_text")
    connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.commit()
    connection.close()


def test_an_older_library_is_read_when_it_is_migrated(library: Path, disk: Disk, tmp_path: Path) -> None:
    captioned(disk, b"/p/italy/a.jpg", "a harp")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    shutil.copytree(library, tmp_path / "made")
    make_older(library)
    with open_writer(library, command="index"):
        pass
    assert schema_of(library / "library.sqlite3") == schema_of(tmp_path / "made" / "library.sqlite3")
    assert found(library, "harp", "italy") == {b"/p/italy/a.jpg": [1.0, NAMED]}
    assert check_library(library) == []


DAMAGES: Sequence[tuple[str, ...]] = (
    ("DELETE FROM words",),
    ("INSERT INTO words (rowid, text) VALUES (4000, ' nothing ')",),
    ("UPDATE words SET text = ' other '",),
    ("DROP TABLE words",),
    ("DROP TRIGGER words_file_insert",),
    ("DELETE FROM words_idx", "DELETE FROM words_data WHERE id > 10"),
    ("UPDATE words_data SET block = x'00010203' WHERE id > 10",),
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_doctor_finds_and_mends_an_index_that_is_wrong(library: Path, disk: Disk, damage: tuple[str, ...]) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    captioned(disk, b"/p/b.jpg", "a flute")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        writer.use_space(model())
    connection = sqlite3.connect(library / "library.sqlite3")
    for statement in damage:
        connection.execute(statement)
    connection.commit()
    connection.close()
    findings = check_library(library)
    assert [finding.code for finding in findings] == ["words"]
    with open_writer(library, command="doctor --fix") as writer:
        fix_library(writer, findings)
    assert check_library(library) == []
    assert set(found(library, "harp")) == {b"/p/a.jpg"}


def test_an_answer_goes_without_a_damaged_index_and_says_so(library: Path, disk: Disk) -> None:
    captioned(disk, b"/p/a.jpg", "a harp")
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
    connection = sqlite3.connect(library / "library.sqlite3")
    connection.execute("UPDATE words_data SET block = x'00010203' WHERE id > 10")
    connection.commit()
    connection.close()
    with open_reader(library) as reader:
        assert len(reader.keyword_rows(reader.active_space(), [term("harp")]).rows) == 0
        assert any("doctor --fix" in notice for notice in reader.notices())
