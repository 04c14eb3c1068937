from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import UsageError, WrongModel
from core.pictures import Orientation, TakenAt, TakenSource
from core.queries import AlikeKind, Filters, Page, Sort
from searcher.answer import FIRST_FETCH
from searcher.request import SearchRequest
from searcher.search import search
from tests.fakes import FakeEncoder
from tests.searcher.memory import MemoryReader, make_picture, space_of, unit, wall

DIM = FakeEncoder().info.dim
AXIS = np.eye(DIM, dtype=np.float32)


def by_vector(**page: object) -> SearchRequest:
    return SearchRequest(vector=AXIS[0], page=Page(**page))


def random_reader(count: int, *, seed: int = 1, phash: int | None = None) -> MemoryReader:
    rows = unit(np.random.default_rng(seed).standard_normal((count, DIM)))
    return MemoryReader([make_picture(row, phash=phash) for row in range(count)], rows)


def paths_of(result) -> list[bytes]:
    return [hit.picture.path for hit in result.hits]


def test_words_find_their_pictures_with_the_true_cosine():
    encoder = FakeEncoder()
    rows = encoder.encode_texts(["green", "red", "blue"])
    reader = MemoryReader([make_picture(row) for row in range(3)], rows, waiting=2)
    result = search(reader, SearchRequest(text="red"), lambda: encoder)
    assert result.hits[0].picture.row == 1
    assert [hit.rank for hit in result.hits] == [1, 2, 3]
    wanted = encoder.encode_texts(["red"])[0].astype(np.float64)
    for hit in result.hits:
        assert hit.score == pytest.approx(rows[hit.picture.row].astype(np.float64) @ wanted, abs=1e-6)
    assert (result.query, result.space, result.model, result.library) == ("red", "fake-1", "fake", "/library")
    assert (result.searched, result.indexed, result.known) == (3, 3, 5)
    assert result.took_ms.total >= result.took_ms.encode + result.took_ms.retrieve - 1e-6 > 0


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 80), st.sampled_from([150]))
def test_a_page_is_a_slice_of_the_exact_order(k, offset, count):
    reader = random_reader(count)
    order = sorted(range(count), key=lambda row: (-np.float32(reader.rows[row] @ AXIS[0]), b"%d" % row))
    result = search(reader, by_vector(k=k, offset=offset), None)
    assert [hit.picture.row for hit in result.hits] == order[offset : offset + k]
    assert [hit.rank for hit in result.hits] == list(range(offset + 1, offset + 1 + len(result.hits)))


def test_what_was_seen_is_not_shown_again_though_the_order_changed():
    reader = random_reader(150)
    first = search(reader, by_vector(k=20), None)
    seen = frozenset(paths_of(first))
    again = search(reader, by_vector(k=20, offset=20, seen=seen), None)
    assert again.hits == search(reader, by_vector(k=20, offset=20), None).hits
    better = frozenset(paths_of(search(reader, by_vector(k=20, offset=7), None)))  # as if seven had come before them
    late = search(reader, by_vector(k=7, offset=20, seen=better), None)
    assert paths_of(late) == paths_of(first)[:7]
    assert [hit.rank for hit in late.hits] == list(range(21, 28))


def test_pictures_to_leave_out_are_no_hits_and_take_nobodys_place():
    reader = random_reader(30)
    order = paths_of(search(reader, by_vector(k=30), None))
    without = frozenset({order[0], order[4]})
    first = search(reader, by_vector(k=5, without=without), None)
    rest = search(reader, by_vector(k=30, offset=5, without=without), None)
    assert paths_of(first) + paths_of(rest) == [path for path in order if path not in without]


def test_the_answer_before_reranking_is_told_only_where_there_will_be_another():
    encoder = FakeEncoder()
    reader = MemoryReader([make_picture(row) for row in range(3)], encoder.encode_texts(["green", "red", "blue"]))
    heard = []
    search(reader, SearchRequest(text="red"), lambda: encoder, None, heard.append)
    assert heard == []


def test_a_vector_loads_no_model():
    def never():
        raise AssertionError("the encoder was made")

    assert len(search(random_reader(5), by_vector(), never).hits) == 5


def test_more_candidates_are_fetched_until_the_page_is_full():
    """450 copies of one picture score best: the page of ten needs more than the first candidates."""
    count, copies = 500, 450
    rows = np.tile(AXIS[0], (count, 1))
    rows[copies:] = unit(AXIS[0] * 0.5 + AXIS[1 : 1 + count - copies] * 0.5) if count - copies < DIM else 0
    generator = np.random.default_rng(3)
    rows[copies:] = unit(AXIS[0] * 0.2 + generator.standard_normal((count - copies, DIM)))
    stored = [make_picture(row, phash=7 if row < copies else int(generator.integers(2**63))) for row in range(count)]
    reader = MemoryReader(stored, rows)
    result = search(reader, by_vector(k=10), None)
    assert len(result.hits) == 10
    assert reader.fetches == [FIRST_FETCH * 2**step for step in range(4)]
    assert len(result.hits[0].alike) == copies - 1
    assert {alike.kind for alike in result.hits[0].alike} == {AlikeKind.NEAR_COPY}


def test_the_page_is_full_though_pictures_are_left_out_among_copies():
    """Each picture four times: as many candidates as the page takes have no picture to spare."""
    different = unit(np.random.default_rng(5).standard_normal((150, DIM)))
    stored = [make_picture(row, phash=1 + 7919 * (row // 4)) for row in range(600)]
    reader = MemoryReader(stored, np.repeat(different, 4, axis=0))
    whole = search(reader, by_vector(k=60), None)
    without = frozenset(paths_of(whole)[:10])
    result = search(reader, by_vector(k=50, without=without), None)
    assert paths_of(result) == paths_of(whole)[10:60]


def test_rows_without_a_picture_are_passed_over():
    reader = random_reader(30)
    order = [hit.picture.row for hit in search(reader, by_vector(k=30), None).hits]
    result = search(replace(reader, dead=frozenset(order[:3])), by_vector(k=5), None)
    assert [hit.picture.row for hit in result.hits] == order[3:8]


def test_an_exhausted_library_gives_what_there_is():
    reader = random_reader(3)
    assert len(search(reader, by_vector(k=10), None).hits) == 3
    assert reader.fetches == [FIRST_FETCH]
    assert search(reader, by_vector(k=10, offset=3), None).hits == ()


def test_without_grouping_copies_and_files_are_hits_of_their_own():
    rows = np.tile(AXIS[0], (2, 1))
    stored = [make_picture(0, phash=7, other_paths=(b"/a.jpg",)), make_picture(1, phash=7)]
    reader = MemoryReader(stored, rows)
    assert paths_of(search(reader, by_vector(), None)) == [b"/photos/0.jpg"]
    assert paths_of(search(reader, by_vector(group=False), None)) == [b"/a.jpg", b"/photos/0.jpg", b"/photos/1.jpg"]
    assert paths_of(search(reader, by_vector(group=False, offset=1, k=1), None)) == [b"/photos/0.jpg"]


def test_pages_fit_together_with_groups_and_ties():
    generator = np.random.default_rng(5)
    rows = unit(AXIS[0] + 0.2 * generator.standard_normal((120, DIM)).round(1))
    stored = [make_picture(row, phash=int(generator.integers(4)) * 0xFFFF) for row in range(120)]
    reader = MemoryReader(stored, rows)
    whole = paths_of(search(reader, by_vector(k=60), None))
    pages = [search(reader, by_vector(k=7, offset=offset), None) for offset in range(0, 63, 7)]
    assert [path for page in pages for path in paths_of(page)][: len(whole)] == whole


def test_by_date_orders_the_page_and_chooses_by_score():
    reader = random_reader(30)
    days = np.random.default_rng(2).permutation(30)
    for row, picture in enumerate(reader.stored):
        moment = TakenAt(wall(2020, 1, 1 + int(days[row] // 2)), None, TakenSource.EXIF)
        reader.stored[row] = replace(picture, facts=replace(picture.facts, taken=moment))
    best = search(reader, by_vector(k=10, offset=5), None)
    dated = search(reader, by_vector(k=10, offset=5, sort=Sort.DATE), None)
    assert sorted(paths_of(dated)) == sorted(paths_of(best))
    keys = [(-hit.picture.facts.taken.local.toordinal(), hit.picture.path) for hit in dated.hits]
    assert keys == sorted(keys)
    assert [hit.rank for hit in dated.hits] == list(range(6, 16))


def test_filters_decide_what_is_searched():
    reader = random_reader(20)
    for row in range(0, 20, 2):
        facts = replace(reader.stored[row].facts, width=100, height=200)
        reader.stored[row] = replace(reader.stored[row], facts=facts)
    result = search(reader, by_vector(k=20, filters=Filters(orientation=Orientation.PORTRAIT)), None)
    assert sorted(hit.picture.row for hit in result.hits) == list(range(0, 20, 2))
    assert (result.searched, result.indexed) == (10, 20)
    none = search(reader, by_vector(filters=Filters(orientation=Orientation.SQUARE)), None)
    assert none.hits == ()
    assert "no indexed picture passes the filters" in none.notices


def test_a_folder_filter_shows_the_path_in_that_folder():
    reader = MemoryReader([make_picture(0, path=b"/a/1.jpg", other_paths=(b"/b/1.jpg",))], AXIS[:1])
    hit = search(reader, by_vector(filters=Filters(folders=(b"/b",))), None).hits[0]
    assert hit.picture.path == b"/b/1.jpg"
    assert [alike.path for alike in hit.alike] == [b"/a/1.jpg"]


def test_another_model_is_refused_with_what_to_do():
    reader = random_reader(2)
    with pytest.raises(WrongModel, match=r"indexed with fake.*came with other.*models use other"):
        search(reader, SearchRequest(text="red"), lambda: FakeEncoder("other"))


def test_imported_vectors_are_known_by_name_and_dim():
    encoder = FakeEncoder()
    imported = replace(space_of(encoder.info), identity="imported:fake:48", encoder=None)
    reader = replace(random_reader(2), space=imported)
    assert len(search(reader, SearchRequest(text="red"), lambda: encoder).hits) == 2
    with pytest.raises(WrongModel):
        search(reader, SearchRequest(text="red"), lambda: FakeEncoder("other"))
    with pytest.raises(WrongModel):
        search(replace(reader, space=replace(imported, dim=7)), SearchRequest(text="red"), lambda: encoder)


def test_no_model_and_wrong_dims_are_said():
    with pytest.raises(UsageError, match="no model"):
        search(random_reader(2), SearchRequest(text="red"), None)
    with pytest.raises(UsageError, match=r"shape \(3,\).*fake has 48"):
        search(random_reader(2), SearchRequest(vector=np.ones(3, np.float32)), None)


def test_what_was_cut_and_a_language_not_read_are_said():
    reader = replace(random_reader(2), told=("the index is damaged and was bypassed",))
    request = SearchRequest(text="one two three four five six seven eight nine ten", not_texts=("снег",))
    notices = search(reader, request, FakeEncoder).notices
    assert any("'nine ten'" in notice for notice in notices)
    assert any("Cyrillic" in notice for notice in notices)
    assert "the index is damaged and was bypassed" in notices
    assert search(random_reader(2), SearchRequest(text="a red dog"), FakeEncoder).notices == ()


def test_only_matches_are_looked_for_far_beyond_the_page():
    """The first 400 in the order of cosines fit everyday texts even better; only pictures behind them match."""
    encoder, count = FakeEncoder(), 600
    wanted = encoder.encode_texts(["red"])[0]
    random = np.random.default_rng(2)
    everyday = unit(AXIS[0] - wanted * wanted[0])
    share, side = np.linspace(0.6, 0.3, count)[:, None], np.where(np.arange(count)[:, None] < 400, 1.0, -1.0)
    rows = unit(share * wanted + side * np.sqrt(1 - share**2) * everyday)
    neutral = unit(everyday + 0.1 * random.standard_normal((40, DIM)))
    reader = MemoryReader([make_picture(row) for row in range(count)], rows, neutral=neutral)

    def ask(**page: object) -> list[int]:
        request = SearchRequest(text="red", page=Page(group=False, **page))
        return [hit.picture.row for hit in search(reader, request, lambda: encoder).hits]

    assert ask(k=3) == [0, 1, 2]
    assert ask(k=10, min_match=0.9) + ask(k=10, offset=10, min_match=0.9) == list(range(400, 420))
