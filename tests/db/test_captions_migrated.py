"""A library of the first release, captions and all, comes through the migrations whole."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from alembic import command
from alembic.config import Config

from core.pictures import Caption, CaptionSource
from db import check_library, open_reader, open_writer
from db.connect import Store, checkpoint, close, connect_writer
from db.migrate import HISTORY, SCRIPTS, revision_of
from db.records import CaptionCounts
from tests.db.captioning import embed, found_texts, image_at
from tests.db.making import FACTS, Disk, index, model, unit

FIRST = "0001"
CAPTIONS = {
    b"/p/a": (Caption("a dog", CaptionSource.EXIF), Caption("OLYMPUS DIGITAL CAMERA", CaptionSource.IPTC)),
    b"/p/b": (
        Caption("OLYMPUS DIGITAL CAMERA", CaptionSource.EXIF),
        Caption("ein Hund – 狗", CaptionSource.SIDECAR_JSON),
    ),
    b"/p/hidden": (Caption("hidden", CaptionSource.XMP),),
    b"/p/none": (),
}


def upgrade(store: Store, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = store.conn
    store.conn.exec_driver_sql("BEGIN")
    command.upgrade(config, revision)
    store.conn.exec_driver_sql("COMMIT")


def make_old(library: Path) -> Disk:
    """A library as the first release left it: everything of a present one that its tables have room for."""
    disk, present = Disk(), library.with_name("present")
    for path, captions in CAPTIONS.items():
        disk.put(path)
        disk.facts[path.decode()] = replace(FACTS, captions=captions)
    for number in range(20):  # one file in twenty may vanish without the whole folder counting as offline
        disk.put(b"/p/%d" % number)
    with open_writer(present, command="index") as writer:
        index(writer, disk, b"/p")
        del disk.files[b"/p/hidden"]
        index(writer, disk, b"/p")
    present.rename(library)
    (library / "library.sqlite3").rename(library / "present.sqlite3")
    store = connect_writer(library)
    upgrade(store, FIRST)
    close(store)
    with closing(sqlite3.connect(library / "library.sqlite3")) as old:
        old.execute("ATTACH ? AS present", (str(library / "present.sqlite3"),))
        tables = [name for (name,) in old.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in set(tables) - {"caption", "alembic_version"}:
            columns = ", ".join(f'"{row[1]}"' for row in old.execute(f"PRAGMA main.table_info({table})"))
            old.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM present.{table}")
        old.execute(
            "INSERT INTO main.caption (id, asset_id, file_id, source, text) SELECT c.id, c.asset_id, c.file_id,"
            " c.source, t.text FROM present.caption c JOIN present.caption_text t ON t.id = c.text_id"
        )
        old.commit()
    (library / "present.sqlite3").unlink()
    return disk


def test_an_old_library_keeps_all_of_its_captions(library: Path) -> None:
    disk = make_old(library)
    store = connect_writer(library)
    assert revision_of(store) == FIRST != HISTORY[-1]
    assert store.conn.exec_driver_sql("SELECT count(*) FROM caption").scalar_one() == 5
    checkpoint(store)
    close(store)
    with open_writer(library, command="index") as writer:
        assert (library / f"library.sqlite3.backup-{FIRST}").is_file()
        space = writer.use_space(model())
        assert embed(writer, space) == 3
        counts, _ = index(writer, disk, b"/p")
        assert (counts.added, counts.embedded) == (0, 0)  # nothing is read again
    assert check_library(library) == []
    assert found_texts(library) == {"a dog", "OLYMPUS DIGITAL CAMERA", "ein Hund – 狗"}
    with open_reader(library) as reader:
        for path in (b"/p/a", b"/p/b", b"/p/none"):
            own = reader.captions_of([image_at(reader, path)])
            assert list(own.values()) == ([CAPTIONS[path]] if CAPTIONS[path] else [])
        assert reader.caption_counts() == CaptionCounts(
            captions=4,
            texts=3,
            pictures=2,
            sources={CaptionSource.EXIF: 2, CaptionSource.IPTC: 1, CaptionSource.SIDECAR_JSON: 1},
        )
        hit = reader.search(space, unit("fake:/p/b"), 1)
        assert reader.pictures(space, hit.rows)[0].facts.captions == CAPTIONS[b"/p/b"]
    kept = disk.files[b"/p/a"]
    disk.files[b"/p/hidden"] = ("/p/hidden", kept[1])
    with open_writer(library, command="index") as writer:
        index(writer, disk, b"/p")
        assert embed(writer, writer.use_space(model())) == 1
    assert "hidden" in found_texts(library)
