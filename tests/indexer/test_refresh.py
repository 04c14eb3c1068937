"""A refresh looks at names and times: what has not changed is never opened, by any process."""

import sys
from pathlib import Path

import pytest

from benchmarks.opens import opened_below
from core.paths import absolute
from tests.indexer.runs import album, index, picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which files are opened")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Pictures in two folders; one with what people keep beside them, and one that cannot be read."""
    album(tmp_path / "photos", 12)
    album(tmp_path / "photos" / "below", 12, first_seed=12)
    (tmp_path / "photos" / "0000.jpg.txt").write_text("a dog")
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"no picture either")
    return tmp_path / "photos"


def test_nothing_is_opened_where_nothing_changed(photos: Path, tmp_path: Path) -> None:
    with opened_below(photos) as at_first:
        index(tmp_path / "library", photos)
    assert len(at_first) == 12 + 12 + 1 + 1  # the watch works: every picture, the broken one, and the text beside one
    with opened_below(photos) as opened:
        report = index(tmp_path / "library", photos)
    assert (report.unchanged, report.skipped) == (24, 1)
    assert opened == []


def test_only_what_changed_is_opened(photos: Path, tmp_path: Path) -> None:
    index(tmp_path / "library", photos)
    changed = picture(photos / "below" / "0003.jpg", 99)
    with opened_below(photos) as opened:
        report = index(tmp_path / "library", photos)
    assert (report.changed, report.unchanged) == (1, 23)
    assert opened == [absolute(changed)]


def test_the_texts_beside_a_picture_are_what_changed(photos: Path, tmp_path: Path) -> None:
    index(tmp_path / "library", photos)
    beside = photos / "0005.XMP"
    beside.write_text("<x/>")
    with opened_below(photos) as opened:
        index(tmp_path / "library", photos)
    assert opened == [absolute(photos / "0005.XMP"), absolute(photos / "0005.jpg")]
