"""The split: what is held out stays held out, whoever asks and in whatever order the table is."""

import hashlib
import json
import random
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from training.data import HELD_OUT_CLASSES, HELD_OUT_SHARE, Source, TrainingSet, tidy

HELD_OUT_DIGEST = "40aa79e789871905b45c3eb271ab3012be061fb4ba1780f40c34419a6045d92a"


@pytest.fixture(scope="module")
def real(test_data: Path) -> TrainingSet:
    return TrainingSet(test_data)


def made_up(folder: Path, rows: list[dict[str, object]]) -> TrainingSet:
    folder.mkdir()
    with zipfile.ZipFile(folder / "train-128.zip", "w") as file:
        file.writestr("train.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return TrainingSet(folder)


def held_out(data: TrainingSet) -> set[str]:
    return {sample.file for sample in data.samples if sample.held_out}


def test_the_split_never_changes(real: TrainingSet) -> None:
    assert hashlib.sha256("\n".join(sorted(held_out(real))).encode()).hexdigest() == HELD_OUT_DIGEST


def test_how_many_are_held_out(real: TrainingSet) -> None:
    counts = Counter(sample.source for sample in real.samples if sample.held_out)
    assert counts == {Source.FLICKR: 100, Source.IMAGENET: 50, Source.CALTECH: 1085}


def test_whole_classes_and_a_twentieth_of_the_others(real: TrainingSet) -> None:
    caltech = [sample for sample in real.samples if sample.source == Source.CALTECH]
    every = Counter(sample.label for sample in caltech)
    kept_away = Counter(sample.label for sample in caltech if sample.held_out)
    assert every.keys() >= HELD_OUT_CLASSES
    for label, count in every.items():
        assert kept_away[label] == (count if label in HELD_OUT_CLASSES else count // HELD_OUT_SHARE), label


def test_no_class_of_a_held_out_imagenet_picture_has_another_one(real: TrainingSet) -> None:
    classes = Counter(sample.wnid for sample in real.samples if sample.source == Source.IMAGENET)
    assert {classes[sample.wnid] for sample in real.samples if sample.held_out and sample.wnid} == {1}


def test_no_caption_of_a_held_out_picture_is_a_spare_one(real: TrainingSet) -> None:
    kept_away = {tidy(text) for sample in real.samples if sample.held_out for text in sample.captions}
    spare = real.spare_captions()
    assert len(kept_away) == 500
    assert len(spare) > 60_000
    assert kept_away.isdisjoint(spare)


def test_the_order_of_the_table_means_nothing(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        *({"file": f"c{n}.jpg", "source": "caltech101", "label": f"class {n % 3}"} for n in range(150)),
        *({"file": f"p{n}.jpg", "source": "caltech101", "label": "pizza"} for n in range(7)),
        *({"file": f"f{n}.jpg", "source": "flickr8k", "captions": [f"picture {n} ."]} for n in range(130)),
    ]
    first = held_out(made_up(tmp_path / "one", rows))
    random.Random(0).shuffle(rows)
    assert held_out(made_up(tmp_path / "other", rows)) == first
    assert Counter(file[0] for file in first) == {"c": 6, "p": 7, "f": 100}


def test_spare_captions_lose_those_held_out_however_they_are_written(tmp_path: Path) -> None:
    data = made_up(
        tmp_path / "data", [{"file": "f.jpg", "source": "flickr8k", "captions": ["A dog , running  fast ."]}]
    )
    (tmp_path / "data" / "captions-text-only.txt").write_text(
        "A dog, running fast\nA dog , running fast .\n\nA cat .\n"
    )
    assert data.spare_captions() == ["A cat"]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("A dog runs .", "A dog runs"),
        ("A dog runs.", "A dog runs"),
        (" A  dog , wet , runs ", "A dog, wet, runs"),
        ("", ""),
    ],
)
def test_tidy(caption: str, expected: str) -> None:
    assert tidy(caption) == expected
