"""What client and server say to each other, and the questions themselves.

    client: Hello                 server: Welcome | Refused
    client: Ask                   server: (None | Progress)* then Answer | Refused | UsageError | PictureProblem
    client: Ask …

None is a heartbeat. After a Refused, or anything it does not understand, the client answers the question itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from core.queries import Filters, Fusion, SearchMode, SearchResult, Sort

if TYPE_CHECKING:
    from pathlib import Path

    from core.indexing import ProgressListener
    from semantic_image_search import Library

PROTOCOL = 1


@dataclass(frozen=True)
class Hello:
    """Who asks. The protocol stands first and is read first; the rest may change with it."""

    protocol: int
    build: str  # `identity.build`
    library: bytes  # absolute, os.fsencode
    settings: tuple[tuple[str, str], ...]  # `identity.in_force`


@dataclass(frozen=True)
class Welcome:
    """Who answers."""

    process: int


@dataclass(frozen=True)
class Refused:
    """No answer to be had here."""

    reason: str  # behind "the server …", for `--verbose`


@dataclass(frozen=True)
class SearchQuestion:
    """What `Library.search` takes."""

    text: str | None
    k: int = 10
    offset: int = 0
    images: tuple[str | bytes | Path, ...] = ()  # files
    not_texts: tuple[str, ...] = ()
    not_images: tuple[str | bytes | Path, ...] = ()  # files
    image_weight: float = 1.0
    not_weight: float = 0.5
    vector: tuple[float, ...] | None = None
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.SCORE
    group: bool = True
    min_match: float | None = None
    rerank: int | Literal["auto"] = "auto"
    fusion: Fusion = Fusion.ITM_ITC
    mode: SearchMode = SearchMode.HYBRID

    @property
    def files(self) -> tuple[str | bytes | Path, ...]:
        """The files that have to be read to answer it."""
        return (*self.images, *self.not_images)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that have to be encoded to answer it, as `searcher` hands them to the encoder."""
        words = (self.text or "").strip()
        return (*([words] if words else []), *self.not_texts) if self.mode is not SearchMode.TEXT else ()

    def put_to(self, library: Library, listener: ProgressListener) -> SearchResult:
        """Ask; raises as `Library.search`."""
        vector = None
        if self.vector is not None:
            import numpy as np

            vector = np.asarray(self.vector, np.float32)
        return library.search(
            self.text,
            k=self.k,
            offset=self.offset,
            images=self.images,
            not_texts=list(self.not_texts),
            not_images=self.not_images,
            image_weight=self.image_weight,
            not_weight=self.not_weight,
            vector=vector,
            filters=self.filters,
            sort=self.sort,
            group=self.group,
            min_match=self.min_match,
            rerank=self.rerank,
            fusion=self.fusion,
            mode=self.mode,
            listener=listener,
        )


@dataclass(frozen=True)
class LookupQuestion:
    """What `Library.lookup` takes."""

    image: bytes  # a file
    k: int = 10
    offset: int = 0
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.SCORE
    group: bool = True

    @property
    def files(self) -> tuple[bytes, ...]:
        """The file that has to be read to answer it."""
        return (self.image,)

    @property
    def texts(self) -> tuple[str, ...]:
        """None: a lookup encodes no text."""
        return ()

    def put_to(self, library: Library, listener: ProgressListener) -> SearchResult:
        """Ask; raises as `Library.lookup`."""
        del listener  # a lookup is over before there is anything to say
        return library.lookup(
            self.image, k=self.k, offset=self.offset, filters=self.filters, sort=self.sort, group=self.group
        )


Question = SearchQuestion | LookupQuestion


@dataclass(frozen=True)
class Ask:
    """One question, and which files the client means: both ends must see the very same ones."""

    question: Question
    seen: tuple[tuple[bytes, int, int], ...] = ()  # absolute path, device and inode; only those that are there


@dataclass(frozen=True)
class Answer:
    """What the library says, and how long the server took for it, from the question's last byte on."""

    result: SearchResult
    took_ms: float
