"""`search index`: what reaches the library, the report, progress in a pipe, the estimate, interruption, weights."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.progress import Estimate, Lines, Pace
from core.errors import LibraryLocked, ProblemKind, WeightsMissing
from core.indexing import IndexReport, Problem, Progress, RootOptions
from core.models import Device
from core.settings import load_settings
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary
from tests.passing_time import Clock

PROBLEMS = tuple(
    [Problem(f"/p/cut-{n}.jpg".encode(), ProblemKind.TRUNCATED, "the file ends early") for n in range(5)]
    + [Problem(b"/p/\xff\n.gif", ProblemKind.NOT_A_PICTURE, "text inside")]
)
REPORT = IndexReport(
    added=1200,
    changed=3,
    moved=2,
    unchanged=11_000,
    removed=4,
    offline=7,
    skipped=6,
    ignored=1,
    embedded=1203,
    seconds=81.2349,
    pictures_per_second=14.8099,
    model="mini",
    problems=PROBLEMS,
    notices=("/usb is offline: not there",),
    captions=310,
)


def test_everything_said_reaches_the_library(library: FakeLibrary, search: Search) -> None:
    ran = search(
        *("index", "/a", "b", "--model", "RN50", "--device", "cpu", "--batch-size", "8", "--workers", "2"),
        *("--exclude", "*.gif", "--exclude", "tmp/", "--max-megapixels", "50", "--prune", "--wait", "2.5"),
        *("--recall", "0.95"),
        *("--library", "/l"),
    )
    assert ran.code == 0, ran.err
    asked = library.asked("index")
    del asked["listener"]
    assert asked == {
        "paths": ("/a", "b"),
        "options": RootOptions(("*.gif", "tmp/"), 50),
        "batch_size": 8,
        "workers": 2,
        "dry_run": False,
        "prune": True,
        "recall": 0.95,
        "wait_s": 2.5,
    }
    assert library.opened == {"path": Path("/l"), "model": "RN50", "device": Device.CPU, "download": False}


def test_roots_keep_their_options_where_none_are_said(library: FakeLibrary, search: Search) -> None:
    search("index")
    asked = library.asked("index")
    assert (asked["paths"], asked["options"], asked["batch_size"], asked["workers"]) == ((), None, None, None)


def test_one_option_comes_with_the_default_of_the_other(library: FakeLibrary, search: Search) -> None:
    search("index", "--exclude", "*.gif")
    assert library.asked("index")["options"] == RootOptions(("*.gif",), 200)


def test_json_has_exactly_this_shape(library: FakeLibrary, search: Search) -> None:
    library.report = REPORT
    ran = search("index", "/p", "--json")
    assert ran.code == 0
    assert len(ran.lines) == 1
    value = json.loads(ran.out)
    cut = [{"path": f"/p/cut-{n}.jpg", "reason": "the file ends early", "kind": "truncated"} for n in range(5)]
    odd = {"path": "/p/\ufffd\n.gif", "path_b64": "L3Av/wouZ2lm", "reason": "text inside", "kind": "not_a_picture"}
    assert value == {
        "added": 1200,
        "changed": 3,
        "moved": 2,
        "unchanged": 11_000,
        "removed": 4,
        "offline": 7,
        "skipped": 6,
        "ignored": 1,
        "embedded": 1203,
        "captions": 310,
        "seconds": 81.235,
        "pictures_per_second": 14.81,
        "interrupted": False,
        "model": "mini",
        "problems": [*cut, odd],
        "notices": ["/usb is offline: not there"],
    }


def test_report_in_a_pipe(library: FakeLibrary, search: Search) -> None:
    library.report = REPORT
    ran = search("index", "/p")
    assert ran.lines == [
        "1,200 added, 3 changed, 2 moved, 11,000 unchanged, 4 removed, 7 offline, 6 skipped",
        "1,203 pictures embedded with mini in 1 min 21 s, 14.8 a second",
        "310 captions embedded",
    ]
    assert ran.err.splitlines() == [
        "/usb is offline: not there",
        "5 files cut short",
        "  /p/cut-0.jpg: the file ends early",
        "  /p/cut-1.jpg: the file ends early",
        "  /p/cut-2.jpg: the file ends early",
        "1 file not a picture",
        "  /p/\ufffd\\n.gif: text inside",
        "search status --problems shows all",
    ]


def test_dry_run_says_that_nothing_was_written(library: FakeLibrary, search: Search) -> None:
    library.report = IndexReport(added=12, unchanged=3)
    assert search("index", "/p", "--dry-run").lines == ["nothing written; a run would come to: 12 added, 3 unchanged"]
    assert library.asked("index")["dry_run"]


def test_an_interrupted_run_says_what_is_kept_and_exits_130(library: FakeLibrary, search: Search) -> None:
    library.report = IndexReport(added=64, embedded=64, seconds=4.0, pictures_per_second=16.0, interrupted=True)
    ran = search("index", "/p")
    assert ran.code == 130
    assert ran.lines[0] == "64 added"
    assert "goes on from here" in ran.err
    ran = search("index", "/p", "--json")
    assert (ran.code, json.loads(ran.out)["interrupted"]) == (130, True)


def test_a_locked_library_is_one_line(library: FakeLibrary, search: Search) -> None:
    library.report = LibraryLocked("another search index is writing (pid 12 on host, since 10:00): --wait 60 waits")  # type: ignore[assignment] - raised by the fake
    ran = search("index")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


class NeedsWeights(FakeLibrary):
    """Has its weights only where they may be fetched."""

    def index(self, paths: Any = (), **options: Any) -> IndexReport:
        if not self.opened["download"]:
            name = self.opened["model"] or load_settings().model
            raise WeightsMissing(
                f"the weights of {name} are not in the cache: run `search models pull {name}`", fetchable=name
            )
        return super().index(paths, **options)


@pytest.fixture
def needy(monkeypatch: pytest.MonkeyPatch) -> NeedsWeights:
    from cli import context

    fake = NeedsWeights()
    monkeypatch.setattr(context, "open_library", fake.open)
    return fake


def test_missing_weights_in_a_pipe_are_one_line(needy: NeedsWeights, search: Search) -> None:
    ran = search("index", "/p", "--model", "RN50")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "search: the weights of RN50 are not in the cache: run `search models pull RN50`, or add --yes\n"


def test_yes_fetches_and_says_what(needy: NeedsWeights, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", "/the/cache")
    ran = search("index", "/p", "--model", "RN50", "--yes")
    assert ran.code == 0
    assert ran.err.splitlines()[0] == "downloading RN50 (408 MB) to /the/cache"
    assert needy.opened["download"]


def test_the_model_of_the_settings_is_named(
    needy: NeedsWeights, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCH_MODEL", "ViT-B-32")
    assert "downloading ViT-B-32 (605 MB)" in search("index", "/p", "--yes").err


def test_the_length_of_a_large_run_is_told_once_when_measured() -> None:
    clock = Clock(100.0)
    estimate = Estimate(lambda: "RN50", clock=clock)

    def after(seconds: float, done: int, total: int | None = 12_400) -> str | None:
        clock.now += seconds
        return estimate(Progress("index", done, total))

    assert estimate(Progress("scan", 400, None)) is None
    assert after(30, 0) is None  # the model was loading
    assert after(1, 32) is None  # the first batch starts the watch
    assert after(2, 64) is None  # too short to be believed
    assert after(10, 212) == "12,400 pictures with RN50: about 13 min to go, at 15.0 a second so far"
    assert after(60, 1000) is None


def test_a_short_run_is_not_told() -> None:
    clock = Clock(100.0)
    estimate = Estimate(lambda: "RN50", clock=clock)
    assert estimate(Progress("index", 32, 300)) is None
    clock.now += 10
    assert estimate(Progress("index", 200, 300)) is None


def test_lines_come_a_few_seconds_apart(capfd: pytest.CaptureFixture[str]) -> None:
    clock = Clock(100.0)
    lines = Lines(Estimate(lambda: "RN50", clock=clock), clock=clock)
    for step in range(120):
        clock.now += 0.1
        lines(Progress("index", step, 300, skipped=2))
    err = capfd.readouterr().err.splitlines()
    assert err == ["indexing: 50 of 300, 2 skipped", "indexing: 101 of 300, 2 skipped"]


def test_the_numbers_beside_the_bar() -> None:
    clock = Clock(100.0)
    pace = Pace(clock=clock)
    assert pace.numbers(Progress("scan", 1200, None)) == "1,200"
    assert pace.numbers(Progress("index", 0, 12_400)) == "0 of 12,400"
    clock.now += 40
    shown = pace.numbers(Progress("index", 1240, 12_400, skipped=3))
    assert shown == "1,240 of 12,400 · 31.0 a second · 6 min to go · 3 skipped"


def test_a_stage_without_numbers_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock(100.0)
    lines = Lines(Estimate(lambda: "a model", clock=clock), clock=clock)
    clock.now += 10
    lines(Progress("finish", 0, None))
    assert capsys.readouterr().err == "finishing\n"
    assert Pace(clock=clock).numbers(Progress("finish", 0, None)) == ""


def test_progress_never_reaches_stdout(library: FakeLibrary, search: Search) -> None:
    library.progress = (Progress("scan", 10, None), Progress("index", 5, 10), Progress("finish", 0, None))
    ran = search("index", "/p", "--json")
    assert len(ran.lines) == 1
    json.loads(ran.out)
