"""`search models` and `search vectors`."""

import json
from pathlib import Path

import pytest

import encoders
from core.errors import UnknownModel
from core.indexing import IndexReport
from db.records import SpaceState
from encoders import CATALOGUE
from encoders.built_in import FOLDER
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary
from tests.cli.test_status import space, state
from tests.encoders.hub_server import HubServer


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_list_in_a_pipe(library: FakeLibrary, search: Search) -> None:
    library.state = state(space())
    lines = [line.split("\t") for line in search("models", "list").lines]
    assert [line[0] for line in lines] == [spec.name for spec in CATALOGUE]
    (used,) = [line for line in lines if line[6]]
    assert used[:7] == ["ViT-B-32", "512", "605 MB", "en", "MIT", "", "yes"]
    by_name = {line[0]: line for line in lines}
    assert by_name["ViT-B-16-SigLIP2"][3] == "most"
    assert (by_name["mini"][2], by_name["mini"][5]) == ("built in", "yes"), "always here"
    assert [by_name[name][8] for name in ("mini", "blip-itm-base-coco", "blip-vqa-base")] == [
        "clip",
        "rerank",
        "answer",
    ]


def test_list_json(library: FakeLibrary, search: Search) -> None:
    first = json.loads(search("models", "list", "--json").out)[0]
    spec = CATALOGUE[0]
    assert first == {
        "name": spec.name,
        "architecture": spec.architecture,
        "tag": spec.tag,
        "dim": spec.dim,
        "image_size": spec.image_size,
        "context_length": spec.context_length,
        "languages": list(spec.languages),
        "download_bytes": spec.download_bytes,
        "licence": spec.licence,
        "good_for": spec.good_for,
        "built_in": False,
        "task": "clip",
        "cached": False,
        "in_use": False,
    }


def test_pull_says_what_and_where(search: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepared = []

    class Fetched:
        def __init__(self, name: str) -> None:
            self.name = name

        def prepare(self) -> None:
            prepared.append(self.name)

    monkeypatch.setattr(encoders, "pull", lambda name: tmp_path / "hub" / name)
    monkeypatch.setattr(encoders, "load_encoder", Fetched)
    ran = search("models", "pull", "RN50")
    assert ran.lines == [f"RN50 is in {tmp_path}/hub/RN50"]
    assert ran.err.splitlines() == [
        f"fetching RN50 (408 MB) to {tmp_path}/hub",
        "preparing RN50 for this machine, once",
    ]
    assert prepared == ["RN50"]


def test_use_says_what_happens_next(library: FakeLibrary, search: Search) -> None:
    library.state = state(space("RN50", state=SpaceState.BUILDING))
    ran = search("models", "use", "RN50", "--library", "/l")
    assert library.asked("use_model") == {"name": "RN50"}
    assert ran.lines == ["the next search index embeds what RN50 has not seen; until it is done, the old model answers"]
    library.state = state(space("RN50"))
    assert search("models", "use", "RN50").lines == ["the library uses RN50"]


def test_the_built_in_model_is_listed_needs_no_fetching_and_is_not_removed(
    library: FakeLibrary, search: Search, hub: HubServer
) -> None:
    listed = {row["name"]: row for row in json.loads(search("models", "list", "--json").out)}
    assert {name for name, row in listed.items() if row["built_in"]} == {"mini"}
    assert (listed["mini"]["cached"], listed["mini"]["download_bytes"]) == (True, 0)

    ran = search("models", "pull", "MINI")
    assert (ran.code, ran.out, ran.err) == (0, "mini is built in: there is nothing to download\n", "")
    value = json.loads(search("models", "pull", "mini", "--json").out)
    assert value == {"model": "mini", "path": str(FOLDER / "open_clip_model.safetensors")}

    ran = search("models", "remove", "Mini", "--yes")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "search: mini is built in: it comes with `search`, and is not removed\n"
    assert hub.asked == []


def test_remove_says_what_it_freed(search: Search, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoders, "removable", lambda _name: tmp_path)
    monkeypatch.setattr(encoders, "remove", lambda _name: 408_241_760)
    assert search("models", "remove", "RN50").lines == ["RN50 removed, 408 MB freed"]
    assert json.loads(search("models", "remove", "RN50", "--json").out) == {"model": "RN50", "freed_bytes": 408_241_760}


def test_an_unknown_model_is_one_line(search: Search) -> None:
    ran = search("models", "remove", "ViT-B-33")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "ViT-B-32" in ran.err
    with pytest.raises(UnknownModel):
        encoders.find_model("ViT-B-33")


def test_import_reaches_the_library(library: FakeLibrary, search: Search) -> None:
    library.report = IndexReport(added=756, embedded=756, seconds=0.5, pictures_per_second=1512.0)
    ran = search("vectors", "import", "--vectors", "v.npy", "--paths", "p.txt", "--model", "CLIP recorded")
    assert ran.code == 0, ran.err
    asked = library.asked("import_vectors")
    assert (asked["vectors"], asked["paths"], asked["model"]) == (Path("v.npy"), Path("p.txt"), "CLIP recorded")
    assert ran.lines[0] == "756 added"


def test_import_needs_all_three(library: FakeLibrary, search: Search) -> None:
    ran = search("vectors", "import", "--vectors", "v.npy")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "--paths" in ran.err


def test_export(library: FakeLibrary, search: Search, tmp_path: Path) -> None:
    assert search("vectors", "export", str(tmp_path)).lines == [f"1,234 vectors written to {tmp_path}"]
    value = json.loads(search("vectors", "export", str(tmp_path), "--json").out)
    assert value == {"out": str(tmp_path), "vectors": 1234}


@pytest.mark.parametrize("group", ["models", "vectors"])
def test_a_group_alone_is_its_help(group: str, search: Search) -> None:
    ran = search(group)
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: search {group}")


def test_list_on_a_terminal_says_what_each_is_for_within_80_columns(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cli import model_table

    library.state = state(space())
    monkeypatch.setattr(model_table, "out_is_terminal", lambda: True)
    model_table.show_models([model_table.ModelRow(spec, cached=True, in_use=False) for spec in CATALOGUE])
    lines = capsys.readouterr().out.splitlines()
    headings = [line for line in lines if line.startswith("to ")]
    assert [heading.split()[1] for heading in headings] == ["index", "look", "write", "answer"]
    below = {line.split()[0]: number for number, line in enumerate(lines)}
    assert below["RN50"] < lines.index(headings[1]) < below["blip-itm-base-coco"] < lines.index(headings[2])
    assert max(len(line) for line in lines if not line.startswith(" ")) <= 80


@pytest.mark.parametrize("arguments", [("models", "use", "blip-itm-base-coco"), ("index", "--model", "blip-vqa-base")])
def test_a_model_of_the_second_stage_is_no_model_to_index_with(
    arguments: tuple[str, ...], search: Search, tmp_path: Path
) -> None:
    ran = search(*arguments, *([str(tmp_path)] if arguments[0] == "index" else []), "--library", str(tmp_path / "l"))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "a model is needed that indexes and searches pictures: see `search models list`" in ran.err
    assert not (tmp_path / "l").exists()
