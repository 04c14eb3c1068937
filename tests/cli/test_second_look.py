"""How well hits match, and who looked again: options, the lines on a terminal and in a pipe."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cli.answers import HINTS, show_table
from cli.matches import matches_end, percent
from cli.second_look import look_shown
from core.indexing import Progress
from core.notices import notice
from core.queries import Hit, Reranked
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary, hit, result


def hits(*matches: float | None, named: tuple[int, ...] = ()) -> tuple[Hit, ...]:
    return tuple(
        replace(hit(f"/photos/{i}.jpg".encode(), rank=i), match=match, named=i in named)
        for i, match in enumerate(matches, start=1)
    )


@pytest.mark.parametrize(
    ("typed", "depth"), [((), "auto"), (("--rerank", "auto"), "auto"), (("--rerank", "off"), 0), (("--rerank", "7"), 7)]
)
def test_how_deep_is_asked(library: FakeLibrary, search: Search, typed: tuple[str, ...], depth: object) -> None:
    assert search("a dog", *typed).code == 0
    assert library.asked("search")["rerank"] == depth


@pytest.mark.parametrize(("typed", "least"), [((), None), (("--only-matches",), 0.5), (("--min-match", "0.8"), 0.8)])
def test_how_well_it_must_match(library: FakeLibrary, search: Search, typed: tuple[str, ...], least: object) -> None:
    assert search("a dog", *typed).code == 0
    assert library.asked("search")["min_match"] == least


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--rerank", "deep"), "--rerank takes a number of candidates, off or auto, and not 'deep'"),
        (("--rerank", "-3"), "--rerank takes a number of candidates, off or auto, and not '-3'"),
        (("--min-match", "1.5"), "--min-match"),
        (("--fusion", "clip"), "--fusion"),
        (("--only-matches", "--min-match", "0.3"), "--only-matches is --min-match 0.5: give one of them"),
        (("--rerank", "5", "--files", "a.png"), "--rerank asks something of a library"),
        (("--min-match", "0.1", "--files", "a.png"), "--min-match asks something of a library"),
        (("--only-matches", "--files", "a.png"), "--only-matches asks something of a library"),
        (("--fusion", "itm", "--files", "a.png"), "--fusion asks something of a library"),
        (("--sort", "date", "--files", "a.png"), "--sort asks something of a library"),
        (("--no-group", "--files", "a.png"), "--no-group asks something of a library"),
    ],
)
def test_what_makes_no_sense_is_said(library: FakeLibrary, search: Search, typed: tuple[str, ...], said: str) -> None:
    ran = search("query", "a dog", *typed)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert library.calls == []


def test_the_match_stands_behind_the_path_in_a_pipe(library: FakeLibrary, search: Search) -> None:
    library.answer = result(*hits(0.9, 0.004, None, 0.9999))
    assert [line.split("\t")[2:] for line in search("a dog").lines] == [
        ["/photos/1.jpg", "90%"],
        ["/photos/2.jpg", "1%"],
        ["/photos/3.jpg"],
        ["/photos/4.jpg", "99%"],
    ]


def test_where_matches_end() -> None:
    assert matches_end(hits(0.9, 0.8, 0.2, 0.1)) == 2
    assert matches_end(hits(0.9, 0.2, 0.7, 0.1)) == 3
    assert matches_end(hits(0.2, 0.1)) == 0
    assert matches_end(hits(0.9, 0.8)) is None
    assert matches_end(hits(None, None)) is None
    assert matches_end(hits(0.1, 0.1, 0.1, named=(2,))) == 2
    assert matches_end(()) is None
    assert percent(hits(None)[0]) == ""


def test_a_line_on_a_terminal_where_matches_end(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(hits(0.91, 0.52, 0.2))
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in (*lines[:2], lines[3])] == ["91%", "52%", "20%"]
    assert "─ probably no match below ─" in lines[2]
    assert len(lines) == 4
    show_table(hits(0.3, 0.2))
    assert capsys.readouterr().out.splitlines()[0] == "nothing here matches well; the nearest:"
    show_table(tuple(replace(one, rank=one.rank + 10) for one in hits(0.3, 0.2)))
    assert "probably no match below" in capsys.readouterr().out.splitlines()[0]  # the page before had matches
    show_table(hits(0.9, 0.8))
    assert "match" not in capsys.readouterr().out


def test_nothing_that_matches_is_said_beside_the_results(library: FakeLibrary, search: Search) -> None:
    library.answer = replace(result(), nearest=hits(0.2, 0.1))
    ran = search("a dog", "--only-matches")
    assert (ran.code, ran.out) == (0, "")
    first, *nearest, summary = ran.err.splitlines()
    assert first == "nothing here matches; the nearest 2, which do not:"
    assert [line.split()[-2:] for line in nearest] == [["/photos/1.jpg", "20%"], ["/photos/2.jpg", "10%"]]
    assert summary.startswith("12,000")
    for form in ("--paths", "-0", "--jsonl"):
        ran = search("a dog", "--only-matches", form)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.splitlines() == [first, *nearest]
    value = json.loads(search("a dog", "--only-matches", "--json").out)
    assert value["hits"] == []
    assert [one["match"] for one in value["nearest"]] == [0.2, 0.1]


def test_a_pipe_is_told_too_that_nothing_matches_well(library: FakeLibrary, search: Search) -> None:
    library.answer = result(*hits(0.2, 0.1))
    ran = search("a dog")
    assert len(ran.lines) == 2
    assert ran.err.splitlines()[0] == "nothing here matches well"


def test_the_summary_names_who_looked_again(library: FakeLibrary, search: Search) -> None:
    again = replace(hits(0.9)[0], reranked=Reranked(2.0, 0.3, 2.3))
    library.answer = replace(result(again), reranker="blip-itm-base-coco", reranked=100)
    ran = search("a dog", "-v")
    assert ran.err.splitlines()[0].endswith("ViT-B-32, 100 reranked by blip-itm-base-coco, 0.4 s")
    library.answer = replace(result(again), not_reranked="the weights are not on this machine")
    assert "not reranked: the weights are not on this machine" in search("a dog", "-v").err
    assert "not reranked" not in search("a dog").err


def test_how_far_it_is_is_told_in_a_pipe_now_and_then(capfd: pytest.CaptureFixture[str]) -> None:
    now = iter([0.0, 1.0, 6.0, 7.0])
    with look_shown(clock=lambda: next(now)) as listener:
        for done in (1, 9, 17):
            listener(Progress("rerank", done, 40))
    assert capfd.readouterr().err == "reranking: 9 of 40\n"


def test_a_missing_reranker_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    """The real program: a library of one picture, and --rerank without weights."""
    from PIL import Image

    Image.new("RGB", (32, 32), "red").save(tmp_path / "red.png")
    environment = {
        **os.environ,
        "SEARCH_LIBRARY": str(tmp_path / "library"),
        "SEARCH_CONFIG": str(tmp_path / "none"),
        "SEARCH_RERANK_BUDGET_S": "3",
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HF_HUB_OFFLINE": "1",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    assert run("index", str(tmp_path / "red.png"), "--model", "mini").returncode == 0
    ran = run("query", "red", "--rerank", "5")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1
    assert "search models pull blip-itm-base-coco" in ran.stderr
    ran = run("query", "red")
    assert ran.returncode == 0
    assert "rerank" not in ran.stderr
    ran = run("query", "--image", str(tmp_path / "red.png"), "--rerank", "5")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "a reranker reads words" in ran.stderr


@pytest.mark.parametrize("code", HINTS)
def test_only_the_command_line_is_told_its_options(library: FakeLibrary, search: Search, code: str) -> None:
    said = notice(code, model="blip", count=100, language="French", reads="en")
    library.answer = replace(result(), notices=(said.behind("not reranked: "),), not_reranked=said)
    ran = search("red", "-v")
    assert f"not reranked: {said}; {HINTS[code]}\n" in ran.err
    assert "--rerank" in HINTS[code]
    shown = json.loads(search("red", "--json").out)
    assert (shown["not_reranked"], shown["notices"]) == (said, [f"not reranked: {said}"])
    assert "--rerank" not in said
