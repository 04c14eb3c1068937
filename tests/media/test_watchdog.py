"""What takes too long is killed, what ends in time is left alone, and one thread sees to all of it."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from media.watchdog import Watchdog


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing for a minute."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_what_takes_too_long_is_killed(sleeper: subprocess.Popen[bytes]) -> None:
    with Watchdog() as watchdog, watchdog.watching(sleeper, 0.1) as deadline:
        assert sleeper.wait(timeout=20) != 0
        assert deadline.passed


def test_what_ends_in_time_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    with Watchdog() as watchdog:
        with watchdog.watching(sleeper, 0.2) as deadline:
            pass
        time.sleep(0.4)
        assert not deadline.passed
        assert sleeper.poll() is None


def test_a_short_time_after_a_long_one_is_kept(sleeper: subprocess.Popen[bytes]) -> None:
    with Watchdog() as watchdog, watchdog.watching(sleeper, 60.0) as long:
        time.sleep(0.1)  # the thread has gone to sleep for a minute
        with watchdog.watching(sleeper, 0.1) as short:
            sleeper.wait(timeout=20)
        assert (long.passed, short.passed) == (False, True)


def test_a_restart_gives_it_its_whole_time_again(sleeper: subprocess.Popen[bytes]) -> None:
    with Watchdog() as watchdog, watchdog.watching(sleeper, 1.0) as deadline:
        for _ in range(5):
            time.sleep(0.3)
            deadline.restart()
        assert sleeper.poll() is None


def test_one_thread_for_all_and_none_afterwards(sleeper: subprocess.Popen[bytes]) -> None:
    threads = threading.active_count()
    with Watchdog() as watchdog:
        assert threading.active_count() == threads  # nothing to watch yet
        for _ in range(50):
            with watchdog.watching(sleeper, 60.0), watchdog.watching(sleeper, 60.0):
                assert threading.active_count() == threads + 1
    assert threading.active_count() == threads
