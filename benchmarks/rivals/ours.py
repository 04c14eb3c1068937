"""The library's own vector search, from its own files: float16 rows memory-mapped, the index over them in memory."""

from dataclasses import dataclass
from pathlib import Path

from core.arrays import HalfRows, RowNumbers, Vectors
from db.vectors import IndexRecord, RowSearcher, RowsFile, RowsHeader, build_index
from db.vectors.engine import load_faiss

_COPY_ROWS = 65_536  # rows appended at a time: each append is flushed to the disk
SPACE = "benchmark"


def rows_path(folder: Path) -> Path:
    """The vector file of a benchmark's folder."""
    return folder / "vectors.1.f16"


def build(view: HalfRows, folder: Path, recall: float) -> IndexRecord:
    """Builds the index for a promised recall and keeps its record beside it, as SQLite would."""
    record = build_index(view, folder=folder, generation=1, target_recall=recall)
    (folder / f"record.{recall}.json").write_text(record.to_json())
    return record


def record_of(folder: Path, recall: float) -> IndexRecord:
    """The record that `build` kept."""
    return IndexRecord.from_json((folder / f"record.{recall}.json").read_text())


def searcher_of(folder: Path, recall: float, dim: int) -> RowSearcher:
    """The searcher over all rows on disk."""
    file = RowsFile.open(rows_path(folder), RowsHeader(dim, SPACE, 1))
    return RowSearcher(file, file.rows_on_disk, record_of(folder, recall), folder)


@dataclass(frozen=True)
class Ours:
    """With what was measured and chosen when the index was built."""

    recall: float = 0.99
    package = None
    knob = ""
    efforts = (0,)

    @property
    def name(self) -> str:
        """ours-0.99."""
        return f"ours-{self.recall}"

    @property
    def title(self) -> str:
        """With the recall it was asked for."""
        return f"this library, asked for {self.recall}"

    def load(self) -> None:
        """faiss, which is otherwise imported by the first search."""
        load_faiss()

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Writes the rows and the index."""
        file = RowsFile.create(rows_path(folder), RowsHeader(rows.shape[1], SPACE, 1))
        for start in range(0, len(rows), _COPY_ROWS):
            file.append(rows[start : start + _COPY_ROWS])
        record = build(file.view(len(rows)), folder, self.recall)
        (folder / "dim").write_text(str(rows.shape[1]))
        return {
            "structure": record.structure,
            "measured_when_built": {"picture": record.recall_image, "text-like": record.recall_text},
        }

    def open(self, folder: Path) -> "OpenOurs":
        """Maps the rows and reads the index."""
        opened = OpenOurs(searcher_of(folder, self.recall, int((folder / "dim").read_text())))
        if notice := opened.searcher.notice:
            raise ValueError(notice)  # without its index it would be another rival
        return opened


@dataclass(frozen=True, eq=False)
class OpenOurs:
    """The searcher behind the contract."""

    searcher: RowSearcher

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:  # noqa: ARG002 - the contract's
        """As the library does it, exact scores with the rows."""
        return self.searcher.search(query, k).rows
