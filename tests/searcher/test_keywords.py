"""From the words of a query to what is looked for, and what finding it is worth."""

import numpy as np
import pytest

from db.keywords import KeywordRows
from searcher.keywords import MOST_TERMS, read_keywords, weigh


def words_of(text: str) -> list[str]:
    return [term.word for term in read_keywords(text).terms]


def forms_of(text: str) -> list[str]:
    return [pattern for term in read_keywords(text).terms for pattern, _ in term.forms]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a dog on the beach", ["dog", "beach"]),
        ("ein Hund am Strand", ["Hund", "Strand"]),
        ("the", ["the"]),  # better than nothing
        ("IMG_1234.JPG", ["IMG_1234"]),
        ("dog dog Dog", ["Dog"]),
        ('"dog" AND NEAR(cat*) -bird ^x', ["dog", "cat", "bird", "x"]),
        ("Hermione's cat", ["Hermione", "cat"]),
        ("jack-o'-lantern", ["jack-o'-lantern"]),
        ("海滩上的狗", ["海滩上", "狗"]),
        ("美丽的沙滩日落", ["美丽", "沙滩", "滩日", "日落"]),
        ("ชายหาด", ["ชายหาด"]),
        ("cafe\u0301", ["café"]),
        ("🐕", ["🐕"]),
        ("!?", []),
        ("\0", []),
    ],
)
def test_words_that_count(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_plurals_are_looked_for_both_ways() -> None:
    assert forms_of("dog") == [" dog ", " dogs "]
    assert forms_of("dogs") == [" dogs ", " dog "]
    assert forms_of("babies") == [" babies ", " baby ", " babie "]
    assert forms_of("beach") == [" beach ", " beaches "]
    assert forms_of("bus 2019 éclair") == [" bus ", " buses ", " 2019 ", " eclair ", " eclairs "]


def test_short_words_have_no_fragments() -> None:
    assert [bool(term.fragments) for term in read_keywords("cat beach IMG_1 海滩").terms] == [False, True, False, False]


def test_the_phrase_goes_from_the_first_word_that_counts_to_the_last() -> None:
    assert read_keywords("a view of the golden gate at").phrase == " view of the golden gate "
    assert read_keywords("the beach").phrase == ""


def test_a_pasted_text_is_not_looked_up_whole() -> None:
    assert len(words_of(" ".join(f"word{i}" for i in range(500)))) == MOST_TERMS


def test_codes_are_told() -> None:
    assert read_keywords("IMG_1234 2019").coded
    assert not read_keywords("beach 2019").coded


def worth(strengths: list[list[float]], phrase: list[bool] | None = None, searched: int = 100) -> tuple[list, list]:
    found = np.array(strengths, np.float32)
    rows = np.arange(len(found))
    marks = np.array(phrase or [False] * len(found))
    scores, worths = weigh(KeywordRows(rows, tuple(range(found.shape[1])), found, marks, searched, searched))
    return scores.tolist(), worths.tolist()


def test_all_words_come_before_some_and_phrases_before_scattered_words() -> None:
    scores, worths = worth([[1.0, 1.0], [0.3, 0.3], [1.0, 0.0], [1.0, 1.0]], phrase=[False, False, False, True])
    assert scores[3] == 1.0
    assert scores[3] > scores[0] > scores[1] > scores[2]
    assert worths[0] == pytest.approx(1.0)
    assert worths[2] < 0.2


def test_whole_words_come_before_others_and_rare_ones_before_common() -> None:
    scores, _ = worth([[1.0], [0.95], [0.6], [0.3]])
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    scores, _ = worth([[1.0, 0.0], [0.0, 1.0], *[[0.0, 1.0]] * 50])
    assert scores[0] > scores[1]


def test_some_of_many_words_are_worth_next_to_nothing() -> None:
    _, worths = worth([[1.0] + [0.0] * 4, [1.0] * 5])
    assert worths[0] < 0.001
    assert worths[1] == pytest.approx(1.0)
