"""Text as keyword search sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words import fold, spaced, tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog, on THE beach!", " a dog on the beach "),
        ("IMG_1234.JPG", " img 1234 jpg "),
        ("Café cafe\u0301 ｃａｆé", " cafe cafe cafe "),
        ("Straße, Łódź, Ørsted, İstanbul", " strasse lodz orsted istanbul "),
        ("海滩上的狗 beach", " 海 滩 上 的 狗 beach "),
        ("가나 カフェ", " 가 나 カ フ ェ "),
        ("हिन्दी", " हिन्दी "),
        ("שָׁלוֹם", " שלום "),
        ("🐕 dog", " 🐕 dog "),
        ("a\0b\ud800c", " a b c "),
        ("", ""),
        (" .,;!? \n", ""),
    ],
)
def test_texts_become_folded_words_between_spaces(text: str, words: str) -> None:
    assert spaced(text) == words


@given(st.text())
def test_what_is_stored_and_what_is_asked_agree(text: str) -> None:
    once = spaced(text)
    assert spaced(once) == once  # folding again changes nothing
    assert once == "" or (once.startswith(" ") and once.endswith(" ") and "  " not in once)
    assert '"' not in once
    assert "\0" not in once
    assert once.split() == tokens(text)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_folded_alike_on_its_own_and_among_others(text: str) -> None:
    assert fold(text + "é") == fold(text) + "e"
