"""Numbers as people read them."""

from datetime import datetime

import pytest

from cli.units import counted, minute, rate, size, span


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (605_109_252, "605 MB"), (4_541_854_408, "4.5 GB")],
)
def test_size(size_bytes: int, text: str) -> None:
    assert size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.412, "0.4 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (200, "3 min 20 s"),
        (840, "14 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
    ],
)
def test_span(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_rest() -> None:
    assert (counted(1, "picture"), counted(12_400, "picture")) == ("1 picture", "12,400 pictures")
    assert (rate(14.81), rate(1512.4)) == ("14.8", "1,512")
    assert minute(datetime(987, 3, 1, 9, 5, 59)) == "0987-03-01 09:05"  # noqa: DTZ001 - wall clock
