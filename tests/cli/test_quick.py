"""The short way into query and lookup asks what the long way asks, or leaves it to it."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cli import main as module
from cli.app import build_command
from cli.quick import COMMANDS, read_quickly
from core.errors import UsageError
from tests.cli.conftest import Search
from tests.cli.parts import FakeLibrary

WORDS = ["dog", "a red car", "a", "statue", "photo.jpg", "other.jpg", "queyr", "query", "lookup", "index", "pictures/"]
FLAGS = ["--json", "--jsonl", "--paths", "-0", "--null", "-v", "--no-group", "--only-matches", "--json=1"]
NAMES = [
    *("-k", "--offset", "--sort", "--in", "--date", "--near", "--type", "--tag", "--rerank", "--fusion", "--mode"),
    *("--min-match", "--not", "--not-weight", "--image-weight", "--device", "--library", "--orientation", "--camera"),
    *("--image", "--not-image", "--after", "--before", "--model", "--nonsense"),
]
VALUES = [
    *("3", "0", "-1", "10000", "10001", "2.5", "0.5", "1e3", "nan", "", " 3", "٣", "1_0", "score", "date", "Date"),
    *("2019", "2019..2020", "jpeg", "auto", "off", "itm", "vector", "cpu", "CPU", "portrait", "1,2,3", "~/x", "café"),
]
LIKELY = {
    "-k": "3",
    "--offset": "7",
    "--sort": "date",
    "--date": "2019..2020",
    "--near": "1,2,3",
    "--type": "jpeg",
    "--rerank": "off",
    "--fusion": "itm",
    "--mode": "vector",
    "--min-match": "0.5",
    "--not-weight": "2.5",
    "--image-weight": "3",
    "--device": "cpu",
    "--orientation": "portrait",
    "--after": "2019",
    "--before": "2020",
}
PARTS = st.one_of(
    st.sampled_from(WORDS).map(lambda word: [word]),
    st.sampled_from(FLAGS).map(lambda flag: [flag]),
    st.sampled_from(NAMES).map(lambda name: [name, LIKELY.get(name, "x")]),
    st.sampled_from(NAMES).map(lambda name: [f"{name}={LIKELY.get(name, 'x')}"]),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)).map(list),
)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "other.jpg"):
        Path(name).write_bytes(b"")
    Path("pictures").mkdir()


def test_it_knows_every_command() -> None:
    assert set(build_command().commands) == COMMANDS


@pytest.mark.parametrize(
    "typed",
    [
        "a dog on the beach",
        "query a dog -k 3 --json",
        "a dog --in=pictures --date 2019..2020 --rerank off --fusion itm --mode vector --device cpu",
        "photo.jpg",
        "lookup photo.jpg other.jpg -k 2 -v",
        "a dog --not cat --not mouse --not-weight 0.2 --image photo.jpg --sort date --min-match 0.5 --no-group",
    ],
)
def test_what_people_mostly_type_goes_the_short_way(typed: str) -> None:
    assert read_quickly(typed.split()) is not None


@pytest.mark.parametrize(
    "typed",
    [
        *("", "--help", "query --help", "a dog -h", "help", "help query", "status", "queyr", "queyr a dog", "-k 3 dog"),
        *("a dog -k 0", "a dog -k x", "a dog --sort name", "a dog --nonsense", "a dog --json=1", "-- dog", "dog -- -k"),
        *("lookup", "lookup -", "lookup finger", "a dog --files photo.jpg", "a dog -k", "a dog -k --json", "idnex dog"),
        *("query --device gpu dog", "a dog --min-match 2", "a dog --image-weight -1", "a dog --version"),
    ],
)
def test_what_is_not_plain_is_left_to_typer(typed: str) -> None:
    assert read_quickly(typed.split()) is None


def test_a_slip_is_told_on_the_short_way_too() -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_quickly(["pictures/"])


def test_the_exit_code_of_a_command_is_kept(library: FakeLibrary, search: Search) -> None:
    from core.errors import PictureProblem, ProblemKind

    library.answer = PictureProblem(ProblemKind.EMPTY, "it is empty")
    assert read_quickly(["lookup", "photo.jpg"]) is not None
    assert search("lookup", "photo.jpg").code == 1


def goes_the_short_way(words: list[str]) -> bool:
    try:
        return read_quickly(words) is not None
    except UsageError:  # told there
        return True


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: [word for part in parts for word in part]))
def test_both_ways_ask_the_same(
    library: FakeLibrary, search: Search, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    assume(goes_the_short_way(typed))

    def ask() -> tuple[object, ...]:
        library.calls.clear()
        library.opened = {}
        ran = search(*typed)
        asked = [(name, options) for name, options in library.calls if name != "close"]
        for _, options in asked:
            options.pop("listener", None)
        return ran.code, ran.out, ran.err, asked, library.opened

    short = ask()
    with monkeypatch.context() as patched:
        patched.setattr(module, "read_quickly", lambda words: None)
        long = ask()
    assert short == long
