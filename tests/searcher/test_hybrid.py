"""Words and vectors fused: by the formula, page by page, and never to the harm of what the vectors find."""

from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from core.arrays import Vectors
from core.errors import LibraryError, UsageError
from core.queries import Filters, Fusion, Page, Rerank, SearchMode
from searcher import hybrid, looks
from searcher.hybrid import by_both, by_look, fuse
from searcher.keywords import Worded, read_keywords
from searcher.looks import Look, Seen
from searcher.match import Neutral
from searcher.request import SearchRequest
from searcher.search import search
from tests.fakes import FakeEncoder
from tests.searcher.memory import MemoryReader, caption, make_picture, unit

ENCODER = FakeEncoder()


def worded(rows: list[int], scores: list[float], worths: list[float]) -> Worded:
    return Worded(
        np.array(rows), np.float32(scores), np.float32(worths), np.ones((len(rows), 1), np.bool_), ("word",), 100
    )


def fused(*, likely: float) -> list[int]:
    cosines = np.float32([0.9, 0.8, 0.7, 0.6, 0.5])
    words = worded([40, 30, 99], [1.0, 1.0, 0.5], [1.0, 0.9, 0.1])
    named = np.float32([0.5, 0.6, 0.1])
    listed = Seen(np.arange(0, 50, 10), cosines, cosines)
    return fuse(listed, Seen(words.rows, named, named), words, likely=likely).rows.tolist()


def test_reciprocal_ranks_are_added_for_what_looks_likely() -> None:
    # 40: 1/65 + 1/62; 30: 1/64 + 0.9/61 (nearer of two that the words fit alike); 0: 1/61; 99: 0.1/63
    assert fused(likely=0.0) == [40, 30, 0, 10, 20, 99]


def test_of_what_looks_unlikely_the_better_rank_counts() -> None:
    # 40: 0.95/62 < 1/65; 30: 0.95 · 0.9/61 < 1/64; 99: 0.95 · 0.1/63
    assert fused(likely=0.95) == [0, 10, 20, 30, 40, 99]


def test_equal_scores_share_a_rank() -> None:
    ranks = hybrid._ranks([np.float32([0.5, 0.9, 0.5, 0.1])])
    assert ranks.tolist() == [2, 1, 2, 4]
    assert hybrid._ranks([np.float32([])]).tolist() == []
    assert hybrid._ranks([np.float32([1, 1, 0]), np.float32([0.2, 0.3, 0.9])]).tolist() == [2, 1, 3]


def library(count: int = 300, *, every: int = 7, seed: int = 3, **given: object) -> MemoryReader:
    """Random pictures, every seventh of which is called harbour."""
    rows = unit(np.random.default_rng(seed).standard_normal((count, ENCODER.info.dim)))
    name = b"/p/harbour %d.jpg"
    pictures = [make_picture(i, path=(name if i % every == 0 else b"/p/%d.jpg") % i, **given) for i in range(count)]
    return MemoryReader(pictures, rows)


def ask(reader: MemoryReader, text: str, mode: SearchMode = SearchMode.HYBRID, **page: object):
    return search(reader, SearchRequest(text=text, mode=mode, page=Page(**page)), lambda: ENCODER)


def rows_of(result) -> list[int]:
    return [hit.picture.row for hit in result.hits]


@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("text", ["harbour", "a harbour at night", "17"])
def test_pages_fit_together(text: str, *, group: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "LOOK_DEPTH", 40)  # pages go beyond what is fused
    monkeypatch.setattr(hybrid, "WORD_DEPTH", 20)
    reader = library()
    whole = rows_of(ask(reader, text, k=300, group=group))
    assert sorted(whole) == list(range(300))
    pages = [rows_of(ask(reader, text, k=20, offset=offset, group=group)) for offset in range(0, 300, 20)]
    assert sum(pages, []) == whole  # noqa: RUF017 - lists of 20


def test_scores_are_true_cosines_whatever_found_the_picture() -> None:
    reader = library()
    result = ask(reader, "harbour", k=100)
    query = ENCODER.encode_texts(["harbour"])[0].astype(np.float64)
    for hit in result.hits:
        assert hit.score == pytest.approx(reader.rows[hit.picture.row].astype(np.float64) @ query, abs=1e-6)
        assert hit.words == (("harbour",) if hit.picture.row % 7 == 0 else ())
        assert hit.named == bool(hit.words)


def test_a_picture_with_all_the_words_is_a_match_whatever_it_looks_like() -> None:
    reader = library()
    reader.neutral = unit(np.random.default_rng(9).standard_normal((50, ENCODER.info.dim)))
    reader.stored[100] = make_picture(100, path=b"/p/old harbour.jpg")
    result = ask(reader, "old harbour", k=300, min_match=1.0)
    assert rows_of(result) == [100]
    assert result.hits[0].words == ("old", "harbour")
    assert result.hits[0].match is not None
    assert result.hits[0].match < 1.0


def test_words_that_are_nowhere_change_nothing() -> None:
    reader = library()
    for text in ("lighthouse", "?!"):
        assert ask(reader, text, k=300).hits == ask(reader, text, SearchMode.VECTOR, k=300).hits


def test_a_word_does_not_carry_a_picture_past_what_looks_right() -> None:
    """Asked for a dog on the beach: dog.jpg, which shows something else, is no answer."""
    reader = library()
    by_look = rows_of(ask(reader, "a dog on the beach", SearchMode.VECTOR))
    last = rows_of(ask(reader, "a dog on the beach", SearchMode.VECTOR, k=300))[-1]
    reader.stored[last] = make_picture(last, path=b"/p/dog.jpg")
    assert rows_of(ask(reader, "a dog on the beach")) == by_look


def test_codes_are_believed() -> None:
    reader = library()
    last = rows_of(ask(reader, "IMG_1234", SearchMode.VECTOR, k=300))[-1]
    reader.stored[last] = make_picture(last, path=b"/p/img_1234.jpg")
    assert rows_of(ask(reader, "IMG_1234"))[0] == last


def test_what_no_model_knows_is_on_the_first_page() -> None:
    reader = library()
    last = rows_of(ask(reader, "Anna", SearchMode.VECTOR, k=300))[-1]
    reader.stored[last] = make_picture(last, path=b"/p/anna.jpg")
    assert rows_of(ask(reader, "Anna")).index(last) == 7
    reader.stored[last] = make_picture(last, captions=(caption("Anna at home"),))
    assert rows_of(ask(reader, "Anna")).index(last) == 4


def test_words_are_believed_where_nothing_looks_like_a_match() -> None:
    reader = library()
    named = rows_of(ask(reader, "Anna", SearchMode.VECTOR, k=300))[-3:]
    for row in named:
        reader.stored[row] = make_picture(row, path=b"/p/anna %d.jpg" % row)
    query = ENCODER.encode_texts(["Anna"])
    other = unit(np.random.default_rng(9).standard_normal((50, ENCODER.info.dim)))
    reader.neutral = unit(other + 8 * query)  # everyday texts that fit all of the pictures as well as Anna does
    assert set(rows_of(ask(reader, "Anna"))[:3]) == set(named)
    reader.neutral = unit(other - 8 * query)  # far worse: what looks like Anna is a match
    assert not set(rows_of(ask(reader, "Anna"))[:3]) & set(named)


def test_many_pictures_of_one_name_are_ordered_by_look(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = library(every=1)
    monkeypatch.setattr(hybrid, "MOST_ALIKE", 20)
    monkeypatch.setattr(looks, "LOOK_DEPTH", 30)
    monkeypatch.setattr(hybrid, "WORD_DEPTH", 50)
    assert rows_of(ask(reader, "harbour", k=300)) == rows_of(ask(reader, "harbour", SearchMode.VECTOR, k=300))


def test_filters_hold_for_words() -> None:
    reader = library()
    reader.stored[0] = make_picture(0, path=b"/other/harbour.jpg")
    found = ask(reader, "harbour", k=300, filters=Filters(folders=(b"/other",)))
    assert rows_of(found) == [0]
    assert rows_of(ask(reader, "harbour", SearchMode.TEXT, filters=Filters(folders=(b"/other",)))) == [0]


def test_words_beside_a_picture_or_a_not_are_not_looked_up() -> None:
    reader = library()
    for given in ({"not_texts": ("boats",)}, {"vector": reader.rows[1]}):
        plain, mixed = (
            search(reader, SearchRequest(text="harbour", mode=mode, **given), lambda: ENCODER)
            for mode in (SearchMode.VECTOR, SearchMode.HYBRID)
        )
        assert rows_of(plain) == rows_of(mixed)


# Text mode


def never() -> FakeEncoder:
    raise AssertionError("no model is needed")


def test_text_mode_needs_no_model_and_pages_fit_together() -> None:
    reader = library()
    reader.stored[3] = make_picture(3, captions=(caption("the old harbour at night"),))
    reader.stored[5] = make_picture(5, captions=(caption("night"),))

    def page(k: int, offset: int = 0) -> list[int]:
        request = SearchRequest(
            text="harbour at night", mode=SearchMode.TEXT, page=Page(k=k, offset=offset, group=False)
        )
        return rows_of(search(reader, request, never))

    whole = page(300)
    assert whole[:2] == [3, 5]  # all of it, then the rarer word
    assert sorted(whole[2:]) == list(range(0, 300, 7))
    assert sum((page(9, offset) for offset in range(0, 45, 9)), []) == whole  # noqa: RUF017


def test_text_mode_says_how_well_the_words_fit() -> None:
    reader = library()
    first, *_ = search(reader, SearchRequest(text="harbour", mode=SearchMode.TEXT), never).hits
    assert 0.9 < first.score <= 1.0
    assert first.match is None
    assert first.words == ("harbour",)
    nothing = search(reader, SearchRequest(text="lighthouse", mode=SearchMode.TEXT), never)
    assert nothing.hits == ()
    assert nothing.notices == ("no caption, tag or name has any of these words",)


def test_text_mode_refuses_what_it_cannot_do() -> None:
    reader, text = library(), SearchMode.TEXT
    for given in ({"vector": reader.rows[0]}, {"not_texts": ("x",)}, {"images": (np.zeros((8, 8, 3), np.uint8),)}):
        with pytest.raises(UsageError, match="text mode"):
            SearchRequest(text="harbour", mode=text, **given)
    with pytest.raises(UsageError, match="text mode"):
        SearchRequest(text="harbour", mode=text, rerank=Rerank(depth=10, fusion=Fusion.ITM_CLIP))
    with pytest.raises(UsageError, match="no word"):
        search(reader, SearchRequest(text="?!", mode=text), never)


def test_without_an_index_of_words_the_vectors_answer_and_it_is_said() -> None:
    reader = library()
    reader.wordless = "words cannot be searched: why"
    result = ask(reader, "harbour", k=300)
    assert rows_of(result) == rows_of(ask(reader, "harbour", SearchMode.VECTOR, k=300))
    assert result.notices == ("words cannot be searched: why",)
    assert ask(reader, "harbour", SearchMode.VECTOR).notices == ()
    with pytest.raises(LibraryError, match="why"):
        ask(reader, "harbour", SearchMode.TEXT)


# Real CLIP vectors, recorded by others

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORDED_AS = {"automobile": "car_(automobile)", "ship": "boat"}


@cache
def recorded(folder: Path) -> tuple[list[str], Vectors, dict[str, Vectors]]:
    data = np.load(folder / "clip-vectors" / "vectors.npz")
    texts = dict(zip(map(str, data["text"]), unit(data["text_vectors"]), strict=True))
    return (
        [str(name).removesuffix(".png").rpartition("_")[2] for name in data["image_names"]],
        unit(data["image_vectors"]),
        {name: texts["a " + RECORDED_AS.get(name, name)] for name in CLASSES},
    )


def precision(folder: Path, *, right: float, wrong: float, texts: Vectors | None = None) -> tuple[float, float]:
    """Mean precision@10 of ten nouns, by look and by both.

    Args:
        folder: of the test data.
        right: the share of the ten classes' pictures that is named after what it shows.
        wrong: the share of the others that is named after any of the classes.
        texts: neutral ones, float32 (m, dim); the noun itself is left out.
    """
    shown, vectors, queries = recorded(folder)
    rng, number = np.random.default_rng(0), count()

    def name(what: str) -> str:
        is_right, is_wrong, other = rng.random() < right, rng.random() < wrong, str(rng.choice(CLASSES))
        return what if what in CLASSES and is_right else other if is_wrong else f"img {next(number)}"

    pictures = [make_picture(i, path=f"/p/{name(what)} {i}.jpg".encode()) for i, what in enumerate(shown)]
    reader = MemoryReader(pictures, vectors)
    hits = []
    for noun, query in queries.items():
        others = None if texts is None else Neutral.of(texts[texts @ query < 0.995])
        look = Look(reader, reader.space, query, others)
        draws = by_look(look, None), by_both(look, read_keywords("a " + noun), None)
        hits.append([np.mean([shown[row] == noun for row in draw(10, 10).rows]) for draw in draws])
    looking, both = np.mean(hits, axis=0)
    return float(looking), float(both)


@pytest.mark.parametrize(("right", "wrong"), [(1.0, 0.0), (0.2, 0.0), (0.3, 0.03), (0.5, 0.5)])
def test_names_help_even_where_half_of_them_are_wrong(test_data: Path, right: float, wrong: float) -> None:
    by_look, both = precision(test_data, right=right, wrong=wrong)
    assert both >= by_look


@pytest.mark.parametrize("wrong", [0.02, 0.1, 0.3, 1.0])
def test_names_of_which_none_is_right_cost_little(test_data: Path, wrong: float) -> None:
    by_look, both = precision(test_data, right=0.0, wrong=wrong)
    assert both >= by_look - 0.2


def test_names_that_say_nothing_change_nothing(test_data: Path) -> None:
    by_look, both = precision(test_data, right=0.0, wrong=0.0)
    assert both == by_look > 0.9
