from pathlib import Path

import pytest

from training.data import TrainingSet
from training.texts import labels
from training.words import WORDNET, Concept, WordNet, concepts, imagenet_names


@pytest.fixture(scope="module")
def said(test_data: Path) -> dict[str, Concept]:
    if not (WORDNET / "data.noun").is_file():
        pytest.skip(f"no {WORDNET}: Debian's package wordnet")
    caltech = labels(TrainingSet(test_data).samples)
    return {one.text: one for one in concepts(test_data / "teacher" / "imagenet_labels.txt", caltech)}


def test_a_retriever_is_found_by_every_wider_word(said: dict[str, Concept]) -> None:
    retriever = next(iter(said["golden retriever"].classes))
    assert all(retriever in said[word].classes for word in ("dog", "retriever", "animal", "domestic animal"))
    assert not said["golden retriever"].wide
    assert said["domestic animal"].wide


def test_wider_words_keep_to_their_kind(said: dict[str, Concept]) -> None:
    assert {"dalmatian", "snoopy"} & said["cat"].classes == set()
    assert "car side" in said["car"].classes
    assert "schooner" in said["boat"].classes
    assert len(said["dog"].classes) > 100 > len(said["cat"].classes) > 5
    assert "entity" not in said
    assert "artifact" not in said


def test_every_name_of_imagenet_is_a_meaning_of_wordnet(test_data: Path) -> None:
    if not (WORDNET / "data.noun").is_file():
        pytest.skip(f"no {WORDNET}: Debian's package wordnet")
    wordnet, names = WordNet(), imagenet_names(test_data / "teacher" / "imagenet_labels.txt")
    assert len(names) == 1000
    for own in names:
        found = wordnet.named(own)
        assert found is not None
        assert {word.lower() for word in found.words} == {name.lower() for name in own}
