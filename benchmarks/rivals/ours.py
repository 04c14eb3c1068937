"""The library's own vector search, from its own files: float16 rows memory-mapped, the index over them in memory.

As in a library, the index is built knowing how some texts lie to the pictures; none of them is among the queries.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.clip_like import Texts, World
from core.arrays import HalfRows, RowNumbers, Vectors
from core.settings import Settings
from db.vectors import IndexRecord, RowSearcher, RowsFile, RowsHeader, build_index
from db.vectors.engine import load_faiss
from db.vectors.sampling import sample_rows
from db.vectors.upkeep import worth_an_index

_COPY_ROWS = 65_536  # rows appended at a time: each append is flushed to the disk
_KNOWN = {
    Texts.NOUNS: 300,  # texts that a library knows from the beginning: its model's neutral ones
    Texts.SHIFTED: 400,  # captions, as many as an index is measured with
}


def vector_file(folder: Path) -> Path:
    """Where a benchmark's folder has its rows."""
    return folder / "vectors.1.f16"


def header(dim: int) -> RowsHeader:
    """Of that file."""
    return RowsHeader(dim, "benchmark", 1)


def build(folder: Path, world: World, recall: float) -> IndexRecord | None:
    """Builds the index over all rows of the folder, as a library would, and keeps its record beside it.

    None: there are so few rows that a library has no index.
    """
    file = RowsFile.open(vector_file(folder), header(world.dim))
    rows = file.view(file.rows_on_disk)
    record = None
    if worth_an_index(len(rows), exact_below=Settings().exact_below):
        rng = np.random.default_rng(3)
        texts = world.texts(sample_rows(rows, None, _KNOWN[world.says], rng), rng)
        record = build_index(rows, folder=folder, generation=1, target_recall=recall, texts=texts)
    _record_path(folder, recall).write_text(record.to_json() if record else "")
    return record


def built(folder: Path, recall: float) -> IndexRecord | None:
    """The record that `build` kept."""
    text = _record_path(folder, recall).read_text()
    return IndexRecord.from_json(text) if text else None


def open_searcher(folder: Path, dim: int, recall: float) -> RowSearcher:
    """Opens what `build` made."""
    file = RowsFile.open(vector_file(folder), header(dim))
    return RowSearcher(file, file.rows_on_disk, built(folder, recall), folder)


def _record_path(folder: Path, recall: float) -> Path:
    return folder / f"record.{recall}.json"


@dataclass(frozen=True)
class Ours:
    """With what was measured and chosen when the index was built."""

    recall: float = 0.99
    package = None
    knob = ""
    efforts = (0,)

    @property
    def name(self) -> str:
        """As ours-0.99."""
        return f"ours-{self.recall}"

    @property
    def title(self) -> str:
        """With the recall it was asked for."""
        return f"this library, asked for {self.recall}"

    def load(self) -> None:
        """Imports faiss, which else the first search would do."""
        load_faiss()

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Writes the rows and the index."""
        file = RowsFile.create(vector_file(folder), header(rows.shape[1]))
        for start in range(0, len(rows), _COPY_ROWS):
            file.append(rows[start : start + _COPY_ROWS])
        (folder / "dim").write_text(str(rows.shape[1]))
        record = build(folder, World(rows.shape[1]), self.recall)
        if record is None:
            return {"structure": "exact scan, f16"}
        return {
            "structure": record.structure,
            "measured_when_built": {"picture": record.recall_image, "text-like": record.recall_text},
        }

    def open(self, folder: Path) -> "OpenOurs":
        """Maps the rows and reads the index."""
        searcher = open_searcher(folder, int((folder / "dim").read_text()), self.recall)
        if notice := searcher.notice:
            raise ValueError(notice)  # without its index it would be another rival
        return OpenOurs(searcher)


@dataclass(frozen=True, eq=False)
class OpenOurs:
    """The searcher behind the contract."""

    searcher: RowSearcher

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:  # noqa: ARG002 - the contract's
        """As the library does it, exact scores with the rows."""
        return self.searcher.search(query, k).rows
