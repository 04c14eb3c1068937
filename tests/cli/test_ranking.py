"""`search query TEXT --files …`: ranking given files, no library."""

import json
from pathlib import Path

import pytest
from PIL import Image

from cli import context
from core.models import Device
from semantic_image_search.choice import Chosen
from tests.cli.conftest import Search
from tests.fakes import FakeEncoder

Asked = tuple[str | None, Device | None, int]


@pytest.fixture(autouse=True)
def fake_encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Asked]:
    asked: list[Asked] = []

    def choose(name: str | None, *, device: Device | None = None, pictures: int) -> Chosen:
        asked.append((name, device, pictures))
        return Chosen(FakeEncoder())

    monkeypatch.setattr(context, "choose_encoder", choose)
    monkeypatch.chdir(tmp_path)
    for name, colour in {"red": (220, 30, 30), "blue": (30, 60, 220), "pink": (220, 120, 130)}.items():
        Image.new("RGB", (64, 48), colour).save(f"{name}.png")
    return asked


def test_the_files_are_ranked(search: Search, tmp_path: Path) -> None:
    ran = search("a red car", "--files", "blue.png", "pink.png", "red.png")
    assert ran.code == 0, ran.err
    assert [line.split("\t")[2] for line in ran.lines] == [f"{tmp_path}/{name}.png" for name in ("red", "pink", "blue")]
    assert ran.err.startswith("3 files ranked, fake")


def test_the_same_outputs(search: Search, tmp_path: Path) -> None:
    value = json.loads(search("query", "red", "--files", "blue.png", "red.png", "--json").out)
    assert (value["query"], value["model"], value["library"], value["indexed"]) == ("red", "fake", "", 2)
    assert [(hit["rank"], Path(hit["path"]).name, hit["width"]) for hit in value["hits"]] == [
        (1, "red.png", 64),
        (2, "blue.png", 64),
    ]
    assert search("red", "--files", "blue.png", "red.png", "--paths", "-k", "1").lines == [f"{tmp_path}/red.png"]
    assert search("red", "--files", "blue.png", "red.png", "--paths", "--offset", "1").lines == [f"{tmp_path}/blue.png"]


def test_all_are_shown_unless_a_number_is_given(search: Search) -> None:
    for number in range(15):
        Image.new("RGB", (32, 32), (number * 10, 0, 0)).save(f"n{number}.png")
    names = [f"n{number}.png" for number in range(15)]
    assert len(search("red", "--files", *names).lines) == 15
    assert len(search("red", "--files", *names, "-k", "4").lines) == 4


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_ranked(search: Search, tmp_path: Path) -> None:
    Path("text.png").write_text("no picture")
    ran = search("red", "--files", "red.png", "text.png", "gone.png")
    assert ran.code == 1
    assert len(ran.lines) == 1
    assert [line.partition(":")[0] for line in ran.err.splitlines()[:2]] == [
        f"{tmp_path}/text.png",
        f"{tmp_path}/gone.png",
    ]


def test_model_and_device_are_handed_on(search: Search, fake_encoder: list[Asked]) -> None:
    search("red", "--files", "red.png", "--model", "RN50", "--device", "cpu")
    assert fake_encoder == [("RN50", Device.CPU, 1)]


def test_a_model_nobody_asked_for_is_told(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = "mini, the small built-in model, is used"
    monkeypatch.setattr(context, "choose_encoder", lambda _name, **_options: Chosen(FakeEncoder(), notice))
    ran = search("red", "--files", "red.png", "blue.png", "gone.png")
    assert (ran.err.splitlines()[0], len(ran.lines)) == (notice, 2)
    assert json.loads(search("red", "--files", "red.png", "--json").out)["notices"] == [notice]
    assert search("red", "--files", "red.png", "--paths").lines == [str(Path.cwd() / "red.png")]
