"""The comparison with other ways to search runs from made vectors to its table, and says the truth about exact ways."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks import index_compare, scale
from benchmarks.asking import Asked, OfKind
from benchmarks.clip_like import World
from benchmarks.errors import BenchmarkError
from benchmarks.index_compare_report import Figures
from benchmarks.questions import HITS, make_questions
from benchmarks.rivals.contract import is_missing
from benchmarks.scale_steps import Library
from benchmarks.scale_targets import Promise

ROWS, DIM = 2_000, 32
EXACT = ["ours-0.99", "numpy", "sqlite-blobs"]  # ours has no index at this size


def run(folder: Path, *more: str) -> None:
    sizes = ["--rows", str(ROWS), "--dim", str(DIM), "--queries", "10", "--repeats", "1"]
    parsed = index_compare.parser().parse_args([*sizes, "--rivals", ",".join(EXACT), "--out", str(folder), *more])
    index_compare.run(parsed, folder)


def test_exact_ways_find_all_and_what_is_built_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path)
    compared = json.loads((tmp_path / f"index_compare_{ROWS}.json").read_text())
    table, said = capsys.readouterr()
    assert [rival["name"] for rival in compared["rivals"]] == EXACT
    for rival in compared["rivals"]:
        assert [kind["recall"] for kind in rival["asked"][0]["kinds"].values()] == [1.0, 1.0]
        assert f"| {rival['title']} |" in table
    disk = {rival["name"]: rival["disk_per_row"] for rival in compared["rivals"]}
    assert DIM * 2 <= disk["ours-0.99"] < DIM * 4 <= disk["numpy"] < disk["sqlite-blobs"]
    assert said.count("building") == len(EXACT)

    run(tmp_path, "--rebuild", "numpy", "--only-build")
    assert capsys.readouterr().err.splitlines() == ["building numpy, float32 in memory"]


def test_recall_counts_right_rows_once() -> None:
    world = World(DIM)
    rows = world.rows(ROWS)
    questions = make_questions(world, rows, 5)
    best = np.argsort(-(rows.astype(np.float64) @ questions.vectors[3].astype(np.float64)))
    assert questions.recall(3, rows, best[:HITS]) == 1.0
    assert questions.recall(3, rows, np.repeat(best[:5], 2)) == 0.5
    assert questions.recall(3, rows, best[HITS : 2 * HITS]) == 0.0


def test_rivals_that_are_not_known_or_not_installed() -> None:
    @dataclass(frozen=True)
    class Lacking:
        package: str | None = "a_package_that_nobody_has"

    assert is_missing(Lacking())
    assert not is_missing(Lacking(package="numpy"))
    with pytest.raises(BenchmarkError, match=r"no rival milvus: there are ours-0\.99"):
        index_compare.chosen("numpy,milvus")


def test_the_least_effort_that_reaches_a_goal_is_shown() -> None:
    def asked(effort: int, recall: float) -> Asked:
        return Asked(effort, {"picture": OfKind(9, 1.0, 1.0, None), "text-like": OfKind(9, recall, 1.0, None)})

    efforts = (asked(1, 0.5), asked(2, 0.985), asked(4, 0.986), asked(8, 0.98))
    figures = Figures("graph", "a graph", "ef", {}, 1.0, 1.0, 1.0, 1.0, 1, efforts)
    assert [(some.effort, why) for some, why in figures.worth_showing()] == [
        (1, "default"),
        (2, "≥ 0.98"),
        (4, "the best it does"),
    ]


def test_scale_makes_asks_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--rows", str(ROWS), "--dim", str(DIM), "--queries", "5", "--repeats", "1", "--folder", str(tmp_path)]
    first = scale.run(scale.parser().parse_args([*sizes, "--no-cold"]))
    assert "making 2,000 vectors" in capsys.readouterr().err
    assert first["made"]["indexes"]["0.99"]["record"] is None  # a library of this size has none
    assert first["in_turn"]["0.99"]["text-like"]["recall"] == 1.0
    assert "promises" not in first  # they are about a million
    library = Library(tmp_path / f"{ROWS}x{DIM}", ROWS, DIM)
    assert scale.made(library, [0.99], rebuild=False) == first["made"]
    assert "making" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("measured", "at_least", "kept"), [(0.98, True, False), (0.99, True, True), (1.1, False, False)]
)
def test_promises(measured: float, at_least: bool, kept: bool) -> None:
    promise = Promise("recall", measured, 0.99 if at_least else 1.0, at_least=at_least)
    assert promise.kept is kept
    assert promise.line().startswith("pass" if kept else "FAIL")
