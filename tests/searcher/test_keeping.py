"""The rules that decide which file of a group is kept, one at a time."""

from dataclasses import replace
from datetime import datetime

import pytest

from core.duplicates import RecordedFile
from core.pictures import TakenAt, TakenSource
from searcher.keeping import Keeper

MOMENT = datetime(2019, 5, 1, 12)  # noqa: DTZ001 - wall clock
GUESSED, SAID = TakenAt(MOMENT, None, TakenSource.FILE), TakenAt(MOMENT, 120, TakenSource.EXIF)
FILE = RecordedFile(
    image_id=1,
    path=b"/photos/b/one.jpg",
    offline=False,
    size_bytes=1000,
    mtime_ns=50,
    format="jpeg",
    width=400,
    height=300,
    taken=GUESSED,
    camera=None,
    has_place=False,
    content_hash=None,
)


@pytest.mark.parametrize(
    ("better", "worse", "why"),
    [
        (replace(FILE, width=10, height=10), replace(FILE, offline=True), "within reach"),
        (replace(FILE, width=800), replace(FILE, taken=SAID, size_bytes=9000), "the most pixels"),
        (replace(FILE, taken=SAID), replace(FILE, size_bytes=9000), "says more of when, where and with what"),
        (replace(FILE, has_place=True), replace(FILE, size_bytes=9000), "says more of when, where and with what"),
        (replace(FILE, size_bytes=1001), replace(FILE, mtime_ns=1), "compressed least"),
        (replace(FILE, path=b"/photos/b/one (1).jpg", mtime_ns=49), FILE, "the oldest"),
        (
            replace(FILE, path=b"/photos/b/another name.jpg"),
            replace(FILE, path=b"/p/one (1).jpg"),
            "not named as a copy",
        ),
        (replace(FILE, path=b"/photos/one.jpg"), FILE, "the shortest path"),
        (replace(FILE, path=b"/photos/a/one.jpg"), FILE, "the first by name"),
    ],
)
def test_the_first_rule_that_tells_them_apart_decides(better: RecordedFile, worse: RecordedFile, why: str) -> None:
    keeper = Keeper()
    assert sorted([worse, better], key=keeper.order) == [better, worse]
    assert why in keeper.why([better, worse])


def test_a_folder_to_keep_decides_between_files_that_are_as_good() -> None:
    newer, smaller = (replace(FILE, path=b"/kept/one.jpg", **what) for what in ({"mtime_ns": 90}, {"width": 40}))
    assert min([FILE, newer], key=Keeper().order) is FILE
    keeper = Keeper((b"/kept",))
    assert min([FILE, newer], key=keeper.order) is newer
    assert keeper.why([newer, FILE]) == "in the folder to keep"
    assert min([FILE, smaller], key=keeper.order) is FILE  # no wish costs pixels
    assert min([FILE, replace(FILE, path=b"/kept-not/a longer name.jpg")], key=keeper.order) is FILE


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("one (1).jpg", True),
        ("one copy.jpg", True),
        ("one copy 2.jpg", True),
        ("one - Kopie.jpg", True),
        ("one_copy.png", True),
        ("照片 副本.jpg", True),
        ("photocopy.jpg", False),
        ("one.jpg", False),
        ("IMG_(2019).jpg", False),  # a year, not a count
        ("copy of nothing.jpg.jpg", False),
    ],
)
def test_names_of_copies(name: str, copy: bool) -> None:
    named = replace(FILE, path=b"/photos/b/" + name.encode())
    other = replace(FILE, path=b"/a much longer path than any of the others, which loses otherwise/one.jpg")
    assert (min([named, other], key=Keeper().order) is other) is copy


def test_one_alone_needs_no_reason() -> None:
    assert Keeper().why([FILE]) == ""
