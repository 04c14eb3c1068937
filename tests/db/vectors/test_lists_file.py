"""The lists of an index lie in its file as they are searched: mapped, in memory, or in a file of the first versions."""

import os
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import LibraryDamaged
from db.vectors.engine import load_faiss
from db.vectors.ivfpq import IvfPq, open_index
from db.vectors.lists_file import sizes_of
from db.vectors.records import IndexRecord
from tests.db.vectors.shelves import Shelf, clustered, make_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = make_shelf(tmp_path, clustered(1_500, 32))
    assert made.record is not None
    return made


def record_of(shelf: Shelf) -> IndexRecord:
    assert shelf.record is not None
    return shelf.record


def kind_of(index: IvfPq) -> str:
    return type(load_faiss().downcast_InvertedLists(index.ivf.invlists)).__name__


def found(index: IvfPq, shelf: Shelf) -> list[list[int]]:
    queries = shelf.rows[::50].astype(np.float32)
    return [index.candidates(query, record_of(shelf).approach).tolist() for query in queries]


def rewritten(shelf: Shelf, content: bytes, name: str = "index.1.other.faiss") -> IndexRecord:
    """The record of a file of this content, its digest right."""
    (shelf.folder / name).write_bytes(content)
    return replace(record_of(shelf), file=name, digest=f"{zlib.crc32(content):08x}-{len(content):x}")


def test_lists_are_searched_in_the_file_and_in_memory_alike(shelf: Shelf) -> None:
    mapped = open_index(shelf.folder, record_of(shelf), shelf.rows)
    loaded = open_index(shelf.folder, record_of(shelf), shelf.rows, mapped=False)
    assert (kind_of(mapped), kind_of(loaded)) == ("OnDiskInvertedLists", "BlockInvertedLists")
    assert found(mapped, shelf) == found(loaded, shelf)
    assert mapped.list_sizes.tolist() == loaded.list_sizes.tolist() == sizes_of(loaded.ivf.invlists).tolist()
    assert int(mapped.list_sizes.sum()) == 1_500


def test_codes_lie_where_the_widest_registers_want_them(shelf: Shelf) -> None:
    mapped = open_index(shelf.folder, record_of(shelf), shelf.rows)
    lists = mapped.ivf.invlists
    filled = np.flatnonzero(mapped.list_sizes).tolist()
    assert filled
    assert {int(lists.get_codes(number)) % 64 for number in filled} == {0}


def test_rows_can_be_added_to_what_was_read_into_memory(shelf: Shelf) -> None:
    loaded = open_index(shelf.folder, record_of(shelf), shelf.rows, mapped=False)
    more = clustered(40, 32).astype(np.float32)
    loaded.index.add(more)
    grown = IvfPq(loaded.index, loaded.known.mean)
    name, digest = grown.save(shelf.folder, 1)
    record = replace(record_of(shelf), file=name, digest=digest, built_rows=1_540)
    again = open_index(shelf.folder, record, np.zeros((1_540, 32), np.float16))
    assert 1_539 in again.candidates(more[-1], record.approach)
    assert found(again, shelf) == found(grown, shelf)


def test_saving_changes_nothing_of_the_index_that_is_saved(shelf: Shelf) -> None:
    index = open_index(shelf.folder, record_of(shelf), shelf.rows, mapped=False)
    before = found(index, shelf)
    index.save(shelf.folder, 1)
    assert found(index, shelf) == before


def test_a_file_of_the_first_versions_has_its_lists_inside(shelf: Shelf) -> None:
    loaded = open_index(shelf.folder, record_of(shelf), shelf.rows, mapped=False)
    whole = load_faiss().serialize_index(loaded.index).tobytes() + loaded.known.mean.tobytes()
    record = rewritten(shelf, whole)
    old = open_index(shelf.folder, record, shelf.rows)
    assert kind_of(old) == "BlockInvertedLists"
    assert found(old, shelf) == found(loaded, shelf)


def test_a_folder_whose_name_is_not_utf_8_is_read_into_memory(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    folder.mkdir()
    shelf = make_shelf(folder, clustered(1_500, 32))
    index = open_index(folder, record_of(shelf), shelf.rows)
    assert kind_of(index) == "BlockInvertedLists"
    assert found(index, shelf)[0][0] == 0


@pytest.mark.parametrize("change", ["shorter", "longer", "sizes"])
def test_lists_that_do_not_fit_their_file_are_refused(shelf: Shelf, change: str) -> None:
    """Whatever the digest says: searching them in place would read what is not there."""
    content = (shelf.folder / record_of(shelf).file).read_bytes()
    if change == "sizes":
        loaded = open_index(shelf.folder, record_of(shelf), shelf.rows, mapped=False)
        sizes = loaded.list_sizes.tobytes()
        at = content.rindex(sizes)
        wrong = loaded.list_sizes.copy()
        wrong[0] += 1
        content = content[:at] + wrong.tobytes() + content[at + len(sizes) :]
    record = rewritten(shelf, {"shorter": content[:-64], "longer": content + b"\0" * 64}.get(change, content))
    with pytest.raises(LibraryDamaged, match="not one that this version reads"):
        open_index(shelf.folder, record, shelf.rows)


def test_the_file_may_go_while_it_is_searched(shelf: Shelf) -> None:
    index = open_index(shelf.folder, record_of(shelf), shelf.rows)
    before = found(index, shelf)
    (shelf.folder / record_of(shelf).file).unlink()
    assert found(index, shelf) == before
