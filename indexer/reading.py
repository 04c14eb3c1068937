"""Read pictures again that the library knows: their pixels, and whether they still are what it knows.

In worker processes, as an indexing run does; what is done with the pixels is the caller's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from core.errors import PictureProblem, ProblemKind
from core.indexing import Problem
from core.models import Preprocess
from core.pictures import DecodedPicture
from indexer.interrupts import Interrupts
from indexer.run import default_workers
from media import DecodeJob, DecodeLimits, DecodePool

if TYPE_CHECKING:
    from db import LibraryWriter
    from db.records import RootInfo


class Known(Protocol):
    """A picture of the library, with a file to read it from."""

    @property
    def path(self) -> bytes:
        """The best of its files."""
        ...

    @property
    def content_hash(self) -> bytes | None:
        """Of the content that the library knows; None: imported, never read."""
        ...


K = TypeVar("K", bound=Known)


def reading_pool(writer: "LibraryWriter", targets: Sequence[Preprocess], *, workers: int) -> DecodePool:
    """Decoders that take whatever the library's own roots let in.

    Args:
        writer: the library.
        targets: how pixels are wanted.
        workers: processes; 0: one per core, at most 32.
    """
    return DecodePool(targets=targets, limits=limits_of(writer.roots()), workers=workers or default_workers())


def limits_of(roots: Iterable["RootInfo"]) -> DecodeLimits:
    """What any of these roots lets in; without roots, what is let in where nobody says."""
    usual = DecodeLimits().max_megapixels
    return DecodeLimits(max_megapixels=max((root.options.max_megapixels for root in roots), default=usual))


def read_again(
    pool: DecodePool, known: Iterable[K], interrupts: Interrupts
) -> Iterator[tuple[K, DecodedPicture | Problem]]:
    """Each picture as its file shows it now, in the order they are finished; or why it cannot be used.

    Raises:
        KeyboardInterrupt: at a Ctrl-C, while waiting for the next.
    """
    jobs = (DecodeJob(one.path, None, one) for one in interrupts.undisturbed(known))
    for outcome in interrupts.waited_for(pool.run(jobs)):
        one: K = outcome.job.tag  # type: ignore[assignment]  # the tags are ours
        problem = outcome.problem or _changed(one.content_hash, outcome.picture)
        if outcome.picture is not None and problem is None:
            yield one, outcome.picture
        elif problem is not None:
            yield one, Problem(one.path, problem.kind, problem.reason)


def _changed(known: bytes | None, picture: DecodedPicture | None) -> PictureProblem | None:
    """What was said of the picture that the library knows would be said of another one."""
    if known is None or picture is None or picture.content_hash == known:
        return None
    return PictureProblem(
        ProblemKind.CHANGED_WHILE_READING, "changed since it was indexed: `search index` reads it anew"
    )
