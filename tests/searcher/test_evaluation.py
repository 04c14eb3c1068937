"""Ranks, recall and reranking: against numbers worked out by hand, and against the plainest way to count."""

import numpy as np
import pytest

from searcher import evaluation
from searcher.evaluation import FirstStage, Task, first_stage, present_and_absent, recall_of, reranked, summarise

AXES = np.eye(4, dtype=np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def random_set(seed: int, pictures: int = 40, captions: int = 110) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures, captions near theirs, and whose they are; every picture has one at least."""
    rng = np.random.default_rng(seed)
    shown = unit(rng.standard_normal((pictures, 16)))
    owner = np.concatenate([np.arange(pictures), rng.integers(0, pictures, captions - pictures)])
    return shown, unit(shown[owner] + 1.3 * unit(rng.standard_normal((captions, 16)))), owner


def plain_rank(scores: list[float], right: list[bool]) -> int:
    """By sorting, wrong ones first among equals."""
    order = sorted(range(len(scores)), key=lambda j: (-scores[j], right[j]))
    return 1 + next(place for place, j in enumerate(order) if right[j])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("block", [1, 100, 1 << 22])
def test_ranks_are_those_of_sorting_whatever_the_block(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_BLOCK", block)
    pictures, captions, owner = random_set(seed)
    table = captions @ pictures.T
    asked = first_stage(Task.text_to_image(pictures, captions, owner), depth=7)
    shown = first_stage(Task.image_to_text(pictures, captions, owner), depth=7)
    by_text = [plain_rank(list(row), [j == own for j in range(40)]) for row, own in zip(table, owner, strict=True)]
    by_image = [plain_rank(list(row), [own == i for own in owner]) for i, row in enumerate(table.T)]
    assert asked.ranks.tolist() == by_text
    assert shown.ranks.tolist() == by_image
    assert asked.candidates.tolist() == np.argsort(-table, axis=1, kind="stable")[:, :7].tolist()
    assert (asked.right == (asked.candidates == owner[:, np.newaxis])).all()
    np.testing.assert_allclose(asked.scores, -np.sort(-table, axis=1)[:, :7], atol=1e-6)
    assert (asked.nearest_right == owner).all()
    without = np.where(owner[:, np.newaxis] == np.arange(40), -2, table)
    assert (asked.nearest_wrong == without.argmax(axis=1)).all()
    assert (owner[shown.nearest_right] == np.arange(40)).all()


def test_five_captions_each_and_the_best_placed_counts() -> None:
    pictures = AXES[:2]
    captions = unit(np.array([[1, 3, 0, 0], [9, 1, 0, 0], [1, 1, 0, 0], [1, 2, 0, 0]], np.float32))
    owner = np.array([0, 0, 1, 1])
    first = first_stage(Task.image_to_text(pictures, captions, owner), depth=4)
    assert first.ranks.tolist() == [1, 2]  # the second picture's best caption stands behind one of the first's
    assert first.candidates[1].tolist() == [0, 3, 2, 1]


def test_one_vector_for_everything_finds_nothing() -> None:
    same = np.tile(AXES[:1], (20, 1))
    owner = np.repeat(np.arange(20), 5)
    asked = first_stage(Task.text_to_image(same, same[owner % 20], owner), depth=5)
    shown = first_stage(Task.image_to_text(same, same[owner % 20], owner))
    assert set(asked.ranks) == {20}
    assert set(shown.ranks) == {96}  # behind the 95 captions of others; its own five are not in its way
    assert not asked.right.any()
    assert summarise(asked.ranks).recall == {1: 0.0, 5: 0.0, 10: 0.0}


def test_what_is_no_number_is_never_found() -> None:
    pictures, captions, owner = random_set(0)
    pictures[3] = np.nan
    first = first_stage(Task.text_to_image(pictures, captions, owner))
    assert (first.ranks[owner == 3] == 40).all()


def test_progress_is_told_and_may_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_BLOCK", 400)  # ten captions of forty pictures
    pictures, captions, owner = random_set(1)
    task, done = Task.text_to_image(pictures, captions, owner), []
    first_stage(task, on_block=done.append)
    assert done == list(range(10, 111, 10))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        first_stage(task, on_block=stop)


def found(ranks: list[int], right: list[list[int]]) -> FirstStage:
    """A first stage with these ranks, and these of its candidates right."""
    flags = np.array(right, np.bool_)
    rows = np.tile(np.arange(flags.shape[1]), (len(flags), 1))
    nobody = np.full(len(flags), -1)
    return FirstStage(np.array(ranks), nobody, nobody, rows, np.zeros(flags.shape, np.float32), flags)


NAN = float("nan")


@pytest.mark.parametrize(
    ("rank", "right", "fused", "after"),
    [
        (3, [0, 0, 1, 0], [1, 2, 9, 3], 1),  # lifted to the top
        (1, [1, 0, 0, 0], [1, 2, 9, 3], 4),  # pushed to the end of what was looked at
        (9, [0, 0, 0, 0], [1, 2, 9, 3], 9),  # not among the candidates: as before
        (2, [0, 1, 0, 0], [5, 5, 1, 1], 2),  # a tie counts against it
        (1, [1, 1, 0, 0], [0, 7, 3, 3], 1),  # the better of two right ones
        (1, [1, 1, 0, 0], [0, 0, 3, 3], 3),  # and they do not stand in each other's way
        (1, [1, 0, 0, 0], [NAN, 2, 9, NAN], 3),  # not looked at: behind the two that were
        (4, [0, 0, 0, 1], [NAN, 2, 9, NAN], 4),  # and behind what stood before it
        (2, [0, 1, 0, 0], [NAN, 2, NAN, NAN], 1),  # the only one looked at
        (2, [0, 1, 0, 0], [NAN, NAN, NAN, NAN], 2),  # nothing looked at: as before
    ],
)
def test_a_rank_after_reranking(rank: int, right: list[int], fused: list[float], after: int) -> None:
    assert reranked(found([rank], [right]), np.array([fused], np.float32)).tolist() == [after]


@pytest.mark.parametrize("seed", range(5))
def test_reranking_everything_is_sorting_by_the_new_scores(seed: int) -> None:
    pictures, captions, owner = random_set(seed)
    fused = np.random.default_rng(seed + 100).standard_normal((110, 40)).astype(np.float32)
    first = first_stage(Task.text_to_image(pictures, captions, owner), depth=99)
    ranks = reranked(first, np.take_along_axis(fused, first.candidates, axis=1))
    assert ranks.tolist() == [
        plain_rank(list(row), [j == own for j in range(40)]) for row, own in zip(fused, owner, strict=True)
    ]


def test_reranking_in_the_same_order_changes_nothing() -> None:
    pictures, captions, owner = random_set(2)
    for depth in (1, 10, 40):
        first = first_stage(Task.text_to_image(pictures, captions, owner), depth=depth)
        assert (reranked(first, first.scores) == first.ranks).all()
    nothing = first_stage(Task.text_to_image(pictures, captions, owner), depth=0)
    assert (reranked(nothing, nothing.scores) == nothing.ranks).all()


def test_fewer_candidates_are_the_first_of_more() -> None:
    pictures, captions, owner = random_set(3)
    task = Task.text_to_image(pictures, captions, owner)
    more, fewer = first_stage(task, depth=30), first_stage(task, depth=4)
    assert (more.top(4).candidates == fewer.candidates).all()
    assert (more.top(4).right == fewer.right).all()
    assert (more.top(4).ranks == fewer.ranks).all()
    assert more.top(0).candidates.shape == (110, 0)


def test_a_summary() -> None:
    summary = summarise(np.array([1, 2, 5, 6, 10, 100]))
    assert summary.recall == {1: 1 / 6, 5: 3 / 6, 10: 5 / 6}
    assert summary.median_rank == 5.5
    assert summary.mean_reciprocal_rank == pytest.approx((1 + 1 / 2 + 1 / 5 + 1 / 6 + 1 / 10 + 1 / 100) / 6)
    with pytest.raises(ValueError, match="no ranks"):
        summarise(np.array([], np.int64))


def test_the_right_answer_and_the_best_without_it() -> None:
    first = found([1, 2, 9], [[1, 0, 0], [0, 1, 1], [0, 0, 0]])
    present, absent = present_and_absent(
        first, np.array([[0.9, 0.4, 0.5], [0.8, NAN, 0.3], [NAN, 0.2, 0.1]], np.float32)
    )
    np.testing.assert_allclose(present, [0.9, 0.3, 0.0])
    np.testing.assert_allclose(absent, [0.5, 0.8, 0.2])


def test_recall_goes_by_score_so_that_copies_stand_in_for_each_other() -> None:
    exact = np.array([0.9, 0.8, 0.8], np.float32)
    assert recall_of(np.array([0.9, 0.8, 0.8], np.float32), exact) == 1.0
    assert recall_of(np.array([0.9, 0.8, 0.7], np.float32), exact) == pytest.approx(2 / 3)
    assert recall_of(np.array([], np.float32), exact) == 0.0
