"""The files of a group are looked at before anybody is shown it: a list of duplicates is made to delete files by."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.arrays import Pixels
from core.duplicates import Compared, DuplicateKind, LeftOut, RecordedFile
from core.errors import PictureProblem, ProblemKind
from core.pictures import TakenAt, TakenSource
from core.queries import CopyKind
from searcher.duplicate_groups import CHANGED, OTHER_PICTURE, SAME_FILE, Closed, OnDisk, identical_group, near_group
from searcher.keeping import Keeper
from tests.searcher.test_keeping import MOMENT

KEEPER = Keeper()


def record(path: Path, image_id: int = 1, *, size: tuple[int, int] = (64, 48), offline: bool = False) -> RecordedFile:
    """The file as an index run would have recorded it just now."""
    found = path.lstat() if offline else path.stat()
    taken = TakenAt(MOMENT, None, TakenSource.FILE)
    return RecordedFile(
        image_id, os.fsencode(path), offline, found.st_size, found.st_mtime_ns, "png", *size, taken, None, False, None
    )


def put(path: Path, data: bytes = b"the same bytes", mtime: int = 1_000) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))
    return path


def noise(seed: int) -> Pixels:
    """A picture with something in it: coarse squares of random colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)


def eyes(pictures: dict[str, Pixels] | None = None) -> OnDisk:
    def load(path: bytes) -> Pixels:
        name = Path(os.fsdecode(path)).name
        if name not in (pictures or {}):
            raise PictureProblem(ProblemKind.BROKEN, "as the test wants it")
        return (pictures or {})[name]

    return OnDisk(load, {})


def names(files: Sequence[object]) -> list[str]:
    return [Path(os.fsdecode(one.file.path)).name for one in files]  # type: ignore[attr-defined]


def test_identical_files_with_the_one_to_keep_first(tmp_path: Path) -> None:
    files = [record(put(tmp_path / name, mtime=time)) for name, time in (("b.png", 20), ("a.png", 30), ("c.png", 10))]
    group = identical_group(files, KEEPER, eyes())
    assert group is not None
    assert (group.kind, group.why, group.wasted_bytes) == (DuplicateKind.IDENTICAL, "the oldest", 2 * 14)
    assert names(group.files) == ["c.png", "b.png", "a.png"]
    assert [(one.keep, one.oldest, one.largest) for one in group.files] == [
        (True, True, False),
        (False, False, False),
        (False, False, False),
    ]
    assert [(one.copy, one.compared) for one in group.files] == [
        (None, None),
        (CopyKind.IDENTICAL, Compared.BYTES),
        (CopyKind.IDENTICAL, Compared.BYTES),
    ]


@pytest.mark.parametrize("happened", ["gone", "longer", "touched"])
def test_what_is_not_as_it_was_indexed_is_left_out(tmp_path: Path, happened: str) -> None:
    paths = [put(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
    files = [record(path) for path in paths]
    changes = {
        "gone": paths[0].unlink,
        "longer": lambda: put(paths[0], b"other bytes now"),
        "touched": lambda: put(paths[0], mtime=2_000),
    }
    changes[happened]()
    own = eyes()
    group = identical_group(files, KEEPER, own)
    assert group is not None
    assert names(group.files) == ["b.png", "c.png"]
    assert own.left_out == {LeftOut(CHANGED, os.fsencode(paths[0]))}
    paths[1].unlink()
    assert identical_group(files, KEEPER, own) is None
    assert identical_group(files, KEEPER, Closed()) is not None  # as it was indexed


def test_another_name_of_the_same_file_is_no_duplicate(tmp_path: Path) -> None:
    real = put(tmp_path / "pictures far below" / "real.png")
    link, hard = tmp_path / "a.png", tmp_path / "pictures far below" / "hard link, a longer name.png"
    link.symlink_to(real)
    os.link(real, hard)
    files = [record(path) for path in (link, real, hard)]
    own = eyes()
    assert identical_group(files, KEEPER, own) is None
    assert own.left_out == {LeftOut(SAME_FILE, os.fsencode(path)) for path in (link, hard)}
    group = identical_group([*files, record(put(tmp_path / "copy.png", mtime=2_000))], KEEPER, eyes())
    assert group is not None
    assert names(group.files) == ["real.png", "copy.png"]  # never the link: its target is what it is worth


def test_a_linked_folder_is_seen_through(tmp_path: Path) -> None:
    real = put(tmp_path / "folder" / "real.png")
    (tmp_path / "f").symlink_to(tmp_path / "folder")
    assert identical_group([record(real), record(tmp_path / "f" / "real.png")], KEEPER, eyes()) is None


def test_offline_files_stay_and_are_not_kept_rather_than_others(tmp_path: Path) -> None:
    drive, here = tmp_path / "drive", record(put(tmp_path / "b.png", mtime=9))
    away = record(put(drive / "a.png", mtime=5), offline=True)
    drive.rename(tmp_path / "unplugged")
    group = identical_group([away, here], KEEPER, eyes())
    assert group is not None
    assert (names(group.files), group.why) == (["b.png", "a.png"], "within reach")
    (tmp_path / "unplugged").rename(drive)  # back, and no index run has seen it yet
    group = identical_group([away, here], KEEPER, eyes())
    assert group is not None
    assert [(one.file.offline, one.keep) for one in group.files] == [(False, True), (False, False)]
    assert names(group.files) == ["a.png", "b.png"]
    (drive / "a.png").unlink()  # its folder is there, and it is not
    assert identical_group([away, here], KEEPER, eyes()) is None


def test_copies_are_compared_by_pixels(tmp_path: Path) -> None:
    big, small = noise(1), np.asarray(Image.fromarray(noise(1)).resize((32, 24)))
    files = [
        [record(put(tmp_path / "big.png", b"12345"), 1)],
        [record(put(tmp_path / "small.png", b"1"), 2, size=(32, 24))],
        [record(put(tmp_path / "other.png", b"123"), 3)],
    ]
    own = eyes({"big.png": big, "small.png": small, "other.png": noise(2)})
    group = near_group(files, KEEPER, own)
    assert group is not None
    assert (names(group.files), group.why, group.wasted_bytes) == (["big.png", "small.png"], "the most pixels", 1)
    assert [(one.copy, one.compared, one.largest) for one in group.files] == [
        (None, None, True),
        (CopyKind.RESIZED, Compared.PIXELS, False),
    ]
    assert own.left_out == {LeftOut(OTHER_PICTURE, os.fsencode(tmp_path / "other.png"))}
    assert near_group([files[0], files[2]], KEEPER, own) is None


def test_what_was_compared_before_is_not_opened_again(tmp_path: Path) -> None:
    files = [[record(put(tmp_path / f"{n}.png", b"1" * n), n)] for n in (1, 2)]
    opened: list[bytes] = []
    known: dict[tuple[int, int], CopyKind | None] = {}

    def load(path: bytes) -> Pixels:
        opened.append(path)
        return noise(1)

    first, again = (near_group(files, KEEPER, OnDisk(load, known)) for _ in range(2))
    assert first == again
    assert len(opened) == 2


def test_fingerprints_stand_where_a_picture_cannot_be_opened(tmp_path: Path) -> None:
    files = [[record(put(tmp_path / f"{n}.png", b"1" * n), n)] for n in (1, 2, 3)]
    for readable in ({}, {"3.png": noise(1)}, {"2.png": noise(1)}):
        group = near_group(files, KEEPER, eyes(readable))
        assert group is not None
        assert names(group.files) == ["3.png", "2.png", "1.png"]
        assert {(one.copy, one.compared) for one in group.files[1:]} == {(None, Compared.FINGERPRINTS)}
    unseen = near_group(files, KEEPER, Closed())
    assert unseen is not None
    assert {one.compared for one in unseen.files[1:]} == {Compared.FINGERPRINTS}


def test_a_picture_with_several_files_is_shown_by_the_one_that_is_kept_of_them(tmp_path: Path) -> None:
    twice = [record(put(tmp_path / name, b"22", mtime), 2) for name, mtime in (("new.png", 90), ("old.png", 10))]
    group = near_group([[record(put(tmp_path / "big.png", b"333"), 3)], twice], KEEPER, Closed())
    identical = identical_group(twice, KEEPER, Closed())
    assert group is not None
    assert identical is not None
    assert names(group.files) == ["big.png", "old.png"]
    assert names(identical.files)[0] == "old.png"
