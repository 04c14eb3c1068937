"""What the tools answer, as their output schemas describe it: short, since agents pay for every word."""

from typing import Any

from pydantic import BaseModel, Field

from core.descriptions import DescribeResult
from core.paths import display
from core.pictures import Picture, TakenSource
from core.queries import Hit, SearchResult
from searcher.jsonable import taken_at
from semantic_image_search.pictures import PictureDetail

MOST_TEXTS = 20  # captions and tags of one picture
MOST_CHARACTERS = 500  # of a caption


class PictureSeen(BaseModel):
    """A picture of the library."""

    image_id: int = Field(description="For read_image, lookup, describe, and search's like and unlike.")
    path: str
    taken_at: str | None = Field(default=None, description="ISO 8601, by the clock on the wall.")
    taken_is_guessed: bool = Field(default=False, description="True: taken_at is only the file's own time.")
    width: int | None = None
    height: int | None = None
    camera: str | None = None
    captions: list[str] = Field(default=[], description="That came with the picture, or were written for it.")
    tags: list[str] = []
    offline: bool = Field(default=False, description="True: its drive is not plugged in.")


class HitSeen(PictureSeen):
    """A picture that was found."""

    score: float = Field(description="The cosine with what was asked; compare within one answer only.")
    match: float | None = Field(
        default=None, description="The probability that it fits the words; below 0.5: probably not."
    )
    relation: str | None = Field(
        default=None,
        description="Of a lookup: identical, recompressed, resized, cropped (the same picture), or similar.",
    )
    alike: int = Field(default=0, description="Copies and shots of the same burst that are not listed.")


class Found(BaseModel):
    """Pictures, the best first."""

    hits: list[HitSeen]
    nearest: list[HitSeen] = Field(default=[], description="With min_match, where nothing matches: the nearest few.")
    searched: int = Field(description="Pictures that the filters let through.")
    notices: list[str] = []


class TextSeen(BaseModel):
    """A text that may tell of the picture."""

    text: str
    origin: str = Field(description="own: the picture's; library: of other pictures; generated: just now by a model.")
    score: float | None = None
    match: float | None = Field(default=None, description="The probability that it fits; not there: not judged.")


class Described(BaseModel):
    """Texts that fit a picture, the best first."""

    descriptions: list[TextSeen]
    notices: list[str] = []


class Shown(PictureSeen):
    """A picture that is shown beside this, and what is known of it."""

    shown_width: int
    shown_height: int


def found_of(result: SearchResult) -> Found:
    """The answer to a search or a lookup."""
    return Found(
        hits=[_hit(hit) for hit in result.hits],
        nearest=[_hit(hit) for hit in result.nearest],
        searched=result.searched,
        notices=list(result.notices),
    )


def described_of(result: DescribeResult) -> Described:
    """The answer to describe."""
    texts = [
        TextSeen(text=one.text, origin=one.origin.value, score=_rounded(one.score), match=_rounded(one.match))
        for one in result.descriptions
    ]
    return Described(descriptions=texts, notices=list(result.notices))


def shown_of(detail: PictureDetail, size: tuple[int, int]) -> Shown:
    """What goes beside a picture of this size."""
    width, height = size
    return Shown(**_facts(detail.picture), shown_width=width, shown_height=height)


def _hit(hit: Hit) -> HitSeen:
    return HitSeen(
        **_facts(hit.picture),
        score=round(hit.score, 4),
        match=_rounded(hit.match),
        relation=None if hit.copy is None else hit.copy.value,
        alike=len(hit.alike),
    )


def _facts(picture: Picture) -> dict[str, Any]:
    facts = picture.facts
    read = facts.width > 0
    return {
        "image_id": picture.image_id,
        "path": display(picture.path),
        "taken_at": taken_at(facts.taken) if read else None,
        "taken_is_guessed": read and facts.taken.source is TakenSource.FILE,
        "width": facts.width if read else None,
        "height": facts.height if read else None,
        "camera": facts.camera,
        "captions": [caption.text[:MOST_CHARACTERS] for caption in facts.captions[:MOST_TEXTS]],
        "tags": [tag.name for tag in facts.tags[:MOST_TEXTS]],
        "offline": picture.offline,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
