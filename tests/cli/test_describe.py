"""`search describe`, `search ask`, `search captions generate` and `filter`: real files, a real library, models that see colours."""

import io
import json
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import semantic_image_search
from cli import context
from core.errors import WeightsMissing
from indexer import reading
from tests.cli.conftest import Search
from tests.counting import decoders_counted
from tests.fakes import FakeAnswerer, FakeCaptioner, FakeEncoder, FakeReranker

COLOURS = ("red", "green", "blue")


@pytest.fixture(autouse=True)
def _time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_RERANK_BUDGET_S", "3")


@pytest.fixture
def pictures(tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three walls in a library, the red one with a caption that fits and one that does not."""
    monkeypatch.setattr(context, "open_library", opens_with(captioner=FakeCaptioner()))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for colour in COLOURS:
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    (folder / "captions.csv").write_text("file,caption\nred.png,a red wall\nred.png,a green wall\n")
    assert search("index", str(folder)).code == 0
    assert search("captions", "import", str(folder / "captions.csv")).code == 0
    return folder


def opens_with(**models: object) -> Any:
    """As `context.open_library`, with models that see colours and what else is given."""

    def open_fake(path: Path | None = None, *, model: None = None, **named: Any) -> Any:
        assert (model, named.pop("reranker", None), named.pop("answerer", None)) == (None, None, None)
        assert named.pop("captioner", None) is None
        given = {"reranker": FakeReranker(), "answerer": FakeAnswerer(), **models}
        return semantic_image_search.open_library(path, model=FakeEncoder(), **given, **named)

    return open_fake


def test_describe_prints_match_score_source_and_text(pictures: Path, search: Search) -> None:
    ran = search("describe", str(pictures / "red.png"), "--no-generate")
    assert ran.code == 0
    rows = [line.split("\t") for line in ran.lines]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        ("99%", "imported", "a red wall"),
        ("1%", "imported", "a green wall"),
    ]
    assert float(rows[0][1]) > float(rows[1][1])
    assert ran.err.startswith("2 texts reranked by fake-reranker, scores by fake, ")


def test_describe_as_json(pictures: Path, search: Search) -> None:
    ran = search("describe", str(pictures / "blue.png"), "-k", "1", "--json")
    value = json.loads(ran.out)
    (first,) = value["descriptions"]
    assert (first["text"], first["origin"], first["source"], first["model"]) == (
        "a picture of blue",
        "generated",
        "generated",
        "fake-captioner",
    )
    assert first["rerank"]["fused"] == pytest.approx(first["rerank"]["itm"] + first["rerank"]["itc"], abs=2e-6)
    assert (value["picture"], value["model"], value["captioner"], value["reranked"], value["notices"]) == (
        str(pictures / "blue.png"),
        "fake",
        "fake-captioner",
        3,
        [],
    )
    assert ran.err == ""
    unjudged = json.loads(search("describe", str(pictures / "blue.png"), "--json", "--rerank", "off").out)
    assert [(one["match"], "rerank" in one) for one in unjudged["descriptions"]] == [(None, False)] * 3


def test_a_bad_picture_does_not_stop_the_rest(pictures: Path, search: Search) -> None:
    words = ("describe", "-k", "1", str(pictures / "red.png"), "gone.png", str(pictures / "green.png"))
    ran = search(*words)
    assert ran.code == 1
    assert ran.lines[0] == f"{pictures / 'red.png'}:"
    assert ran.lines[2] == f"{pictures / 'green.png'}:"
    assert "search: gone.png: there is no such file" in ran.err.splitlines()
    assert sum("reranked by" in line for line in ran.err.splitlines()) == 1
    values = json.loads(search(*words, "--json").out)
    assert [len(value["descriptions"]) for value in values] == [1, 0, 1]
    assert values[1]["error"]["kind"] == "vanished"


def test_paths_come_from_stdin_and_a_picture_does_not(
    pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = b"\0".join(os.fsencode(pictures / name) for name in ("red.png", "green.png"))
    for data, code, headings in (
        (listed, 0, [f"{pictures / 'red.png'}:", f"{pictures / 'green.png'}:"]),
        ((pictures / "red.png").read_bytes(), 2, []),
        (b"", 2, []),
    ):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))
        ran = search("describe", "-", "-k", "1")
        assert (ran.code, [line for line in ran.lines if line.endswith(":")]) == (code, headings)
        assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("wrong", [("--rerank", "many"), ("--rerank", "-3"), ("-k", "0"), ("--rerank", "5000")])
def test_wrong_words_are_refused(pictures: Path, search: Search, wrong: tuple[str, str]) -> None:
    ran = search("describe", str(pictures / "red.png"), *wrong)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_nothing_to_say_is_one_line_that_helps(
    pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch, hub_cache: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr(context, "open_library", opens_with())
    ran = search("describe", str(pictures / "blue.png"), "--library", str(tmp_path / "other"))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "search models pull blip-caption-base" in ran.err


def test_ask_answers_one_question_or_several(pictures: Path, search: Search) -> None:
    ran = search("ask", str(pictures / "red.png"), "what colour is the wall?")
    assert (ran.code, ran.out) == (0, "red\n")
    several = search("ask", str(pictures / "red.png"), "what colour?", "how many colours?")
    assert several.out == "what colour?\tred\nhow many colours?\t1\n"
    value = json.loads(search("ask", str(pictures / "red.png"), "what colour?", "--json").out)
    assert (value["answers"], value["model"]) == ([{"question": "what colour?", "answer": "red"}], "fake-answerer")


@pytest.mark.parametrize("words", ["ask the doctor", "describe the scene", "describe yourself"])
def test_words_that_are_no_pictures_are_told_how_to_be_searched_for(search: Search, words: str) -> None:
    ran = search(*words.split())
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == f"to look for these words, type: search query {words}"


def test_a_question_is_missing(pictures: Path, search: Search) -> None:
    ran = search("ask", str(pictures / "red.png"))
    assert (ran.code, "QUESTION" in ran.err) == (2, True)
    blank = search("ask", str(pictures / "red.png"), " ")
    assert (blank.code, blank.err) == (2, "search: there is no question: say what you want to know of the picture\n")


def test_a_missing_answerer_is_one_line_with_the_command(
    pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch, hub_cache: Path
) -> None:
    monkeypatch.setattr(context, "open_library", opens_with(answerer=None))
    ran = search("ask", str(pictures / "red.png"), "what is it?")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "search models pull blip-vqa-base" in ran.err


def test_captions_are_generated_judged_found_and_listed(pictures: Path, search: Search) -> None:
    ran = search("captions", "generate")
    assert ran.code == 0
    assert ran.lines[0].startswith("3 captions written by fake-captioner in ")
    assert ran.lines[1:] == [
        "3 captions judged by fake-reranker: 3 fit, 0 marked as not fitting",
        "3 texts embedded",
    ]
    assert search("captions", "generate").lines == ["nothing left to do for fake-captioner"]
    again = search("captions", "list", str(pictures / "blue.png"))
    assert again.out.startswith("a picture of blue  (generated by fake-captioner, match 0.9")
    assert search("describe", str(pictures / "blue.png"), "-k", "1").lines[0].endswith("generated\ta picture of blue")


def test_captions_are_filtered_once(pictures: Path, search: Search) -> None:
    ran = search("captions", "filter")
    assert (ran.code, ran.lines) == (0, ["2 captions judged by fake-reranker: 1 fit, 1 marked as not fitting"])
    assert search("captions", "list", str(pictures / "red.png")).lines[1] == (
        "a green wall  (imported, match 0.00: judged not to fit, and found by nothing)"
    )
    assert search("captions", "filter").lines == ["nothing left to do for fake-reranker"]
    assert [line.split("\t")[3] for line in search("describe", str(pictures / "red.png"), "--no-generate").lines] == [
        "a red wall"
    ]
    value = json.loads(search("captions", "filter", "--all", "--min", "0", "--json").out)
    assert {name: value[name] for name in ("judge", "model", "judged", "kept", "marked", "left", "skipped")} == {
        "judge": "fake-reranker",
        "model": None,
        "judged": 2,
        "kept": 2,
        "marked": 0,
        "left": 0,
        "skipped": 0,
    }


def test_some_pictures_only_and_unjudged(pictures: Path, search: Search) -> None:
    value = json.loads(search("captions", "generate", "--limit", "2", "--no-filter", "--json").out)
    assert (value["written"], value["judged"], value["judge"], value["left"]) == (2, 0, None, 0)
    for command in ("generate", "filter"):
        elsewhere = search("captions", command, "--in", str(pictures / "nowhere"))
        assert (elsewhere.code, elsewhere.out, len(elsewhere.err.splitlines())) == (2, "", 1)
        assert search("captions", command, "--in", "").code == 2
    assert search("captions", "generate", "--in", str(pictures)).lines[0].startswith("1 caption written")


def test_ctrl_c_ends_after_the_batch_and_says_how_to_go_on(
    pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(FakeCaptioner):
        def write(self, pixels: Any) -> list[str]:
            os.kill(os.getpid(), signal.SIGINT)
            return super().write(pixels)

    monkeypatch.setattr("indexer.captioning.FAST_BATCH", 2)
    monkeypatch.setattr(context, "open_library", opens_with(captioner=Stopped()))
    ran = search("captions", "generate")
    assert ran.code == 130
    assert ran.lines[0].startswith("2 captions written by fake-captioner in ")
    assert ran.lines[-1] == "1 picture is left"
    assert ran.err.splitlines()[-1] == (
        "stopped; what is listed above is kept, and search captions generate goes on from here"
    )
    monkeypatch.setattr(context, "open_library", opens_with(captioner=FakeCaptioner()))
    assert search("captions", "generate").lines[0].startswith("1 caption written by fake-captioner in ")


def test_a_missing_captioner_is_one_line_with_the_command(
    pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch, hub_cache: Path
) -> None:
    monkeypatch.setattr(context, "open_library", opens_with(captioner=None))
    ran = search("captions", "generate")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "search models pull blip-caption-base" in ran.err
    assert ran.err.endswith(", or add --yes\n")


def test_yes_allows_the_download(pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Needy(FakeCaptioner):
        @property
        def info(self) -> Any:
            if not asked[-1]:
                raise WeightsMissing("no weights", fetchable="blip-caption-base")
            return super().info

    def open_needy(path: Path | None = None, *, download: bool = False, **named: Any) -> Any:
        asked.append(download)
        return opens_with(captioner=Needy())(path, download=download, **named)

    monkeypatch.setattr(context, "open_library", open_needy)
    assert search("captions", "generate").code == 1
    ran = search("captions", "generate", "--yes")
    assert (ran.code, asked) == (0, [False, False, True])
    assert ran.lines[0].startswith("3 captions written")


@pytest.mark.parametrize("command", ["generate", "filter"])
def test_there_must_be_a_library(pictures: Path, search: Search, tmp_path: Path, command: str) -> None:
    ran = search("captions", command, "--library", str(tmp_path / "none"))
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", ["generate", "filter"])
def test_so_many_processes_decode_as_the_option_or_else_the_setting_says(
    command: str, pictures: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = decoders_counted(monkeypatch, reading)
    monkeypatch.setenv("SEARCH_WORKERS", "3")
    assert search("captions", command, "--workers", "2", "--limit", "1").code == 0
    assert search("captions", command, "--limit", "1").code == 0
    if command == "filter":  # one picture has captions, and they are judged now
        assert search("captions", command, "--all").code == 0
    assert started == [2, 3]
