"""What is said about how a text was read, and of which texts a tokenizer is asked."""

import pytest

from searcher.search import text_notices
from tests.fakes import FakeEncoder


class Asked(FakeEncoder):
    """Reads eight words, and notes which texts it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def cut_off(self, text: str) -> str:
        self.asked.append(text)
        return super().cut_off(text)


def test_what_was_cut_off_is_told() -> None:
    (said,) = text_notices(FakeEncoder(), ["red", "one two three four five six seven eight nine ten"])
    assert "'nine ten'" in said


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("a cat", True),  # five characters, and four beside them: nine tokens of some tokenizer
        ("cats", False),
        ("", False),
        ("Über", True),  # what is not plain may be more tokens than characters
        ("&lt;", True),
    ],
)
def test_a_tokenizer_is_asked_only_where_a_text_may_be_too_long(text: str, asked: bool) -> None:
    encoder = Asked()
    assert text_notices(encoder, [text]) == []
    assert bool(encoder.asked) is asked
