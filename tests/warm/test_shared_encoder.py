"""Many threads, one encoder: who waits is encoded together, and each gets its own vector."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from time import sleep

import numpy as np
import pytest

from core.arrays import Vectors
from core.errors import WeightsMissing
from semantic_image_search.warm import shared_encoder as module
from semantic_image_search.warm.shared_encoder import SharedEncoder
from tests.fakes import FakeEncoder


class SlowEncoder(FakeEncoder):
    """Writes down its calls, and keeps the first waiting until it is let through; never two at once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.begun, self.through = Event(), Event()
        self._alone = Lock()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        assert self._alone.acquire(blocking=False)
        self.calls.append(list(texts))
        self.begun.set()
        self.through.wait(10)
        self._alone.release()
        return super().encode_texts(texts)


TEXTS = [f"picture {n}" for n in range(12)]


def test_texts_that_wait_are_encoded_in_one_call() -> None:
    slow = SlowEncoder()
    shared = SharedEncoder(slow)
    with ThreadPoolExecutor(len(TEXTS) + 1) as threads:
        first = threads.submit(shared.encode_texts, ["first"])
        assert slow.begun.wait(10)
        others = [threads.submit(shared.encode_texts, [text, "red"]) for text in TEXTS]
        while len(shared._waiting) < len(TEXTS) + 1:  # until all of them wait
            sleep(0.001)
        slow.through.set()
        np.testing.assert_array_equal(first.result(10), FakeEncoder().encode_texts(["first"]))
        for text, other in zip(TEXTS, others, strict=True):
            np.testing.assert_array_equal(other.result(10), FakeEncoder().encode_texts([text, "red"]))
    assert slow.calls[0] == ["first"]
    assert sorted(slow.calls[1]) == sorted([*TEXTS, "red"])
    assert len(slow.calls) == 2


def test_no_call_grows_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOGETHER", 5)
    slow = SlowEncoder()
    slow.through.set()
    assert SharedEncoder(slow).encode_texts(TEXTS).shape == (12, 48)
    assert [len(call) for call in slow.calls] == [5, 5, 2]


def test_the_last_texts_are_remembered_and_older_ones_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    slow = SlowEncoder()
    slow.through.set()
    shared = SharedEncoder(slow)
    for text in ("a", "b", "a", "c", "a", "b"):
        shared.encode_texts([text])
    assert slow.calls == [["a"], ["b"], ["c"], ["b"]]


def test_a_failure_is_told_to_each_and_not_remembered() -> None:
    class Failing(FakeEncoder):
        fails = True

        def encode_texts(self, texts: Sequence[str]) -> Vectors:
            if self.fails:
                raise WeightsMissing("gone", fetchable="x")
            return super().encode_texts(texts)

    failing = Failing()
    shared = SharedEncoder(failing)
    for _ in range(2):
        with pytest.raises(WeightsMissing):
            shared.encode_texts(["red", "blue"])
    failing.fails = False
    np.testing.assert_array_equal(shared.encode_texts(["red"]), FakeEncoder().encode_texts(["red"]))


def test_nothing_is_no_rows_and_the_rest_is_the_encoders() -> None:
    encoder = FakeEncoder()
    shared = SharedEncoder(encoder)
    assert shared.encode_texts([]).shape == (0, 48)
    assert shared.info == encoder.info
    assert shared.cut_off("one two three four five six seven eight nine") == "nine"
    pixels = np.zeros((2, 32, 32, 3), np.uint8)
    np.testing.assert_array_equal(shared.encode_pixels(pixels), encoder.encode_pixels(pixels))
