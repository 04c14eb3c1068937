"""Answers of the API, as OpenAPI describes them: what `searcher.jsonable` makes, and what a page needs besides."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Told(BaseModel):
    """What every answer has in common: it has these keys, and no others."""

    model_config = ConfigDict(extra="forbid")


class TagTold(Told):
    """A word that the library files a picture under."""

    name: str
    source: str = Field(description="`user`, or the set of labels it comes from.")
    model: str | None = Field(description="That found it; null where a person gave it.")
    score: float | None = Field(description="Its probability, 0 to 1; null where a person gave it.")


class AlikeTold(Told):
    """A file shown as one with a hit."""

    path: str
    path_b64: str | None = None
    kind: str = Field(description="`identical`, `near_copy` or `burst`.")
    image_id: int


class RerankedTold(Told):
    """What a reranker made of a hit."""

    itm: float
    itc: float
    fused: float


class PictureTold(Told):
    """A picture of the library."""

    image_id: int
    path: str = Field(description="Whole for the owner; for visitors from the name of the indexed folder on.")
    path_b64: str | None = Field(default=None, description="The path's bytes; only where they are not UTF-8.")
    name: str = Field(description="The file's name.")
    version: str = Field(description="Another one when the picture's content changes; for `v=` of its thumbnails.")
    taken_at: str | None = Field(description="ISO 8601, by the clock on the wall; null: the file was never read.")
    taken_source: str | None = Field(description="`exif`, `xmp`, `iptc`, `sidecar`; `file`: guessed.")
    width: int | None
    height: int | None
    camera: str | None
    captions: list[str]
    tags: list[TagTold]
    offline: bool = Field(description="Its drive or folder was out of reach when last looked for.")


class HitTold(PictureTold):
    """A picture that was found."""

    rank: int = Field(description="From 1, over all pages.")
    score: float = Field(description="The cosine of query and picture, -1 to 1.")
    alike: list[AlikeTold] = Field(description="Copies and shots of a burst that are shown as one with it.")
    match: float | None = Field(description="The probability that it fits the words; null: nothing to judge it by.")
    reranked: RerankedTold | None
    matched_words: list[str]
    copied: str | None = Field(
        default=None,
        alias="copy",
        description="Of a lookup: `identical`, `recompressed`, `resized`, `cropped` or `similar`.",
    )


class TookTold(Told):
    """Milliseconds."""

    encode: float
    retrieve: float
    rerank: float
    total: float


class NoticeTold(Told):
    """A notice."""

    code: str | None = Field(description="Stable; null where it has none.")
    text: str = Field(description="One line, for people.")
    values: dict[str, str] = Field(description="What is filled in, by name.")


class Answer(Told):
    """The answer to a question: a page of hits."""

    query: str
    space: str
    model: str
    library: str = Field(description="Its folder; for visitors the folder's name.")
    searched: int = Field(description="Pictures that the filters let through.")
    indexed: int
    known: int = Field(description="Those indexed, and those that still wait to be.")
    took_ms: TookTold
    hits: list[HitTold]
    nearest: list[HitTold] = Field(description="With `min_match`, where nothing matches: the nearest few.")
    reranker: str | None
    reranked: int
    not_reranked: str | None
    notices: list[str] = Field(description="What a person should know about this answer.")
    notice_details: list[NoticeTold] = Field(description="The same, for programs and other languages.")
    next_cursor: str | None = Field(description="Ask again with it for the next page; null at the end.")


class ProblemTold(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One line, for people.")
    code: str = Field(description="Stable, for programs.")


PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
"""What OpenAPI says of it; `web.openapi` puts the schema there."""


def problems(**said: str) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route: `problems(s404="There is no such picture.")`."""
    return {int(status[1:]): {"description": text, "content": PROBLEM} for status, text in said.items()}
