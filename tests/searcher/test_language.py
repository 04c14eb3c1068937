from dataclasses import replace

import numpy as np
import pytest

from searcher.language import language_hint
from tests.fakes import FakeEncoder

ENGLISH = FakeEncoder().info


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("海滩上的狗", "Chinese"),
        ("りんご", "Japanese"),
        ("東京タワー", "Japanese"),
        ("강아지", "Korean"),
        ("собака на пляже", "Cyrillic"),
        ("كلب على الشاطئ", "Arabic"),
        ("כלב על החוף", "Hebrew"),
        ("σκύλος", "Greek"),
        ("สุนัข", "Thai"),
        ("कुत्ता", "Devanagari"),
        ("ein Hund am Strand", "German"),
        ("eine Katze", "German"),
        ("un chien sur la plage", "French"),
        ("una mujer con un perro", "Spanish"),
        ("een hond op het strand", "Dutch"),
        ("uma mulher em casa", "Portuguese"),
    ],
)
def test_a_language_that_the_model_does_not_read_is_named(text, named):
    hint = language_hint(text, ENGLISH)
    assert hint is not None
    assert named in hint
    assert ENGLISH.name in hint
    assert "search models list" in hint
    assert "\n" not in hint


@pytest.mark.parametrize(
    "text",
    ["a dog on a beach", "", "  ", "123", "🐕 🏖️", "sunset in 東京", "π day cake", "les paul guitar", "el toro", "con artist",
     "en route", "a café in Zürich", "las vegas at night", "un chien"],
)  # fmt: skip
def test_no_hint_where_a_guess_could_be_wrong(text):
    assert language_hint(text, ENGLISH) is None


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("海滩上的狗", ("*",)),
        ("海滩上的狗", ("en", "zh")),
        ("собака", ("ru",)),
        ("eine Katze und ein Hund", ("en", "de")),
        ("una mujer con un perro", ("en", "it")),
        ("eine Katze", ("zh",)),
    ],
)
def test_no_hint_where_the_model_reads_it_or_nothing_is_known(text, languages):
    assert language_hint(text, replace(ENGLISH, languages=languages)) is None


def test_kana_is_not_chinese():
    assert "Japanese" in (language_hint("りんごとみかん", replace(ENGLISH, languages=("zh",))) or "")


def test_no_english_caption_gets_a_hint(test_data):
    captions = (test_data / "captions-text-only.txt").read_text(encoding="utf-8").splitlines()
    assert len(captions) == 63_174
    assert [line for line in captions if language_hint(line, ENGLISH)] == []


def test_no_english_noun_gets_a_hint(test_data):
    nouns = np.load(test_data / "clip-vectors" / "vectors.npz")["text"]
    assert [noun for noun in nouns if language_hint(noun.replace("_", " "), ENGLISH)] == []
