"""CapFilt over a library: what fits is kept, what does not is marked, once for each judge; with a real matching head."""

import os
import signal
from pathlib import Path

import pytest

from core.arrays import PictureFeatures
from core.protocols import MatchScores
from db.features import FeatureCache
from encoders import load_reranker
from indexer import filtering
from indexer.judging import Judge
from tests.fakes import FakeReranker
from tests.indexer.captions_made import Told, add, held, judge_all, judge_of, library_of
from tests.indexer.runs import index
from tests.tiny_blip import MODEL_FOLDER, draw, make_scenes, swapped

PICTURES = 12


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Each picture with a caption that fits and one that does not."""
    library = library_of(tmp_path, PICTURES)
    names = [path.name for path in sorted((tmp_path / "pictures").iterdir())]
    add(library, {name: (f"all of it {colour_of(name)}", other_than(name)) for name in names})
    return library


def colour_of(name: str) -> str:
    return name.split()[1].removesuffix(".png")


def other_than(name: str) -> str:
    return "something blue" if colour_of(name) != "blue" else "something yellow"


def verdicts(library: Path) -> dict[bool, int]:
    """How many captions are kept, how many marked."""
    kept = [caption.kept for captions in held(library).values() for caption in captions]
    return {True: kept.count(True), False: kept.count(False)}


def test_what_fits_is_kept_and_what_does_not_is_marked(library: Path) -> None:
    report = judge_all(library, judge_of(library))
    assert (report.judged, report.kept, report.marked, report.left) == (24, 12, 12, 0)
    for name, captions in held(library).items():
        assert {one.text: one.kept for one in captions} == {
            f"all of it {colour_of(name)}": True,
            other_than(name): False,
        }
        assert all(one.match is not None for one in captions)


def test_a_judge_judges_once_and_looks_once(library: Path) -> None:
    reranker = FakeReranker()
    judge_all(library, judge_of(library, reranker))
    assert (reranker.pictures_seen, reranker.pairs_matched) == (PICTURES, 24)
    again = FakeReranker()
    assert judge_all(library, judge_of(library, again)).judged == 0
    assert again.pairs_matched == 0
    add(library, {"00 red.png": ["a red wall"]})
    assert judge_all(library, judge_of(library, again)).judged == 1
    assert (again.pictures_seen, again.pairs_matched) == (0, 1)  # what the first saw is remembered


def test_another_judge_looks_for_itself(library: Path) -> None:
    judge_all(library, judge_of(library))
    report = judge_all(library, judge_of(library, FakeReranker("other")))
    assert (report.judge, report.judged) == ("other", 24)


def test_all_of_them_again(library: Path) -> None:
    judge_all(library, judge_of(library))
    reranker = FakeReranker()
    assert judge_all(library, judge_of(library, reranker), again=True).judged == 24
    assert reranker.pairs_matched == 24


def test_another_least_match_holds_for_what_was_judged_before(library: Path) -> None:
    judge_all(library, judge_of(library))
    assert verdicts(library) == {True: 12, False: 12}
    reranker = FakeReranker()
    strict = judge_all(library, judge_of(library, reranker, least=1.0))
    assert (strict.judged, reranker.pairs_matched, verdicts(library)) == (0, 0, {True: 0, False: 24})
    assert strict.notices == ("of those judged before, 0 are kept and 12 are marked now, by a least match of 1",)
    assert judge_all(library, judge_of(library, least=0.0)).notices
    assert verdicts(library) == {True: 24, False: 0}


def test_what_is_remembered_needs_no_file(tmp_path: Path, library: Path) -> None:
    judge_all(library, judge_of(library))
    (tmp_path / "pictures" / "00 red.png").unlink()
    (tmp_path / "pictures" / "01 green.png").unlink()
    add(library, {"00 red.png": ["a red wall"]})
    assert judge_all(library, judge_of(library)).judged == 1
    other = judge_all(library, judge_of(library, FakeReranker("other")))
    assert (other.judged, other.skipped, other.left) == (25 - 5, 2, 0)


def test_no_more_is_remembered_than_there_is_room_for(library: Path) -> None:
    small = FakeReranker()
    room = 5 * (small.info.tokens * small.info.width * 2 + 64)
    cache = FeatureCache(library, small.info.identity, room)
    judge_all(library, Judge(small, cache, least=0.5))
    assert 0 < cache.used_bytes() <= room
    reranker = FakeReranker()
    judge_all(library, Judge(reranker, cache, least=0.5), again=True)
    assert reranker.pictures_seen == PICTURES - 5  # the first five are still there: nothing pushed them out


class Interrupted(FakeReranker):
    """Ctrl-C arrives while it matches its second batch."""

    def match(self, texts, features: PictureFeatures) -> MatchScores:
        before = self.pairs_matched
        scores = super().match(texts, features)
        if before:
            os.kill(os.getpid(), signal.SIGINT)
        return scores


def test_a_run_that_was_stopped_is_gone_on_with(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "FAST_BATCH", 3)
    stopped = judge_all(library, judge_of(library, Interrupted()))
    assert (stopped.interrupted, stopped.judged, stopped.left) == (True, 12, 12)
    rest = FakeReranker()
    assert judge_all(library, judge_of(library, rest)).judged == 12
    assert (rest.pairs_matched, verdicts(library)) == (12, {True: 12, False: 12})


def test_only_some_of_them(tmp_path: Path, library: Path) -> None:
    judge = judge_of(library)
    assert judge_all(library, judge, folders=(os.fsencode(tmp_path / "elsewhere"),)).judged == 0
    assert judge_all(library, judge, limit=2).judged == 4
    assert judge_all(library, judge).judged == 20


def test_progress_counts_captions(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filtering, "FAST_BATCH", 5)
    told = Told()
    judge_all(library, judge_of(library), listener=told)
    assert [(one.stage, one.done, one.total) for one in told.heard] == [("judge", done, 24) for done in (0, 10, 20, 24)]


def test_the_tiny_blip_tells_true_captions_from_swapped_ones(tmp_path: Path) -> None:
    """Both captions say the same words; only who stands where differs. Measured rates are in docs/captions.md."""
    scenes = make_scenes(seed=5, count=100)
    folder = tmp_path / "drawings"
    folder.mkdir()
    for number, scene in enumerate(scenes):
        draw(scene, seed=number).save(folder / f"{number:03d}.png")
    library = tmp_path / "library"
    index(library, folder)
    true = {f"{number:03d}.png": scene.caption for number, scene in enumerate(scenes)}
    false = {f"{number:03d}.png": swapped(scene).caption for number, scene in enumerate(scenes)}
    add(library, {name: (true[name], false[name]) for name in true})

    report = judge_all(library, judge_of(library, load_reranker(f"local-dir:{MODEL_FOLDER}")))

    captions = held(library)
    kept = [one.kept for name in true for one in captions[name] if one.text == true[name]]
    marked = [not one.kept for name in true for one in captions[name] if one.text == false[name]]
    assert (len(kept), len(marked), report.judged) == (100, 100, 200)
    print(f"kept of the true {sum(kept)}, marked of the swapped {sum(marked)}")
    assert (sum(kept) + sum(marked)) / 200 >= 0.9
