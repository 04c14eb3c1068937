"""The order by look: standing for names of things, the cosine for sentences; on real recorded vectors, too."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cut_off_cases import Recorded
from benchmarks.cut_off_order import measured, others
from core.arrays import Vectors
from core.queries import Filters, Page, SearchMode
from searcher import looks
from searcher.hybrid import by_look
from searcher.keywords import read_keywords
from searcher.looks import Look, look_for
from searcher.match import Neutral
from searcher.request import SearchRequest
from searcher.search import search
from tests.fakes import FakeEncoder
from tests.searcher.memory import MemoryReader, make_picture, unit
from tests.searcher.test_hybrid import precision

ENCODER = FakeEncoder()
DIM = ENCODER.info.dim
COUNT = 200
NAME = "an old lighthouse at night"
SENTENCE = "an old lighthouse stands at night"


def library(**given: object) -> MemoryReader:
    """Random pictures, which fit everything more or less; and texts that have this in common."""
    draw = np.random.default_rng(1)
    common, rows, texts = (draw.standard_normal((count, DIM)) for count in (1, COUNT, 60))
    rows += draw.uniform(0.0, 2.0, (COUNT, 1)) * common
    pictures = [make_picture(i, path=b"/p/%d.jpg" % i) for i in range(COUNT)]
    return MemoryReader(pictures, unit(rows), neutral=unit(texts + common), **given)


def ask(reader: MemoryReader, text: str, mode: SearchMode = SearchMode.HYBRID, **asked: object):
    page = Page(**{"k": COUNT, "group": False, **asked})
    return search(reader, SearchRequest(text=text, mode=mode, page=page), lambda: ENCODER)


def rows_of(result) -> list[int]:
    return [hit.picture.row for hit in result.hits]


def by_cosine(reader: MemoryReader, text: str) -> list[int]:
    return np.argsort(-(reader.rows.astype(np.float64) @ ENCODER.encode_texts([text])[0]), kind="stable").tolist()


@pytest.mark.parametrize("mode", [SearchMode.HYBRID, SearchMode.VECTOR])
def test_the_answer_to_a_name_falls_with_its_match(mode: SearchMode) -> None:
    reader = library()
    result = ask(reader, NAME, mode)
    matches = [hit.match for hit in result.hits]
    assert matches == pytest.approx(sorted(matches, reverse=True), abs=1e-4)
    assert rows_of(result) != by_cosine(reader, NAME)
    cosines = reader.rows.astype(np.float64) @ ENCODER.encode_texts([NAME])[0]
    assert [hit.score for hit in result.hits] == pytest.approx(cosines[rows_of(result)].tolist(), abs=1e-6)


@pytest.mark.parametrize("mode", [SearchMode.HYBRID, SearchMode.VECTOR])
def test_a_sentence_is_ordered_by_the_cosine(mode: SearchMode) -> None:
    reader = library()
    assert rows_of(ask(reader, SENTENCE, mode)) == by_cosine(reader, SENTENCE)


def test_so_is_everything_without_neutral_texts() -> None:
    reader = library()
    reader.neutral = None
    assert rows_of(ask(reader, NAME)) == by_cosine(reader, NAME)


@pytest.mark.parametrize("more", [{"not_texts": ("fog",)}, {"images": (np.zeros((8, 8, 3), np.uint8),)}])
def test_and_what_is_not_words_alone(more: dict[str, object]) -> None:
    result = search(library(), SearchRequest(text=NAME, page=Page(k=COUNT, group=False), **more), lambda: ENCODER)
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dog", True),
        ("a photo of a dog", True),
        ("a red car in the snow", True),
        ("a red car in deep snow", False),
        ("ein rotes Auto im Schnee", True),
        ("🐶", True),
    ],
)
def test_what_is_a_name(text: str, *, named: bool) -> None:
    reader = library()
    assert (look_for(reader, reader.space, reader.rows[0], read_keywords(text)).texts is not None) == named


@pytest.mark.parametrize("group", [True, False])
def test_pages_fit_together_and_go_beyond_what_is_ordered(*, group: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LOOK_DEPTH", 30)
    reader = library()
    whole = rows_of(ask(reader, NAME, group=group))
    assert whole[30:] == by_cosine(reader, NAME)[30:]
    assert sorted(whole[:30]) == sorted(by_cosine(reader, NAME)[:30])
    assert whole[:30] != by_cosine(reader, NAME)[:30]
    pages = [rows_of(ask(reader, NAME, group=group, k=20, offset=offset)) for offset in range(0, COUNT, 20)]
    assert sum(pages, []) == whole  # noqa: RUF017 - lists of 20


def test_a_filter_is_kept_to() -> None:
    reader = library()
    reader.stored[7] = make_picture(7, path=b"/other/7.jpg")
    assert rows_of(ask(reader, NAME, filters=Filters(folders=(b"/other",)))) == [7]


def test_a_shared_word_leaves_the_order_by_look() -> None:
    """All lie in a folder that is asked for."""
    reader = library()
    by_standing = rows_of(ask(reader, "lighthouse"))
    reader.stored = [make_picture(i, path=b"/p/lighthouse/%d.jpg" % i) for i in range(COUNT)]
    assert rows_of(ask(reader, "lighthouse")) == by_standing


# On what others recorded of a real CLIP: the figures of docs/cut-off.md, with room for another numpy.


@pytest.mark.parametrize(
    ("kind", "first", "precision"),
    [("CLIP, photos", 0.15, 0.13), ("CLIP, few photos", 0.12, 0.08), ("CLIP, CIFAR-10", 0.12, 0.11)],
)
def test_names_find_more_than_by_the_cosine(test_data: Path, kind: str, first: float, precision: float) -> None:
    """R@1 and mean average precision; the query itself is never among the texts."""
    (chosen,) = (one for one in Recorded(test_data / "clip-vectors").kinds() if one.name == kind)
    asked = [one for one in chosen.questions if len(one.right)]
    cosine = np.mean([measured(one, None) for one in asked], axis=0)
    standing = np.mean([measured(one, others(chosen.texts, one)) for one in asked], axis=0)
    assert standing[0] >= cosine[0] + first
    assert standing[1] >= cosine[1]
    assert standing[2] >= cosine[2] + precision


def test_the_first_ten_are_right_but_for_one_in_a_hundred(test_data: Path) -> None:
    """Precision@10 of the ten classes' nouns among all recorded pictures; by cosine, six in a hundred are wrong."""
    recorded = Recorded(test_data / "clip-vectors")
    rows, texts = recorded.pictures, recorded.texts()
    reader = MemoryReader([make_picture(i) for i in range(len(rows))], rows)
    nouns = {
        name: {"automobile": "car_(automobile)", "ship": "boat"}.get(name, name) for name in recorded.classes if name
    }

    def precision(draws: Callable[[Vectors], Look]) -> float:
        found = {name: by_look(draws(recorded.nouns[noun]), None)(10, 10).rows for name, noun in nouns.items()}
        return float(np.mean([recorded.classes[found[name]] == name for name in nouns]))

    cosine = precision(lambda query: Look(reader, reader.space, query))
    standing = precision(lambda query: Look(reader, reader.space, query, Neutral.of(texts[texts @ query < 0.995])))
    assert cosine <= 0.95
    assert standing >= 0.98


@pytest.mark.parametrize(
    ("right", "wrong", "least"),
    [(0.2, 0.0, 0.99), (0.3, 0.03, 0.99), (0.5, 0.5, 0.99), (0.0, 0.02, 0.85), (0.0, 1.0, 0.95)],
)
def test_names_of_files_do_no_more_harm_than_by_the_cosine(
    test_data: Path, right: float, wrong: float, least: float
) -> None:
    """Precision@10 of words and looks together."""
    texts = Recorded(test_data / "clip-vectors").texts()
    _, by_cosine = precision(test_data, right=right, wrong=wrong)
    _, by_standing = precision(test_data, right=right, wrong=wrong, texts=texts)
    assert by_standing >= max(by_cosine, least)
