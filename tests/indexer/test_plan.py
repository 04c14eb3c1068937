"""Dry runs: they say what a run would do, and leave no trace."""

import shutil
from pathlib import Path

import pytest

from core.errors import UsageError
from core.indexing import IndexRequest, Progress, RootOptions
from core.paths import absolute
from indexer import RunPlan, count_candidates, plan_run
from tests.indexer.runs import accounted, album, ignore_progress, index, listing, picture


def plan(library: Path, *paths: Path, options: RootOptions | None = None, listener=ignore_progress) -> RunPlan:
    request = IndexRequest(paths=tuple(absolute(path) for path in paths), options=options, dry_run=True)
    return plan_run(library, request, listener)


def kept(library: Path) -> dict[str, tuple[int, int, int, str]]:
    """What is in the library's folder, but for the files through which SQLite's readers and writers see each other."""
    found = listing(library)
    return {name: facts for name, facts in found.items() if not name.endswith(("-wal", "-shm"))}


def test_without_a_library(tmp_path: Path) -> None:
    album(tmp_path / "photos", 5)
    progress: list[Progress] = []
    planned = plan(tmp_path / "library", tmp_path / "photos", listener=progress.append)
    counts = planned.counts
    assert (counts.new, counts.changed, counts.retry, counts.backfill) == (5, 0, 0, 0)
    assert not (tmp_path / "library").exists()
    assert (progress[-1].stage, progress[-1].done) == ("scan", 5)
    report = planned.report(1.5)
    assert (report.added, report.seconds, accounted(report)) == (5, 1.5, 5)


def test_it_says_what_the_run_then_does(tmp_path: Path) -> None:
    library, photos = tmp_path / "library", tmp_path / "photos"
    album(photos, 20)
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)
    index(library, photos)
    picture(photos / "0000.jpg", 100)
    picture(photos / "new.jpg", 101)
    (photos / "0001.jpg").unlink()
    before = kept(library)
    planned = plan(library)
    assert kept(library) == before
    report = planned.report(0.0)
    done = index(library)
    for name in ("added", "changed", "unchanged", "removed", "skipped", "ignored"):
        assert getattr(report, name) == getattr(done, name), name
    assert accounted(report) == accounted(done) == 21
    counts = planned.counts
    assert counts.new + counts.changed + counts.retry + counts.backfill == done.embedded == 2


def test_a_part_of_a_root_a_root_above_and_a_new_one(tmp_path: Path) -> None:
    library, photos = tmp_path / "library", tmp_path / "in" / "photos"
    album(photos, 3)
    album(photos / "trip", 2, first_seed=10)
    album(tmp_path / "other", 4, first_seed=20)
    index(library, photos, options=RootOptions(exclude=("0000.jpg",)))
    assert plan(library, photos / "trip").counts.unchanged == 1
    above = plan(library, tmp_path / "in", tmp_path / "other").counts
    assert (above.new, above.unchanged) == (6, 3)
    assert plan(library, photos, options=RootOptions()).counts.new == 2


def test_an_unreachable_root_loses_nothing(tmp_path: Path) -> None:
    library, photos = tmp_path / "library", tmp_path / "photos"
    album(photos, 3)
    index(library, photos)
    shutil.rmtree(photos)
    assert plan(library).counts.vanished == 0
    with pytest.raises(UsageError, match="nowhere"):
        plan(library, tmp_path / "nowhere")


def test_candidates_are_counted_as_a_run_would_find_them_and_no_further(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    album(photos, 5)
    (photos / "notes.txt").touch()
    (photos / "tmp").mkdir()
    (photos / "tmp" / "a.png").touch()

    def count(at_most: int, *paths: Path, options: RootOptions | None = None) -> int:
        request = IndexRequest(paths=tuple(absolute(path) for path in paths), options=options)
        return count_candidates(tmp_path / "library", request, at_most=at_most)

    assert count(100, photos) == 6
    assert count(100, photos, photos / "tmp") == 6, "each file once"
    assert count(100, photos, options=RootOptions(exclude=("tmp/",))) == 5
    assert [count(at_most, photos) for at_most in (1, 3, 6)] == [1, 3, 6]
    assert count(100) == 0, "no root is known yet"
    with pytest.raises(UsageError, match="no folder or file"):
        count(100, tmp_path / "nowhere")
    assert not (tmp_path / "library").exists()

    index(tmp_path / "library", photos)
    (photos / "tmp" / "b.png").touch()
    assert count(100) == 7, "without a path, every root"
