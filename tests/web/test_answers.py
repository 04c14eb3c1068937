"""Answers as they are told to visitors: nothing of where the server's own files lie."""

from dataclasses import replace

import pytest

from core.queries import SearchResult, Took
from web.api.answers import answer_of
from web.api.places import Places, named

RESULT = SearchResult(
    query="red",
    space="fake",
    model="fake",
    library="/home/ann/pictures of ann",
    searched=1,
    indexed=1,
    known=1,
    took_ms=Took(),
    hits=(),
    notices=("the index at /home/ann/x is damaged", "1/2 of the text was not read", "(~/lib) is old", "cut: 'and/or'"),
    not_reranked="the weights at '/home/ann/.cache/blip' are damaged",
)
OWNER, VISITOR = Places((), whole=True), Places(((b"Photos", b"/home/ann/Photos"),), whole=False)


def test_the_owner_is_told_everything() -> None:
    told = answer_of(RESULT, OWNER, next_cursor=None)
    assert told["notices"] == list(RESULT.notices)
    assert (told["library"], told["not_reranked"]) == (RESULT.library, RESULT.not_reranked)


def test_a_visitor_is_told_no_places() -> None:
    told = answer_of(RESULT, VISITOR, next_cursor="next")
    assert told["notices"] == ["1/2 of the text was not read", "cut: 'and/or'"]
    assert told["library"] == "pictures of ann"
    assert told["not_reranked"] == "the reranker cannot be used at present"
    shown = {notice["text"] for notice in told["notice_details"]}
    assert shown == set(told["notices"])
    plain = answer_of(replace(RESULT, not_reranked="text mode goes without models"), VISITOR, next_cursor=None)
    assert plain["not_reranked"] == "text mode goes without models"


def test_paths_are_told_from_their_folders_name_on_and_found_again() -> None:
    folders = [b"/a/Photos", b"/b/Photos", b"/c/odd\xff", b"/d/one.jpg", b"/"]
    places = Places(tuple(named(folders)), whole=False)
    paths = [b"/a/Photos/x.jpg", b"/b/Photos/in/x.jpg", b"/d/one.jpg"]
    shown = [places.shown(path)["path"] for path in paths]
    assert shown == ["Photos/x.jpg", "Photos (2)/in/x.jpg", "one.jpg"]
    assert [places.read(text) for text in shown] == paths
    assert places.shown(b"/c/odd\xff/y.jpg") == {"path": "odd\ufffd/y.jpg", "path_b64": "b2Rk/y95LmpwZw=="}
    assert Places((), whole=False).shown(b"/away/from/all.jpg") == {"path": "all.jpg"}


@pytest.mark.parametrize("text", ["/a/Photos", "Photos/../..", "Photos/a\0b", "photos", ".", ""])
def test_what_is_no_folder_of_the_library_is_refused(text: str) -> None:
    from web.problems import Problem

    with pytest.raises(Problem, match="no folder of the library"):
        VISITOR.read(text)
