"""The table of everyday words, and how it judges."""

from pathlib import Path

import pytest

from training.data import Sample, Source, TrainingSet
from training.everyday_words import TARGETS, UNKNOWN_TO_ALL, WORDS, Word

BY_TEXT = {word.text: word for word in WORDS}


def caltech(label: str) -> Sample:
    return Sample("c.jpg", Source.CALTECH, label=label)


def flickr(*captions: str) -> Sample:
    return Sample("f.jpg", Source.FLICKR, captions=captions)


@pytest.mark.parametrize(
    ("word", "sample", "expected"),
    [
        ("dog", caltech("dalmatian"), True),
        ("dog", caltech("wild cat"), False),
        ("dog", caltech("snoopy"), None),
        ("dog", caltech(UNKNOWN_TO_ALL), None),
        ("animal", caltech("pigeon"), True),
        ("cat", caltech("leopards"), None),
        ("person", caltech("wheelchair"), None),
        ("face", caltech("faces easy"), True),
        ("dog", flickr("Two Dogs, wet ."), True),
        ("dog", flickr("A man sits .", "A man and his dog"), True),
        ("dog", flickr("A dogged man"), False),
        ("pizza", flickr("A man eats pizza"), True),
        ("food", flickr("A man eats pizza"), True),
        ("person", flickr("A dog runs"), False),
    ],
)
def test_judge(word: str, sample: Sample, *, expected: bool | None) -> None:
    assert BY_TEXT[word].judge(sample) is expected


def test_no_word_is_sure_and_unsure_of_a_class() -> None:
    assert {word.text: word.classes & word.unknown for word in WORDS if word.classes & word.unknown} == {}


def test_fifty_different_words_and_the_eight_that_were_asked_for() -> None:
    assert len(BY_TEXT) == len(WORDS) == 50
    assert BY_TEXT.keys() >= set(TARGETS)


def test_every_class_of_the_table_is_held_out(test_data: Path) -> None:
    samples = [sample for sample in TrainingSet(test_data).samples if sample.held_out]
    labels = {sample.label for sample in samples}
    assert {name for word in WORDS for name in word.classes | word.unknown} - labels == set()
    assert UNKNOWN_TO_ALL in labels
    relevant = {word.text: sum(word.judge(sample) is True for sample in samples) for word in WORDS}
    assert min(relevant.values()) >= 1
    assert {word: relevant[word] for word in TARGETS} == {
        "dog": 90, "cat": 35, "car": 128, "flower": 89, "airplane": 40, "person": 126, "boat": 75, "bird": 62,
    }  # fmt: skip
    assert sum(count >= 10 for count in relevant.values()) == 43


def test_a_word_without_captions_of_its_own_is_looked_for_as_it_is() -> None:
    assert BY_TEXT["llama"] == Word("llama", frozenset({"llama"}), frozenset({"llama"}), frozenset())
