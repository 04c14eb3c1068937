"""`search eval` as it is typed: its tables, its JSON, what it refuses, and how it stops."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.progress import Pace
from core.indexing import Progress
from semantic_image_search import open_library
from tests.cli.conftest import Search
from tests.conftest import PROJECT
from tests.fakes import FakeEncoder
from tests.tiny_blip import MODEL_FOLDER, draw, make_pairs
from tests.tiny_clip import make_tiny_clip

TINY_BLIP = f"local-dir:{MODEL_FOLDER}"


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of ten drawings with captions.csv beside them, which also names a picture that is not there."""
    folder = tmp_path_factory.mktemp("drawings")
    scenes = [scene for pair in make_pairs(5, 5) for scene in pair]
    for number, scene in enumerate(scenes):
        draw(scene, size=64, seed=number).save(folder / f"{number}.png")
    rows = [(f"{number}.png", scene.caption) for number, scene in enumerate(scenes)]
    with (folder / "captions.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("file", "caption"), *rows, ("gone.png", "a ghost"), ("0.png", "")])
    return folder


@pytest.fixture
def tiny_clip(tmp_path: Path) -> str:
    return make_tiny_clip(tmp_path / "clip")


def test_a_table_in_a_pipe(drawings: Path, tiny_clip: str, search: Search) -> None:
    ran = search("eval", str(drawings / "captions.csv"), str(drawings), "--models", f"{tiny_clip}, {TINY_BLIP}")
    assert ran.code == 0, ran.err
    assert ran.lines[5] == ""
    heading, *rows = [line.split("\t") for line in ran.lines[:5]]
    shown = ["R@1", "R@5", "R@10", "median", "MRR", "encode ms", "retrieve ms", "rerank ms"]
    assert heading == ["model", "direction", "second stage", *shown]
    assert [row[:3] for row in rows] == [
        [tiny_clip, "text to image", ""],
        [tiny_clip, "image to text", ""],
        [TINY_BLIP, "text to image", ""],
        [TINY_BLIP, "image to text", ""],
    ]
    assert all(row[5] == "100.0" for row in rows)  # ten pictures: all are among the first ten
    heading, *rows = [line.split("\t") for line in ran.lines[6:]]
    assert heading == ["model", "match by", "wrong at 50% found", "wrong at 80% found", "wrong at 90% found"]
    assert [row[:2] for row in rows] == [[tiny_clip, "cosines"], [TINY_BLIP, "cosines"]]
    assert "1 picture of the file left out, not in the folder (gone.png, …)" in ran.err
    assert "1 row of the file left out (0.png: its caption is empty)" in ran.err
    assert "10 pictures, 10 captions of " in ran.err


def test_reranked_json(drawings: Path, tiny_clip: str, search: Search) -> None:
    words = [str(drawings / "captions.csv"), str(drawings), "--model", tiny_clip, "--rerank", "10"]
    ran = search("eval", *words, "--reranker", TINY_BLIP, "--json")
    assert ran.code == 0, ran.err
    report = json.loads(ran.out)
    assert (report["pictures"], report["captions"], report["reranker"], report["depth"]) == (10, 10, TINY_BLIP, 10)
    assert report["fusion"] == "itm+itc"
    assert report["left_out"]["missing_names"] == ["gone.png"]
    assert report["left_out"]["bad_rows_told"] == ["0.png: its caption is empty"]
    one = report["models"][0]
    for direction in ("text_to_image", "image_to_text"):
        figures = one[direction]
        assert figures["first_stage"]["queries"] == figures["reranked"]["queries"] == 10
        assert figures["reranked"]["recall_1"] >= 0.8 > figures["first_stage"]["recall_1"]
        assert figures["reranked"]["median_rank"] == 1
        assert figures["ms_per_query"]["total"] == pytest.approx(
            sum(figures["ms_per_query"][step] for step in ("encode", "retrieve", "rerank")), abs=0.01
        )
        assert figures["ms_per_query"]["rerank"] > 0
    assert one["cut_off"][-1]["found"] == one["cut_off_reranked"][-1]["found"] == 1.0
    assert [point["found"] for point in one["cut_off"]] == sorted(point["found"] for point in one["cut_off"])
    assert next(point["wrong"] for point in one["cut_off_reranked"] if point["found"] >= 0.8) <= 0.2
    shown = search("eval", *words, "--reranker", TINY_BLIP)
    assert f"\t{TINY_BLIP}, 10\t" in shown.lines[2]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "needs a file of captions and the folder of their pictures, or --self"),
        (("captions.csv",), 2, "needs a file of captions"),
        (("none.csv", "."), 2, "none.csv cannot be read: No such file or directory"),
        (("captions.csv", "none"), 2, "none is not a folder"),
        (("captions.csv", ".", "--models", "no-such-model"), 1, "no-such-model"),
        (("captions.csv", ".", "--models", "ViT-B-32"), 1, "search models pull ViT-B-32"),
        (("captions.csv", ".", "--models", "mini", "--rerank", "5"), 1, "search models pull blip-itm-base-coco"),
        (("captions.csv", ".", "--models", "mini", "--rerank", "5", "--reranker", "mini"), 2, "mini"),
        (("captions.csv", ".", "--models", "mini", "--reranker", TINY_BLIP), 2, "add --rerank 128"),
        (("captions.csv", ".", "--rerank", "1001"), 2, "less than or equal to 1000"),
        (("captions.csv", ".", "--models", "mini", "--prompt", "a photo"), 2, "leaves no place for the caption"),
        (("captions.csv", ".", "--split", "test"), 2, "has no column `split`"),
        (("captions.csv", ".", "--library", "x"), 2, "--library goes with --self"),
        (("captions.csv", ".", "--self"), 2, "CAPTIONS has no part in --self"),
        (("--self", "--rerank", "5"), 2, "--rerank has no part in --self"),
        (("--self", "--models", "mini"), 2, "--models has no part in --self"),
        (("--self",), 1, "search index FOLDER"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: tuple[str, ...],
    code: int,
    said: str,
    drawings: Path,
    hub_cache: Path,
    search: Search,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(drawings)
    ran = search("eval", *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


def test_a_library_without_an_index_is_exact_and_says_so(tmp_path: Path, search: Search) -> None:
    for number in range(4):
        Image.new("RGB", (40, 30), (60 * number, 90, 200)).save(tmp_path / f"{number}.png")
    with open_library(tmp_path / "library", model=FakeEncoder()) as library:
        library.index([tmp_path])
    ran = search("eval", "--self", "--library", str(tmp_path / "library"))
    assert ran.code == 0, ran.err
    assert ran.lines[0] == "4 pictures, no index: everything is searched exactly, so recall@10 is 1 by construction"
    assert ran.lines[2].split("\t")[:4] == ["4 image", "pictures of the library, themselves left out", "1.0000", "1.0"]
    report = json.loads(search("eval", "--self", "--json", "--library", str(tmp_path / "library")).out)
    assert (report["exact"], report["index"], report["pictures"], report["k"]) == (True, None, 4, 10)
    assert [one["recall"] for one in report["kinds"]] == [1.0] * len(report["kinds"])


def test_a_library_with_an_index(tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_EXACT_BELOW", "100")
    rows = np.random.default_rng(0).standard_normal((800, 16)).astype(np.float32)
    np.save(tmp_path / "v.npy", rows)
    (tmp_path / "paths.txt").write_text("".join(f"/gone/{row}.jpg\n" for row in range(800)))
    with open_library(tmp_path / "library") as library:
        library.import_vectors(tmp_path / "v.npy", tmp_path / "paths.txt", model="somebody's")
    ran = search("eval", "--self", "--library", str(tmp_path / "library"))
    assert ran.code == 0, ran.err
    assert ran.lines[0].startswith("800 pictures, OPQ4_16,IVF")
    assert ran.lines[0].endswith("candidates re-scored; recall@10 against exact search:")
    assert "stand in" in ran.err
    report = json.loads(search("eval", "--self", "--json", "--library", str(tmp_path / "library")).out)
    assert report["exact"] is False
    assert report["index"]["built_rows"] == 800
    assert report["index"]["nprobe"] >= 1
    assert report["kinds"][0]["recall"] >= 0.95
    assert set(report["kinds"][0]["search_ms"]) == {"median", "95%"}


def test_words_that_are_no_files_are_hardly_meant_for_it(search: Search) -> None:
    ran = search("eval", "the", "situation")
    assert ran.code == 2
    assert ran.err.splitlines()[0] == "to look for these words, type: search query eval the situation"


def test_how_long_it_takes_is_said_beside_the_bar() -> None:
    now = [0.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.numbers(Progress("reranking with blip", 10, 100)) == "10 of 100"
    now[0] = 60.0
    assert pace.numbers(Progress("reranking with blip", 20, 100)) == "20 of 100 · 0.2 a second · 8 min to go"


def test_ctrl_c_stops_it_with_a_word(drawings: Path, tmp_path: Path) -> None:
    for number in range(2_000):
        (tmp_path / f"{number}.png").symlink_to(drawings / f"{number % 10}.png")
    rows = "".join(f"{number}.png,drawing number {number}\n" for number in range(2_000))
    (tmp_path / "captions.csv").write_text(rows)
    command = [sys.executable, "-m", "cli", "eval", str(tmp_path / "captions.csv"), str(tmp_path), "--model", "mini"]
    started = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert started.stderr is not None
    try:
        said = started.stderr.readline()
        if said.startswith("preparing mini"):  # the first process that uses it
            said = started.stderr.readline()
        assert "encoding pictures with mini" in said
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to the workers, too
        _, err = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode in {130, -signal.SIGINT}  # as a shell sees it, both are 130
    assert err.splitlines()[-1] == "search: stopped"
    assert "Traceback" not in err
