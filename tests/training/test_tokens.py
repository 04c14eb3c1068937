from pathlib import Path

import pytest

from training import tokens
from training.student import CONTEXT_LENGTH


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tokens, "VOCABULARY", 120)
    texts = ["a dog on the beach", "two dogs in the snow", "a red car", "the beach at night"] * 5
    tokens.write_tokenizer(tokens.make_tokenizer(texts), tmp_path)
    return tmp_path


def test_open_clip_reads_it_and_finds_the_end(folder: Path) -> None:
    from open_clip.tokenizer import HFTokenizer

    read = HFTokenizer(str(folder), context_length=CONTEXT_LENGTH)
    ids = read(["A Dog on the BEACH", "a dog on the beach", "dog " * 60])
    assert ids.shape == (3, CONTEXT_LENGTH)
    assert ids[0].tolist() == ids[1].tolist()  # upper case means nothing
    end = ids.max().item()
    assert [row.argmax().item() for row in ids] == [(row == end).nonzero()[0].item() for row in ids]
    assert ids[2, -1] == end  # also where the text is cut off
    assert (ids[0] == end).sum() == 1
