"""GPUs that are not there: what `Cuda` promises, carried out by the CPU."""

from typing import Any

from db.vectors.engine import load_faiss


class FakeCuda:
    """Copies instead of GPUs. It keeps the limits of the real ones, and the order in which things were asked.

    Args:
        gpus: how many.
        free_bytes: of each.
    """

    def __init__(self, gpus: int = 2, free_bytes: int = 80 << 30) -> None:
        self.gpus = gpus
        self.asked: list[tuple[str, str]] = []
        self._free = free_bytes

    def free(self) -> int:
        return self._free

    def spread(self, index: Any, *, shard: bool = False, float16: bool = False) -> Any:
        faiss = load_faiss()
        inner = faiss.downcast_index(index)
        if isinstance(inner, faiss.IndexPreTransform):
            inner = faiss.downcast_index(inner.index)
        how = f"{type(inner).__name__}{' sharded' if shard else ''}{' float16' if float16 else ''}"
        self.asked.append(("spread", how))
        if isinstance(inner, faiss.IndexIVFPQ):
            assert inner.pq.nbits == 8
            assert inner.by_residual
            assert inner.polysemous_ht == 0
        else:
            assert isinstance(inner, faiss.IndexFlat), f"no GPU form of {how}"
        if shard and isinstance(index, faiss.IndexFlat):
            assert not index.ntotal, "a flat index is to be handed over in one piece, by add"
            return _OnePassShards(self.gpus, index.d)
        return faiss.clone_index(index)

    def gather(self, index: Any) -> Any:
        self.asked.append(("gather", type(index).__name__))
        return load_faiss().clone_index(index)


class _OnePassShards:
    """faiss's own sharding of flat indexes, with its rule that everything is added at once."""

    def __init__(self, gpus: int, dim: int) -> None:
        faiss = load_faiss()
        self._parts = [faiss.IndexFlatIP(dim) for _ in range(gpus)]
        self._shards = faiss.IndexShards(dim, False, True)
        for part in self._parts:
            self._shards.add_shard(part)

    def add(self, rows: Any) -> None:
        self._shards.add(rows)

    def search(self, queries: Any, k: int) -> Any:
        assert 0 < k <= 2048
        return self._shards.search(queries, k)
