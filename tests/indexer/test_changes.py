"""After any series of changes, a refreshed library equals one built afresh."""

import os
import random
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import ProblemKind
from db import check_library, open_reader
from tests.fakes import FakeEncoder
from tests.indexer.runs import accounted, album, held, index, picture


def change(photos: Path, chance: random.Random) -> None:
    """One thing that people do to their photos."""
    files = sorted(path for path in photos.rglob("*") if path.is_file())
    one, other = chance.choice(files), chance.choice(files)
    number = chance.randrange(1_000_000)
    chance.choice(
        [
            lambda: picture(photos / f"new{number}.jpg", number),
            one.unlink,
            lambda: one.rename(one.with_name(f"renamed{number}.jpg")),
            lambda: shutil.copy(one, photos / f"copy{number}.jpg"),
            lambda: picture(one, number),
            lambda: os.utime(one, ns=(number, 1_600_000_000_000_000_000 + number)),
            lambda: one.replace(other),
            lambda: one.write_bytes(one.read_bytes()[:40]),
            lambda: into_a_folder(chance.sample(files, 3), photos / f"folder{number}"),
        ]
    )()


def into_a_folder(files: list[Path], folder: Path) -> None:
    folder.mkdir()
    for number, path in enumerate(files):
        path.rename(folder / f"{number}{path.name}")


@pytest.mark.parametrize("seed", range(4))
def test_a_refreshed_library_equals_a_fresh_one(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    photos, library = tmp_path / "photos", tmp_path / "library"
    album(photos, 15)
    index(library, photos)
    for _ in range(4):
        for _ in range(chance.randrange(1, 8)):
            change(photos, chance)
        report = index(library, prune=True)
        files = [path for path in photos.rglob("*") if path.is_file()]
        assert accounted(report) == len(files)
    index(tmp_path / "fresh", photos)
    ours, theirs = held(library), held(tmp_path / "fresh")
    assert set(ours) == set(theirs)
    for path, shown in ours.items():
        assert shown.content == theirs[path].content
        assert np.array_equal(shown.vector, theirs[path].vector)
    assert check_library(library) == []
    encoder = FakeEncoder()
    index(library, encoder=encoder)
    assert encoder.pictures_seen == 0


def test_placeholders_are_counted_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos, library = tmp_path / "photos", tmp_path / "library"
    album(photos, 12)
    index(library, photos)
    away = {photos / "0003.jpg", photos / "new.jpg"}
    for path in away:  # whoever opens them would see nonsense
        path.write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 50)
    here = {path.stat().st_ino for path in away}
    monkeypatch.setattr(sys.modules["indexer.walk"], "is_online_only", lambda stat: stat.st_ino in here)
    (photos / ".stub.jpg.icloud").write_bytes(b"bplist00")
    report = index(library)
    assert (report.unchanged, report.skipped, report.removed, report.offline) == (12, 2, 0, 0)
    assert accounted(report) == 14
    assert len(held(library)) == 12
    with open_reader(library) as reader:
        problems = {problem.path: problem.kind for problem in reader.problems()}
    names = (os.fsencode(photos / "new.jpg"), os.fsencode(photos / "stub.jpg"))
    assert problems == dict.fromkeys(names, ProblemKind.ONLINE_ONLY)
    assert accounted(index(library)) == 14
    here.clear()
    picture(photos / "new.jpg", 77)
    (photos / ".stub.jpg.icloud").rename(tmp_path / "gone")
    picture(photos / "stub.jpg", 78)
    picture(photos / "0003.jpg", 3)
    report = index(library)
    assert (report.added, report.skipped, accounted(report)) == (2, 0, 14)
    assert len(held(library)) == 14
