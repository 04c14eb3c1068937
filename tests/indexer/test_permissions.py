"""Folders that cannot be looked into: said, passed over, and nothing in them taken for vanished.

Root may read everything, so these run in a process without that power (tests.indexer.program).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexer.program import finished, start
from tests.indexer.runs import album, held, index, listing, picture


@pytest.fixture
def photos(tmp_path: Path) -> Iterator[Path]:
    """Twenty pictures, four of them in a folder that is closed by a test and open again after it."""
    folder = tmp_path / "photos"
    album(folder, 16)
    album(folder / "closed", 4, first_seed=100)
    yield folder
    (folder / "closed").chmod(0o755)
    folder.chmod(0o755)


def run_as_ordinary_user(library: Path, *folders: Path) -> dict[str, object]:
    report = finished(start(library, *folders, ordinary_user=True))
    assert report["code"] == 0, report
    return report


def counts(report: dict[str, object], *names: str) -> tuple[object, ...]:
    return tuple(report[name] for name in names)


def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_is_indexed(tmp_path: Path, photos: Path) -> None:
    (photos / "closed").chmod(0)
    report = run_as_ordinary_user(tmp_path / "library", photos)
    assert counts(report, "added", "skipped", "removed", "offline") == (16, 0, 0, 0)
    [(path, kind, reason)] = report["problems"]
    assert (path, kind) == (str(photos / "closed"), "permission")
    assert "ermission denied" in reason
    assert len(report["notices"]) == 1


@pytest.mark.parametrize("mode", [0, 0o444])  # not to be listed; to be listed and not to be entered
def test_its_files_never_count_as_vanished(tmp_path: Path, photos: Path, mode: int) -> None:
    library = tmp_path / "library"
    index(library, photos)
    before = set(held(library))
    (photos / "closed").chmod(mode)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "unchanged", "removed", "offline", "skipped") == (16, 0, 0, 0)
    assert set(held(library)) == before
    (photos / "closed").chmod(0o755)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "unchanged", "removed", "offline", "embedded") == (20, 0, 0, 0)


def test_what_vanished_elsewhere_is_noticed_all_the_same(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "library"
    index(library, photos)
    (photos / "closed").chmod(0)
    (photos / "0000.jpg").unlink()
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "unchanged", "removed", "offline") == (15, 1, 0)
    assert os.fsencode(photos / "0000.jpg") not in held(library)
    assert os.fsencode(photos / "closed" / "0000.jpg") in held(library)


def test_a_root_that_cannot_be_listed_is_offline(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "library"
    index(library, photos)
    photos.chmod(0)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "offline", "removed") == (20, 0)
    assert "permission denied" in report["notices"][0]
    photos.chmod(0o755)
    assert len(held(library)) == 20


def test_a_file_without_permission_is_tried_again(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "library"
    (photos / "0001.jpg").chmod(0)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "added", "skipped") == (19, 1)
    assert [(path, kind) for path, kind, _ in report["problems"]] == [(str(photos / "0001.jpg"), "permission")]
    (photos / "0001.jpg").chmod(0o644)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "added", "unchanged", "skipped") == (1, 19, 0)


def test_a_known_file_that_loses_its_permission_stays_findable(tmp_path: Path, photos: Path) -> None:
    library = tmp_path / "library"
    index(library, photos)
    picture(photos / "0001.jpg", 500)
    (photos / "0001.jpg").chmod(0)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "unchanged", "skipped") == (19, 1)
    assert os.fsencode(photos / "0001.jpg") in held(library)
    (photos / "0001.jpg").chmod(0o644)
    report = run_as_ordinary_user(library, photos)
    assert counts(report, "changed", "unchanged", "skipped") == (1, 19, 0)


def test_a_folder_of_photos_that_cannot_be_written_is_indexed_and_untouched(tmp_path: Path, photos: Path) -> None:
    for path in (*photos.rglob("*"), photos):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = listing(photos)
    report = run_as_ordinary_user(tmp_path / "library", photos)
    assert counts(report, "added", "skipped") == (20, 0)
    assert listing(photos) == before
