"""What the library's vector search is compared with: one file per rival, all behind one contract."""

from benchmarks.rivals.contract import Opened, Rival
from benchmarks.rivals.hnswlib_graph import HnswlibGraph
from benchmarks.rivals.ivfpq import PlainIvfPq
from benchmarks.rivals.matrix import Matrix
from benchmarks.rivals.ours import Ours
from benchmarks.rivals.sqlite_blobs import SqliteBlobs
from benchmarks.rivals.usearch_graph import UsearchGraph

RIVALS: tuple[Rival, ...] = (
    Ours(),
    Ours(recall=0.98),
    PlainIvfPq(),
    UsearchGraph(),
    UsearchGraph(dtype="f16"),
    HnswlibGraph(),
    Matrix(),
    SqliteBlobs(),
)

__all__ = ["RIVALS", "Opened", "Rival"]
