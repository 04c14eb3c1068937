"""`search optimize`: what reaches the library, what is said of it, and how it ends early."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LibraryDamaged
from core.indexing import Progress
from core.models import Device
from core.optimizing import IndexFacts, OptimizeReport, RowsReport
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary

OLD = IndexFacts("IVF1265,PQ128x4fsr", 100_000, 0.981, 0.962, 0.99, 9_500_000)
NEW = IndexFacts("IVF1386,PQ128x4fsr", 120_000, 0.995, 0.991, 0.99, 11_400_000, "2 × CUDA")
PICTURES = RowsReport("RN50", "image", 120_000, 3_100, OLD, NEW)
CAPTIONS = RowsReport("RN50", "caption", 310, 0, None, None)
REPORT = OptimizeReport((PICTURES, CAPTIONS), 50_000, 14.2049, 142_000_000, 141_000_000)


def test_what_was_done_is_said(library: FakeLibrary, search: Search) -> None:
    library.optimized = REPORT
    library.progress = (Progress("finish", 5, 10, note="adding rows"),)
    ran = search("optimize", "--recall", "0.95", "--device", "cuda", "--wait", "2.5", "--library", "/l")
    assert (ran.code, ran.err) == (0, "")
    line = (
        "IVF1386,PQ128x4fsr over 120,000 rows, built on 2 × CUDA, recall@10 0.995 by picture, 0.991 by text;"
        " before: recall@10 0.981 by picture, 0.962 by text"
    )
    assert ran.lines == [
        "pictures (RN50): 3,100 dead rows left behind",
        f"pictures (RN50): {line}",
        "captions (RN50): 310 are searched exactly; that needs no index with fewer than 50,000 (setting exact_below)",
        "142 MB before, 141 MB now; 14 s",
    ]
    assert library.asked("optimize") == {"recall": 0.95, "device": Device.CUDA, "wait_s": 2.5}
    assert library.opened["path"] == Path("/l")


def test_captions_are_near_to_texts_and_far_from_pictures(library: FakeLibrary, search: Search) -> None:
    library.optimized = replace(REPORT, parts=(replace(PICTURES, kind="caption", compacted=0, before=None),))
    assert search("optimize").lines[0] == (
        "captions (RN50): IVF1386,PQ128x4fsr over 120,000 rows, built on 2 × CUDA,"
        " recall@10 0.995 by text, 0.991 by picture; before: exact search"
    )


def test_json_has_exactly_this_shape(library: FakeLibrary, search: Search) -> None:
    library.optimized = REPORT
    old, new = (
        {"structure": one.structure, "rows": one.rows, "recall_image": one.recall_image, "recall_text": one.recall_text,
         "target": 0.99, "bytes": one.size_bytes, "built_on": one.built_on}
        for one in (OLD, NEW)
    )  # fmt: skip
    assert json.loads(search("optimize", "--json").out) == {
        "parts": [
            {"model": "RN50", "kind": "image", "rows": 120_000, "compacted": 3_100, "before": old, "after": new},
            {"model": "RN50", "kind": "caption", "rows": 310, "compacted": 0, "before": None, "after": None},
        ],
        "exact_below": 50_000,
        "compacted": 3_100,
        "bytes_before": 142_000_000,
        "bytes_after": 141_000_000,
        "seconds": 14.205,
    }


def test_a_recall_that_was_not_reached_is_not_passed_over(library: FakeLibrary, search: Search) -> None:
    short = IndexFacts("IVF8,PQ4x4fsr", 300, 0.97, 0.96, 0.99, 1_000)
    library.optimized = OptimizeReport((RowsReport("m", "image", 300, 0, None, short),), 0, 0.1, 0, 0)
    ran = search("optimize")
    assert ran.code == 0
    assert ran.err == "a recall of 0.99 was asked for; 0.960 is the best there is\n"
    assert "before: exact search" in ran.lines[0]


@pytest.mark.parametrize("recall", ["0.4", "1", "most"])
def test_a_recall_that_nothing_can_be_made_of(recall: str, library: FakeLibrary, search: Search) -> None:
    ran = search("optimize", "--recall", recall)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert library.calls == []


def test_it_ends_early_with_one_line(library: FakeLibrary, search: Search) -> None:
    library.optimized = KeyboardInterrupt()
    ran = search("optimize", "--json")
    assert (ran.code, ran.out, ran.err) == (130, "", "stopped; what was there before still answers\n")
    library.optimized = LibraryDamaged("2 blocks are damaged: run `search doctor --fix`")
    ran = search("optimize")
    assert (ran.code, ran.out, ran.err) == (1, "", "search: 2 blocks are damaged: run `search doctor --fix`\n")


def test_it_takes_no_words(library: FakeLibrary, search: Search) -> None:
    assert search("optimize", "my", "pictures").code == 2
    assert library.calls == []
