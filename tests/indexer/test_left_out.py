"""Pictures that are there and that the owner leaves out by a pattern are not lost: they hide, and come back with it."""

from pathlib import Path

import pytest

from core.errors import ProblemKind
from core.indexing import RootOptions
from db import open_reader
from tests.indexer.runs import album, index, names


def online(library: Path) -> bool:
    with open_reader(library) as reader:
        return all(root.online for root in reader.roots())


def leave_out(library: Path, photos: Path, pattern: str, how: str):
    """One run with the pattern."""
    if how == "--exclude":
        return index(library, photos, options=RootOptions(exclude=(pattern,)))
    (photos / ".searchignore").write_text(pattern)
    return index(library, photos)


def let_in(library: Path, photos: Path):
    """One run without any pattern."""
    (photos / ".searchignore").unlink(missing_ok=True)
    return index(library, photos, options=RootOptions())


@pytest.mark.parametrize("how", ["--exclude", ".searchignore"])
@pytest.mark.parametrize("pattern", ["private/", "*"])
def test_what_a_new_pattern_leaves_out_is_hidden_however_much_it_is(how: str, pattern: str, tmp_path: Path) -> None:
    photos, library = tmp_path / "photos", tmp_path / "library"
    album(photos / "public", 4)
    album(photos / "private", 4, first_seed=100)
    index(library, photos)
    report = leave_out(library, photos, pattern, how)
    kept = [] if pattern == "*" else [f"public/{number:04d}.jpg" for number in range(4)]
    assert names(library, photos) == kept
    assert (report.removed, report.offline) == (8 - len(kept), 0)
    assert [notice for notice in report.notices if "left out" in notice and f"{8 - len(kept)}" in notice]
    assert online(library)
    assert leave_out(library, photos, pattern, how).removed == 0  # said once
    back = let_in(library, photos)
    assert (back.added, back.embedded, back.offline) == (0, 0, 0)
    assert len(names(library, photos)) == 8


def test_what_is_left_out_never_counts_towards_the_tenth(tmp_path: Path) -> None:
    photos, library = tmp_path / "photos", tmp_path / "library"
    kept = album(photos, 10)
    album(photos / "private", 30, first_seed=100)
    (photos / "private" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    index(library, photos)
    kept[0].unlink()
    report = index(library, photos, options=RootOptions(exclude=("private/",)))
    assert (report.removed, report.offline) == (31, 0)  # 1 of the 10 that are looked for: not more than a tenth
    with open_reader(library) as reader:
        assert reader.problems() == []
    for path in kept[1:3]:
        path.unlink()
    report = index(library)
    assert (report.removed, report.offline) == (0, 2)
    assert not online(library)


def test_a_link_whose_drive_is_gone_is_lost_and_not_left_out(tmp_path: Path) -> None:
    photos, library, drive = tmp_path / "photos", tmp_path / "library", tmp_path / "drive"
    album(photos, 2)
    for path in album(drive, 4, first_seed=50):
        (photos / f"link{path.name}").symlink_to(path)
    index(library, photos)
    drive.rename(tmp_path / "unplugged")
    report = index(library)
    assert (report.removed, report.offline) == (0, 4)
    assert len(names(library, photos)) == 6


def test_pruning_lets_go_of_what_is_left_out(tmp_path: Path) -> None:
    photos, library = tmp_path / "photos", tmp_path / "library"
    album(photos, 2)
    album(photos / "private", 2, first_seed=100)
    (photos / "private" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    report = index(library, photos)
    assert [problem.kind for problem in report.problems] == [ProblemKind.TRUNCATED]
    report = index(library, photos, options=RootOptions(exclude=("private/",)), prune=True)
    assert (report.removed, report.offline) == (2, 0)
    assert let_in(library, photos).embedded == 2
