"""Captions written by a model: each picture once, batch by batch, judged in the same pass, stopped and gone on with."""

import os
from pathlib import Path

import pytest
from PIL import Image

from core.captioning import CaptionRequest
from core.errors import ProblemKind, UsageError
from core.pictures import CaptionSource
from indexer import captioning
from tests.fakes import FakeCaptioner, FakeReranker
from tests.indexer.captions_made import InterruptedCaptioner, Told, generate, held, judge_all, judge_of, library_of
from tests.indexer.runs import index

PICTURES = 12
BATCH = 4


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(captioning, "FAST_BATCH", BATCH)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return library_of(tmp_path, PICTURES)


def test_every_picture_gets_what_the_captioner_sees(library: Path) -> None:
    report = generate(library)
    assert (report.written, report.left, report.model, report.judge) == (PICTURES, 0, "fake-captioner", None)
    for name, captions in held(library).items():
        assert [(one.text, one.source, one.model, one.match, one.kept) for one in captions] == [
            (
                f"a picture of {name.split()[1].removesuffix('.png')}",
                CaptionSource.GENERATED,
                "fake-captioner",
                None,
                True,
            )
        ]


def test_a_second_run_writes_nothing_and_looks_at_nothing(library: Path) -> None:
    generate(library)
    before, captioner = held(library), FakeCaptioner()
    report = generate(library, captioner)
    assert (report.written, report.left, captioner.pictures_seen) == (0, 0, 0)
    assert held(library) == before


def test_another_model_writes_its_own(library: Path) -> None:
    generate(library)
    assert generate(library, FakeCaptioner("other")).written == PICTURES
    assert {tuple(one.model for one in captions) for captions in held(library).values()} == {
        ("fake-captioner", "other")
    }


@pytest.mark.parametrize(("by_signal", "kept"), [(True, 2 * BATCH), (False, BATCH)])
def test_a_run_that_was_stopped_is_gone_on_with(library: Path, by_signal: bool, kept: int) -> None:
    """A Ctrl-C waits for the batch under way; an exception in the middle of one costs that one."""
    stopped = generate(library, InterruptedCaptioner(at=2, by_signal=by_signal))
    assert (stopped.interrupted, stopped.written, stopped.left) == (True, kept, PICTURES - kept)
    assert len(held(library)) == kept
    captioner = FakeCaptioner()
    rest = generate(library, captioner)
    assert (rest.interrupted, rest.written, captioner.pictures_seen) == (False, PICTURES - kept, PICTURES - kept)
    assert {len(captions) for captions in held(library).values()} == {1}
    assert len(held(library)) == PICTURES


def test_a_second_interrupt_is_raised_and_what_was_committed_stays(library: Path) -> None:
    class Impatient(InterruptedCaptioner):
        def write(self, pixels):
            texts = super().write(pixels)
            if self.batches == 2:
                os.kill(os.getpid(), 2)
            return texts

    with pytest.raises(KeyboardInterrupt):
        generate(library, Impatient(at=2, by_signal=True))
    assert len(held(library)) == BATCH


def test_the_judge_marks_what_does_not_fit_in_the_same_pass(library: Path) -> None:
    class Colourblind(FakeCaptioner):
        """Takes green for red."""

        def write(self, pixels):
            return [text.replace("green", "red") for text in super().write(pixels)]

    reranker = FakeReranker()
    judge = judge_of(library, reranker)
    report = generate(library, Colourblind(), judge)
    assert (report.written, report.judged, report.kept, report.marked) == (PICTURES, PICTURES, 10, 2)
    assert (report.judge, reranker.pictures_seen) == ("fake-reranker", PICTURES)
    for name, (caption,) in held(library).items():
        assert caption.kept == ("green" not in name)
        assert caption.match is not None
        assert (caption.match >= 0.5) == caption.kept
    assert judge_all(library, judge).judged == 0  # it has judged them


def test_only_below_a_folder_and_no_more_than_asked_for(tmp_path: Path, library: Path) -> None:
    here = os.fsencode(tmp_path / "pictures")
    assert generate(library, folders=(os.fsencode(tmp_path / "elsewhere"),)).written == 0
    assert generate(library, folders=(here,), limit=3).written == 3
    assert generate(library, limit=5).written == 5
    assert generate(library, folders=(here,)).written == PICTURES - 8


def test_pictures_that_cannot_be_used_are_told_and_tried_again(tmp_path: Path, library: Path) -> None:
    pictures = sorted((tmp_path / "pictures").iterdir())
    other, gone, broken = pictures[:3]
    Image.new("RGB", (40, 40), "yellow").save(other)
    gone.rename(tmp_path / "away.png")
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    report = generate(library)
    assert (report.written, report.skipped, report.left) == (PICTURES - 3, 3, 0)
    kinds = {os.fsdecode(problem.path): problem.kind for problem in report.problems}
    assert kinds[str(other)] is ProblemKind.CHANGED_WHILE_READING
    assert kinds[str(gone)] is ProblemKind.VANISHED
    assert set(kinds) == {str(other), str(gone), str(broken)}
    assert other.name not in held(library)
    (tmp_path / "away.png").rename(gone)
    assert generate(library).written == 1


def test_pictures_of_a_drive_that_is_away_are_told_and_wait(tmp_path: Path, library: Path) -> None:
    (tmp_path / "pictures").rename(tmp_path / "unplugged")
    index(library)
    captioner = FakeCaptioner()
    report = generate(library, captioner)
    assert (report.written, report.skipped, captioner.pictures_seen) == (0, 0, 0)
    assert report.notices == ("pictures out of reach at present, left for a later run: 12",)
    (tmp_path / "unplugged").rename(tmp_path / "pictures")
    index(library)
    assert (generate(library).written, generate(library).notices) == (PICTURES, ())


def test_a_captioner_without_words_is_told(library: Path) -> None:
    class Silent(FakeCaptioner):
        def write(self, pixels):
            return [" " for _ in pixels]

    report = generate(library, Silent())
    assert (report.written, report.skipped, report.left, held(library)) == (0, 0, 0, {})
    assert report.notices == ("fake-captioner found no words for 12 of them",)


def test_progress_goes_up_to_all_of_them(library: Path) -> None:
    told = Told()
    generate(library, listener=told)
    assert [(one.stage, one.done, one.total) for one in told.heard] == [
        ("caption", done, PICTURES) for done in (0, 4, 8, 12)
    ]


@pytest.mark.parametrize("request_", [{"limit": 0}, {"least": 1.5}, {"least": float("nan")}])
def test_a_request_that_makes_no_sense_is_refused(request_: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        CaptionRequest(**request_)
