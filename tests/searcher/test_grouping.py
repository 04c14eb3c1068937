from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pictures import TakenSource
from core.queries import Alike, AlikeKind
from searcher.grouping import (
    BURST_SECONDS,
    COPY_BITS,
    Found,
    group_alike,
    in_order,
    one_per_file,
    one_per_picture,
    prefer_folders,
)
from tests.searcher.memory import make_picture, taken, unit

DIM = 8
PHASH = 0xF0F0_1234_ABCD_0FF0


def beside(cosine: float, axis: int = 1) -> np.ndarray:
    """A unit row at this cosine from the first axis."""
    row = np.zeros(DIM, np.float32)
    row[0], row[axis] = cosine, np.sqrt(1 - cosine**2)
    return row


def grouped(*members: tuple[Found, np.ndarray]) -> list[tuple[bytes, list[tuple[bytes, str]]]]:
    found = group_alike([one for one, _ in members], np.stack([row for _, row in members]))
    return [(one.picture.path, [(alike.path, alike.kind.value) for alike in one.alike]) for one in found]


def scored(row: int, score: float, **given: object) -> Found:
    return Found(make_picture(row, **given), score)


def test_identical_files_are_one_hit():
    found = scored(1, 0.5, other_paths=(b"/z.jpg", b"/a.jpg"))
    assert grouped((found, beside(1))) == [(b"/photos/1.jpg", [(b"/a.jpg", "identical"), (b"/z.jpg", "identical")])]


def test_a_copy_hides_behind_the_better_one_with_all_its_files():
    original = scored(1, 0.30, phash=PHASH, other_paths=(b"/same.jpg",))
    copy = scored(2, 0.31, phash=PHASH ^ 0b111111, width=200, height=150, other_paths=(b"/b.jpg", b"/a.jpg"))
    assert grouped((original, beside(1)), (copy, beside(0.96))) == [
        (
            b"/photos/2.jpg",
            [
                (b"/a.jpg", "identical"),
                (b"/b.jpg", "identical"),
                (b"/photos/1.jpg", "near_copy"),
                (b"/same.jpg", "near_copy"),
            ],
        )
    ]


@pytest.mark.parametrize(
    ("given", "cosine"),
    [
        ({"phash": PHASH ^ 0b1111111}, 0.999),  # one bit too many
        ({"phash": PHASH}, 0.94),  # the hash knows no colours
        ({"phash": None}, 0.999),
        ({"phash": PHASH, "width": 300, "height": 400}, 0.999),  # another shape
        ({"phash": PHASH, "taken": taken(1)}, 0.999),  # another moment
    ],
)
def test_what_is_not_quite_a_copy_stands_alone(given, cosine):
    first, second = scored(1, 0.5, phash=PHASH), scored(2, 0.4, **given)
    assert [path for path, _ in grouped((first, beside(1)), (second, beside(cosine)))] == [
        b"/photos/1.jpg",
        b"/photos/2.jpg",
    ]


def test_a_moment_that_is_only_guessed_contradicts_nothing():
    first = scored(1, 0.5, phash=PHASH)
    second = scored(2, 0.4, phash=PHASH, taken=taken(999, source=TakenSource.FILE))
    assert grouped((first, beside(1)), (second, beside(0.99)))[0][1] == [(b"/photos/2.jpg", "near_copy")]


def test_shots_from_a_tripod_are_a_burst_and_no_copies():
    first = scored(1, 0.5, phash=PHASH, camera="Canon", taken=taken())
    second = scored(2, 0.4, phash=PHASH, camera="Canon", taken=taken(2))
    assert grouped((first, beside(1)), (second, beside(0.99)))[0][1] == [(b"/photos/2.jpg", "burst")]


def test_a_hash_of_zero_is_a_hash():
    first, second = scored(1, 0.5, phash=0), scored(2, 0.4, phash=0)
    assert len(grouped((first, beside(1)), (second, beside(0.99)))) == 1
    unhashed = scored(3, 0.6, phash=None)
    assert len(grouped((unhashed, beside(1)), (second, beside(0.99)))) == 2


def test_a_burst_may_last_as_long_as_each_shot_follows_another():
    shots = [scored(i, 0.9 - i / 100, camera="Canon", taken=taken(i * BURST_SECONDS)) for i in range(5)]
    assert grouped(*((one, beside(0.95, axis=1 + i)) for i, one in enumerate(shots))) == [
        (b"/photos/0.jpg", [(b"/photos/%d.jpg" % i, "burst") for i in range(1, 5)])
    ]


@pytest.mark.parametrize(
    ("given", "cosine"),
    [
        ({"camera": "Nikon", "taken": taken(1)}, 0.95),
        ({"camera": None, "taken": taken(1)}, 0.95),
        ({"camera": "Canon", "taken": taken(BURST_SECONDS + 0.1)}, 0.95),
        ({"camera": "Canon", "taken": taken(-BURST_SECONDS - 0.1)}, 0.95),
        ({"camera": "Canon", "taken": taken(1, source=TakenSource.FILE)}, 0.95),
        ({"camera": "Canon", "taken": taken(1)}, 0.89),
    ],
)
def test_what_is_not_quite_a_burst_stands_alone(given, cosine):
    first = scored(1, 0.5, camera="Canon", taken=taken())
    assert len(grouped((first, beside(1)), (scored(2, 0.4, **given), beside(cosine)))) == 2


def test_equal_scores_are_ordered_by_path():
    first, second = scored(1, 0.5, phash=PHASH, path=b"/b"), scored(2, 0.5, phash=PHASH, path=b"/a")
    assert grouped((first, beside(1)), (second, beside(1))) == [(b"/a", [(b"/b", "near_copy")])]


@st.composite
def candidates(draw):
    """Pictures from few cameras, seconds, hashes and directions, so that many are alike."""
    count = draw(st.integers(0, 24))
    pictures, rows = [], []
    for row in range(count):
        flips = draw(st.integers(0, COPY_BITS + 2))
        pictures.append(
            scored(
                row,
                draw(st.sampled_from([0.1, 0.2, 0.25, 0.3])),
                phash=draw(st.sampled_from([None, PHASH, ~PHASH & (2**64 - 1)])),
                camera=draw(st.sampled_from([None, "Canon", "Nikon"])),
                taken=taken(draw(st.integers(0, 20))),
                other_paths=tuple(b"/more/%d-%d.jpg" % (row, i) for i in range(draw(st.integers(0, 2)))),
            )
        )
        if pictures[-1].picture.facts.phash is not None:
            facts = pictures[-1].picture.facts
            facts = replace(facts, phash=facts.phash ^ (2**flips - 1))
            pictures[-1] = replace(pictures[-1], picture=replace(pictures[-1].picture, facts=facts))
        rows.append(beside(draw(st.sampled_from([1.0, 0.98, 0.93, 0.2])), axis=draw(st.integers(1, 3))))
    return pictures, np.stack(rows) if rows else np.empty((0, DIM), np.float32)


def all_paths(found: list[Found]) -> list[bytes]:
    return sorted([one.picture.path for one in found] + [alike.path for one in found for alike in one.alike])


@settings(deadline=None)
@given(candidates(), st.randoms(use_true_random=False))
def test_no_file_is_lost_and_the_order_of_candidates_does_not_matter(drawn, random):
    found, rows = drawn
    groups = group_alike(found, rows)
    assert all_paths(groups) == sorted(p for one in found for p in (one.picture.path, *one.picture.other_paths))
    assert groups == in_order(groups)
    shuffled = list(range(len(found)))
    random.shuffle(shuffled)
    assert group_alike([found[i] for i in shuffled], rows[shuffled]) == groups


@settings(deadline=None)
@given(candidates(), st.integers(0, 24))
def test_hits_do_not_depend_on_the_candidates_after_them(drawn, count):
    found, rows = drawn
    order = sorted(range(len(found)), key=lambda i: (-found[i].score, found[i].picture.path))
    few = group_alike([found[i] for i in order[:count]], rows[order[:count]])
    many = group_alike(found, rows)
    assert [one.picture.path for one in few] == [one.picture.path for one in many[: len(few)]]
    for one, other in zip(few, many, strict=False):
        assert one.alike == other.alike[: len(one.alike)]


def test_without_grouping_each_file_is_a_hit():
    found = [scored(1, 0.5, other_paths=(b"/z.jpg", b"/in/a.jpg")), scored(2, 0.4)]
    paths = [b"/in/a.jpg", b"/photos/1.jpg", b"/z.jpg", b"/photos/2.jpg"]
    files = one_per_file(found)
    assert [one.picture.path for one in files] == paths
    assert all(not one.alike and not one.picture.other_paths for one in files)
    inside = one_per_file([replace(found[0], picture=prefer_folders(found[0].picture, (b"/in",)))], (b"/in",))
    assert [one.picture.path for one in inside] == [b"/in/a.jpg"]


def test_a_picture_is_shown_by_its_path_in_the_folder_asked_for():
    picture = make_picture(1, path=b"/a/1.jpg", other_paths=(b"/b/longer.jpg", b"/b/1.jpg"))
    assert prefer_folders(picture, ()) is picture
    assert prefer_folders(picture, (b"/a",)) is picture
    shown = prefer_folders(picture, (b"/b",))
    assert (shown.path, shown.other_paths) == (b"/b/1.jpg", (b"/a/1.jpg", b"/b/longer.jpg"))
    assert prefer_folders(picture, (b"/c",)) is picture


def test_one_per_picture_keeps_copies_apart():
    found = [scored(1, 0.5, phash=PHASH, other_paths=(b"/same",)), scored(2, 0.4, phash=PHASH)]
    assert [one.alike for one in one_per_picture(found)] == [(Alike(b"/same", AlikeKind.IDENTICAL, 101),), ()]


def test_real_different_pictures_are_never_grouped(test_data):
    """The recorded CLIP vectors with real hashes: 756 pictures, all different (see the figures in `grouping`)."""
    from media import DecodeLimits, decode_picture

    recorded = np.load(test_data / "clip-vectors" / "vectors.npz")
    rows = unit(recorded["image_vectors"])
    found = []
    for row, name in enumerate(recorded["image_names"]):
        path = str(test_data / "clip-vectors" / "images" / str(name)).encode()
        picture = decode_picture(path, targets=(), limits=DecodeLimits())
        found.append(Found(make_picture(row, path=path, phash=picture.facts.phash), 0.5))
    assert len(group_alike(found, rows)) == len(found)
