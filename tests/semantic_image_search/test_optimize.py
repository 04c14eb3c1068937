"""`Library.optimize` and what `Library.status` says of the index, through the front door."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from core.errors import DeviceError, LibraryNotFound, UsageError
from core.indexing import Progress
from core.models import Device
from db.vectors.upkeep import Action
from semantic_image_search import Library, OptimizeReport, open_library
from tests.db.vectors.cuda import FakeCuda
from tests.db.vectors.shelves import clustered

DIM = 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand pictures, indexed from 500 on; made once, since finding the parameters takes a second."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARCH_CONFIG", str(folder / "none"))
        patch.setenv("SEARCH_EXACT_BELOW", "500")
        take_in(open_library(folder / "library"), folder, range(1_000))
    return folder / "library"


@pytest.fixture
def library(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The test's own copy."""
    monkeypatch.setenv("SEARCH_EXACT_BELOW", "500")
    return open_library(shutil.copytree(made, tmp_path / "library"))


def take_in(library: Library, folder: Path, numbers: range) -> None:
    np.save(folder / "v.npy", clustered(2_000, DIM)[numbers.start : numbers.stop])
    (folder / "paths.txt").write_text("".join(f"/gone/{number // 100}/{number}.jpg\n" for number in numbers))
    assert library.import_vectors(folder / "v.npy", folder / "paths.txt", model="made").added == len(numbers)


def best(library: Library) -> list[list[tuple[bytes, float]]]:
    queries = clustered(2_000, DIM)[::100].astype(np.float32)
    return [[(hit.picture.path, hit.score) for hit in library.search(vector=query, k=5).hits] for query in queries]


def found_again(library: Library, hits: list[tuple[bytes, float]]) -> float:
    """The share of these hits that are still found; an index promises 0.99."""
    now = {hit for found in best(library) for hit in found}
    return sum(hit in now for hit in hits) / len(hits)


def test_dead_rows_go_and_the_report_says_what_was_and_is(library: Library) -> None:
    before = best(library)
    for folder in (1, 3):
        library.forget(f"/gone/{folder}")
    (part,) = library.optimize().parts
    assert (part.model, part.kind, part.rows, part.compacted) == ("made", "image", 800, 200)
    assert part.before is not None
    assert part.after is not None
    assert (part.before.rows, part.after.rows) == (1_000, 800)
    assert min(part.after.recall_image, part.after.recall_text) == part.after.recall >= part.after.target == 0.99
    (file,) = library.path.glob("spaces/*/image/index.*")
    assert file.stat().st_size == part.after.size_bytes
    kept = [hit for hits in before for hit in hits if not hit[0].startswith((b"/gone/1/", b"/gone/3/"))]
    assert found_again(library, kept) >= 0.97
    assert library.doctor() == []


def test_the_bytes_are_those_of_rows_and_what_is_derived_from_them(library: Library) -> None:
    def on_disk() -> int:
        return sum(path.stat().st_size for path in library.path.glob("spaces/*/image/*"))

    before = on_disk()
    library.forget("/gone/1")
    report = library.optimize()
    assert (report.bytes_before, report.bytes_after) == (before, on_disk())
    assert report.compacted == 100
    assert report.seconds > 0


def test_a_recall_is_remembered_with_the_index(library: Library, tmp_path: Path) -> None:
    def aims() -> float:
        state = library.status().spaces[0].index
        assert state.due.action is Action.NOTHING
        assert state.record is not None
        return state.record.target

    assert aims() == 0.99
    library.optimize(recall=0.8)
    assert aims() == 0.8
    take_in(library, tmp_path, range(1_000, 1_900))  # so many that the index is written anew
    assert aims() == 0.8
    library.optimize()
    assert aims() == 0.8


def test_a_recall_in_the_settings_wins_from_the_next_run_on(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_RECALL", "0.9")
    named = open_library(library.path)
    due = named.status().spaces[0].index.due
    assert (due.action is not Action.NOTHING, due.reason) == (True, "it aims at a recall of 0.99, not 0.9")
    take_in(named, tmp_path, range(1_000, 1_001))
    state = named.status().spaces[0].index
    assert state.record is not None
    assert (state.record.target, state.due.action) == (0.9, Action.NOTHING)


def test_few_pictures_are_searched_exactly(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that was worth it once goes."""
    monkeypatch.setenv("SEARCH_EXACT_BELOW", "1001")
    few = open_library(library.path)
    (part,) = few.optimize().parts
    assert part.before is not None
    assert part.after is None
    assert list(library.path.glob("spaces/*/image/index.*")) == []
    assert few.status().spaces[0].index.due.action is Action.NOTHING
    rows = clustered(2_000, DIM).astype(np.float32)
    exact = -np.sort(-(rows[::100] @ rows[:1_000].T), axis=1)[:, :5]
    assert np.array([[score for _, score in hits] for hits in best(few)]) == pytest.approx(exact, abs=1e-3)


def test_status_says_what_is_newer_what_is_dead_and_what_is_due(library: Library, tmp_path: Path) -> None:
    take_in(library, tmp_path, range(1_000, 1_050))
    library.forget("/gone/2")
    state = library.status().spaces[0].index
    assert (state.tail_rows, state.tail_share, state.dead_share) == (50, 50 / 1_050, pytest.approx(100 / 1_050))
    assert state.due.action is Action.NOTHING
    library.forget("/gone/3")
    due = library.status().spaces[0].index.due
    assert due.reason == "200 of its 1,000 rows died since its recall was measured"
    library.forget("/gone/4")
    due = library.status().spaces[0].index.due
    assert (due.action, due.reason) == (Action.REBUILD, "300 of 1,050 rows stand for nothing, and will go")


def test_ctrl_c_leaves_the_old_index(library: Library) -> None:
    before, files = best(library), sorted(library.path.glob("spaces/*/*/*"))
    library.forget("/gone/9")
    told: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        told.append(progress)
        if progress.done:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        library.optimize(listener=interrupt)
    assert told[-1].done
    assert sorted(library.path.glob("spaces/*/*/*")) == files
    assert library.doctor() == []
    assert found_again(library, [hit for hits in before for hit in hits if not hit[0].startswith(b"/gone/9/")]) >= 0.97
    report = library.optimize()
    assert isinstance(report, OptimizeReport)
    assert report.compacted == 100


def test_what_cannot_be_done_is_one_error(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"recall must be from 0\.5 to 0\.999, and is 1"):
        library.optimize(recall=1.0)
    with pytest.raises(UsageError, match="recall must be"):
        library.index([tmp_path], recall=0.1)
    with pytest.raises(LibraryNotFound):
        open_library(tmp_path / "none").optimize()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("device", "why"),
    [
        ("cuda", r"there is no cuda device for the vector index here \(.*\): use --device cpu, or auto"),
        (Device.MPS, "the vector index has no mps form: use --device cpu, or auto"),
    ],
)
def test_a_device_that_is_not_there_is_an_error_before_anything_is_done(
    library: Library, device: Device | str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.vectors.gpu.open_driver", lambda: None)
    library.forget("/gone/9")
    files = sorted(library.path.glob("spaces/*/*/*"))
    with pytest.raises(DeviceError, match=why):
        library.optimize(device=device)
    assert sorted(library.path.glob("spaces/*/*/*")) == files
    monkeypatch.setenv(
        "SEARCH_EXACT_BELOW", "2000"
    )  # where nothing is to be built, what was asked for is missing still
    with pytest.raises(DeviceError, match=why):
        open_library(library.path).optimize(device=device)


def test_what_an_index_was_built_on_is_reported(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeCuda(2)
    for place in ("db.derived.find_cuda", "db.vectors.build.find_cuda"):
        monkeypatch.setattr(place, lambda device: None if device is Device.CPU else fake)
    before = best(library)
    for device, taken in (("cpu", "CPU"), ("cuda", "2 × CUDA"), (None, "2 × CUDA")):
        (part,) = library.optimize(device=device).parts
        assert part.after is not None
        assert part.after.built_on == taken
        assert best(library) == before
