"""The commands on the real front door: real files, a real library, and an encoder that sees colours."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import semantic_image_search
from cli import context
from tests.cli.conftest import Search
from tests.fakes import FakeEncoder

COLOURS = {"red": (220, 30, 30), "blue": (30, 60, 220), "green": (30, 160, 40)}


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures, one of them twice, and one that is none; every library opened has the fake encoder."""

    def open_fake(path: Path | None = None, *, model: str | None = None, **options: Any) -> Any:
        assert model is None
        return semantic_image_search.open_library(path, model=FakeEncoder(), **options)

    monkeypatch.setattr(context, "open_library", open_fake)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (320, 240), colour).save(folder / f"{name}.png")
    shutil.copy(folder / "red.png", folder / "copy\nof red.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    return folder


def test_a_day_with_search(photos: Path, search: Search) -> None:
    dry = search("index", str(photos), "--dry-run")
    assert (dry.code, "5 added" in dry.out) == (0, True), dry.err
    assert search("red").code == 1  # nothing indexed yet

    report = json.loads(search("index", str(photos), "--json", "--workers", "1").out)
    assert (report["added"], report["skipped"], report["embedded"]) == (4, 1, 3)
    assert [Path(problem["path"]).name for problem in report["problems"]] == ["broken.jpg"]

    found = search("a", "red", "car", "-k", "1")
    assert found.code == 0, found.err
    assert found.lines[0].split("\t")[2].endswith("red.png")
    assert found.err.splitlines()[-1].startswith("3 of 3 indexed, fake, ")

    looked = json.loads(search(str(photos / "blue.png"), "--json").out)
    assert (Path(looked["hits"][0]["path"]).name, looked["hits"][0]["copy"]) == ("blue.png", "identical")

    status = json.loads(search("status", "--json", "--problems").out)
    assert (status["counts"]["files"], status["counts"]["indexed"], len(status["problems"])) == (4, 3, 1)
    assert status["roots"][0]["path"] == str(photos)
    assert search("doctor").lines == ["everything is in order"]

    assert search("forget", str(photos / "green.png")).lines[0].endswith("1 file forgotten; the files are untouched")
    assert "green" not in search("green", "--paths").out
    assert json.loads(search("index", "--json", "--workers", "1").out)["added"] == 0
    assert (photos / "green.png").exists()


def test_filters_and_outputs(photos: Path, search: Search, tmp_path: Path) -> None:
    assert search("index", str(photos), "--workers", "1").code == 0
    assert (
        search("red", "--in", str(tmp_path / "elsewhere")).err.splitlines()[0]
        == "no indexed picture passes the filters"
    )
    nul = search("red", "-0", "--type", "png", "--orientation", "landscape", "--no-group").out
    assert sorted(nul.split("\0")[:-1]) == sorted(str(path) for path in photos.glob("*.png"))
    grouped = json.loads(search("red", "--json", "-k", "1").out)["hits"][0]
    assert [alike["kind"] for alike in grouped["alike"]] == ["identical"]


def test_vectors_go_out_and_in(photos: Path, search: Search, tmp_path: Path) -> None:
    assert search("index", str(photos), "--workers", "1").code == 0
    out = tmp_path / "out"
    assert search("vectors", "export", str(out)).code == 0
    (vectors,) = out.rglob("*.npy")
    (paths,) = out.rglob("*.parquet")
    other = str(tmp_path / "other-library")
    ran = search(
        *("vectors", "import", "--vectors", str(vectors), "--paths", str(paths)),
        *("--model", "fake elsewhere", "--library", other),
    )
    assert ran.code == 0, ran.err
    assert json.loads(search("status", "--json", "--library", other).out)["counts"]["pictures"] == 3
