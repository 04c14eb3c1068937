"""`search query`: what reaches the library, and how its answer is printed in a pipe."""

import json
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from cli.answers import styled_line
from cli.matches import matches_end
from core.errors import LibraryNotFound, PictureProblem, ProblemKind
from core.models import Device
from core.pictures import Orientation, TakenSource
from core.queries import Filters, Fusion, Near, SearchMode, Sort
from tests.cli.conftest import Search
from tests.cli.parts import BURST, FakeLibrary, hit, result

ODD = b"/photos/a\nb\x1b[31m\xff.jpg"


def test_everything_said_reaches_the_library(library: FakeLibrary, search: Search, tmp_path: Path) -> None:
    np.save(tmp_path / "q.npy", np.ones((1, 4), np.float16))
    ran = search(
        *("query", "a", "red", "car", "-k", "5", "--offset", "10", "--image", "a.jpg", "--image", "b.jpg"),
        *("--not", "toy", "--image-weight", "0.7", "--not-weight", "0.2", "--vector", str(tmp_path / "q.npy")),
        *("--not-image", "c.jpg", "--not-image", "d.jpg"),
        *("--in", "/photos", "--date", "2019..2021-06", "--camera", "canon", "--near", "48.5,-2.5,10"),
        *("--orientation", "portrait", "--type", "jpg", "--type", "png", "--sort", "date", "--no-group"),
        *("--rerank", "20", "--fusion", "itm+clip", "--min-match", "0.25", "--mode", "vector"),
        *("--library", "/elsewhere", "--device", "cpu"),
    )
    assert ran.code == 0, ran.err
    asked = library.asked("search")
    assert callable(asked.pop("listener"))
    vector = asked.pop("vector")
    assert vector.dtype == np.float32
    assert vector.tolist() == [1.0, 1.0, 1.0, 1.0]
    assert asked == {
        "text": "a red car",
        "k": 5,
        "offset": 10,
        "images": (Path("a.jpg"), Path("b.jpg")),
        "not_texts": ["toy"],
        "not_images": (Path("c.jpg"), Path("d.jpg")),
        "image_weight": 0.7,
        "not_weight": 0.2,
        "filters": Filters(
            folders=(b"/photos",),
            taken_from=datetime(2019, 1, 1),  # noqa: DTZ001 - wall clock
            taken_before=datetime(2021, 7, 1),  # noqa: DTZ001
            camera="canon",
            near=Near(48.5, -2.5, 10.0),
            orientation=Orientation.PORTRAIT,
            formats=("jpeg", "png"),
        ),
        "sort": Sort.DATE,
        "group": False,
        "min_match": 0.25,
        "rerank": 20,
        "fusion": Fusion.ITM_CLIP,
        "mode": SearchMode.VECTOR,
    }
    assert library.opened == {"path": Path("/elsewhere"), "device": Device.CPU, "download": False}


def test_what_is_not_said_is_left_to_the_library(library: FakeLibrary, search: Search) -> None:
    search("a dog")
    asked = library.asked("search")
    assert (asked["k"], asked["offset"], asked["filters"], asked["sort"]) == (10, 0, Filters(), Sort.SCORE)
    assert (asked["images"], asked["not_texts"], asked["vector"], asked["group"]) == ((), [], None, True)
    assert (asked["rerank"], asked["fusion"], asked["min_match"]) == ("auto", Fusion.ITM_ITC, None)
    assert library.opened == {"path": None, "device": None, "download": False}


def test_lines_in_a_pipe(library: FakeLibrary, search: Search) -> None:
    library.answer = result(
        hit(alike=BURST), hit(ODD, rank=2, score=0.25, source=TakenSource.FILE), notices=("the text was cut",)
    )
    ran = search("a dog")
    assert ran.lines == [
        "0.3123\t2019-05-01 12:30\t/photos/dog.jpg",
        "0.2500\t~2019-05-01 12:30\t/photos/a\\nb\\x1b[31m\ufffd.jpg",
    ]
    assert ran.err.splitlines() == ["the text was cut", "12,000 of 12,400 indexed, ViT-B-32, 0.4 s"]


def test_a_picture_that_was_never_read_has_no_date(library: FakeLibrary, search: Search) -> None:
    imported = hit()
    facts = replace(imported.picture.facts, width=0, height=0)
    library.answer = result(replace(imported, picture=replace(imported.picture, facts=facts)))
    assert search("a dog").lines == ["0.3123\t\t/photos/dog.jpg"]


def test_long_paths_are_whole_in_a_pipe(library: FakeLibrary, search: Search) -> None:
    path = b"/photos/" + b"very-long-folder-name/" * 60 + b"dog.jpg"
    library.answer = result(hit(path))
    assert search("a dog").lines[0].split("\t")[2] == path.decode()


def test_summary_says_what_the_filters_let_through(library: FakeLibrary, search: Search) -> None:
    library.answer = result(hit(), searched=312)
    err = search("a dog", "--date", "2019").err
    assert err == "312 pictures searched, 12,000 of 12,400 indexed, ViT-B-32, 0.4 s\n"


def test_nothing_found_says_why(library: FakeLibrary, search: Search) -> None:
    library.answer = result(searched=0, notices=("no indexed picture passes the filters",))
    ran = search("a dog", "--date", "1950")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[:-1] == ["no indexed picture passes the filters"]
    library.answer = result()
    assert search("a dog").err.splitlines()[0] == "nothing found"


def test_json_has_exactly_this_shape(library: FakeLibrary, search: Search) -> None:
    library.answer = result(hit(alike=BURST[:1]), hit(b"/photos/\xff.jpg", rank=2), notices=("a notice",))
    ran = search("a dog", "--json")
    assert len(ran.lines) == 1
    assert ran.err == ""
    value = json.loads(ran.out)
    first = {
        "rank": 1,
        "path": "/photos/dog.jpg",
        "score": 0.312346,
        "image_id": 7,
        "taken_at": "2019-05-01T12:30:05+02:00",
        "taken_source": "exif",
        "width": 640,
        "height": 480,
        "camera": "Canon EOS 40D",
        "captions": ["a dog"],
        "tags": [],
        "alike": [{"path": "/photos/burst-0.jpg", "kind": "burst", "image_id": 0}],
        "offline": False,
        "match": None,
        "reranked": None,
        "matched_words": [],
    }
    assert value == {
        "query": "a dog",
        "space": "vit-b-32-1a2b3c4d",
        "model": "ViT-B-32",
        "library": "/library",
        "searched": 12_000,
        "indexed": 12_000,
        "known": 12_400,
        "took_ms": {"encode": 30.0, "retrieve": 5.5, "rerank": 0.0, "total": 412.25},
        "hits": [
            first,
            {**first, "rank": 2, "path": "/photos/\ufffd.jpg", "path_b64": "L3Bob3Rvcy//LmpwZw==", "alike": []},
        ],
        "nearest": [],
        "reranker": None,
        "reranked": 0,
        "not_reranked": None,
        "notices": ["a notice"],
    }


def test_json_lines_are_the_hits(library: FakeLibrary, search: Search) -> None:
    library.answer = result(hit(), hit(b"/b.jpg", rank=2))
    ran = search("a dog", "--jsonl")
    assert [json.loads(line)["path"] for line in ran.lines] == ["/photos/dog.jpg", "/b.jpg"]


def test_paths_are_the_exact_bytes(library: FakeLibrary, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from cli.main import main

    library.answer = result(hit(ODD), hit(b"/b.jpg", rank=2))
    assert main(["a dog", "-0"]) == 0
    assert capfdbinary.readouterr().out == ODD + b"\0/b.jpg\0"
    assert main(["a dog", "--paths", "-0"]) == 0
    assert capfdbinary.readouterr().out == ODD + b"\0/b.jpg\0"
    assert main(["a dog", "--paths"]) == 0
    assert capfdbinary.readouterr() == (ODD + b"\n/b.jpg\n", b"")


def test_verbose_says_where_the_time_went(library: FakeLibrary, search: Search) -> None:
    line, who = search("a dog", "-v").err.splitlines()[-2:]
    assert who.startswith("answered here: the server of this library (`search serve`) is not running")
    assert line.startswith("encode 30.0 ms, retrieve 5.5 ms, rerank 0.0 ms, total 412.2 ms; space vit-b-32-1a2b3c4d")


def test_words_that_are_not_utf8_are_searched_as_well_as_they_can(library: FakeLibrary, search: Search) -> None:
    assert search("query", os.fsdecode(b"caf\xe9")).code == 0
    assert library.asked("search")["text"] == "caf\ufffd"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("a dog", "--no-such"), "--no-such"),
        (("a dog", "--jsn"), "--json"),
        (("a dog", "-k", "0"), "-k"),
        (("a dog", "-k", "many"), "-k"),
        (("a dog", "-k"), "-k"),
        (("a dog", "--date", "soon"), "'soon' is no date"),
        (("a dog", "--near", "1,2"), "LAT,LON,KM"),
        (("a dog", "--orientation", "diagonal"), "landscape"),
        (("a dog", "--type", "svg"), "jpeg"),
        (("a dog", "--sort", "size"), "score"),
        (("a dog", "--device", "tpu"), "cuda"),
        (("a dog", "--json", "--paths"), "--json and --paths"),
        (("a dog", "--model", "RN50"), "--files"),
        (("a dog", "--vector", "gone.npy"), "gone.npy"),
        (("a dog", "--files", "a.png", "--in", "/x"), "--files"),
        (("--files", "a.png"), "words"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(
    words: tuple[str, ...], says: str, library: FakeLibrary, search: Search
) -> None:
    ran = search("query", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("search: ")
    assert len(ran.err.splitlines()) == 1
    assert says in ran.err
    assert library.calls == []


@pytest.mark.parametrize("bad", [np.ones((2, 4)), np.array("words"), np.zeros((1, 1, 4))])
def test_a_vector_file_holds_one_vector(bad: np.ndarray, library: FakeLibrary, search: Search, tmp_path: Path) -> None:
    np.save(tmp_path / "q.npy", bad)
    ran = search("query", "--vector", str(tmp_path / "q.npy"))
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "q.npy" in ran.err


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04]q\x00.", b"\x93NUMPY\x01\x00v\x00{'descr'"])
def test_what_is_no_vector_file_is_said_in_plain_words(
    content: bytes, library: FakeLibrary, search: Search, tmp_path: Path
) -> None:
    file = tmp_path / "q.npy"
    file.write_bytes(content)
    ran = search("query", "--vector", str(file))
    assert ran.err == f"search: {file} is not a whole file of numbers in numpy's .npy format\n"
    assert search("query", "--vector", str(tmp_path)).err == f"search: {tmp_path} cannot be read: Is a directory\n"


def test_a_library_that_is_not_there_is_one_line(library: FakeLibrary, search: Search) -> None:
    library.answer = LibraryNotFound("nothing indexed yet: run search index FOLDER")
    ran = search("a dog")
    assert (ran.code, ran.out, ran.err) == (1, "", "search: nothing indexed yet: run search index FOLDER\n")


def test_a_query_picture_that_cannot_be_read_is_named(library: FakeLibrary, search: Search) -> None:
    library.answer = PictureProblem(ProblemKind.TRUNCATED, "the file ends early")
    ran = search("a dog", "--image", "bad\n.jpg")
    assert (ran.code, ran.err) == (1, "search: bad\\n.jpg: the file ends early\n")
    ran = search("a dog", "--not-image", "bad.jpg")
    assert (ran.code, ran.err) == (1, "search: bad.jpg: the file ends early\n")
    ran = search("a dog", "--image", "good.jpg", "--not-image", "bad.jpg")
    assert (ran.code, ran.err) == (1, "search: good.jpg or bad.jpg: the file ends early\n")


def test_a_picture_to_keep_away_from_needs_a_library_and_something_to_look_for(
    library: FakeLibrary, search: Search
) -> None:
    ran = search("a dog", "--not-image", "cat.jpg", "--files", "dog.jpg")
    assert (ran.code, ran.err) == (
        2,
        "search: --not-image asks something of a library, and --files ranks the files given\n",
    )
    assert not library.calls


def test_a_hit_shows_the_words_it_was_found_by_on_a_terminal_and_its_line_in_a_pipe_stays_as_it_is(
    library: FakeLibrary, search: Search
) -> None:
    found = replace(hit(), words=("golden gate", "dog"), named=True, match=0.01)
    assert styled_line(found).plain.endswith("/photos/dog.jpg  “golden gate” “dog”")
    assert matches_end([found, replace(hit(rank=2), match=0.01)]) == 1  # all the words are a match
    library.answer = result(found)
    assert search("a dog").lines == ["0.3123\t2019-05-01 12:30\t/photos/dog.jpg\t1%"]
