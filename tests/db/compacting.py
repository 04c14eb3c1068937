"""A writer that wears a library out, extends its index and optimizes it, over and over, for tests that kill it.

    python -m tests.db.compacting LIBRARY

Prints "stored N" when the pictures of round N are in and those before it gone, "optimized N" after the optimization.
"""

import sys
from pathlib import Path

from db import open_writer
from tests.db.making import Disk, index

AT_ONCE = 60  # pictures that come in a round
ROUNDS = 4  # that a picture stays
EXACT_BELOW = 64


def pictures_of(number: int) -> set[bytes]:
    """What can be found after this round."""
    return {b"/p/%d/%d" % (one, picture) for one in range(number + 1)[-ROUNDS:] for picture in range(AT_ONCE)}


def main(library: Path) -> None:
    """Until somebody ends it."""
    with open_writer(library, command="index") as writer:
        disk, number = Disk(), 0
        while True:
            disk.files.clear()
            for path in sorted(pictures_of(number)):
                disk.put(path)
            index(writer, disk, b"/p", prune=True, batch=AT_ONCE)
            print("stored", number, flush=True)
            space = writer.spaces()[0]
            writer.refresh_derived(space, exact_below=EXACT_BELOW, recall=(0.9, 0.95)[number % 2])  # extends
            writer.optimize(space, exact_below=EXACT_BELOW)
            print("optimized", number, flush=True)
            number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
