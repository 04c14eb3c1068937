"""How probably a hit matches: properties, and what it tells apart on real recorded vectors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cut_off import SHOWN
from benchmarks.cut_off_cases import Kind, Recorded
from core.arrays import Vectors
from searcher.match import match_probabilities, probabilities, standing
from searcher.neutral_texts import neutral_texts
from tests.searcher.memory import MemoryReader, make_picture, unit

DIM = 32


def random_rows(count: int, seed: int) -> Vectors:
    return unit(np.random.default_rng(seed).standard_normal((count, DIM)))


def library(count: int = 40, *, neutral: Vectors | None = None) -> MemoryReader:
    return MemoryReader([make_picture(row) for row in range(count)], random_rows(count, 0), neutral=neutral)


def matches(reader: MemoryReader, query: Vectors, vectors: Vectors, *, words: bool = True) -> np.ndarray | None:
    return match_probabilities(reader, reader.space, query, vectors, words=words)


TEXTS = random_rows(100, 1)
QUERY = random_rows(1, 2)[0]


def test_without_neutral_texts_nothing_is_said() -> None:
    assert matches(library(), QUERY, random_rows(3, 3)) is None


def test_nor_of_pictures_and_vectors() -> None:
    assert matches(library(neutral=TEXTS), QUERY, random_rows(3, 3), words=False) is None


def test_probabilities_of_each_picture() -> None:
    judged = matches(library(neutral=TEXTS), QUERY, random_rows(5, 3))
    assert judged.dtype == np.float32
    assert judged.shape == (5,)
    assert ((judged > 0) & (judged < 1)).all()
    assert matches(library(neutral=TEXTS), QUERY, np.empty((0, DIM), np.float32)).shape == (0,)


def test_a_picture_matches_the_more_the_better_the_query_fits() -> None:
    """The picture stays, and so does what the texts make of it; the query turns towards it."""
    picture = random_rows(1, 4)[0]
    reader = library(neutral=TEXTS)
    judged = [matches(reader, unit(QUERY + share * picture), picture[None])[0] for share in (0.0, 0.3, 1.0, 3.0, 30.0)]
    assert judged == sorted(judged)
    assert judged[0] < 0.2
    assert judged[-1] > 0.8


def test_a_picture_that_fits_everything_fits_nothing_more_for_it() -> None:
    """What it has in common with every text is taken off; the score alone would be fooled."""
    common = random_rows(1, 5)[0]
    texts = unit(TEXTS + 2 * common)
    query = unit(QUERY + 2 * common)
    dull, right = unit(common)[None], unit(QUERY + 0.5 * common)[None]
    assert dull @ query > right @ query
    reader = library(neutral=texts)
    assert matches(reader, query, dull)[0] < 0.5 < matches(reader, query, right)[0]


def test_company_and_order_change_nothing() -> None:
    pictures, order = random_rows(50, 6), np.random.default_rng(7).permutation(50)
    reader = library(neutral=TEXTS)
    all_at_once = matches(reader, QUERY, pictures)
    np.testing.assert_allclose(matches(reader, QUERY, pictures[order]), all_at_once[order], atol=1e-6)
    np.testing.assert_allclose([matches(reader, QUERY, one[None])[0] for one in pictures], all_at_once, atol=1e-6)


@pytest.mark.parametrize("count", [1, 14, 200])
def test_libraries_of_any_size(count: int) -> None:
    judged = matches(library(count, neutral=TEXTS), QUERY, unit(QUERY + 0.1 * TEXTS[0])[None])
    assert judged[0] > 0.8


def test_among_more_pictures_it_takes_more() -> None:
    picture = unit(QUERY + 2.5 * random_rows(1, 8)[0])[None]
    judged = [matches(library(count, neutral=TEXTS), QUERY, picture)[0] for count in (3, 14, 15, 200, 8_000, 9_000)]
    assert judged[0] == judged[1] > judged[2] > judged[3] > judged[4] == judged[5]


def test_texts_that_all_score_alike_are_no_division_by_zero() -> None:
    judged = matches(library(neutral=np.tile(TEXTS[:1], (10, 1))), QUERY, random_rows(4, 9))
    assert np.isfinite(judged).all()


def test_the_list_of_neutral_texts() -> None:
    texts = neutral_texts()
    assert len(texts) == len(set(texts)) == 300
    assert {"a cat", "an apple", "a beach"} <= set(texts)
    assert all(text == " ".join(text.split()) and text.split()[0] in {"a", "an"} for text in texts)


# On what others recorded of a real CLIP. The rates of docs/cut-off.md, with room for another numpy.


@dataclass(frozen=True)
class Best:
    """Of questions with a right answer that answer's numbers, of those without one the best of the first page."""

    match: np.ndarray
    cosine: np.ndarray
    present: np.ndarray

    def found(self, least: float) -> float:
        return float((self.match[self.present] >= least).mean())

    def wrong(self, least: float) -> float:
        return float((self.match[~self.present] >= least).mean())

    def in_order(self, numbers: np.ndarray) -> float:
        """Of the pairs of a question with and one without an answer, how many are in the right order."""
        return float((numbers[self.present][:, None] > numbers[~self.present]).mean())


@pytest.fixture(scope="module")
def recorded(test_data: Path) -> dict[str, Best]:
    return {kind.name: best_of(kind) for kind in Recorded(test_data / "clip-vectors").kinds()}


def best_of(kind: Kind) -> Best:
    best = []
    for one in kind.questions:
        pictures = one.library[one.right] if len(one.right) else one.library
        first = pictures[kind.first(one, pictures, SHOWN)]
        match = probabilities(standing(one.query, first, kind.texts), len(one.library))
        best.append((match.max(), (first @ one.query).max(), bool(len(one.right))))
    return Best(*(np.array(column) for column in zip(*best, strict=True)))


@pytest.mark.parametrize(
    ("kind", "found", "wrong"),
    [("CLIP, photos", 0.75, 0.30), ("CLIP, few photos", 0.75, 0.22), ("CLIP, CIFAR-10", 0.80, 0.27)],
)
def test_half_is_where_four_fifths_of_what_is_there_are_found(
    recorded: dict[str, Best], kind: str, found: float, wrong: float
) -> None:
    assert recorded[kind].found(0.5) >= found
    assert recorded[kind].wrong(0.5) <= wrong


def test_a_high_match_is_seldom_wrong(recorded: dict[str, Best]) -> None:
    photos = recorded["CLIP, photos"]
    assert photos.found(0.8) >= 0.4
    assert photos.wrong(0.8) <= 0.1


def test_it_tells_more_than_the_score(recorded: dict[str, Best]) -> None:
    for best in recorded.values():
        assert best.in_order(best.match) >= best.in_order(best.cosine) + 0.08
