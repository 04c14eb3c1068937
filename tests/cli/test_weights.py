"""Where weights are missing: what a script is told, what is fetched, what the built-in model does. In a pipe.

Questions at a terminal are in test_terminal.py.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cli import context
from core.errors import WeightsMissing
from core.indexing import IndexReport
from core.settings import DEFAULT_MODEL
from semantic_image_search.choice import FEW
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary
from tests.encoders.hub_server import HubServer

TOO_MANY = f"the weights of {DEFAULT_MODEL} are not here, or use --model mini, which is built in"
NOTICE = (
    f"mini, the small built-in model, is used, as {DEFAULT_MODEL} is not on this machine: "
    "`search models {} " + DEFAULT_MODEL + "` changes that (605 MB to download)"
)


class ManyPictures(FakeLibrary):
    """Begins with whatever model was named, and with the default only if it could be fetched."""

    def __init__(self, *, reachable: bool) -> None:
        super().__init__()
        self.needs = DEFAULT_MODEL
        self.reachable = reachable
        self.report = IndexReport(added=3, model=DEFAULT_MODEL)

    def index(self, paths: Any = (), **options: Any) -> IndexReport:
        if self.opened["model"] is None and not (self.reachable and self.opened["download"]):
            raise WeightsMissing(TOO_MANY, fetchable=DEFAULT_MODEL)
        return super().index(paths, **options)


def behind(monkeypatch: pytest.MonkeyPatch, library: FakeLibrary) -> FakeLibrary:
    monkeypatch.setattr(context, "open_library", library.open)
    monkeypatch.setenv("HF_HUB_CACHE", "/the/cache")
    return library


def test_a_script_with_many_pictures_is_told_both_ways_out(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    library = behind(monkeypatch, ManyPictures(reachable=True))
    ran = search("index", "/p")
    assert (ran.code, ran.out, ran.err) == (1, "", f"search: {TOO_MANY}, or add --yes\n")
    assert library.opened["download"] is False


def test_yes_downloads_the_default_without_asking(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    library = behind(monkeypatch, ManyPictures(reachable=True))
    ran = search("index", "/p", "--yes")
    assert (ran.code, ran.err) == (0, f"downloading {DEFAULT_MODEL} (605 MB) to /the/cache\n")
    assert (library.opened["model"], library.opened["download"]) == (None, True)


def test_yes_without_a_network_leaves_one_way_out(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    behind(monkeypatch, ManyPictures(reachable=False))
    ran = search("index", "/p", "--yes")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines() == [f"downloading {DEFAULT_MODEL} (605 MB) to /the/cache", f"search: {TOO_MANY}"]


def test_a_dry_run_needs_no_model(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    library = behind(monkeypatch, FakeLibrary())
    library.needs = DEFAULT_MODEL
    monkeypatch.setattr(library, "undecided", None)  # is not called
    assert search("index", "/p", "--dry-run").code == 0


def test_what_cannot_be_fetched_is_not_offered(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(FakeLibrary):
        def index(self, paths: Any = (), **options: Any) -> IndexReport:
            raise WeightsMissing("local-dir:/m holds no weights", fetchable="")

    behind(monkeypatch, Bare())
    for words in ((), ("--yes",)):
        ran = search("index", "/p", "--model", "local-dir:/m", *words)
        assert (ran.code, ran.err) == (1, "search: local-dir:/m holds no weights\n")


@pytest.fixture
def photos(tmp_path: Path, hub: HubServer) -> Path:
    """Two pictures, on a machine that has no weights, and with a hub that has none either."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("red", "blue"):
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    return folder


def test_a_few_pictures_go_ahead_and_every_answer_names_the_model(photos: Path, search: Search, hub: HubServer) -> None:
    ran = search("index", str(photos), "--workers", "1")
    assert ran.code == 0, ran.err
    assert ran.lines[0] == "2 added"
    assert ran.lines[1].startswith("2 pictures embedded with mini in ")
    assert NOTICE.format("use") in ran.err.splitlines()
    assert hub.asked == []

    assert search("a dog").err.splitlines()[-1].startswith("2 of 2 indexed, mini, ")
    assert json.loads(search("a dog", "--json").out)["model"] == "mini"
    assert [json.loads(line)["model"] for line in search("a dog", "--jsonl").lines] == ["mini", "mini"]
    paths = search("a dog", "--paths")
    assert (sorted(paths.lines), paths.err) == (sorted(str(path) for path in photos.iterdir()), "")

    picture = str(photos / "red.png")
    assert search(picture).err.splitlines()[-1].startswith("2 of 2 indexed, mini, ")
    assert json.loads(search(picture, "--json").out)["model"] == "mini"
    assert json.loads(search("lookup", picture, "--jsonl").out)["model"] == "mini"

    assert "model\tmini, 256 dimensions, 2 pictures" in search("status").lines
    assert json.loads(search("status", "--json").out)["spaces"][0]["model"] == "mini"
    again = json.loads(search("index", "--json").out)
    assert (again["model"], again["notices"], again["unchanged"]) == ("mini", [], 2)


def test_yes_and_no_network_go_ahead_and_say_why(photos: Path, search: Search, hub: HubServer) -> None:
    ran = search("index", str(photos), "--workers", "1", "--yes")
    assert ran.code == 0, ran.err
    told = [line for line in ran.err.splitlines() if "until then mini, the small built-in model, is used" in line]
    assert len(told) == 1
    assert f"{hub.url} has no repository" in told[0]
    assert f"`search models use {DEFAULT_MODEL}` changes that" in told[0]


def test_many_pictures_wait_for_a_decision(tmp_path: Path, search: Search, hub: HubServer) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FEW):
        (folder / f"{number}.jpg").touch()
    ran = search("index", str(folder))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert ran.err.endswith(", or use --model mini, which is built in, or add --yes\n")
    assert hub.asked == []
    ran = search("index", str(folder), "--yes")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 2)
    assert ran.err.endswith(", or use --model mini, which is built in\n")


def test_a_named_model_is_never_replaced(photos: Path, search: Search, hub: HubServer) -> None:
    ran = search("index", str(photos), "--model", "rn50")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "the weights of RN50 are not in" in ran.err
    assert ran.err.endswith(", or use --model mini, which is built in, or add --yes\n")
    assert hub.asked == []


def test_files_are_ranked_with_the_built_in_model(photos: Path, search: Search, hub: HubServer) -> None:
    files = [str(path) for path in sorted(photos.iterdir())]
    ran = search("a dog", "--files", *files)
    assert (ran.code, len(ran.lines)) == (0, 2)
    assert ran.err.splitlines()[0] == NOTICE.format("pull")
    assert ran.err.splitlines()[1].startswith("2 files ranked, mini, ")
    value = json.loads(search("query", "a dog", "--files", *files, "--json").out)
    assert (value["model"], value["notices"]) == ("mini", [NOTICE.format("pull")])
    named = search("query", "a dog", "--model", "MINI", "--files", *files)
    assert (named.code, len(named.err.splitlines())) == (0, 1)
    missing = search("query", "a dog", "--model", "RN50", "--files", *files)
    assert (missing.code, missing.out, len(missing.err.splitlines())) == (1, "", 1)
    assert missing.err.endswith(", or use --model mini, which is built in\n")
    assert hub.asked == []
