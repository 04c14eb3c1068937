"""`search status`, `search forget` and `search doctor`."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import ProblemKind
from core.indexing import Problem, RootOptions
from core.models import VectorKind
from db.index_state import IndexState
from db.records import (
    Counts,
    DiskUsage,
    Finding,
    FindingCode,
    GenerationInfo,
    RootInfo,
    SpaceInfo,
    SpaceState,
)
from db.vectors.records import IndexRecord
from db.vectors.upkeep import Action, Decision
from semantic_image_search.status import LibraryStatus, SpaceStatus
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary

SCANNED = datetime(2024, 3, 1, 9, 30).astimezone()
DUE = Decision(Action.EXTEND, "100 rows are newer than it, and every query scans them")
INDEX = IndexRecord("index.1.faiss", 12_000, "IVF110,PQ64x4fsr", 16, 1000, "d" * 32, 0.997, 0.991, 12.5)
CAPTIONS = IndexRecord("index.1.faiss", 310, "IVF7,PQ64x4fsr", 4, 50, "e" * 32, 0.999, 0.993, 0.2)


def space(name: str = "ViT-B-32", *, state: SpaceState = SpaceState.ACTIVE, waiting: int = 400) -> SpaceStatus:
    return SpaceStatus(
        SpaceInfo(1, f"{name.lower()}-1a2b3c4d", name, "f" * 64, 512, None, state),
        GenerationInfo(1, 1, VectorKind.IMAGE, 1, 12_100, 12_000, INDEX, 12_100),
        Counts(12_400, 12_000, waiting, 12_900, 7, 4, 6, 1, 2),
        IndexState(INDEX, 100, 100 / 12_100, 100 / 12_100, DUE),
        310,
        IndexState(CAPTIONS, 0, 0.0, 0.0, Decision(Action.NOTHING)),
    )


def state(*spaces: SpaceStatus) -> LibraryStatus:
    return LibraryStatus(
        Path("/library"),
        (
            RootInfo(1, b"/photos", RootOptions(("*.gif",)), True, None, 1, 12_893, SCANNED.timestamp()),
            RootInfo(2, b"/usb/\xff", RootOptions(), False, "not there", 2, 7, None),
        ),
        spaces,
        DiskUsage(1_000_000, 12_390_400, 900_000, 500_000, 0),
        ("the index is stale",),
    )


@pytest.fixture
def full(library: FakeLibrary) -> FakeLibrary:
    library.state = state(space(), space("RN50", state=SpaceState.BUILDING, waiting=9000))
    return library


def test_status_in_a_pipe(full: FakeLibrary, search: Search) -> None:
    ran = search("status")
    assert ran.code == 0
    assert ran.lines == [
        "library\t/library (15 MB)",
        "folders\t/photos  12,893 files, looked through 2024-03-01 09:30, without *.gif",
        "\t/usb/\ufffd  7 files, offline (not there); still findable",
        "pictures\t12,000 of 12,400 indexed, in 12,900 files",
        "\t7 files offline, still findable",
        "\t4 files missing",
        "\t2 files forgotten",
        "model\tViT-B-32, 512 dimensions, 12,000 pictures; imported",
        "\tRN50, 512 dimensions, 12,000 pictures, 9,000 to go; takes over when complete (search index goes on)",
        "captions\t310 different texts can be found",
        "\tIVF7,PQ64x4fsr over 310 rows, recall@10 0.999 by text, 0.993 by picture (aims at 0.99)",
        "index\tIVF110,PQ64x4fsr over 12,000 rows, recall@10 0.997 by picture, 0.991 by text (aims at 0.99)",
        "\t100 newer rows searched exactly (0.8%)",
        "\t0.8% of the rows cannot be found any more",
        "\tto be brought up to date by search index: 100 rows are newer than it, and every query scans them",
        "problems\t6 files could not be read: search status --problems",
    ]
    assert ran.err == "the index is stale\n"


def test_captions_that_are_searched_exactly(library: FakeLibrary, search: Search) -> None:
    due = Decision(Action.REBUILD, "there is none yet for 310 rows")
    library.state = state(replace(space(), caption_index=IndexState(None, 0, 0.0, 0.0, due)))
    lines = search("status").lines
    assert lines[lines.index("captions\t310 different texts can be found") + 1 :][:2] == [
        "\texact search",
        "\tto be built by search index: there is none yet for 310 rows",
    ]
    (one,) = json.loads(search("status", "--json").out)["spaces"]
    assert one["caption_index"] is None
    assert one["caption_index_due"] == {"action": "rebuild", "reason": due.reason}


def test_status_of_an_empty_library(library: FakeLibrary, search: Search) -> None:
    library.state = state()
    assert "pictures\tnone yet: search index FOLDER" in search("status").lines
    assert json.loads(search("status", "--json").out)["counts"]["pictures"] == 0


def test_status_json_has_exactly_this_shape(full: FakeLibrary, search: Search) -> None:
    value = json.loads(search("status", "--json").out)
    index = {
        "structure": "IVF110,PQ64x4fsr",
        "built_rows": 12_000,
        "nprobe": 16,
        "recall_image": 0.997,
        "recall_text": 0.991,
        "target": 0.99,
        "tail_rows": 100,
        "tail_share": 0.008264,
        "dead_share": 0.008264,
    }
    first = {
        "space": "vit-b-32-1a2b3c4d",
        "model": "ViT-B-32",
        "dim": 512,
        "state": "active",
        "rows": 12_000,
        "indexed": 12_000,
        "waiting": 400,
        "captions": 310,
        "index": index,
        "index_due": {"action": "extend", "reason": "100 rows are newer than it, and every query scans them"},
        "caption_index": {
            "structure": "IVF7,PQ64x4fsr",
            "built_rows": 310,
            "nprobe": 4,
            "recall_image": 0.999,
            "recall_text": 0.993,
            "target": 0.99,
            "tail_rows": 0,
            "tail_share": 0.0,
            "dead_share": 0.0,
        },
        "caption_index_due": None,
    }
    assert value.pop("roots") == [
        {
            "path": "/photos",
            "online": True,
            "offline_reason": None,
            "files": 12_893,
            "last_scan_at": SCANNED.isoformat(timespec="seconds"),
            "exclude": ["*.gif"],
            "max_megapixels": 200,
        },
        {
            "path": "/usb/\ufffd",
            "path_b64": "L3VzYi//",
            "online": False,
            "offline_reason": "not there",
            "files": 7,
            "last_scan_at": None,
            "exclude": [],
            "max_megapixels": 200,
        },
    ]
    building = {**first, "space": "rn50-1a2b3c4d", "model": "RN50", "state": "building", "waiting": 9000}
    assert value.pop("spaces") == [first, building]
    assert value == {
        "library": "/library",
        "counts": {
            "pictures": 12_400,
            "indexed": 12_000,
            "waiting": 400,
            "files": 12_900,
            "offline": 7,
            "missing": 4,
            "problems": 6,
            "ignored": 1,
            "forgotten": 2,
        },
        "disk_bytes": {
            "database": 1_000_000,
            "vectors": 12_390_400,
            "indexes": 900_000,
            "columns": 500_000,
            "thumbnails": 0,
            "features": 0,
            "total": 14_790_400,
        },
        "notices": ["the index is stale"],
    }


def test_problems_are_all_listed(full: FakeLibrary, search: Search) -> None:
    full.skipped = [
        Problem(b"/p/z.jpg", ProblemKind.TRUNCATED, "the file ends early"),
        Problem(b"/p/a\n.jpg", ProblemKind.EMPTY, "0 bytes"),
    ]
    assert search("status", "--problems").lines == [
        "empty\t/p/a\\n.jpg\t0 bytes",
        "truncated\t/p/z.jpg\tthe file ends early",
    ]
    value = json.loads(search("status", "--problems", "--json").out)
    assert value["problems"][0] == {"path": "/p/z.jpg", "reason": "the file ends early", "kind": "truncated"}


def test_forget_says_what_it_did_and_leaves_the_files_alone(
    library: FakeLibrary, search: Search, tmp_path: Path
) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"bytes")
    ran = search("forget", str(picture), "--library", "/l")
    assert ran.lines == [f"{picture}: 12 files forgotten; the files are untouched"]
    assert library.asked("forget") == {"path": bytes(picture)}
    assert library.opened["path"] == Path("/l")
    assert picture.read_bytes() == b"bytes"


def test_forget_undo(library: FakeLibrary, search: Search) -> None:
    assert search("forget", "/a", "--undo").lines == ["/a: 12 files let in again; search index finds them"]
    assert library.asked("unforget") == {"path": b"/a"}


def test_forgetting_what_is_not_known_says_so(library: FakeLibrary, search: Search) -> None:
    library.files = 0
    assert search("forget", "/a").lines == ["/a: nothing there is in the library; later runs leave it out"]


def test_forget_json(library: FakeLibrary, search: Search) -> None:
    assert json.loads(search("forget", "/a", "/b", "--json").out) == {
        "forgotten": [{"path": "/a", "files": 12}, {"path": "/b", "files": 12}]
    }


FOUND = [
    Finding(FindingCode.BLOCKS_DAMAGED, "2 blocks of vectors are damaged", fixable=True),
    Finding(FindingCode.SCHEMA, "a table is missing", fixable=False),
]


def test_doctor_without_findings(library: FakeLibrary, search: Search) -> None:
    ran = search("doctor")
    assert (ran.code, ran.lines) == (0, ["everything is in order"])
    assert search("doctor", "--fix").lines == ["everything is in order"]


def test_doctor_finds_and_exits_1(library: FakeLibrary, search: Search) -> None:
    library.findings = FOUND
    ran = search("doctor")
    assert ran.code == 1
    assert ran.lines == [
        "blocks_damaged: 2 blocks of vectors are damaged",
        "schema: a table is missing",
        "2 findings; search doctor --fix mends 1",
    ]


@pytest.mark.parametrize("fix", [(), ("--fix",)])
def test_doctor_promises_no_fix_where_there_is_none(fix: tuple[str, ...], library: FakeLibrary, search: Search) -> None:
    library.findings = library.findings_left = FOUND[1:]
    ran = search("doctor", *fix)
    assert (ran.code, ran.lines) == (
        1,
        ["schema: a table is missing", "1 finding, which search doctor --fix cannot mend"],
    )


@pytest.mark.parametrize(("left", "code"), [(FOUND[1:], 1), ([], 0)])
def test_doctor_fixes(left: list[Any], code: int, library: FakeLibrary, search: Search) -> None:
    library.findings, library.findings_left = FOUND, left
    ran = search("doctor", "--fix")
    assert ran.code == code
    ending = (
        ["mended; everything is in order now"]
        if not left
        else ["1 finding could not be mended:", "schema: a table is missing"]
    )
    assert ran.lines[2:] == ending
    assert [options for name, options in library.calls if name == "doctor"] == [{"fix": False}, {"fix": True}]
    value = json.loads(search("doctor", "--fix", "--json").out)
    assert [one["code"] for one in value["found"]] == ["blocks_damaged", "schema"]
    assert value["left"] == [{"code": one.code, "message": one.message, "fixable": one.fixable} for one in left]
