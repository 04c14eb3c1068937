"""Which model a library begins with: the one asked for, the default, or the built-in one; and how it is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.errors import UsageError, WeightsMissing, WrongModel
from core.protocols import Encoder
from core.settings import DEFAULT_MODEL
from encoders.catalogue import ROWS
from semantic_image_search import Library, open_library
from semantic_image_search.choice import FEW, Wish, choose
from semantic_image_search.models import choose_encoder
from tests.encoders.hub_server import HubServer
from tests.fakes import FakeEncoder
from tests.tiny_clip import make_tiny_clip

COLOURS = ("red", "green", "blue")
USE = f"`search models use {DEFAULT_MODEL}`"
INSTEAD = "or use --model mini, which is built in"


@pytest.fixture
def photos(tmp_path: Path, hub_cache: Path) -> Path:
    """Three pictures, on a machine without any weights but the built-in ones."""
    del hub_cache
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    return folder


@pytest.fixture
def many(tmp_path: Path, hub_cache: Path) -> Path:
    """As many files as are too many, pictures by their names."""
    del hub_cache
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FEW):
        (folder / f"{number}.jpg").touch()
    return folder


def only(*names: str, why: str = "") -> Callable[[str], Encoder]:
    """Encoders of these names, and no others."""

    def named(name: str) -> Encoder:
        if name not in names:
            raise WeightsMissing(f"no weights of {name}", fetchable=name, why=why)
        return FakeEncoder(name)

    return named


def models_of(library: Library) -> list[str]:
    return [one.space.name for one in library.status().spaces]


@pytest.mark.parametrize(
    ("here", "asked", "pictures", "model"),
    [
        (("big", "mini"), None, 3, "big"),
        (("big", "mini"), None, FEW, "big"),
        (("big", "mini"), "mini", FEW, "mini"),
        (("other", "mini"), "other", 3, "other"),
    ],
)
def test_what_is_here_is_taken_without_a_word(
    here: tuple[str, ...], asked: str | None, pictures: int, model: str
) -> None:
    chosen = choose(only(*here), Wish(asked, "big"), pictures=pictures)
    assert (chosen.encoder.info.name, chosen.notice) == (model, "")


@pytest.mark.parametrize(("pictures", "built_in"), [(1, True), (FEW - 1, True), (FEW, False), (FEW + 1, False)])
def test_few_pictures_go_ahead_and_many_wait(pictures: int, built_in: bool) -> None:
    wish = Wish(None, DEFAULT_MODEL)
    if not built_in:
        with pytest.raises(WeightsMissing, match=INSTEAD) as caught:
            choose(only("mini"), wish, pictures=pictures)
        assert str(caught.value).startswith(f"no weights of {DEFAULT_MODEL}, ")
        assert caught.value.fetchable == DEFAULT_MODEL
        return
    chosen = choose(only("mini"), wish, pictures=pictures)
    assert chosen.encoder.info.name == "mini"
    assert chosen.notice == (
        f"mini, the small built-in model, is used, as {DEFAULT_MODEL} is not on this machine: "
        f"{USE} changes that (605 MB to download)"
    )


def test_a_download_that_failed_is_the_reason_given() -> None:
    named = only("mini", why="the hub cannot be reached: go online")
    chosen = choose(named, Wish(None, DEFAULT_MODEL), pictures=3, change="pull")
    assert chosen.notice == (
        "the hub cannot be reached: go online; until then mini, the small built-in model, is used, "
        f"and `search models pull {DEFAULT_MODEL}` changes that"
    )


def test_what_was_asked_for_is_never_replaced() -> None:
    with pytest.raises(WeightsMissing, match=INSTEAD):
        choose(only("mini"), Wish("RN50", DEFAULT_MODEL), pictures=3)
    with pytest.raises(WeightsMissing) as caught:
        choose(only(), Wish("MINI", DEFAULT_MODEL), pictures=3)
    assert INSTEAD not in str(caught.value), "it is what is missing"


def test_a_small_folder_is_indexed_with_the_built_in_model(photos: Path, hub: HubServer, tmp_path: Path) -> None:
    library = open_library(tmp_path / "library")
    assert library.undecided([photos]) == DEFAULT_MODEL
    report = library.index([photos])
    assert (report.added, report.embedded, report.model) == (3, 3, "mini")
    assert len([notice for notice in report.notices if USE in notice]) == 1
    assert library.search("a dog").model == "mini"
    assert library.lookup(photos / "red.png").model == "mini"
    assert library.status().model == "mini"
    assert hub.asked == [], "nothing is downloaded unasked"

    again = open_library(tmp_path / "library")
    assert again.undecided([photos]) is None
    report = again.index()
    assert (report.unchanged, report.model, report.notices) == (3, "mini", ()), "said once"


def test_many_pictures_wait_for_a_decision(many: Path, hub: HubServer, tmp_path: Path) -> None:
    library = open_library(tmp_path / "library")
    with pytest.raises(WeightsMissing) as caught:
        library.index([many])
    message = str(caught.value)
    assert INSTEAD in message
    assert f"search models pull {DEFAULT_MODEL}" in message
    assert "\n" not in message
    assert not (tmp_path / "library").exists()
    assert hub.asked == []


def test_files_that_are_left_out_do_not_count(many: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "red").save(many / "red.png")
    (many / ".searchignore").write_text("*.jpg\n")
    library = open_library(tmp_path / "library")
    assert library.index([many]).model == "mini"


@pytest.mark.parametrize("configured", ["environment", "file"])
def test_a_configured_model_counts_as_asked_for(
    configured: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if configured == "environment":
        monkeypatch.setenv("SEARCH_MODEL", DEFAULT_MODEL)
    else:
        (tmp_path / "config.toml").write_text(f'model = "{DEFAULT_MODEL}"')
        monkeypatch.setenv("SEARCH_CONFIG", str(tmp_path / "config.toml"))
    library = open_library(tmp_path / "library")
    assert library.undecided([photos]) is None
    with pytest.raises(WeightsMissing, match=INSTEAD):
        library.index([photos])
    assert not (tmp_path / "library").exists()


def test_a_download_that_may_be_tried_is_tried_first(photos: Path, many: Path, hub: HubServer, tmp_path: Path) -> None:
    library = open_library(tmp_path / "library", download=True)
    with pytest.raises(WeightsMissing, match=rf"has no repository .*{INSTEAD}"):
        library.index([many])
    tried = len(hub.asked)
    assert tried > 0
    report = library.index([photos])
    assert report.model == "mini"
    assert "has no repository" in report.notices[0]
    assert len(hub.asked) > tried


def test_what_can_be_downloaded_is_taken(hub: HubServer, hub_cache: Path, tmp_path: Path) -> None:
    weights = Path(make_tiny_clip(tmp_path / "tiny").removeprefix("local-dir:")) / "open_clip_model.safetensors"
    repo = next(row.source.repo for row in ROWS if row.spec.name == DEFAULT_MODEL)
    hub.repos[repo] = {weights.name: weights.read_bytes()}
    wish = Wish(None, DEFAULT_MODEL)
    assert wish.undecided
    assert choose_encoder(wish, pictures=3).encoder.info.name == "mini"
    chosen = choose_encoder(wish, pictures=3, download=True)
    assert (chosen.encoder.info.name, chosen.notice) == (DEFAULT_MODEL, "")
    assert hub_cache.is_dir()
    assert not wish.undecided
    assert choose_encoder(wish, pictures=3).encoder.info.name == DEFAULT_MODEL, "it is here now"


def test_a_folder_without_pictures_decides_nothing(photos: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "notes.txt").touch()
    library = open_library(tmp_path / "library")
    assert library.undecided([empty]) is None
    report = library.index([empty])
    assert (report.ignored, report.model, report.notices) == (1, None, ())
    assert models_of(library) == []
    (photos / "red.png").rename(empty / "red.png")  # its disk has been plugged in
    report = library.index()
    assert (report.added, report.embedded, report.model) == (1, 1, "mini")
    assert library.doctor() == []


def test_mistakes_come_before_the_model(tmp_path: Path, hub_cache: Path) -> None:
    del hub_cache
    library = open_library(tmp_path / "library")
    for call in (library.undecided, library.index):
        with pytest.raises(UsageError, match="name a folder"):
            call()
        with pytest.raises(UsageError, match="no folder or file"):
            call([tmp_path / "nowhere"])


def test_a_name_is_one_name_however_it_is_typed(photos: Path, tmp_path: Path) -> None:
    open_library(tmp_path / "library", model="MINI").index([photos])
    again = open_library(tmp_path / "library", model="Mini")
    assert again.index().unchanged == 3
    assert again.search("a dog").model == "mini"
    with pytest.raises(WrongModel, match="was indexed with mini, not RN50"):
        open_library(tmp_path / "library", model="RN50").index()


def test_from_the_built_in_model_to_another_while_it_answers(photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "library"
    open_library(path).index([photos])
    tiny = make_tiny_clip(tmp_path / "tiny")
    open_library(path).use_model(tiny)
    with open_library(path) as library:
        assert (library.search("red").model, library.status().model) == ("mini", tiny)
        report = library.index()
        assert (report.embedded, report.unchanged, report.model) == (3, 3, tiny)
        answer = library.search("red")
        assert (answer.model, answer.indexed) == (tiny, 3)
        library.index()
        assert models_of(library) == [tiny]
        library.use_model("MINI")
        assert library.search("red").model == tiny
        assert library.index().model == "mini"
        assert library.search("red").model == "mini"


def test_without_pictures_to_count_a_new_library_has_no_encoder(tmp_path: Path, hub_cache: Path) -> None:
    del hub_cache
    with pytest.raises(WeightsMissing, match=INSTEAD):
        open_library(tmp_path / "library").encode_texts(["a dog"])
    assert open_library(tmp_path / "library", model="mini").encode_texts(["a dog"]).shape[0] == 1
