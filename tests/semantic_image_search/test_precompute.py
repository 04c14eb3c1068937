"""`search models precompute`: every picture seen once, within what may be kept, gone on with after an end."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import StorageFull, UsageError
from core.indexing import Progress, RootOptions
from core.models import RerankerInfo
from media import DecodePool
from semantic_image_search import Library, open_library, precompute
from tests.fakes import FakeEncoder, FakeReranker
from tests.small_disk import mounted

COUNT = 40
EACH = 16 + 2 * 16 * 3  # bytes: a header, and 4 × 4 cells of three numbers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(COUNT):
        Image.new("RGB", (32, 32), (6 * number, 255 - 6 * number, 40)).save(pictures / f"{number}.png")
    open_library(tmp_path / "library", model=FakeEncoder()).index([pictures], workers=1)
    return tmp_path


def opened(folder: Path, reranker: FakeReranker) -> Library:
    return open_library(folder / "library", model=FakeEncoder(), reranker=reranker)


def test_every_picture_is_seen_once(folder: Path) -> None:
    reranker, heard = FakeReranker(), list[Progress]()
    second = opened(folder, reranker).second_stage
    report = second.precompute(workers=1, listener=heard.append)
    assert (report.seen, report.known, report.left, report.interrupted) == (COUNT, 0, 0, False)
    assert report.kept_bytes == second.features(reranker).used_bytes() == COUNT * EACH
    assert [(one.stage, one.done, one.total) for one in heard] == [("see", n, COUNT) for n in (16, 32, COUNT)]
    again = opened(folder, reranker).second_stage.precompute(workers=1)
    assert (again.seen, again.known) == (0, COUNT)
    assert reranker.pictures_seen == COUNT
    assert opened(folder, reranker).search("red", rerank=COUNT, group=False).reranked == COUNT
    assert reranker.pictures_seen == COUNT


def test_a_run_that_was_stopped_is_gone_on_with(folder: Path) -> None:
    reranker = FakeReranker()

    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    report = opened(folder, reranker).second_stage.precompute(workers=1, listener=stop)
    assert (report.seen, report.left, report.interrupted) == (16, COUNT - 16, True)
    report = opened(folder, reranker).second_stage.precompute(workers=1)
    assert (report.seen, report.known) == (COUNT - 16, 16)


def test_what_cannot_be_read_is_told_and_left_out(folder: Path) -> None:
    (folder / "pictures" / "3.png").unlink()
    (folder / "pictures" / "4.png").write_bytes(b"broken")
    Image.new("RGB", (32, 32), "white").save(folder / "pictures" / "5.png")
    report = opened(folder, FakeReranker()).second_stage.precompute(workers=1)
    assert (report.seen, report.left) == (COUNT - 3, 0)
    assert sorted(Path(problem.path.decode()).name for problem in report.problems) == ["3.png", "4.png", "5.png"]


def test_more_than_may_be_kept_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_FEATURE_CACHE_MB", "0")
    reranker = FakeReranker()
    second = opened(folder, reranker).second_stage
    with pytest.raises(UsageError, match="takes 1 MB, and at most 0 MB are kept: --max-mb 1 allows"):
        second.precompute(workers=1)
    assert second.precompute(max_mb=1, workers=1).seen == COUNT
    assert opened(folder, reranker).search("red", rerank=COUNT, group=False).reranked == COUNT  # and it stays allowed
    assert reranker.pictures_seen == COUNT


def test_what_is_forgotten_meanwhile_stays_forgotten(folder: Path) -> None:
    reranker = FakeReranker()
    library = opened(folder, reranker)

    def forget_all(progress: Progress) -> None:
        if progress.done == 16:
            library.forget(folder / "pictures")

    report = library.second_stage.precompute(workers=1, listener=forget_all)
    assert report.seen == COUNT
    assert library.second_stage.features(reranker).used_bytes() == 0


class Large(FakeReranker):
    """Sees as much as BLIP does at base size."""

    @property
    def info(self) -> RerankerInfo:
        return replace(super().info, tokens=577, width=768)


def test_a_disk_without_room_is_said_before_anything_is_seen(folder: Path) -> None:
    reranker = Large()
    with mounted(folder / "small", "8m") as small:
        library = open_library(small / "library", model=FakeEncoder(), reranker=reranker)
        library.index([folder / "pictures"], workers=1)
        assert library.second_stage.plan_precompute().total_bytes == COUNT * (16 + 577 * 768 * 2)
        with pytest.raises(StorageFull, match=r"35 MB are needed in .*, and [4-8] MB are free there"):
            library.second_stage.precompute(workers=1)
    assert reranker.pictures_seen == 0


def test_what_is_out_of_reach_is_counted_and_not_called_seen(folder: Path) -> None:
    (folder / "pictures").rename(folder / "elsewhere")
    opened(folder, FakeReranker()).index(workers=1)
    report = opened(folder, FakeReranker()).second_stage.precompute(workers=1)
    assert (report.seen, report.known, report.left, report.away) == (0, 0, 0, COUNT)


def test_pictures_are_let_in_that_the_library_let_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = list[int]()

    class Watched(DecodePool):
        def __init__(self, **given: Any) -> None:
            limits.append(given["limits"].max_megapixels)
            super().__init__(**given)

    monkeypatch.setattr(precompute, "DecodePool", Watched)
    library = opened(folder, FakeReranker())
    library.index([folder / "pictures"], options=RootOptions(max_megapixels=321), workers=1)
    library.second_stage.precompute(workers=1)
    assert limits == [321]
