"""The figures of encoders that are known to be right, half right, or random."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders import load_encoder
from tests.tiny_clip import make_tiny_clip
from tests.training.made_up import (
    FLICKR,
    LABELS,
    LLAMA,
    PIZZA,
    MadeUpTeacher,
    Oracle,
    captions,
    grey,
    write_training_set,
)
from training import evaluate
from training.data import Source, TrainingSet, tidy
from training.evaluate import PROMPT, first_names, measure, retrieval, teacher_scores
from training.figures import Figures, Found, markdown, plain
from training.finding import CIFAR_WORDS, encode_pixels
from training.measures import Share

RIGHT_TEACHER = {4: 3, 5: 2, 6: 4, 7: 0}  # classes by picture; 5 is the second "crane"
PERFECT: dict[str, list[int]] = {
    **{tidy(text): [number] for number in FLICKR for text in captions(number)},
    **{PROMPT.format(label): [number] for number, label in LABELS.items()},
    **{word: [number] for number, word in enumerate(CIFAR_WORDS.values())},
    "pizza": [*PIZZA],
    "llama": [*LLAMA],
    "food": [*PIZZA],
    "animal": [*LLAMA],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_training_set(tmp_path_factory.mktemp("made-up"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_tiny_clip(tmp_path_factory.mktemp("tiny"))


def figures_of(
    folder: Path, changed: dict[str, list[int]] | None = None, thinks: dict[int, int] = RIGHT_TEACHER
) -> Figures:
    encoder = Oracle({**PERFECT, **(changed or {})})
    return measure(encoder, MadeUpTeacher(thinks), TrainingSet(folder), folder=folder / "teacher")


def test_who_knows_everything_gets_everything(folder: Path) -> None:
    found = figures_of(folder)
    assert found.model == "oracle"
    assert found.retrieval.pictures == 4
    assert found.retrieval.recall == {k: Share(8, 8) for k in (1, 5, 10)}
    assert found.retrieval.median_rank == 1.0
    assert found.zero_shot.names == 4  # "crane" twice is one
    assert found.zero_shot.right == found.zero_shot.teacher_right == {1: Share(4, 4), 5: Share(4, 4)}
    assert found.everyday.words["pizza"] == Found(12, 30, 1.0)
    assert found.everyday.words["llama"] == Found(10, 30, 1.0)
    assert found.everyday.words["dog"] == Found(0, 30, None)
    assert (found.everyday.counted, found.everyday.mean) == (4, 1.0)
    assert found.other_kind.own.mean == 1.0
    assert set(found.other_kind.own.words.values()) == {Found(11, 110, 1.0)}


def test_captions_half_of_which_are_wrong(folder: Path) -> None:
    wrong = {tidy(text): [FLICKR[0]] for number in (2, 3) for text in captions(number)}
    found = figures_of(folder, wrong).retrieval
    # A picture that gets nothing is behind the three others: the one that is found, and two that tie with it.
    assert found.recall == {1: Share(4, 8), 5: Share(8, 8), 10: Share(8, 8)}
    assert found.median_rank == 2.5


def test_names_half_of_which_are_wrong(folder: Path) -> None:
    found = figures_of(folder, {PROMPT.format("zebra"): [5], PROMPT.format("crane"): [4]}).zero_shot
    assert found.right == {1: Share(2, 4), 5: Share(4, 4)}
    assert found.teacher_right[1] == Share(4, 4)


def test_a_teacher_half_wrong_and_who_agrees_with_it(folder: Path) -> None:
    found = figures_of(folder, thinks={**RIGHT_TEACHER, 4: 0, 7: 3}).zero_shot
    assert found.right[1] == Share(4, 4)
    assert found.teacher_right[1] == Share(2, 4)
    # Of the 22 others and of 4 and 7 the model says nothing, or something else; it agrees on 5 and 6.
    assert found.agreement[1] == Share(2, 30)


def test_a_word_half_of_what_it_finds_is_wrong(folder: Path) -> None:
    found = figures_of(folder, {"pizza": [*PIZZA[:5], *LLAMA[:5]], "bird": [3]})
    assert found.everyday.words["pizza"].precision == 0.5
    assert found.everyday.words["llama"].precision == 1.0
    assert found.other_kind.own.words["bird"].precision == 0.0
    assert found.other_kind.own.mean == pytest.approx(0.9)


def test_recorded_vectors_are_compared_on_the_same_pictures(folder: Path) -> None:
    clip = figures_of(folder).other_kind.clip
    assert clip.words["bird"] == Found(11, 110, 0.0)
    assert {found.precision for word, found in clip.words.items() if word != "bird"} == {1.0}


def test_first_names_are_distinct_and_background_is_none(folder: Path) -> None:
    names, of_class = first_names(folder / "teacher" / "imagenet_labels.txt")
    assert names == ["tench", "crane", "zebra", "flute"]
    assert of_class.tolist() == [0, 1, 1, 2, 3]


def test_the_teacher_sees_the_centre() -> None:
    picture = np.asarray(grey(4, (60, 32))).copy()
    picture[:, :14] = picture[:, -14:] = 255
    seen = []

    class Noticing(MadeUpTeacher):
        def see(self, pictures: Any) -> Any:
            seen.append(pictures)
            return super().see(pictures)

    scores = teacher_scores(Noticing({4: 3}), [picture], np.array([0, 1, 1, 2, 3]), crop=1.0)
    assert scores.tolist() == [[0.0, 0.0, 5.0, 0.0]]
    assert seen[0].shape == (1, 224, 224, 3)
    assert set(seen[0][0, :, 20:-20].ravel().tolist()) == {36}  # bicubic: the edges shine a little into it


def test_what_it_costs(folder: Path) -> None:
    cost = figures_of(folder).cost
    assert cost.size_bytes == (folder / "teacher" / "imagenet_labels.txt").stat().st_size
    assert 0 <= cost.seconds_per_text < 1
    assert 0 <= cost.seconds_per_picture < 1


def test_the_tables_say_what_the_figures_say(folder: Path) -> None:
    text = markdown(figures_of(folder, {"pizza": [*PIZZA[:5], *LLAMA[:5]]}))
    assert "8 captions, each looking for its own picture among 4" in text
    assert "| 1.000 | 1.000 | 1.000 | 1 |" in text
    assert "| this model | 1.000 (0.51 to 1.00) | 1.000 (0.51 to 1.00) |" in text
    assert "mean precision@10 0.88 over the 4 of 50 words" in text
    assert "The others: animal 1.00, food 1.00, llama 1.00, pizza 0.50, " in text
    assert "| CLIP ViT-B/32 | 1.00 | 1.00 | 0.00 |" in text


def test_random_weights_through_the_command(
    folder: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "Teacher", lambda where: MadeUpTeacher(RIGHT_TEACHER))
    monkeypatch.setattr("torch.set_num_threads", lambda number: None)  # the other tests keep theirs
    written = []
    for name in ("one.json", "two.json"):
        monkeypatch.setattr(sys, "argv", ["evaluate", tiny, "--data", str(folder), "--json", str(tmp_path / name)])
        evaluate.main()
        written.append(json.loads((tmp_path / name).read_text()))
    assert all(written[0][part] == written[1][part] for part in written[0].keys() - {"cost"})
    assert written[0]["model"] == tiny
    folder_bytes = sum(path.stat().st_size for path in Path(tiny.removeprefix("local-dir:")).iterdir())
    assert written[0]["cost"]["size_bytes"] == folder_bytes
    assert all(0 <= share["value"] <= 1 for share in written[0]["retrieval"]["recall"].values())
    assert capsys.readouterr().out.startswith("Text to image: 8 captions")


def test_a_model_that_does_not_exist(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.set_num_threads", lambda number: None)
    monkeypatch.setattr(sys, "argv", ["evaluate", "no-such-model", "--data", str(folder)])
    with pytest.raises(SystemExit, match="2"):
        evaluate.main()
    assert "there is no model 'no-such-model'" in capsys.readouterr().err


def test_random_weights_find_real_pictures_by_chance(test_data: Path, tiny: str) -> None:
    data, encoder = TrainingSet(test_data), load_encoder(tiny)
    samples = [one for one in data.samples if one.held_out and one.source == Source.FLICKR][:50]
    found = retrieval(encoder, samples, encode_pixels(encoder, [np.asarray(data.image(one)) for one in samples]))
    assert found.recall[10].of == 250
    assert 0.1 < found.recall[10].value < 0.3  # 0.2 by chance
    assert 15 < found.median_rank < 36


def test_json_holds_values_and_intervals() -> None:
    assert plain({5: Share(5, 10)}) == {
        "5": {"value": 0.5, "interval_95": (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4)),
              "hits": 5, "of": 10}
    }  # fmt: skip
