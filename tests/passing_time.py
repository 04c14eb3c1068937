"""Time in tests: a clock that goes on when it is told to, and a wait that ends."""

import time
from collections.abc import Callable

PATIENCE_S = 20.0


class Clock:
    """Seconds that go on when told to: `clock.now += 60`."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def until(holds: Callable[[], object]) -> None:
    """Wait for what another thread or process brings about; fails where it does not come."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
