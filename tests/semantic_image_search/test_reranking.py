"""The second look end to end: drawings on disk, a library that knows colours and no relations, the tiny BLIP."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from core.arrays import Pixels, Vectors
from core.errors import UsageError, WeightsMissing
from core.models import EncoderInfo, Preprocess
from core.queries import LIKELY_MATCH, Fusion, SearchResult
from encoders import load_reranker
from semantic_image_search import Library, open_library
from tests.fakes import FakeEncoder, FakeReranker
from tests.tiny_blip import MODEL_FOLDER, Scene, draw, make_pairs
from tests.tiny_blip.drawings import PAINT

if TYPE_CHECKING:
    from core.indexing import Progress

TINY = f"local-dir:{MODEL_FOLDER}"
PAIRS = make_pairs(seed=11, count=50)
SCENES = [scene for pair in PAIRS for scene in pair]
DEPTH = 24


class ColourBag:
    """An encoder that knows which colours there are and nothing of where: as a bag of words does."""

    info = EncoderInfo(
        name="colour-bag",
        dim=len(PAINT),
        preprocess=Preprocess(height=32, width=32),
        weights_hash="bag",
        logit_scale=100.0,
        context_length=None,
        languages=("en",),
    )

    def encode_pixels(self, pixels: Pixels) -> Vectors:
        away = np.abs(pixels[..., None, :].astype(np.float32) - np.array(list(PAINT.values()), np.float32)).sum(-1)
        near = away.min(-1) < 60
        shares = np.stack([((away.argmin(-1) == i) & near).sum((1, 2)) for i in range(len(PAINT))], axis=1)
        return _unit(np.sqrt(shares) + 1e-3)

    def encode_texts(self, texts: list[str]) -> Vectors:
        return _unit(np.array([[colour in text.split() for colour in PAINT] for text in texts], np.float32) + 1e-3)

    def cut_off(self, text: str) -> str:
        return ""


def _unit(rows: np.ndarray) -> Vectors:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawings of scenes and of the swapped ones, and a library of them."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "pictures").mkdir()
    for number, pair in enumerate(PAIRS):
        for scene in pair:
            draw(scene, seed=number).save(folder / "pictures" / _name(scene))
    with open_library(folder / "library", model=ColourBag()) as library:
        assert library.index([folder / "pictures"], workers=1).added == 2 * len(PAIRS)
    return folder


@pytest.fixture
def library(folder: Path) -> Library:
    return open_library(folder / "library", model=ColourBag(), reranker=TINY, device="cpu")


class Slow:
    """The tiny BLIP, as if it ran where looking takes long."""

    def __init__(self) -> None:
        self.reranker = load_reranker(TINY)
        self.see, self.match = self.reranker.see, self.reranker.match
        self.info = replace(self.reranker.info, fast=False)


def _name(scene: Scene) -> str:
    """A name that says nothing: words in names are found, too."""
    return f"{SCENES.index(scene):04}.png"


def names(result: SearchResult) -> list[str]:
    return [Path(hit.picture.path.decode()).name for hit in result.hits]


def test_reranking_lifts_swapped_relations_from_chance(library: Library) -> None:
    """R@1 over 100 captions, each with the picture of the same words in the other order among the candidates."""
    plain = [names(library.search(scene.caption, k=DEPTH, rerank=0, group=False)) for scene in SCENES]
    again = [names(library.search(scene.caption, k=1, rerank=DEPTH, group=False)) for scene in SCENES]
    assert np.mean([_name(scene) in found for scene, found in zip(SCENES, plain, strict=True)]) == 1.0
    before = np.mean([_name(scene) == found[0] for scene, found in zip(SCENES, plain, strict=True)])
    after = np.mean([_name(scene) == found[0] for scene, found in zip(SCENES, again, strict=True)])
    print(f"R@1 {before:.2f} by vectors, {after:.2f} reranked")
    assert before < 0.5
    assert after >= 0.9


def test_pages_are_slices_of_one_order(library: Library) -> None:
    query = PAIRS[0][0].caption
    whole = library.search(query, k=30, rerank=DEPTH)
    pages = [library.search(query, k=7, offset=offset, rerank=DEPTH) for offset in range(0, 28, 7)]
    assert [hit.picture.path for page in pages for hit in page.hits] == [hit.picture.path for hit in whole.hits[:28]]
    assert [hit.rank for page in pages for hit in page.hits] == list(range(1, 29))
    assert {page.reranked for page in pages} == {DEPTH}
    below = [hit for hit in whole.hits if hit.reranked is None]
    assert [hit.rank for hit in below] == list(range(DEPTH + 1, 31))
    assert [hit.score for hit in below] == sorted((hit.score for hit in below), reverse=True)


def test_what_was_seen_is_not_opened_again(folder: Path, library: Library) -> None:
    scene = PAIRS[1][0]
    first = library.search(scene.caption, k=3, rerank=DEPTH)
    hidden = folder / "elsewhere"
    (folder / "pictures").rename(hidden)
    try:
        again = open_library(folder / "library", model=ColourBag(), reranker=TINY).search(
            scene.caption, k=3, rerank=DEPTH
        )
    finally:
        hidden.rename(folder / "pictures")
    assert [(hit.picture.path, hit.reranked) for hit in again.hits] == [
        (hit.picture.path, hit.reranked) for hit in first.hits
    ]
    assert again.reranked == DEPTH


def test_the_next_page_of_auto_goes_as_far_as_the_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow device with nothing seen before, 30 s admit thirty. The next page, by another run with more time, too."""
    query = PAIRS[3][0].caption
    monkeypatch.setenv("SEARCH_FEATURE_CACHE_MB", "0")  # nothing is kept of what is seen
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "30")
    first = open_library(folder / "library", model=ColourBag(), reranker=Slow()).search(query, k=10)
    assert first.reranked == 30
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "3000")
    later = open_library(folder / "library", model=ColourBag(), reranker=Slow())
    second = later.search(query, k=40, offset=10)
    assert second.reranked == 30
    whole = later.search(query, k=50, rerank=30)
    assert [hit.picture.path for hit in (*first.hits, *second.hits)] == [hit.picture.path for hit in whole.hits]
    assert later.search(query, k=10).reranked == 100  # a first page decides anew


def test_auto_says_why_it_did_not_look(folder: Path, monkeypatch: pytest.MonkeyPatch, hub_cache: Path) -> None:
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "3")
    monkeypatch.setenv("SEARCH_FEATURE_CACHE_MB", "0")
    slow = open_library(folder / "library", model=ColourBag(), reranker=Slow()).search("a red circle", k=10)
    assert (slow.reranker, slow.reranked) == (None, 0)
    assert slow.notices == (f"not reranked: {slow.not_reranked}",)
    assert "`search models precompute`" in slow.not_reranked
    unheard_of = open_library(folder / "library", model=ColourBag()).search("a red circle")
    assert unheard_of.notices == ()
    assert "search models pull blip-itm-base-coco" in unheard_of.not_reranked
    with_picture = open_library(folder / "library", model=ColourBag(), reranker=TINY).search(
        "red", images=[np.zeros((8, 8, 3), np.uint8)]
    )
    assert (with_picture.reranked, with_picture.notices) == (0, ())


def test_asking_for_what_is_not_here_is_an_error(folder: Path, hub_cache: Path) -> None:
    with pytest.raises(WeightsMissing, match="search models pull blip-itm-base-coco"):
        open_library(folder / "library", model=ColourBag()).search("a red circle", rerank=5)
    with pytest.raises(UsageError, match="reads words"):
        open_library(folder / "library", model=ColourBag(), reranker=TINY).search(vector=np.ones(8), rerank=5)


def test_only_matches_are_hits_and_else_the_nearest_are_named(library: Library) -> None:
    scene, other = PAIRS[4]
    result = library.search(scene.caption, rerank=DEPTH, min_match=LIKELY_MATCH)
    assert _name(scene) in names(result)
    assert _name(other) not in names(result)
    assert all(hit.match >= LIKELY_MATCH for hit in result.hits)
    assert result.nearest == ()
    absent = library.search(scene.caption, rerank=DEPTH, min_match=1.0)
    assert absent.hits == ()
    assert [hit.rank for hit in absent.nearest] == [1, 2, 3]
    assert absent.nearest[0].picture == result.hits[0].picture


@pytest.mark.parametrize("fusion", list(Fusion))
def test_the_reranked_are_in_the_order_of_the_fusion(library: Library, fusion: Fusion) -> None:
    result = library.search(PAIRS[5][0].caption, k=DEPTH, rerank=DEPTH, fusion=fusion)
    assert len(result.hits) == result.reranked == DEPTH
    second = {
        Fusion.ITM: lambda _: 0.0,
        Fusion.ITM_ITC: lambda hit: hit.reranked.itc,
        Fusion.ITM_CLIP: lambda hit: hit.score,
    }
    for hit in result.hits:
        assert hit.reranked.fused == pytest.approx(hit.reranked.itm + second[fusion](hit), abs=1e-4)
    fused = [hit.reranked.fused for hit in result.hits]
    assert fused == sorted(fused, reverse=True)


def test_how_far_it_is_can_be_heard(library: Library) -> None:
    heard: list[Progress] = []
    library.search(PAIRS[6][0].caption, rerank=20, listener=heard.append)
    assert {(progress.stage, progress.total) for progress in heard} == {("rerank", 20)}
    assert [progress.done for progress in heard] == [1, 20]


def test_a_file_that_cannot_be_opened_keeps_its_place_below(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (64, 64), colour).save(pictures / f"{colour}.png")
    reranker = FakeReranker()
    library = open_library(tmp_path / "library", model=FakeEncoder(), reranker=reranker)
    library.index([pictures], workers=1)
    (pictures / "red.png").unlink()
    result = library.search("red", rerank=3)
    assert names(library.search("red", rerank=0))[0] == "red.png"
    assert names(result)[2] == "red.png"
    assert [hit.reranked is None for hit in result.hits] == [False, False, True]
    assert (result.reranked, reranker.pictures_seen) == (2, 2)
    library.search("red", rerank=3)
    assert reranker.pictures_seen == 2  # the others are kept


def test_forgotten_pictures_are_forgotten_by_the_reranker_too(tmp_path: Path) -> None:
    picture = tmp_path / "red.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    library = open_library(tmp_path / "library", model=FakeEncoder(), reranker=FakeReranker())
    library.index([picture], workers=1)
    library.search("red", rerank=1)
    kept = list((tmp_path / "library" / "features").rglob("*.f16"))
    assert len(kept) == 1
    assert library.status().disk.features == kept[0].stat().st_size
    library.forget(picture)
    assert list((tmp_path / "library" / "features").rglob("*.f16")) == []


def test_text_mode_reranks_only_where_asked_and_takes_words_for_matches(tmp_path: Path) -> None:
    for name, colour in (("red house", "blue"), ("red car", "red"), ("green car", "green")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.png")
    reranker = FakeReranker()
    library = open_library(tmp_path / "library", model=FakeEncoder(), reranker=reranker)
    library.index([tmp_path], workers=1)
    plain = library.search("red", mode="text")
    assert (set(names(plain)), plain.reranked, reranker.pictures_seen) == ({"red house.png", "red car.png"}, 0, 0)
    again = library.search("red", mode="text", rerank=5)
    assert (names(again), again.reranked) == (["red car.png", "red house.png"], 2)
    assert set(names(library.search("red", mode="text", min_match=0.9))) == {"red house.png", "red car.png"}
    partly = library.search("red boat", mode="text", min_match=0.9)
    assert partly.hits == ()
    assert {Path(hit.picture.path.decode()).name for hit in partly.nearest} == {"red house.png", "red car.png"}
