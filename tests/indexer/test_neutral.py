"""An indexing run keeps the neutral texts' vectors with the space, once."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsMissing
from db import open_reader, open_writer
from indexer.neutral import embed_neutral_texts
from tests.fakes import FakeEncoder
from tests.indexer.runs import album, ignore_progress, index

TEXTS = tuple(f"a thing {number}" for number in range(150))


class Counting(FakeEncoder):
    """Counts the texts it reads; without weights it reads none."""

    def __init__(self, *, weights: bool = True) -> None:
        super().__init__()
        self.weights = weights
        self.read: list[str] = []

    def encode_texts(self, texts):
        if not self.weights:
            raise WeightsMissing("the weights of fake are not here", fetchable="fake")
        self.read += texts
        return super().encode_texts(texts)


def kept(library: Path) -> np.ndarray | None:
    with open_reader(library) as reader:
        return reader.neutral_texts(reader.active_space())


def test_once_and_again_where_the_list_is_another(tmp_path: Path) -> None:
    album(tmp_path / "photos", 2)
    library, encoder = tmp_path / "library", Counting()
    index(library, tmp_path / "photos", encoder=encoder, neutral_texts=TEXTS)
    np.testing.assert_allclose(kept(library), FakeEncoder().encode_texts(TEXTS), atol=1e-3)
    assert encoder.read == list(TEXTS)
    album(tmp_path / "photos", 4)
    index(library, encoder=encoder, neutral_texts=TEXTS)
    assert len(encoder.read) == 150
    index(library, encoder=encoder, neutral_texts=TEXTS[:-1])
    assert len(encoder.read) == 150 + 149
    assert len(kept(library)) == 149


def test_a_library_of_before_gets_them_without_a_new_picture(tmp_path: Path) -> None:
    album(tmp_path / "photos", 2)
    index(tmp_path / "library", tmp_path / "photos")
    assert kept(tmp_path / "library") is None
    index(tmp_path / "library", neutral_texts=TEXTS)
    assert len(kept(tmp_path / "library")) == 150


def test_a_refresh_does_not_fail_for_want_of_the_model(tmp_path: Path) -> None:
    album(tmp_path / "photos", 2)
    index(tmp_path / "library", tmp_path / "photos")
    report = index(tmp_path / "library", encoder=Counting(weights=False), neutral_texts=TEXTS)
    assert report.unchanged == 2
    (notice,) = report.notices
    assert notice.startswith("hits come without a match until fake can be used: the weights")
    assert kept(tmp_path / "library") is None


def test_no_picture_no_model(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    encoder = Counting()
    index(tmp_path / "library", tmp_path / "empty", encoder=encoder, neutral_texts=TEXTS)
    assert encoder.read == []


def test_a_run_that_is_stopped_keeps_none_and_the_next_one_all(tmp_path: Path) -> None:
    album(tmp_path / "photos", 1)
    index(tmp_path / "library", tmp_path / "photos")
    told = []

    def stop(progress) -> None:
        told.append((progress.stage, progress.done, progress.total))
        if progress.done:
            raise KeyboardInterrupt

    with open_writer(tmp_path / "library", command="index") as writer:
        (space,) = writer.spaces()
        with pytest.raises(KeyboardInterrupt):
            embed_neutral_texts(writer, space, FakeEncoder(), TEXTS, stop)
        assert not writer.has_neutral_texts(space, TEXTS)
        assert told == [("neutral", 0, 150), ("neutral", 64, 150)]
        embed_neutral_texts(writer, space, FakeEncoder(), TEXTS, ignore_progress)
        assert writer.has_neutral_texts(space, TEXTS)


class Remembering(Counting):
    """Keeps texts, as encoders with a memory do."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[str, ...], np.ndarray] = {}

    def recall(self, texts):
        return self.known.get(tuple(texts))

    def remember(self, texts, rows) -> None:
        self.known[tuple(texts)] = rows


def test_the_next_library_of_a_model_that_remembers_encodes_none(tmp_path: Path) -> None:
    album(tmp_path / "photos", 2)
    encoder = Remembering()
    for name in ("one", "two"):
        index(tmp_path / name, tmp_path / "photos", encoder=encoder, neutral_texts=TEXTS)
        np.testing.assert_allclose(kept(tmp_path / name), FakeEncoder().encode_texts(TEXTS), atol=1e-3)
    assert encoder.read == list(TEXTS)
