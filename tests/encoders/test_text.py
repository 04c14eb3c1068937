"""Which end of a text does not fit, with open_clip's own tokenizer and with ours."""

from pathlib import Path

import pytest

from encoders.bpe import BytePairs
from encoders.cleaning import CLEANERS
from encoders.text import cut_off


@pytest.fixture(scope="module", params=["open_clip's", "ours"])
def tokenizer(request: pytest.FixtureRequest) -> object:
    from open_clip.tokenizer import SimpleTokenizer, default_bpe

    return SimpleTokenizer() if request.param == "open_clip's" else BytePairs(Path(default_bpe()), CLEANERS["lower"])


def words(n: int) -> str:
    return " ".join(["dog", "cat", "sea", "red"][i % 4] for i in range(n))


def test_seventy_five_words_fit_and_the_rest_is_cut(tokenizer: object) -> None:
    assert cut_off(words(75), tokenizer, 77) == ""  # and a start and an end token
    assert cut_off(words(75) + " on a hill, at last", tokenizer, 77) == "on a hill, at last"


def test_a_word_half_read_counts_as_cut(tokenizer: object) -> None:
    assert (
        cut_off(words(74) + " antidisestablishmentarianism today", tokenizer, 77)
        == "antidisestablishmentarianism today"
    )


@pytest.mark.parametrize("text", ["", " ", "dog", "!" * 40, "\n\t", "\ud800"])
def test_short_and_odd_texts_fit(text: str, tokenizer: object) -> None:
    assert cut_off(text, tokenizer, 77) == ""


@pytest.mark.parametrize(
    "text",
    [
        words(500),
        "犬が海辺を走る写真" * 40,
        "x" * 3000,
        "กขคงจ" * 60,
        "naïve café — „Größe“ " * 30,
        "\u0301" * 400,
        "a.b!c?" * 60,
    ],
)
def test_the_kept_part_fits_and_one_piece_more_does_not(text: str, tokenizer: object) -> None:
    cut = cut_off(text, tokenizer, 77)
    assert cut
    assert text.endswith(cut)
    kept = text[: len(text) - len(cut)]
    assert kept.strip(), "something is kept, also of a single endless word"
    assert cut_off(kept, tokenizer, 77) == ""
    assert cut_off(text[: len(text) - len(cut) + len(cut.split(maxsplit=1)[0])], tokenizer, 77) != ""


def test_blanks_at_the_end_are_not_reported(tokenizer: object) -> None:
    assert cut_off(words(75) + "   \n ", tokenizer, 77) == ""
