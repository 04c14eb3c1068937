"""Tags: given by hand and by a model, replaced, taken off, and what becomes of them when pictures go."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.errors import UsageError
from core.pictures import Tag
from core.queries import Filters
from core.tags import USER, TagBlock, TagCount, TagSource
from db import LibraryWriter, open_reader
from tests.db.making import Disk, index, unit

NAMES = ("dog", "cat", "beach")


@pytest.fixture
def filled(writer: LibraryWriter, disk: Disk) -> LibraryWriter:
    for number in range(6):
        disk.put(b"/p/%d" % number)
    disk.put(b"/q/copy", "/p/0")  # the same picture as /p/0
    index(writer, disk, b"/p", b"/q")
    return writer


def image_id(library: Path, path: str) -> int:
    with open_reader(library) as reader:
        (found,) = reader.images_at(os.fsencode(path))
        return found


def block(library: Path, found: dict[str, dict[str, float]]) -> TagBlock:
    """What a model found: path -> label -> probability."""
    pairs = [
        (at, NAMES.index(label), score) for at, labels in enumerate(found.values()) for label, score in labels.items()
    ]
    return TagBlock(
        images=np.array([image_id(library, path) for path in found], np.int64),
        at=np.array([at for at, _, _ in pairs], np.int64),
        labels=np.array([label for _, label, _ in pairs], np.int64),
        scores=np.array([score for _, _, score in pairs], np.float32),
    )


def tags_at(library: Path, path: str) -> list[tuple[str, str]]:
    """(name, source) of the tags of the picture at this path, as an answer shows them."""
    with open_reader(library) as reader:
        space = reader.active_space()
        (picture,) = reader.pictures(space, reader.rows_at_path(space, os.fsencode(path)))
        return [(tag.name, tag.source) for tag in picture.facts.tags]


def paths_with(library: Path, *tags: str) -> set[bytes]:
    with open_reader(library) as reader:
        space = reader.active_space()
        mask, many = reader.allowed_rows(space, Filters(tags=tags))
        assert mask is not None
        pictures = reader.pictures(space, np.flatnonzero(mask))
        assert len(pictures) == many
        return {path for picture in pictures for path in (picture.path, *picture.other_paths)}


def counts(library: Path) -> dict[str, int]:
    with open_reader(library) as reader:
        return {tag.name: tag.pictures for tag in reader.tags()}


def test_a_person_gives_a_tag_once(filled: LibraryWriter, library: Path) -> None:
    one, two = image_id(library, "/p/1"), image_id(library, "/p/2")
    assert filled.add_tags([one, two], ["  Summer\n holiday "]) == [2]
    assert filled.add_tags([two], ["SUMMER HOLIDAY"]) == [0]
    assert tags_at(library, "/p/1") == [("Summer holiday", USER)]
    assert counts(library) == {"Summer holiday": 2}


def test_identical_files_share_their_tags(filled: LibraryWriter, library: Path) -> None:
    filled.add_tags([image_id(library, "/q/copy")], ["dog"])
    assert tags_at(library, "/p/0") == [("dog", USER)]
    assert paths_with(library, "dog") == {b"/p/0", b"/q/copy"}


def test_a_set_replaces_its_own_tags_and_no_others(filled: LibraryWriter, library: Path) -> None:
    filled.add_tags([image_id(library, "/p/1")], ["dog"])
    filled.set_tags("animals", "m", NAMES, [block(library, {"/p/1": {"dog": 0.9, "cat": 0.4}, "/p/2": {"cat": 0.8}})])
    filled.set_tags("places", "m", NAMES, [block(library, {"/p/1": {"beach": 0.5}})])
    assert tags_at(library, "/p/1") == [("dog", USER), ("dog", "animals"), ("beach", "places"), ("cat", "animals")]

    filled.set_tags("animals", "n", NAMES, [block(library, {"/p/1": {"cat": 0.7}, "/p/2": {}})])
    assert tags_at(library, "/p/1") == [("dog", USER), ("cat", "animals"), ("beach", "places")]
    assert tags_at(library, "/p/2") == []
    with open_reader(library) as reader:
        assert reader.tags() == [
            TagCount("beach", 1, (TagSource("places", "m", 1),)),
            TagCount("cat", 1, (TagSource("animals", "n", 1),)),
            TagCount("dog", 1, (TagSource(USER, None, 1),)),
        ]
        (picture,) = reader.pictures(reader.active_space(), reader.rows_at_path(reader.active_space(), b"/p/1"))
    assert picture.facts.tags[1] == Tag("cat", "animals", "n", pytest.approx(0.7))


def test_pictures_in_no_block_keep_theirs(filled: LibraryWriter, library: Path) -> None:
    filled.set_tags("animals", "m", NAMES, [block(library, {"/p/1": {"dog": 0.9}, "/p/2": {"dog": 0.8}})])
    filled.set_tags("animals", "m", NAMES, [block(library, {"/p/2": {"cat": 0.8}})])
    assert tags_at(library, "/p/1") == [("dog", "animals")]
    assert tags_at(library, "/p/2") == [("cat", "animals")]


def test_a_run_that_is_stopped_changes_nothing(filled: LibraryWriter, library: Path) -> None:
    filled.set_tags("animals", "m", NAMES, [block(library, {"/p/1": {"dog": 0.9}})])

    def stopped() -> Iterator[TagBlock]:
        yield block(library, {"/p/1": {"cat": 0.9}, "/p/2": {"beach": 0.9}})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filled.set_tags("animals", "m", NAMES, stopped())
    assert tags_at(library, "/p/1") == [("dog", "animals")]
    assert counts(library) == {"dog": 1}
    filled.set_tags("animals", "m", NAMES, [block(library, {"/p/1": {"cat": 0.9}})])
    assert tags_at(library, "/p/1") == [("cat", "animals")]


def test_taking_tags_off(filled: LibraryWriter, library: Path) -> None:
    found = {f"/p/{n}": {"dog": 0.9, "cat": 0.5} for n in range(4)}
    filled.set_tags("animals", "m", NAMES, [block(library, found)])
    filled.add_tags([image_id(library, f"/p/{n}") for n in (0, 1, 5)], ["Dog"])

    assert filled.remove_tags(names=["DOG"], images=[image_id(library, "/p/0")]) == [1]
    assert tags_at(library, "/p/0") == [("cat", "animals")]
    assert filled.remove_tags(sources=[USER]) == [2]
    assert paths_with(library, "dog") == {b"/p/1", b"/p/2", b"/p/3"}
    with pytest.raises(UsageError, match="'bird'"):
        filled.remove_tags(names=["dog", "bird"])
    assert counts(library) == {"cat": 4, "dog": 3}  # all of it, or nothing
    assert filled.remove_tags(names=["cat"], sources=["animals"]) == [4, 3]
    assert counts(library) == {}
    with pytest.raises(UsageError, match="nor any other"):
        filled.remove_tags(names=["dog"])
    with pytest.raises(UsageError, match="no picture has a tag from 'animals'"):
        filled.remove_tags(sources=["animals"])


@pytest.mark.parametrize("columns", [False, True])
def test_a_filter_finds_exactly_those_that_have_all(filled: LibraryWriter, library: Path, *, columns: bool) -> None:
    found = {"/p/0": {"dog": 0.9}, "/p/1": {"dog": 0.9, "beach": 0.8}, "/p/2": {"beach": 0.5}}
    filled.set_tags("set", "m", NAMES, [block(library, found)])
    if columns:
        filled.refresh_derived(filled.spaces()[0], exact_below=10**6, force=True)
    filled.add_tags([image_id(library, "/p/3")], ["beach"])
    assert paths_with(library, "Beach") == {b"/p/1", b"/p/2", b"/p/3"}
    assert paths_with(library, "dog", "beach") == {b"/p/1"}
    with open_reader(library) as reader:
        space = reader.active_space()
        mask, many = reader.allowed_rows(space, Filters(tags=("dog",), folders=(b"/q",)))
        assert (many, len(reader.search(space, unit("anything"), 10, mask))) == (1, 1)


def test_an_unknown_tag_is_told_with_the_nearest(filled: LibraryWriter, library: Path) -> None:
    filled.add_tags([image_id(library, "/p/1")], ["Beach"])
    with pytest.raises(UsageError, match="no picture has the tag 'beech': did you mean Beach"):
        paths_with(library, "beech")
    with pytest.raises(UsageError, match="'xylophone': `search tag --list` shows all"):
        paths_with(library, "xylophone")


def test_names_are_plain_and_short(filled: LibraryWriter, library: Path) -> None:
    one = image_id(library, "/p/1")
    for name, said in (("  ", "empty"), ("x" * 101, "100 characters"), ("a\x07b", "control")):
        with pytest.raises(UsageError, match=said):
            filled.add_tags([one], [name])
    filled.add_tags([one], ["Cafe\u0301"])
    assert filled.add_tags([one], ["CAFÉ"]) == [0]
    assert tags_at(library, "/p/1") == [("Café", USER)]


def test_a_tag_goes_with_the_last_picture_that_has_it(filled: LibraryWriter, disk: Disk, library: Path) -> None:
    for name, path in (("forgotten", "/p/1"), ("pruned", "/p/2"), ("kept", "/p/0")):
        filled.add_tags([image_id(library, path)], [name])
    filled.forget(b"/p/1")
    assert set(counts(library)) == {"pruned", "kept"}
    del disk.files[b"/p/2"]
    for number in range(40):  # so that one file is not a tenth
        disk.put(b"/p/more%d" % number)
    index(filled, disk, b"/p")
    with pytest.raises(UsageError, match="forgotten"):
        paths_with(library, "forgotten")
    assert paths_with(library, "pruned") == set()  # vanished, and kept until it is pruned
    index(filled, disk, b"/p", prune=True)
    with pytest.raises(UsageError, match="pruned"):
        paths_with(library, "pruned")
    filled.forget(b"/p/0")
    assert paths_with(library, "kept") == {b"/q/copy"}
    rows = filled.store.conn.exec_driver_sql("SELECT name FROM tag").scalars().all()
    assert rows == ["kept"]
