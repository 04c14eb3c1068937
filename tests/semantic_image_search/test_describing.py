"""What fits a picture: the library's captions, its own, a generated one; with a matching head that tells relations."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.captioning import CaptionRequest
from core.descriptions import DescribeResult, Origin
from core.errors import PictureProblem, UsageError, WeightsMissing
from core.pictures import CaptionSource
from db.features import FeatureCache
from semantic_image_search import Library, open_library
from tests.fakes import FakeAnswerer, FakeCaptioner, FakeEncoder, FakeReranker
from tests.tiny_blip import MODEL_FOLDER, draw, make_pairs
from tests.tiny_writers import make_tiny_answerer, make_tiny_captioner

COLOURS = ("red", "green", "blue", "yellow")


def coloured(folder: Path) -> Path:
    folder.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    (folder / "captions.csv").write_text(
        "\n".join(["file,caption", *(f"{c}.png,a wall of {c} paint" for c in COLOURS)])
    )
    return folder


@pytest.fixture(autouse=True)
def _time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "3")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return coloured(tmp_path / "pictures")


@pytest.fixture
def library(tmp_path: Path, pictures: Path) -> Library:
    """Four walls, each with a caption; everybody who looks sees coarse colours."""
    opened = open_library(
        tmp_path / "library",
        model=FakeEncoder(),
        reranker=FakeReranker(),
        captioner=FakeCaptioner(),
        answerer=FakeAnswerer(),
    )
    opened.index([pictures])
    opened.captions.import_file(pictures / "captions.csv")
    return opened


def told(result: DescribeResult) -> list[tuple[str, Origin]]:
    return [(one.text, one.origin) for one in result.descriptions]


def test_a_picture_from_elsewhere_gets_the_captions_that_fit(library: Library, tmp_path: Path) -> None:
    Image.new("RGB", (90, 50), (60, 70, 240)).save(tmp_path / "sky.png")
    result = library.describe(tmp_path / "sky.png", k=2)
    assert set(told(result)) == {("a picture of blue", Origin.GENERATED), ("a wall of blue paint", Origin.LIBRARY)}
    assert all(one.match is not None and one.match > 0.5 and one.score is not None for one in result.descriptions)
    assert (result.captioner, result.reranker, result.reranked) == ("fake-captioner", "fake-reranker", 5)
    assert (result.model, result.notices) == ("fake", ())


def test_what_does_not_fit_is_told_with_its_match(library: Library, pictures: Path) -> None:
    found = {one.text: one.match for one in library.describe(pictures / "red.png", k=10).descriptions}
    assert found["a wall of red paint"] > 0.9
    assert max(found[f"a wall of {colour} paint"] for colour in COLOURS if colour != "red") < 0.5


def test_a_picture_of_the_library_has_its_own_captions_and_loads_no_image_model(
    library: Library, pictures: Path
) -> None:
    encoder = FakeEncoder()
    again = open_library(library.path, model=encoder, reranker=FakeReranker(), captioner=FakeCaptioner())
    first = again.describe(pictures / "green.png", k=1, generate=False).descriptions[0]
    assert (first.text, first.origin, first.source) == ("a wall of green paint", Origin.OWN, CaptionSource.IMPORTED)
    assert first.score is not None
    assert encoder.pictures_seen == 0


def test_a_picture_of_the_library_is_described_without_the_librarys_model(library: Library, pictures: Path) -> None:
    class Gone(FakeEncoder):
        def encode_texts(self, texts):
            raise WeightsMissing("its weights are not here", fetchable="fake")

        encode_pixels = encode_texts

    again = open_library(library.path, model=Gone(), reranker=FakeReranker(), captioner=FakeCaptioner())
    result = again.describe(pictures / "green.png")
    assert told(result)[0] in {("a wall of green paint", Origin.OWN), ("a picture of green", Origin.GENERATED)}
    assert [one.score is None for one in result.descriptions if one.origin is Origin.GENERATED] == [True]
    assert result.notices == ("captions of its own have no score: its weights are not here",)
    with pytest.raises(WeightsMissing):
        again.describe(Image.new("RGB", (64, 64), "blue"))


def test_what_the_captioner_wrote_before_is_not_written_again(library: Library, pictures: Path) -> None:
    library.captions.generate(CaptionRequest())
    captioner = FakeCaptioner()
    again = open_library(library.path, model=FakeEncoder(), reranker=FakeReranker(), captioner=captioner)
    result = again.describe(pictures / "red.png")
    assert ("a picture of red", Origin.OWN) in told(result)
    assert (captioner.pictures_seen, result.captioner) == (0, None)


def test_a_caption_judged_not_to_fit_is_not_brought_back_by_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "red.png")
    (folder / "red.txt").write_text("a field of yellow flowers")
    library = open_library(tmp_path / "library", model=FakeEncoder(), reranker=FakeReranker())
    library.index([folder])
    assert library.describe(folder / "red.png", generate=False).descriptions[0].text == "a field of yellow flowers"
    assert library.captions.filter().marked == 1
    result = library.describe(folder / "red.png", generate=False)
    assert result.descriptions == ()


def test_pixels_are_described_as_files_are(library: Library) -> None:
    image = Image.new("RGB", (64, 64), "blue")
    for picture in (image, np.asarray(image)):
        result = library.describe(picture, k=1, generate=False)
        assert (result.picture, told(result)) == ("a picture", [("a wall of blue paint", Origin.LIBRARY)])


def test_only_pictures_of_the_library_are_remembered(library: Library, pictures: Path, tmp_path: Path) -> None:
    Image.new("RGB", (90, 50), "blue").save(tmp_path / "sky.png")
    cache = FeatureCache(library.path, FakeReranker().info.identity, 10**9)
    library.describe(tmp_path / "sky.png")
    assert cache.used_bytes() == 0
    library.describe(pictures / "red.png")
    assert cache.used_bytes() > 0


def test_without_a_reranker_cosines_decide_and_nothing_is_claimed(library: Library, tmp_path: Path) -> None:
    Image.new("RGB", (90, 50), (60, 70, 240)).save(tmp_path / "sky.png")
    result = library.describe(tmp_path / "sky.png", rerank=0, generate=False)
    scores = [one.score for one in result.descriptions]
    assert scores == sorted(scores, reverse=True)
    assert told(result)[0] == ("a wall of blue paint", Origin.LIBRARY)
    assert {one.match for one in result.descriptions} == {None}
    assert (result.reranker, result.reranked) == (None, 0)


def test_a_number_says_how_many_are_looked_at(library: Library, tmp_path: Path) -> None:
    Image.new("RGB", (90, 50), "blue").save(tmp_path / "sky.png")
    result = library.describe(tmp_path / "sky.png", rerank=2, generate=False)
    assert result.reranked == 2
    assert [one.match is not None for one in result.descriptions] == [True, True, False, False]


def test_without_a_budget_only_a_number_makes_a_reranker_look(
    library: Library, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "0")
    idle = open_library(library.path, model=FakeEncoder(), reranker=FakeReranker(), captioner=FakeCaptioner())
    plain = idle.describe(pictures / "red.png")
    assert (plain.reranker, plain.reranked, plain.notices) == (None, 0, ())
    assert idle.describe(pictures / "red.png", rerank=3).reranked == 3


def test_nothing_is_fetched_unasked(tmp_path: Path, pictures: Path, hub_cache: Path) -> None:
    library = open_library(tmp_path / "library", model=FakeEncoder(), download=True)
    library.index([pictures])
    result = library.describe(pictures / "red.png")
    assert result.descriptions == ()
    (line,) = result.notices
    for command in ("search captions import", "search models pull blip-caption-base"):
        assert command in line
    assert not hub_cache.exists()
    library.captions.import_file(pictures / "captions.csv")
    plain = library.describe(pictures / "red.png")
    assert told(plain)[0] == ("a wall of red paint", Origin.OWN)
    assert ["blip-itm-base-coco" in plain.notices[0], "blip-caption-base" in plain.notices[1]] == [True, True]


def test_a_reranker_that_was_asked_for_and_is_not_here_is_said(
    library: Library, pictures: Path, hub_cache: Path
) -> None:
    plain = open_library(library.path, model=FakeEncoder())
    with pytest.raises(WeightsMissing, match="search models pull blip-itm-base-coco"):
        plain.describe(pictures / "red.png", rerank=5)


def test_no_library_is_needed(tmp_path: Path, pictures: Path) -> None:
    nowhere = open_library(tmp_path / "nowhere", captioner=FakeCaptioner(), reranker=FakeReranker())
    result = nowhere.describe(pictures / "red.png")
    assert told(result) == [("a picture of red", Origin.GENERATED)]
    assert (result.model, result.descriptions[0].score) == (None, None)
    assert not (tmp_path / "nowhere").exists()
    (line,) = nowhere.describe(pictures / "red.png", generate=False).notices
    assert line.startswith("there is no library yet")


def test_what_makes_no_sense_is_refused(library: Library, pictures: Path) -> None:
    for wrong in ({"k": 0}, {"rerank": -1}, {"rerank": 10**6}):
        with pytest.raises(UsageError):
            library.describe(pictures / "red.png", **wrong)
    with pytest.raises(PictureProblem):
        library.describe(pictures / "captions.csv")


def test_the_tiny_blip_puts_the_true_caption_before_its_swapped_one(tmp_path: Path) -> None:
    """Half of the library's captions are the other half with both things swapped: the same words."""
    scenes = [scene for pair in make_pairs(seed=3, count=12) for scene in pair]
    folder = tmp_path / "drawings"
    folder.mkdir()
    rows = ["file,caption"]
    for number, scene in enumerate(scenes):
        draw(scene, seed=number).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{scene.caption}")
    (folder / "captions.csv").write_text("\n".join(rows))
    library = open_library(tmp_path / "library", model=FakeEncoder(), reranker=f"local-dir:{MODEL_FOLDER}")
    library.index([folder])
    library.captions.import_file(folder / "captions.csv")

    def first(number: int, rerank: int) -> str:
        drawing = np.asarray(draw(scenes[number], seed=1000 + number))  # drawn anew: the library does not hold it
        return library.describe(drawing, k=1, rerank=rerank, generate=False).descriptions[0].text

    by_cosine, reranked = (
        np.mean([first(number, rerank) == scene.caption for number, scene in enumerate(scenes)]) for rerank in (0, 24)
    )
    assert by_cosine < 0.5
    assert reranked >= 0.9


def test_questions_are_answered_in_their_order(library: Library, pictures: Path) -> None:
    answers = library.ask(pictures / "red.png", "What colour is it?", " how many  colours? ").answers
    assert [(one.question, one.answer) for one in answers] == [
        ("What colour is it?", "red"),
        ("how many colours?", "1"),
    ]
    assert library.ask(Image.new("RGB", (20, 20), "blue"), "colour?").answers[0].answer == "blue"
    for questions in ((), ("  ",)):
        with pytest.raises(UsageError):
            library.ask(pictures / "red.png", *questions)


def test_a_file_that_is_no_picture_is_said_before_a_model_is_looked_for(
    pictures: Path, hub_cache: Path, tmp_path: Path
) -> None:
    plain = open_library(tmp_path / "nowhere")
    with pytest.raises(PictureProblem):
        plain.ask(pictures / "captions.csv", "what is it?")
    with pytest.raises(WeightsMissing, match="search models pull blip-vqa-base"):
        plain.ask(pictures / "red.png", "what is it?")


def test_models_of_any_folder_are_taken(tmp_path: Path, pictures: Path) -> None:
    """Random weights: only that words come back, and whose, is checked. What they say means nothing."""
    captioner, answerer = make_tiny_captioner(tmp_path / "captioner"), make_tiny_answerer(tmp_path / "answerer")
    library = open_library(tmp_path / "nowhere", captioner=captioner, answerer=answerer)
    drawings = [np.asarray(draw("a red circle left of a blue square", seed=seed)) for seed in range(4)]
    written = [one for drawing in drawings for one in library.describe(drawing).descriptions]
    assert {(one.model, one.origin) for one in written} == {(captioner, Origin.GENERATED)}
    asked = library.ask(pictures / "red.png", "what is it?", "how many?")
    assert (asked.model, len(asked.answers)) == (answerer, 2)
