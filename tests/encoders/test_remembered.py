"""Texts that every library asks for are encoded once for a model, and again where what was kept is not whole."""

from pathlib import Path

import numpy as np
import pytest

from core.protocols import TextMemory
from encoders import load_encoder
from encoders.remembered import recall, remember

TEXTS = ("a cat", "a dog")
ROWS = np.array([[0.6, 0.8], [1.0, 0.0]], np.float32)


def kept(folder: Path) -> Path:
    return next(folder.glob("known.*.npy"))


def test_what_was_kept_is_found_for_these_very_texts_only(tmp_path: Path) -> None:
    assert recall(tmp_path / "new", TEXTS, 2) is None
    remember(tmp_path / "new", TEXTS, ROWS)
    found = recall(tmp_path / "new", TEXTS, 2)
    assert found is not None
    np.testing.assert_array_equal(found, ROWS)
    assert recall(tmp_path / "new", TEXTS[::-1], 2) is None
    assert recall(tmp_path / "new", TEXTS, 3) is None


@pytest.mark.parametrize("damage", ["short", "empty", "pickle", "numbers"])
def test_what_is_not_whole_is_not_used(tmp_path: Path, damage: str) -> None:
    remember(tmp_path, TEXTS, ROWS)
    content = kept(tmp_path).read_bytes()
    if damage == "pickle":
        np.save(kept(tmp_path), np.array([{"a": 1}], object), allow_pickle=True)
    else:
        kept(tmp_path).write_bytes(
            {"short": content[:-4], "empty": b"", "numbers": content[:-4] + b"\0\0\xc0\x7f"}[damage]
        )
    assert recall(tmp_path, TEXTS, 2) is None


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    remember(tmp_path / "file", TEXTS, ROWS)
    assert recall(tmp_path / "file", TEXTS, 2) is None


def test_the_built_in_model_remembers_for_whoever_loads_it_next() -> None:
    encoder, texts = load_encoder("mini"), ("a text of this test", "another")
    assert isinstance(encoder, TextMemory)
    rows = encoder.encode_texts(texts)
    encoder.remember(texts, rows)
    again = load_encoder("mini").recall(texts)
    assert again is not None
    np.testing.assert_array_equal(again, rows)
