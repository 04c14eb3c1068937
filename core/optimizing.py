"""What `search optimize` reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """One vector index, as it was when it was built. Recall is recall@10 against exact search, 0 to 1."""

    structure: str  # faiss's factory string
    rows: int  # it covers
    recall_image: float  # queries: pictures of the library
    recall_text: float  # queries: text-like
    target: float  # what was asked for
    size_bytes: int  # of its file
    built_on: str = "CPU"  # or the GPUs: "CUDA", "2 × CUDA"

    @property
    def recall(self) -> float:
        """The worse of the two."""
        return min(self.recall_image, self.recall_text)


@dataclass(frozen=True, slots=True)
class RowsReport:
    """What became of the rows of one kind in one space."""

    model: str
    kind: str  # "image", "caption"
    rows: int  # that can be found
    compacted: int  # rows that stood for nothing, and are gone
    before: IndexFacts | None  # None: searched exactly
    after: IndexFacts | None


@dataclass(frozen=True, slots=True)
class OptimizeReport:
    """What an optimization did. The first part is that of the pictures that queries find."""

    parts: tuple[RowsReport, ...]
    exact_below: int  # with fewer rows exact search needs no index
    seconds: float
    bytes_before: int  # vectors, indexes and columns on disk
    bytes_after: int

    @property
    def compacted(self) -> int:
        """Rows that are gone, of all kinds."""
        return sum(part.compacted for part in self.parts)
