"""Lines for people that programs know by a code."""

import json
import pickle
from copy import deepcopy
from dataclasses import asdict

import pytest

from core.indexing import IndexReport
from core.notices import NOTICES, Notice, details, notice
from semantic_image_search.warm.values import Garbled, pack, unpack


def test_a_notice_is_the_line_and_knows_what_it_is() -> None:
    said = notice("rerank_missed", missed=3, count=1200)
    assert said == "3 of the 1,200 best could not be opened, and stand below the reranked"
    assert (said.code, dict(said.values)) == ("rerank_missed", {"missed": "3", "count": "1,200"})
    behind = said.behind("not reranked: ")
    assert behind.startswith("not reranked: 3 of")
    assert (behind.code, behind.values) == (said.code, said.values)


def test_as_json_with_and_without_a_code() -> None:
    assert details(notice("root_offline", path="/x", why="gone")) == {
        "code": "root_offline",
        "text": "/x is offline (gone): its pictures stay findable; --prune removes what was not found",
        "values": {"path": "/x", "why": "gone"},
    }
    assert details("plain") == {"code": None, "text": "plain", "values": {}}


def test_it_comes_out_of_a_socket_as_it_went_in() -> None:
    said = notice("text_cut", model="m", part="'x'")
    back = unpack(json.loads(json.dumps(pack(said))))
    assert isinstance(back, Notice)
    assert (back, back.code, back.values) == (said, said.code, said.values)
    with pytest.raises(Garbled):
        unpack({"Notice": ["line", "code", "a name without a value"]})


def test_it_can_be_copied_and_sent() -> None:
    said = notice("no_match", model="m", why="gone")
    report = asdict(IndexReport(notices=(said,)))
    for back in (deepcopy(said), pickle.loads(pickle.dumps(said)), report["notices"][0]):
        assert isinstance(back, Notice)
        assert (back, back.code, back.values) == (said, said.code, said.values)


def test_no_line_speaks_of_an_option_that_only_one_way_of_asking_has() -> None:
    reasons = [text for code, text in NOTICES.items() if code.startswith("rerank_")]
    assert len(reasons) > 5
    assert not [text for text in reasons if "--" in text]
