"""What the doors of the web have in common: made once by `open_parts`, handed to every router."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from web.access.entry import Entry
from web.api.cursors import Cursors
from web.beside.crowd import Beside
from web.jobs.jobs import Jobs
from web.metrics import Metrics
from web.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from semantic_image_search import Library
    from semantic_image_search.warm.held import Held


@dataclass(frozen=True, slots=True)
class Parts:
    """One served library, and what answers for it."""

    library: Path  # its folder, absolute
    held: Held
    beside: Beside  # processes that search when many ask
    entry: Entry = field(default_factory=Entry)  # who may come in, and how; by itself nobody
    cursors: Cursors = field(default_factory=Cursors)  # where pages begin, and what was on those before
    uploads: Uploads = field(default_factory=Uploads)  # pictures that clients sent to ask with
    jobs: Jobs = field(default_factory=Jobs)  # index runs, in processes of their own
    metrics: Metrics = field(default_factory=Metrics)

    @contextmanager
    def asked(self, texts: Sequence[str] = (), *, waiting: Callable[[], None] = lambda: None) -> Iterator[Library]:
        """The library, for one question; its turn is waited for.

        Args:
            texts: what has to be encoded to answer it: read together with what others ask.
            waiting: called now and then before it is its turn; what it raises ends the wait.
        """
        with self.held.library() as library:
            waiting()
            self.held.encode_ahead(texts)
            with self.held.turns.one(waiting):
                waiting()
                yield library

    def begin_to_end(self) -> None:
        """Tell what works in processes of its own to end, and who listens to it; returns soon."""
        self.beside.close()
        self.jobs.begin_to_end()
        self.uploads.close()


@contextmanager
def open_parts(
    library: Path, held: Held, entry: Entry | None = None, *, beside: Beside | None = None
) -> Iterator[Parts]:
    """The parts of one server; what they keep (uploads, jobs, processes) ends with them.

    Args:
        library: its folder, absolute.
        held: answers from it.
        entry: who may come in; None: it is decided elsewhere.
        beside: processes that search as well; None: there are none.
    """
    parts = Parts(library, held, beside or Beside(library, held, most=1), entry or Entry())
    try:
        yield parts
    finally:
        parts.beside.close()
        parts.jobs.close()
        parts.uploads.close()
