"""The stable JSON of an answer, as `--json` prints it and the documentation describes it. Keys are only ever added."""

from collections.abc import Callable, Mapping
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from core.descriptions import DescribeResult, Description
from core.paths import json_path
from core.pictures import Picture, Tag, TakenAt
from core.queries import Hit, Reranked, SearchResult, Took

if TYPE_CHECKING:  # it brings numpy
    from searcher.labels import Label

Json = dict[str, object]
ShowPath = Callable[[bytes], Mapping[str, str]]
"""A path as `path`, and `path_b64` where it is not UTF-8."""


def result_to_json(result: SearchResult, show: ShowPath = json_path) -> Json:
    """The whole answer, ready for json.dumps. Paths that are not UTF-8 come with their bytes in `path_b64`."""
    return {
        "query": result.query,
        "space": result.space,
        "model": result.model,
        "library": result.library,
        "searched": result.searched,
        "indexed": result.indexed,
        "known": result.known,
        "took_ms": took_to_json(result.took_ms),
        "hits": [hit_to_json(hit, show) for hit in result.hits],
        "nearest": [hit_to_json(hit, show) for hit in result.nearest],
        "reranker": result.reranker,
        "reranked": result.reranked,
        "not_reranked": result.not_reranked or None,
        "notices": list(result.notices),
    }


def hit_to_json(hit: Hit, show: ShowPath = json_path) -> Json:
    """One hit; `copy` is there for lookups only. One line of `--jsonl`."""
    shown: Json = {
        "rank": hit.rank,
        **show(hit.picture.path),
        "score": round(hit.score, 6),
        **picture_to_json(hit.picture),
        "alike": [{**show(one.path), "kind": one.kind.value, "image_id": one.image_id} for one in hit.alike],
        "offline": hit.picture.offline,
        "match": None if hit.match is None else round(hit.match, 4),
        "reranked": None if hit.reranked is None else _reranked(hit.reranked),
        "matched_words": list(hit.words),
    }
    if hit.copy is not None:
        shown["copy"] = hit.copy.value
    return shown


def picture_to_json(picture: Picture) -> Json:
    """What is known of a picture, but for where its files lie.

    Time and size are null for pictures that came with their vectors and whose files were never read.
    """
    facts = picture.facts
    read = facts.width > 0
    return {
        "image_id": picture.image_id,
        "taken_at": taken_at(facts.taken) if read else None,
        "taken_source": facts.taken.source.value if read else None,
        "width": facts.width if read else None,
        "height": facts.height if read else None,
        "camera": facts.camera,
        "captions": [caption.text for caption in facts.captions],
        "tags": [tag_to_json(tag) for tag in facts.tags],
    }


def described_to_json(answer: DescribeResult) -> Json:
    """The answer of `search describe`."""
    return {
        "picture": answer.picture,
        "library": answer.library,
        "model": answer.model,
        "reranker": answer.reranker,
        "reranked": answer.reranked,
        "captioner": answer.captioner,
        "took_ms": took_to_json(answer.took_ms),
        "descriptions": [_description_to_json(one) for one in answer.descriptions],
        "notices": list(answer.notices),
    }


def _description_to_json(one: Description) -> Json:
    value: Json = {
        "rank": one.rank,
        "text": one.text,
        "origin": one.origin.value,
        "source": None if one.source is None else one.source.value,
        "model": one.model,
        "score": None if one.score is None else round(one.score, 6),
        "match": None if one.match is None else round(one.match, 6),
    }
    if one.reranked is not None:
        made = one.reranked
        value["rerank"] = {"itm": round(made.itm, 6), "itc": round(made.itc, 6), "fused": round(made.fused, 6)}
    return value


def label_to_json(label: "Label") -> Json:
    """One label; `probability` is null where the model says no scale."""
    probability = None if label.probability is None else round(label.probability, 4)
    return {"name": label.name, "score": round(label.score, 6), "probability": probability}


def tag_to_json(tag: Tag) -> Json:
    """One tag; `model` and `score` are null where a person gave it."""
    score = None if tag.score is None else round(tag.score, 4)
    return {"name": tag.name, "source": tag.source, "model": tag.model, "score": score}


def taken_at(taken: TakenAt) -> str:
    """ISO 8601 to the second: the wall clock, with its offset where the file says it ("2019-05-03T14:02:11+02:00")."""
    local = taken.local.replace(microsecond=0)
    if taken.offset_minutes is None:
        return local.isoformat()
    return local.replace(tzinfo=timezone(timedelta(minutes=taken.offset_minutes))).isoformat()


def _reranked(made: Reranked) -> Json:
    return {"itm": round(made.itm, 4), "itc": round(made.itc, 4), "fused": round(made.fused, 4)}


def took_to_json(took: Took) -> Json:
    """Where the time went, in milliseconds."""
    return {name: round(getattr(took, name), 2) for name in ("encode", "retrieve", "rerank", "total")}
