"""From results to the answers of the API: the JSON of the command line, and what a page needs besides."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from core.notices import details
from core.paths import display
from searcher.jsonable import Json, result_to_json

if TYPE_CHECKING:
    from core.pictures import Picture
    from core.queries import Hit, SearchResult
    from web.api.places import Places


_NAMES_A_PLACE = re.compile(r"(^|[\s'\"(=:])(/|~/|[A-Za-z]:\\)[^\s/]")
"""Of the server's own files, which are nobody's business but its owner's."""


def answer_of(result: SearchResult, places: Places, *, next_cursor: str | None) -> Json:
    """The answer, for one who sees paths so."""
    answer = result_to_json(result, places.shown)
    for key, hits in (("hits", result.hits), ("nearest", result.nearest)):
        answer[key] = [_with_more(told, hit) for told, hit in zip(answer[key], hits, strict=True)]  # type: ignore[call-overload]
    notices = [notice for notice in result.notices if places.whole or not _NAMES_A_PLACE.search(notice)]
    answer["notice_details"] = [details(notice) for notice in notices]
    if not places.whole:
        answer["library"] = os.path.basename(result.library)  # noqa: PTH119 - as it is shown
        answer["notices"] = list(notices)
        if _NAMES_A_PLACE.search(result.not_reranked):
            answer["not_reranked"] = "the reranker cannot be used at present"
    return {**answer, "next_cursor": next_cursor}


def names_of(picture: Picture) -> Json:
    """The file's `name`, and the `version` of its content."""
    name = display(os.path.basename(picture.path))  # noqa: PTH119 - bytes
    return {"name": name, "version": version_of(picture)}


def version_of(picture: Picture) -> str:
    """Another text where the picture's content is another; empty where its bytes were never read."""
    return "" if picture.content_hash is None else picture.content_hash[:8].hex()


def as_json(value: object) -> bytes:
    """As it is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _with_more(told: Json, hit: Hit) -> Json:
    return {**told, **names_of(hit.picture)}
