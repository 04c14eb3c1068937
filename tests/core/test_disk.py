"""A full disk, a full quota and a file at its largest are one thing to a person."""

import errno

import pytest

from core.disk import is_full


@pytest.mark.parametrize(
    ("number", "full"),
    [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EFBIG, True), (errno.EACCES, False), (errno.EIO, False)],
)
def test_which_failures_mean_a_full_disk(number: int, full: bool) -> None:
    assert is_full(OSError(number, "what the system says")) is full


def test_an_error_without_a_number_is_another() -> None:
    assert not is_full(OSError("no number"))
