"""Which command is meant by what was typed."""

from pathlib import Path

import pytest

from cli.app import build_command
from cli.routing import Grammar, route, spread_files
from core.errors import UsageError
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary

GRAMMAR = Grammar.of(build_command())


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a picture, a second one, a folder of pictures, and a file named like a word."""
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "other.jpg", "dog"):
        Path(name).write_bytes(b"")
    Path("pictures").mkdir()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", "--help"),
        ("--help", "--help"),
        ("-h", "-h"),
        ("--version", "--version"),
        ("help", "--help"),
        ("help index", "index --help"),
        ("help me", "query help me"),
        ("-- help", "query -- help"),
        ("a red car", "query a red car"),
        ("-k 5 a red car", "query -k 5 a red car"),
        ("a red car -k 5", "query a red car -k 5"),
        ("query status", "query status"),
        ("-- status", "query -- status"),
        ("-- -5 degrees", "query -- -5 degrees"),
        ("--image photo.jpg", "query --image photo.jpg"),
        ("--image photo.jpg in snow", "query --image photo.jpg in snow"),
        ("--library /l index pictures", "index --library /l pictures"),
        ("-k 3 lookup photo.jpg", "lookup -k 3 photo.jpg"),
        ("--library=/l status", "status --library=/l"),
        ("photo.jpg", "lookup photo.jpg"),
        ("photo.jpg other.jpg -k 3", "lookup photo.jpg other.jpg -k 3"),
        ("-k 3 photo.jpg", "lookup -k 3 photo.jpg"),
        ("photo.jpg ./gone.jpg", "lookup photo.jpg ./gone.jpg"),
        ("describe photo.jpg --rerank off", "describe photo.jpg --rerank off"),
        ("-k 3 describe photo.jpg", "describe -k 3 photo.jpg"),
        ("ask photo.jpg is it raining?", "ask photo.jpg is it raining?"),
        ("query ask the doctor", "query ask the doctor"),
        ("questions to ask a doctor", "query questions to ask a doctor"),
        ("asks the doctor", "query asks the doctor"),
        ("captions generate --limit 3", "captions generate --limit 3"),
        ("captions", "captions --help"),
        ("dog", "lookup dog"),
        ("dog on a beach", "query dog on a beach"),
        ("-", "lookup -"),
        ("pictures", "query pictures"),
        ("statue of liberty", "query statue of liberty"),
        ("models use RN50 --library /l", "models use RN50 --library /l"),
        ("qeury a dog", "query qeury a dog"),
        ("hat --files a.png b.png -k 2", "query hat --files a.png --files b.png -k 2"),
        ("--files a.png b.png -- hat", "query --files a.png --files b.png -- hat"),
    ],
)
def test_route(typed: str, meant: str) -> None:
    assert " ".join(route(typed.split(), GRAMMAR).words) == meant


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("idnex pictures", "search index"),
        ("indx ./pictures --exclude x", "search index"),
        ("lokup photo.jpg", "search lookup"),
        ("desribe photo.jpg", "search describe"),
        ("caption generate", "search captions"),
        ("model list", "search models"),
        ("vectros import --vectors v.npy", "search vectors"),
        ("forgot pictures", "search forget"),
        ("satus --problems", "search status"),
        ("docter --fix", "search doctor"),
        ("./pictures", "search index ./pictures"),
        ("gone.jpg", "no such file"),
        ("photo.jpg in the snow", "search --image photo.jpg TEXT"),
    ],
)
def test_slips_are_refused_with_a_suggestion(typed: str, suggested: str, library: FakeLibrary, search: Search) -> None:
    with pytest.raises(UsageError, match=suggested):
        route(typed.split(), GRAMMAR)
    ran = search(*typed.split())
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert suggested in ran.err
    assert library.calls == []


def test_a_bare_near_miss_is_searched_for_with_a_hint(library: FakeLibrary, search: Search) -> None:
    ran = search("statue")
    assert ran.code == 0
    assert library.asked("search")["text"] == "statue"
    assert ran.err.splitlines()[0] == "to run the command: search status"


@pytest.mark.parametrize("words", ["statue of liberty", "a boat"])
def test_other_words_get_no_hint(words: str, library: FakeLibrary, search: Search) -> None:
    assert "to run the command" not in search(*words.split()).err


@pytest.mark.parametrize(
    "words", ["status of liberty", "models on a catwalk", "doctor in a white coat", "captions of a silent film"]
)
def test_words_behind_a_command_without_words_say_how_to_search_them(
    words: str, library: FakeLibrary, search: Search
) -> None:
    ran = search(*words.split())
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert f"search query {words}" in ran.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("index finger", True),
        ("forget me not", True),
        ("ask the doctor", True),
        ("describe the scene", True),
        ("index pictures", False),
        ("index ./gone", False),
        ("ask photo.jpg why", False),
    ],
)
def test_words_that_are_no_paths_get_a_hint(words: str, hint: bool) -> None:
    found = route(words.split(), GRAMMAR)
    assert found.words == tuple(words.split())
    assert found.hint == (f"to look for these words, type: search query {words}" if hint else None)


def test_an_option_means_the_same_to_every_command_that_words_can_lead_to() -> None:
    commands = build_command().commands
    kinds: dict[str, set[bool]] = {}
    for name in ("query", "lookup", "index"):
        for param in commands[name].params:
            for option in param.opts:
                kinds.setdefault(option, set()).add(bool(getattr(param, "is_flag", False)))
    assert {option: flags for option, flags in kinds.items() if len(flags) > 1} == {}


@pytest.mark.parametrize("behind", [[], ["--json"], ["-k", "2"]])
def test_files_without_a_name_is_refused(behind: list[str]) -> None:
    with pytest.raises(UsageError, match="names of pictures"):
        spread_files(["hat", "--files", *behind])
