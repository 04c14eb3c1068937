"""Token ids without what comes after the texts."""

import numpy as np

from encoders.graphs.cutting import cut

END = 99


def ids(*rows: list[int], padding: int = 0, length: int = 32) -> np.ndarray:
    return np.array([row + [padding] * (length - len(row)) for row in rows], np.int64)


def test_up_to_the_end_of_the_longest_text_in_steps_of_eight() -> None:
    tokens = ids([98, 5, END], [98, 5, 6, 7, 8, 9, 10, 11, END])
    np.testing.assert_array_equal(cut(tokens[:1], "end"), tokens[:1, :8])
    np.testing.assert_array_equal(cut(tokens, "end"), tokens[:, :16])


def test_up_to_the_last_that_is_no_padding() -> None:
    tokens = ids([0, 5, 2], [0, 2], padding=1)
    np.testing.assert_array_equal(cut(tokens, "padding:1"), tokens[:, :8])
    assert cut(ids([0, *range(3, 30), 2], padding=1), "padding:1").shape == (1, 32)


def test_never_longer_than_it_was_and_whole_without_a_rule() -> None:
    tokens = ids([98, 5, 6, 7, 8, 9, 10, 11, 12, END], length=10)
    assert cut(tokens, "end").shape == (1, 10)
    assert cut(tokens[:, :5], "padding:0").shape == (1, 5)
    assert cut(tokens, "") is tokens
    assert cut(tokens[:0], "end").shape == (0, 10)
