"""`Library.duplicates` on real photos and copies of them."""

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from core.duplicates import Compared, DuplicateKind, DuplicatesResult
from core.errors import LibraryNotFound, UsageError
from core.queries import CopyKind, Filters
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder

NAMES = ("beagle.jpg", "alp.jpg", "catamaran.jpg", "candle.jpg")


def make_photos(test_data: Path, folder: Path) -> Path:
    """Four photos; of the beagle the same bytes elsewhere and half the size, of the alp a worse JPEG."""
    for below in ("", "phone", "backup"):
        (folder / below).mkdir(parents=True)
    for name in NAMES:
        shutil.copy2(test_data / "photos" / name, folder)
    shutil.copy2(folder / "beagle.jpg", folder / "backup")
    with Image.open(folder / "beagle.jpg") as image:
        image.reduce(2).save(folder / "phone" / "beagle.jpg", quality=90)
    with Image.open(folder / "alp.jpg") as image:
        image.save(folder / "phone" / "alp.jpg", quality=40)
    return folder


def make_library(photos: Path, folder: Path) -> Library:
    opened = open_library(folder, model=FakeEncoder())
    assert opened.index([photos]).added == 7
    return opened


@pytest.fixture(scope="module")
def photos(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    return make_photos(test_data, tmp_path_factory.mktemp("duplicates") / "photos")


@pytest.fixture(scope="module")
def library(photos: Path) -> Library:
    """Not to be changed."""
    return make_library(photos, photos.parent / "library")


@pytest.fixture
def my_photos(test_data: Path, tmp_path: Path) -> Path:
    """To be changed."""
    return make_photos(test_data, tmp_path / "photos")


@pytest.fixture
def my_library(my_photos: Path, tmp_path: Path) -> Library:
    """To be changed."""
    return make_library(my_photos, tmp_path / "library")


def told(result: DuplicatesResult, photos: Path) -> list[tuple[str, list[str]]]:
    return [
        (group.kind.value, [os.path.relpath(os.fsdecode(one.file.path), photos) for one in group.files])
        for group in result.groups
    ]


def size(*paths: Path) -> int:
    return sum(path.stat().st_size for path in paths)


def test_copies_of_real_photos(library: Library, photos: Path) -> None:
    result = library.duplicates()
    assert told(result, photos) == [
        ("identical", ["beagle.jpg", "backup/beagle.jpg"]),
        ("near_copy", ["beagle.jpg", "phone/beagle.jpg"]),
        ("near_copy", ["alp.jpg", "phone/alp.jpg"]),
    ]
    assert [group.wasted_bytes for group in result.groups] == [
        size(photos / "beagle.jpg"),
        size(photos / "phone" / "beagle.jpg"),
        size(photos / "phone" / "alp.jpg"),
    ]
    others = [(group.files[1].copy, group.files[1].compared) for group in result.groups]
    assert others == [
        (CopyKind.IDENTICAL, Compared.BYTES),
        (CopyKind.RESIZED, Compared.PIXELS),
        (CopyKind.RECOMPRESSED, Compared.PIXELS),
    ]
    assert [group.why for group in result.groups] == [
        "the shortest path",
        "the most pixels",
        "as many pixels and more bytes: compressed least",
    ]
    assert (result.total_groups, result.searched, result.next_cursor) == (3, 6, None)
    assert result.wasted_bytes == sum(group.wasted_bytes for group in result.groups)


def test_one_kind_alone(library: Library) -> None:
    for kind in DuplicateKind:
        result = library.duplicates(kinds=[kind.value])
        assert {group.kind for group in result.groups} == {kind}
        assert result.total_groups == len(result.groups) == {"identical": 1, "near_copy": 2}[kind]


def test_only_files_below_a_folder_are_compared(library: Library, photos: Path) -> None:
    def below(*names: str) -> list[tuple[str, list[str]]]:
        folders = tuple(os.fsencode(photos / name) for name in names)
        return told(library.duplicates(filters=Filters(folders=folders)), photos)

    assert below("phone") == []
    assert below("backup") == []  # the picture is below it, its other file is not
    assert below("backup", "phone") == [("near_copy", ["backup/beagle.jpg", "phone/beagle.jpg"])]


def test_pictures_filtered_out_are_in_no_group(library: Library) -> None:
    assert library.duplicates(filters=Filters(formats=("png",))).total_groups == 0


def test_a_folder_to_keep(library: Library, photos: Path) -> None:
    result = library.duplicates(keep_in=[photos / "phone", photos / "backup"])
    assert told(result, photos) == [
        ("identical", ["backup/beagle.jpg", "beagle.jpg"]),
        ("near_copy", ["backup/beagle.jpg", "phone/beagle.jpg"]),  # the same file as in the group before
        ("near_copy", ["alp.jpg", "phone/alp.jpg"]),  # no wish costs quality
    ]
    assert result.groups[0].why == "in the folder to keep"


def test_no_picture_loses_its_last_file(my_library: Library, my_photos: Path) -> None:
    """Whoever deletes all that is not to be kept, of both kinds, still has every picture at its best."""
    doomed = {one.file.path for group in my_library.duplicates().groups for one in group.files if not one.keep}
    for path in doomed:
        Path(os.fsdecode(path)).unlink()
    assert sorted(path.name for path in my_photos.rglob("*.jpg")) == sorted(NAMES)
    assert my_library.duplicates().groups == ()
    my_library.index(prune=True)
    assert my_library.duplicates().total_groups == 0


def test_pages_hold_each_group_once_though_others_go_meanwhile(my_library: Library, my_photos: Path) -> None:
    first = my_library.duplicates(k=1)
    assert told(first, my_photos) == [("identical", ["beagle.jpg", "backup/beagle.jpg"])]
    (my_photos / "backup" / "beagle.jpg").unlink()
    my_library.index(prune=True)
    second = my_library.duplicates(k=1, cursor=first.next_cursor)
    third = my_library.duplicates(k=1, cursor=second.next_cursor)
    assert told(second, my_photos) == [("near_copy", ["beagle.jpg", "phone/beagle.jpg"])]
    assert told(third, my_photos) == [("near_copy", ["alp.jpg", "phone/alp.jpg"])]
    assert third.next_cursor is None


def test_a_page_is_filled_up_where_groups_fall_away(my_library: Library, my_photos: Path) -> None:
    (my_photos / "backup" / "beagle.jpg").unlink()
    result = my_library.duplicates(k=1)
    assert told(result, my_photos) == [("near_copy", ["beagle.jpg", "phone/beagle.jpg"])]
    assert result.notices == ("left out: 1 × changed or gone since it was indexed",)
    assert my_library.duplicates(k=1, look=False).groups[0].kind is DuplicateKind.IDENTICAL


def test_without_a_look_nothing_is_opened(my_library: Library, my_photos: Path) -> None:
    shutil.rmtree(my_photos)
    result = my_library.duplicates(look=False)
    assert len(result.groups) == 3
    assert {one.compared for group in result.groups[1:] for one in group.files[1:]} == {Compared.FINGERPRINTS}
    assert my_library.duplicates().groups == ()


def test_what_was_added_since_is_found(my_library: Library, my_photos: Path) -> None:
    before = my_library.duplicates().total_groups
    shutil.copy2(my_photos / "candle.jpg", my_photos / "candle (1).jpg")
    my_library.index()
    assert my_library.duplicates().total_groups == before + 1


def test_what_makes_no_sense_is_refused(library: Library, tmp_path: Path) -> None:
    for wrong, said in (
        ({"kinds": ["similar"]}, "no kind of duplicates"),
        ({"kinds": []}, "no kind of duplicates"),
        ({"k": 0}, "from 1 to 1,000"),
        ({"k": 1001}, "from 1 to 1,000"),
        ({"cursor": "2"}, "no place among the duplicates"),
        ({"cursor": "-1-identical-3"}, "no place among the duplicates"),
    ):
        with pytest.raises(UsageError, match=said):
            library.duplicates(**wrong)  # type: ignore[arg-type]
    with pytest.raises(LibraryNotFound):
        open_library(tmp_path / "none").duplicates()
