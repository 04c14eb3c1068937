"""Ctrl-C: where the first one cuts in, and what the second does."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from indexer.interrupts import Interrupts


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_cuts_in_only_while_waiting() -> None:
    def waits() -> Iterator[int]:
        yield 1
        press()
        yield 2

    with Interrupts().handled() as interrupts:
        items = interrupts.waited_for(waits())
        assert next(items) == 1
        with pytest.raises(KeyboardInterrupt):
            next(items)
        assert not interrupts.aborted


def test_elsewhere_it_is_remembered_until_the_next_wait() -> None:
    with Interrupts().handled() as interrupts:
        items = interrupts.waited_for(iter([1, 2, 3]))
        assert next(items) == 1
        press()
        with pytest.raises(KeyboardInterrupt):
            next(items)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_an_undisturbed_source_finishes_its_step() -> None:
    steps: list[str] = []

    def transaction() -> Iterator[int]:
        steps.append("begin")
        press()
        steps.append("commit")
        yield 1

    with Interrupts().handled() as interrupts, pytest.raises(KeyboardInterrupt):
        next(interrupts.waited_for(interrupts.undisturbed(transaction())))
    assert steps == ["begin", "commit"]


def test_the_second_aborts_anywhere() -> None:
    with Interrupts().handled() as interrupts:
        press()
        with pytest.raises(KeyboardInterrupt):
            press()
        assert interrupts.aborted


def test_the_handler_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts().handled():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_other_threads_are_left_alone() -> None:
    seen: list[object] = []

    def run() -> None:
        with Interrupts().handled() as interrupts:
            seen.extend(interrupts.waited_for([1, 2]))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [1, 2]
