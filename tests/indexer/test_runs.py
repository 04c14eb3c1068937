"""What runs make of folders that change in between: every file accounted for, nothing encoded twice."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import LibraryLocked, ProblemKind, UsageError
from core.indexing import Progress, RootOptions
from core.models import Preprocess
from core.paths import absolute
from db import open_reader, open_writer
from tests.fakes import FakeEncoder
from tests.indexer.program import start
from tests.indexer.runs import accounted, album, held, index, listing, names, picture, top


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twenty pictures."""
    album(tmp_path / "photos", 20)
    return tmp_path / "photos"


def image_ids(library: Path) -> dict[bytes, int]:
    with open_reader(library) as reader:
        return {row.path: row.image_id for row in reader.export_rows(reader.active_space())}


def test_a_first_run_makes_every_picture_findable(library: Path, photos: Path) -> None:
    encoder = FakeEncoder()
    report = index(library, photos, encoder=encoder)
    assert (report.added, report.embedded, accounted(report)) == (20, 20, 20)
    assert report.problems == ()
    assert report.seconds > 0
    assert report.pictures_per_second == pytest.approx(20 / report.seconds)
    found = held(library)
    assert len(found) == 20
    for path, shown in found.items():
        with Image.open(os.fsdecode(path)) as image:
            pixels = np.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BICUBIC, box=(4, 0, 44, 40)))
        assert shown.vector @ encoder.encode_pixels(pixels[None])[0] > 0.999
        assert top(library, shown.vector, 1) == [shown.content]


def test_a_second_run_reads_nothing(library: Path, photos: Path) -> None:
    index(library, photos)
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (report.unchanged, report.embedded, accounted(report)) == (20, 0, 20)
    assert encoder.pictures_seen == 0


def test_changed_files_even_of_the_same_size(library: Path, photos: Path) -> None:
    paths = sorted(photos.iterdir())
    for path in paths[:2]:
        picture(path, int(path.stem)).with_suffix(".jpg").write_bytes(path.read_bytes().ljust(5000, b"\0"))
    index(library, photos)
    before = held(library)
    size = paths[0].stat().st_size
    picture(paths[0], 999)
    paths[0].write_bytes(paths[0].read_bytes().ljust(size, b"\0"))
    report = index(library)
    after = held(library)
    assert paths[0].stat().st_size == size
    assert (report.changed, report.unchanged, report.embedded, accounted(report)) == (1, 19, 1, 20)
    name = os.fsencode(paths[0])
    assert before[name].content != after[name].content
    assert before[name].vector @ after[name].vector < 0.9
    assert before[name].content not in top(library, before[name].vector, 20)
    assert len(after) == 20


def test_touched_files_are_hashed_and_not_encoded(library: Path, photos: Path) -> None:
    index(library, photos)
    ids = image_ids(library)
    for path in photos.iterdir():
        os.utime(path, ns=(1, 2_000_000_000_000_000_000))
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (report.unchanged, report.changed, encoder.pictures_seen) == (20, 0, 0)
    assert image_ids(library) == ids
    assert index(library).unchanged == 20


def test_a_renamed_folder_is_moved_and_not_encoded(library: Path, photos: Path) -> None:
    album(photos / "trip", 10, first_seed=50)
    index(library, photos)
    ids = image_ids(library)
    (photos / "trip").rename(photos / "Voyage été")
    os.utime(photos / "Voyage été" / "0003.jpg", ns=(1, 1_500_000_000_000_000_000))  # a copy may lose the time
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (report.moved, report.unchanged, report.added, report.removed, report.offline) == (10, 20, 0, 0, 0)
    assert accounted(report) == 30
    assert encoder.pictures_seen == 0
    moved = {path.replace(b"/trip/", "/Voyage été/".encode()): number for path, number in ids.items()}
    assert image_ids(library) == moved


def test_copies_share_one_vector_within_and_across_runs(library: Path, photos: Path) -> None:
    first = photos / "0000.jpg"
    for i in range(12):  # more than one batch of them
        shutil.copy(first, photos / f"copy{i}.jpg")
    encoder = FakeEncoder()
    report = index(library, photos, encoder=encoder, batch_size=4)
    assert (report.added, report.embedded, encoder.pictures_seen, accounted(report)) == (32, 20, 20, 32)
    shutil.copy(first, photos / "later.jpg")
    report = index(library, encoder=encoder)
    assert (report.added, report.embedded, encoder.pictures_seen) == (1, 0, 20)
    found = held(library)
    assert len(found) == 33
    assert len({shown.content for shown in found.values()}) == 20
    assert len(top(library, found[os.fsencode(first)].vector, 50)) == 20


def test_vanished_files_are_hidden_and_come_back_as_they_were(library: Path, photos: Path, tmp_path: Path) -> None:
    index(library, photos)
    shutil.move(photos / "0007.jpg", tmp_path / "aside.jpg")
    report = index(library)
    assert (report.removed, report.offline, report.unchanged, report.notices) == (1, 0, 19, ())
    assert "0007.jpg" not in names(library, photos)
    shutil.move(tmp_path / "aside.jpg", photos / "0007.jpg")
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (accounted(report), encoder.pictures_seen) == (20, 0)
    assert "0007.jpg" in names(library, photos)


def test_pruned_files_are_gone(library: Path, photos: Path) -> None:
    index(library, photos)
    (photos / "0007.jpg").unlink()
    assert index(library, prune=True).removed == 1
    assert len(held(library)) == 19
    picture(photos / "0007.jpg", 7)
    assert index(library).added == 1


def _away(photos: Path) -> None:
    photos.rename(photos.with_name("elsewhere"))


def _emptied(photos: Path) -> None:
    _away(photos)
    photos.mkdir()


def _half(photos: Path) -> None:
    for path in sorted(photos.iterdir())[:10]:
        path.unlink()


@pytest.mark.parametrize(("lose", "lost"), [(_away, 20), (_emptied, 20), (_half, 10)])
def test_a_root_that_lost_much_is_offline_and_stays_findable(library: Path, photos: Path, lose, lost: int) -> None:
    index(library, photos)
    before = set(held(library))
    lose(photos)
    report = index(library)
    assert (report.offline, report.removed, accounted(report)) == (lost, 0, 20 - lost)
    assert len(report.notices) == 1
    assert str(photos) in report.notices[0]
    assert set(held(library)) == before
    pruned = index(library, prune=True)
    assert pruned.removed == lost
    assert len(held(library)) == 20 - lost


def test_an_unmounted_root_comes_back_without_encoding(library: Path, photos: Path) -> None:
    index(library, photos)
    _emptied(photos)
    index(library)
    photos.rmdir()
    photos.with_name("elsewhere").rename(photos)
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (report.unchanged, report.offline, encoder.pictures_seen) == (20, 0, 0)
    with open_reader(library) as reader:
        assert [root.online for root in reader.roots()] == [True]


def test_one_root_offline_does_not_keep_the_other_from_being_indexed(
    library: Path, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    album(other, 3, first_seed=300)
    index(library, photos, other)
    _away(photos)
    picture(other / "new.jpg", 400)
    report = index(library)
    assert (report.added, report.unchanged, report.offline) == (1, 3, 20)


def test_what_was_forgotten_stays_forgotten_also_when_moved(library: Path, photos: Path) -> None:
    index(library, photos)
    with open_writer(library, command="forget") as writer:
        assert writer.forget(absolute(photos / "0003.jpg")) == 1
    report = index(library, photos)
    assert "0003.jpg" not in names(library, photos)
    assert (report.unchanged, report.ignored) == (19, 1)
    (photos / "0003.jpg").rename(photos / "renamed.jpg")
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert accounted(report) == 20
    assert report.ignored == 1
    assert len(names(library, photos)) == 19


def test_sidecar_edits_refresh_captions_without_encoding(library: Path, photos: Path) -> None:
    index(library, photos)
    (photos / "0001.txt").write_text("a lighthouse at dusk")
    encoder = FakeEncoder()
    report = index(library, encoder=encoder)
    assert (report.unchanged, report.embedded, encoder.pictures_seen, accounted(report)) == (20, 0, 0, 20)
    assert captions(library)[b"0001.jpg"] == ["a lighthouse at dusk"]
    (photos / "0001.txt").write_text("a lighthouse at dawn, long after")
    index(library)
    assert captions(library)[b"0001.jpg"] == ["a lighthouse at dawn, long after"]
    (photos / "0001.txt").unlink()
    index(library)
    assert captions(library)[b"0001.jpg"] == []


def captions(library: Path) -> dict[bytes, list[str]]:
    with open_reader(library) as reader:
        space = reader.active_space()
        rows = np.array(sorted({row.row for row in reader.export_rows(space)}), np.int64)
        return {p.path.rpartition(b"/")[2]: [c.text for c in p.facts.captions] for p in reader.pictures(space, rows)}


def test_broken_files_wait_until_they_change_and_passing_problems_are_tried_again(library: Path, photos: Path) -> None:
    whole = (photos / "0000.jpg").read_bytes()
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)
    (photos / "empty.jpg").touch()
    (photos / "no picture").write_text("just words")
    (photos / "README").write_text("more words")
    (photos / "film.mp4").write_bytes(whole)  # no picture by its name; the text below is read with its picture
    (photos / "0003.txt").write_text("a lighthouse")
    first = index(library, photos)
    assert (first.added, first.skipped, first.ignored, accounted(first)) == (20, 2, 3, 25)
    assert {(p.path.rpartition(b"/")[2], p.kind) for p in first.problems} >= {(b"empty.jpg", ProblemKind.EMPTY)}
    assert len(first.problems) == 2
    again = index(library)
    assert (again.unchanged, again.skipped, again.ignored) == (20, 2, 3)
    assert (again.added, again.problems, accounted(again)) == (0, (), 25)
    (photos / "broken.jpg").write_bytes(whole + b"\0")
    (photos / "README").write_bytes(whole + b"\0\0")
    mended = index(library)
    assert (mended.added, accounted(mended)) == (2, 25)
    assert {"broken.jpg", "README"} <= set(names(library, photos))
    with open_reader(library) as reader:
        assert [p.path.rpartition(b"/")[2] for p in reader.problems()] == [b"empty.jpg"]


def test_names_that_are_no_text_and_things_that_are_no_files(library: Path, photos: Path) -> None:
    odd = (b"caf\xe9.jpg", b"new\nline.jpg", b"tab\there.jpg", "日本.jpg".encode())
    for seed, name in enumerate(odd):
        picture(photos / "t.jpg", 700 + seed).rename(photos / os.fsdecode(name))
    os.mkfifo(photos / "pipe.jpg")
    (photos / "loop").symlink_to(photos)
    (photos / "null.jpg").symlink_to("/dev/null")
    report = index(library, photos)
    assert (report.added, accounted(report)) == (24, 24)
    assert {absolute(photos) + b"/" + name for name in odd} <= set(held(library))


def test_a_path_inside_a_root_refreshes_that_part_alone(library: Path, photos: Path) -> None:
    album(photos / "trip", 5, first_seed=50)
    index(library, photos)
    picture(photos / "trip" / "new.jpg", 60)
    picture(photos / "not_yet.jpg", 61)
    (photos / "0000.jpg").unlink()
    (photos / "trip" / "0000.jpg").rename(photos / "trip" / "renamed.jpg")
    report = index(library, photos / "trip")
    assert (report.added, report.moved, report.unchanged, report.removed, accounted(report)) == (1, 1, 4, 0, 6)
    assert "not_yet.jpg" not in names(library, photos)
    assert "0000.jpg" in names(library, photos)
    report = index(library, photos / "trip" / "new.jpg", photos / "trip")
    assert accounted(report) == 6
    with open_reader(library) as reader:
        assert [root.path for root in reader.roots()] == [absolute(photos)]


def test_a_folder_above_takes_its_roots_in(library: Path, photos: Path, tmp_path: Path) -> None:
    index(library, photos)
    album(tmp_path / "more", 2, first_seed=80)
    report = index(library, tmp_path)
    assert (report.added, report.unchanged, accounted(report)) == (
        2,
        20,
        22,
    )  # and the library's own files are not in it
    with open_reader(library) as reader:
        assert [root.path for root in reader.roots()] == [absolute(tmp_path)]


def test_a_root_may_be_one_file(library: Path, photos: Path) -> None:
    report = index(library, photos / "0004.jpg")
    assert (report.added, accounted(report)) == (1, 1)
    assert index(library).unchanged == 1


def test_a_path_that_is_not_there(library: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        index(library, tmp_path / "nowhere")


def test_options_are_remembered_with_the_root(library: Path, photos: Path) -> None:
    report = index(library, photos, options=RootOptions(exclude=("000*.jpg",)))
    assert (report.added, accounted(report)) == (10, 10)
    report = index(library)
    assert (report.unchanged, accounted(report)) == (10, 10)


def test_the_largest_picture_is_a_matter_of_its_root(library: Path, tmp_path: Path) -> None:
    for folder in ("small", "large"):
        picture(tmp_path / folder / "big.png", len(folder), size=(1600, 1000))
    options = [RootOptions(max_megapixels=1), RootOptions(max_megapixels=2)]
    index(library, tmp_path / "small", options=options[0])
    index(library, tmp_path / "large", options=options[1])
    with open_reader(library) as reader:
        assert [(p.kind, p.path.split(b"/")[-2]) for p in reader.problems()] == [(ProblemKind.TOO_LARGE, b"small")]
    picture(tmp_path / "small" / "bigger.png", 3, size=(1601, 1000))
    picture(tmp_path / "large" / "bigger.png", 4, size=(1601, 1000))
    report = index(library)
    assert [(p.kind, p.path.split(b"/")[-2]) for p in report.problems] == [(ProblemKind.TOO_LARGE, b"small")]
    assert (report.added, report.unchanged, report.skipped, accounted(report)) == (1, 1, 2, 4)
    report = index(library, tmp_path / "small", options=RootOptions(max_megapixels=3))  # asked for: tried again
    assert (report.added, report.skipped, accounted(report)) == (2, 0, 2)


def test_two_runs_at_once(library: Path, photos: Path) -> None:
    running = start(library, photos, slow=0.2)
    try:
        assert running.stdout is not None
        assert running.stdout.readline()
        with pytest.raises(LibraryLocked, match=str(running.pid)):
            index(library, photos)
    finally:
        running.kill()
        running.communicate()
    assert accounted(index(library, photos)) == 20


def test_progress_counts_up_to_its_total(library: Path, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)
    seen: list[Progress] = []
    index(library, photos, listener=seen.append)
    stages = [progress.stage for progress in seen]
    assert sorted(set(stages), key=stages.index) == ["scan", "index", "finish"]
    assert [p.done for p in seen if p.stage == "scan"][-1] == 21
    done = [(p.done, p.total) for p in seen if p.stage == "index"]
    assert done == [(i, 21) for i in range(1, 22)]
    assert [p.skipped for p in seen if p.stage == "index"][-1] == 1


def test_photos_are_left_as_they_are(library: Path, photos: Path) -> None:
    (photos / "0001.txt").write_text("a caption")
    before = listing(photos)
    index(library, photos)
    index(library, photos, prune=True)
    assert listing(photos) == before


class Wide(FakeEncoder):
    """Another model, that looks at twice as many pixels."""

    def __init__(self) -> None:
        super().__init__("wide", size=64)
        assert self.info.preprocess != Preprocess(height=32, width=32)
