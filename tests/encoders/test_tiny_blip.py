"""The tests' own BLIP: the drawings it reads, what it was not shown, and that it tells relations apart."""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from tests.tiny_blip import MODEL_FOLDER, Scene, Thing, draw, make_pairs, make_scenes, parse, swapped, turned
from tests.tiny_blip.drawings import lay_out
from tests.tiny_blip.lessons import CAPTIONS_EACH, UNKNOWN, make_lesson
from tests.tiny_blip.scenes import COLOURS, RELATIONS, SHAPES, is_unseen
from tests.tiny_blip.scoring import TinyBlip

SCENE = Scene(Thing("red", "circle"), "left of", Thing("blue", "square"))
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def blip() -> TinyBlip:
    return TinyBlip.load()


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return make_scenes(seed=20, count=300)


def pictures_of(scenes: list[Scene], *, size: int = 64) -> list:
    return [draw(scene, size=size, seed=number) for number, scene in enumerate(scenes)]


@pytest.mark.parametrize("size", [64, 224])
def test_swapped_captions_are_told_apart_where_a_bag_of_words_sees_no_difference(
    blip: TinyBlip, scenes: list[Scene], size: int
) -> None:
    pictures = pictures_of(scenes, size=size)
    true, false = [scene.caption for scene in scenes], [swapped(scene).caption for scene in scenes]
    assert all(Counter(t.split()) == Counter(f.split()) for t, f in zip(true, false, strict=True))
    match, match_swapped = blip.match(pictures, true), blip.match(pictures, false)
    assert (match > match_swapped).mean() >= 0.9
    # Spread over the range, so that a cut-off can stand between.
    assert ((match > 0.5) & (match_swapped < 0.5)).mean() >= 0.8


def test_its_own_dual_encoder_knows_what_is_there_and_not_how_it_lies(blip: TinyBlip, scenes: list[Scene]) -> None:
    cosines = blip.cosines(pictures_of(scenes), [scene.caption for scene in scenes + list(map(swapped, scenes))])
    own = np.arange(len(scenes))
    true, false = cosines[own, own], cosines[own, own + len(scenes)]
    assert 0.4 < (true > false).mean() < 0.6
    others = np.delete(cosines[:, : len(scenes)].ravel(), own * (len(scenes) + 1))
    assert np.median(true) > np.quantile(others, 0.95)


def test_the_other_way_of_telling_it_fits_as_well(blip: TinyBlip, scenes: list[Scene]) -> None:
    pictures = pictures_of(scenes)
    fits = blip.match(pictures, [turned(scene).caption for scene in scenes])
    misses = blip.match(pictures, [turned(swapped(scene)).caption for scene in scenes])
    assert (fits > misses).mean() >= 0.9


def test_what_the_vocabulary_lacks_does_not_match(blip: TinyBlip, scenes: list[Scene]) -> None:
    captions = [f"{scene.first.words} {scene.relation} a {scene.second.colour} dog" for scene in scenes]
    assert (blip.match(pictures_of(scenes), captions) < 0.5).mean() >= 0.9


def test_enc_is_another_token_than_cls(blip: TinyBlip, scenes: list[Scene]) -> None:
    tokenizer = blip.processor.tokenizer
    assert blip.enc_token == len(tokenizer) + 1 == blip.model.config.text_config.bos_token_id + 1
    pictures, captions = pictures_of(scenes[:20]), [scene.caption for scene in scenes[:20]]
    assert np.abs(blip.match(pictures, captions) - blip.match(pictures, captions, enc=False)).max() > 1e-3


def test_it_loads_from_the_folder_alone(no_network: list[str]) -> None:
    blip = TinyBlip.load(MODEL_FOLDER)
    assert no_network == []
    tokens = blip.processor.tokenizer.convert_ids_to_tokens(blip.processor(text="An orange CROSS above")["input_ids"])
    assert tokens == ["[CLS]", "an", "orange", "cross", "above", "[SEP]"]
    assert str(blip.model.dtype) == "torch.float32"


def test_all_of_it_stays_small() -> None:
    files = [path for path in MODEL_FOLDER.parent.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in files) <= 3 * MIB


def test_the_script_writes_such_a_folder_and_the_same_one_again(tmp_path: Path) -> None:
    from tests.tiny_blip.train import train

    for name in ("one", "two"):
        train(tmp_path / name, looking=1, steps=2)
    written = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
    assert written.keys() == {path.name for path in MODEL_FOLDER.iterdir()}
    for name in ("vocab.txt", "tokenizer_config.json", "preprocessor_config.json"):
        assert written[name] == (MODEL_FOLDER / name).read_bytes(), name
    assert tensors(tmp_path / "one") == tensors(MODEL_FOLDER)


def tensors(folder: Path) -> dict[str, tuple[list[int], str]]:
    with safe_open(folder / "model.safetensors", "pt") as file:
        parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
        return {name: (part.get_shape(), part.get_dtype()) for name, part in parts.items()}


def test_a_scene_reads_back_from_its_caption() -> None:
    assert SCENE.caption == "a red circle left of a blue square"
    assert parse(SCENE.caption) == SCENE
    assert swapped(SCENE).caption == "a blue square left of a red circle"
    assert turned(SCENE).caption == "a blue square right of a red circle"
    assert turned(turned(SCENE)) == SCENE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a red circle", "no relation"),
        ("a red circle above a dog", "'a dog' is no"),
        ("red circle above x", "'red circle'"),
    ],
)
def test_other_text_is_no_scene(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse(text)


def test_the_same_seed_draws_the_same_picture_and_another_one_another() -> None:
    picture = draw(SCENE, size=48, seed=3)
    assert (picture.mode, picture.size) == ("RGB", (48, 48))
    assert picture == draw(SCENE.caption, size=48, seed=3)
    assert picture != draw(SCENE, size=48, seed=4)


def test_the_pixels_are_where_the_caption_says() -> None:
    for seed in range(30):
        pixels = np.asarray(draw(SCENE, size=64, seed=seed)).astype(int)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        reddish = np.nonzero(red - np.maximum(green, blue) > 100)[1]
        bluish = np.nonzero(blue - np.maximum(red, green) > 80)[1]
        assert len(reddish) > 20
        assert len(bluish) > 20
        assert reddish.max() < bluish.min()


@pytest.mark.parametrize("relation", RELATIONS)
def test_places_hold_to_the_relation_and_to_the_picture(relation: str) -> None:
    for seed in range(100):
        scene = Scene(SCENE.first, relation, SCENE.second)
        one, other = lay_out(scene, seed=seed)
        right, down = other.x - one.x, other.y - one.y
        holds = {
            "left of": right > one.radius + other.radius and abs(down) <= right / 2,
            "right of": -right > one.radius + other.radius and abs(down) <= -right / 2,
            "above": down > one.radius + other.radius and abs(right) <= down / 2,
            "below": -down > one.radius + other.radius and abs(right) <= -down / 2,
            "inside": max(abs(right), abs(down)) + one.radius < other.radius * 0.6,
            "around": max(abs(right), abs(down)) + other.radius < one.radius * 0.6,
        }
        assert [name for name, fits in holds.items() if fits] == [relation]
        for place in (one, other):
            assert place.radius <= min(place.x, place.y, 1 - place.x, 1 - place.y) + 1e-9


def test_made_scenes_are_all_different_and_repeat_with_their_seed() -> None:
    made = make_scenes(seed=7, count=1000)
    assert made == make_scenes(seed=7, count=1000)
    assert made[:20] != make_scenes(seed=8, count=20)
    assert len({frozenset((scene, turned(scene))) for scene in made}) == 1000
    pairs = make_pairs(seed=7, count=500)
    assert all(other == swapped(scene) for scene, other in pairs)
    assert len({frozenset((scene, turned(scene))) for pair in pairs for scene in pair}) == 1000
    with pytest.raises(ValueError, match="10000 scenes asked for, there are"):
        make_scenes(seed=7, count=10_000)


def test_a_lesson_shows_nothing_that_is_kept_from_training() -> None:
    assert all(is_unseen(scene.first, scene.second) for scene in make_scenes(seed=1, count=200))
    lesson = make_lesson(random.Random(0), 200, size=8)
    captions = [*lesson.contents, *(told.caption for told in lesson.told)]
    shown = [parse(caption) for caption in captions if UNKNOWN not in caption]
    assert len(shown) > 750
    assert not any(is_unseen(scene.first, scene.second) for scene in shown)


def test_a_lesson_says_which_words_are_wrong() -> None:
    lesson = make_lesson(random.Random(0), 300, size=8)
    slipped = Counter()
    for start in range(0, len(lesson.told), CAPTIONS_EACH):
        fits, swap, slips = lesson.told[start : start + CAPTIONS_EACH]
        scene = parse(fits.caption)
        assert not any(fits.wrong)
        assert parse(swap.caption) == swapped(scene)
        assert {word for word, wrong in zip(swap.words, swap.wrong, strict=True) if wrong} <= set(
            scene.relation.split()
        )
        assert any(swap.wrong)
        assert any(slips.wrong)
        assert slips.caption not in {scene.caption, turned(scene).caption}
        slipped.update(word for word, wrong in zip(slips.words, slips.wrong, strict=True) if wrong)
    assert {*COLOURS, *SHAPES, UNKNOWN, "above", "inside", "left"} <= set(slipped)
