"""Pictures that come with their vectors, and go out again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import WrongModel
from core.pictures import Caption, CaptionSource, TakenSource
from db import LibraryWriter, open_reader
from db.facts import UNKNOWN
from db.records import CommitCounts, ExportRow, ImportedRow
from tests.db.making import FACTS, Disk, content, index, model, unit


def rows(*names: str) -> list[ImportedRow]:
    return [ImportedRow(f"/x/{name}".encode(), unit(name)) for name in names]


def test_files_that_cannot_be_reached_are_findable(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("ViT-B-32", 16)
    assert (space.encoder, space.name) == (None, "ViT-B-32")
    assert writer.import_rows(space, rows("a", "b")) == CommitCounts(added=2, embedded=2)
    with open_reader(library) as reader:
        hit = reader.search(space, unit("b"), 1)
        (picture,) = reader.pictures(space, hit.rows)
        assert (picture.path, picture.offline, picture.content_hash) == (b"/x/b", True, None)
        assert picture.facts == UNKNOWN
        assert picture.facts.taken.source is TakenSource.FILE
        assert (reader.counts(space).pictures, reader.counts(space).offline) == (2, 2)


def test_files_that_were_read_keep_their_facts(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("ViT-B-32", 16)
    facts = replace(FACTS, captions=(Caption("words", CaptionSource.IPTC),), camera="C")
    read = [ImportedRow(b"/x/%d" % n, unit("a"), 10, 20, content("a"), facts) for n in range(2)]
    assert writer.import_rows(space, read) == CommitCounts(added=2, embedded=1)  # identical files share a row
    with open_reader(library) as reader:
        (picture,) = reader.pictures(space, [0])
        assert (picture.path, picture.other_paths, picture.offline) == (b"/x/0", (b"/x/1",), False)
        assert picture.facts == facts
        assert list(reader.export_rows(space)) == [ExportRow(0, picture.image_id, b"/x/0", "words")]


def test_twice_is_once(writer: LibraryWriter) -> None:
    space = writer.use_imported_space("m", 16)
    writer.import_rows(space, rows("a", "b", "b"))
    assert writer.import_rows(space, rows("b", "c")) == CommitCounts(added=1, unchanged=1, embedded=1)
    assert writer.generation(space).committed_rows == 3


def test_no_refresh_judges_them(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    """Not even one of a root that holds their paths, and finds none of them."""
    space = writer.use_space(model())
    writer.import_rows(space, rows("a", "b"))
    disk.put(b"/x/real")
    for prune in (False, True):
        assert index(writer, disk, b"/x", prune=prune)[1].notices == ()
        with open_reader(library) as reader:
            assert {p.path for p in reader.pictures(space, range(3))} == {b"/x/a", b"/x/b", b"/x/real"}


def test_an_imported_file_that_turns_up_is_read(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    space = writer.use_space(model())
    writer.import_rows(space, rows("a"))
    disk.put(b"/x/a", "real content")
    assert index(writer, disk, b"/x")[0] == CommitCounts(changed=1, embedded=1)
    with open_reader(library) as reader:
        hit = reader.search(space, unit("fake:real content"), 1)
        (picture,) = reader.pictures(space, hit.rows)
        assert (picture.path, picture.content_hash) == (b"/x/a", content("real content"))
        assert reader.counts(space).pictures == 1


def test_what_was_forgotten_stays_so(writer: LibraryWriter, disk: Disk, library: Path) -> None:
    disk.put(b"/p/a", "secret")
    index(writer, disk, b"/p")
    writer.forget(b"/p/a")
    space = writer.use_space(model())
    again = [ImportedRow(b"/x/copy", unit("s"), 1, 1, content("secret"), FACTS), ImportedRow(b"/p/a", unit("s"))]
    assert writer.import_rows(space, again) == CommitCounts(ignored=2)
    assert writer.counts(space).pictures == 0


def test_the_model_must_fit(writer: LibraryWriter) -> None:
    writer.use_space(model("one", 16))
    assert writer.use_imported_space("one", 16).name == "one"
    with pytest.raises(WrongModel, match="holds vectors of one"):
        writer.use_imported_space("two", 16)
    with pytest.raises(WrongModel):
        writer.use_imported_space("one", 8)


def test_a_wrong_vector_stores_nothing(writer: LibraryWriter) -> None:
    space = writer.use_imported_space("m", 16)
    bad = [*rows("a"), ImportedRow(b"/x/bad", np.full(16, np.inf, np.float32))]
    with pytest.raises(ValueError, match="finite"):
        writer.import_rows(space, bad)
    assert writer.counts(space).files == 0


def test_everything_goes_out_as_it_came_in(writer: LibraryWriter, library: Path) -> None:
    space = writer.use_imported_space("m", 16)
    names = [f"{number}" for number in range(50)]
    writer.import_rows(space, rows(*names))
    with open_reader(library) as reader:
        exported = list(reader.export_rows(space))
        assert [row.path for row in exported] == [f"/x/{name}".encode() for name in names]
        out = reader.vectors(space, np.array([row.row for row in exported]))
        assert out == pytest.approx(np.stack([unit(name) for name in names]), abs=1e-3)
