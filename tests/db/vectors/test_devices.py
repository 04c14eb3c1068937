"""`--device` from end to end of the vector files: building and searching with GPUs that are not there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import DeviceError
from core.models import Device
from db.vectors import IndexRecord, RowSearcher, build, build_index, searcher
from db.vectors.build import extend_index
from db.vectors.ivfpq import open_index
from db.vectors.policy import plan_index
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import Shelf, brute_force, clustered, make_shelf

CODES_ONLY = (2 << 30) + (50 << 10)  # of each GPU: beside what faiss takes, room for the codes but not for the rows


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """Two GPUs that hold anything; `auto` takes them."""
    return gpus(FakeCuda(2), monkeypatch)


def gpus(fake: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for module in (build, searcher):
        monkeypatch.setattr(module, "find_cuda", lambda device: None if device is Device.CPU else fake)
    return fake


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """2,000 rows of 32 numbers, the last 200 newer than the index, which a CPU built. Not to be changed."""
    return make_shelf(tmp_path_factory.mktemp("plain"), clustered(2000, 32), built=1800)


def built(shelf: Shelf, folder: Path, rows: int = 1800, **options: Any) -> IndexRecord:
    return build_index(shelf.file.view(rows), folder=folder, generation=1, **options)


@pytest.mark.parametrize("device", [Device.CUDA, Device.AUTO])
def test_gpus_build_the_file_that_a_cpu_builds(plain: Shelf, cuda: FakeCuda, device: Device, tmp_path: Path) -> None:
    record = built(plain, tmp_path, device=device)
    assert plain.record is not None
    assert plain.record.built_on == "CPU"
    assert record == replace(plain.record, seconds=record.seconds, built_on="2 × CUDA")  # the digest, too
    assert [what for what, _ in cuda.asked] == ["spread", "spread"]


def test_what_was_taken_is_said(plain: Shelf, cuda: FakeCuda, tmp_path: Path) -> None:
    told: list[Any] = []
    built(plain, tmp_path, on_progress=told.append)
    assert told[0].note == "training the index (2 × CUDA)"
    assert [one.done for one in told if one.note == "adding rows to the index"] == [1800]


def test_an_index_that_gpus_built_is_extended_by_a_cpu(plain: Shelf, cuda: FakeCuda, tmp_path: Path) -> None:
    record = built(plain, tmp_path)
    longer = extend_index(plain.rows, folder=tmp_path, generation=1, record=record)
    assert (longer.built_rows, longer.built_on) == (2000, "2 × CUDA")
    assert open_index(tmp_path, longer, plain.rows).rows == 2000


class Broken(FakeCuda):
    """GPUs whose memory others hold."""

    def spread(self, index: Any, *, shard: bool = False, float16: bool = False) -> Any:
        raise RuntimeError("Error in void faiss::gpu::alloc() at x.cpp:1: Error: 'ok' failed: out of memory")


def test_gpus_that_give_up_are_an_error_where_they_were_asked_for(
    plain: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gpus(Broken(), monkeypatch)
    with pytest.raises(DeviceError, match="the GPU could not do it \\('ok' failed: out of memory\\)"):
        built(plain, tmp_path, device=Device.CUDA)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DeviceError, match="the GPU could not do it"):
        plain.searcher().search_many(plain.rows[:2].astype(np.float32), 3, device=Device.CUDA)


def test_and_are_replaced_by_the_cpu_with_a_word_where_nobody_asked(
    plain: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gpus(Broken(), monkeypatch)
    told: list[Any] = []
    record = built(plain, tmp_path, on_progress=told.append)
    assert plain.record is not None
    assert (record.built_on, record.digest) == ("CPU", plain.record.digest)
    assert [one.note for one in told[:3]] == [
        "training the index (2 × CUDA)",
        "the GPU could not do it ('ok' failed: out of memory): free its memory, or use --device cpu; going on with the CPU",
        "training the index (CPU)",
    ]


def test_rows_that_gpus_cannot_hold_get_an_index_that_gpus_search(
    plain: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cuda = gpus(FakeCuda(2, CODES_ONLY), monkeypatch)
    record = built(plain, tmp_path, device=Device.CUDA)
    assert record.structure == "OPQ4_32,IVF46,PQ4x8np"
    assert min(record.recall_image, record.recall_text) >= 0.99
    assert cuda.asked[-2:] == [("spread", "IndexIVFPQ sharded float16"), ("gather", "IndexIVFPQ")]
    assert built(plain, tmp_path, device=Device.AUTO).structure.endswith("x4fsr")  # nobody asked for GPUs

    queries = plain.rows[::50].astype(np.float32)
    searched = RowSearcher(plain.file, 2000, record, tmp_path)
    for device in (Device.CUDA, Device.CPU):
        hits = [
            recall(found.rows, plain, query)
            for found, query in zip(searched.search_many(queries, 10, device=device), queries, strict=True)
        ]
        assert np.mean(hits) >= 0.98
    assert searched.notice is None
    assert cuda.asked[-1] == ("spread", "IndexIVFPQ sharded float16")


def recall(rows: np.ndarray, shelf: Shelf, query: np.ndarray) -> float:
    return len(set(rows.tolist()) & set(brute_force(shelf.rows, query)[0][:10].tolist())) / 10


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_many_queries_on_gpus_are_answered_as_exact_search_answers_them(
    plain: Shelf, cuda: FakeCuda, masked: bool, indexed: bool
) -> None:
    mask = np.random.default_rng(1).random(2000) < 0.8 if masked else None
    searched = RowSearcher(plain.file, 2000, plain.record if indexed else None, plain.folder)
    queries = plain.rows[::67].astype(np.float32)
    for query, found in zip(queries, searched.search_many(queries, 10, mask=mask, device=Device.CUDA), strict=True):
        exact = plain.exact().search(query, 10, mask=mask)
        assert np.array_equal(found.rows, exact.rows)
        assert np.array_equal(found.scores, exact.scores)
    assert cuda.asked == [("spread", "IndexFlatIP sharded float16")]  # once, for all rows
    searched.search_many(queries, 10, device=Device.CUDA)
    assert len(cuda.asked) == 1


def test_rows_behind_the_index_are_found_with_those_the_gpus_hold(
    plain: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gpus(FakeCuda(2, CODES_ONLY), monkeypatch)
    record = built(plain, tmp_path, device=Device.CUDA)
    queries = plain.rows[1800::20].astype(np.float32)
    found = RowSearcher(plain.file, 2000, record, tmp_path).search_many(queries, 1, device=Device.CUDA)
    assert [one.rows.tolist() for one in found] == [[row] for row in range(1800, 2000, 20)]


@pytest.mark.parametrize("device", [Device.AUTO, Device.CPU])
def test_many_queries_stay_on_the_cpu_unless_gpus_are_asked_for(plain: Shelf, cuda: FakeCuda, device: Device) -> None:
    queries = plain.rows[:20].astype(np.float32)
    searched = plain.searcher()
    for query, found in zip(queries, searched.search_many(queries, 5, device=device), strict=True):
        assert np.array_equal(found.rows, searched.search(query, 5).rows)
    assert searched.search_many(queries[:0], 5, device=device) == []
    assert cuda.asked == []


def test_a_mask_is_looked_through_once_for_many_queries(plain: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[np.ndarray] = []
    known = plain.searcher()
    of = known._masks.of
    monkeypatch.setattr(known._masks, "of", lambda mask: (looked.append(mask), of(mask))[1])
    mask = np.arange(2000) % 3 > 0
    known.search_many(plain.rows[:6].astype(np.float32), 4, mask=mask)
    assert len(looked) == 6
    assert len({id(of(one)) for one in looked}) == 1
    assert mask.flags.writeable  # the caller's stays as it was


def test_queries_that_gpus_cannot_answer_are_the_cpus(plain: Shelf, cuda: FakeCuda) -> None:
    narrow = np.arange(2000) % 10 == 0
    found = plain.searcher().search_many(plain.rows[:3].astype(np.float32), 5, mask=narrow, device=Device.CUDA)
    assert all(narrow[one.rows].all() and len(one) == 5 for one in found)
    with pytest.raises(ValueError, match=r"expected a query of shape \(32,\)"):
        plain.searcher().search_many(np.zeros((2, 31), np.float32), 5, device=Device.CUDA)


def test_an_index_for_gpus_has_codes_that_they_take() -> None:
    """The dimensions of CLIP and SigLIP models; the rotation pads what does not divide."""
    for dim, structure in (
        (512, "OPQ64_512,IVF4000,PQ64x8np"),
        (768, "OPQ96_768,IVF4000,PQ96x8np"),
        (640, "OPQ64_640,IVF4000,PQ64x8np"),
        (1024, "OPQ96_1056,IVF4000,PQ96x8np"),
        (1152, "OPQ96_1152,IVF4000,PQ96x8np"),
        (30, "OPQ3_30,IVF4000,PQ3x8np"),
        (4, "OPQ1_4,IVF4000,PQ1x8np"),
    ):
        assert plan_index(1_000_000 - 1, dim, gpu_codes=True).structure == structure
    assert plan_index(1_000_000 - 1, 30).structure == "OPQ8_32,IVF4000,PQ8x4fsr"
