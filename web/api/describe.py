"""What can be said of a picture: the captions that fit it, and the labels of a set that do."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from searcher.jsonable import Json, described_to_json, label_to_json
from web.access.scopes import AskedBy, Scope
from web.api.models import RerankedTold, Told, TookTold, problems
from web.api.models_filters import Asked, Name
from web.api.one_picture import PICTURE, UPLOAD, WHICH, OfLibrary, OfUpload, handed
from web.parts import Parts

_REFUSALS = problems(
    s400="It makes no sense.", s404="No such picture.", s409="Another file lies in its place: index again."
)


class _Describing(Asked):
    k: int = Field(default=5, ge=1, le=100, description="Texts at most.")
    rerank: Literal["auto", "off"] | Annotated[int, Field(ge=0, le=1_000)] = Field(
        default="auto", description="How many of the texts a reranker looks at."
    )
    generate: bool = Field(default=False, description="Have a captioner write one, where its weights are here: slow.")


class DescribePicture(OfLibrary, _Describing):
    """Texts for a picture of the library."""


class DescribeUpload(OfUpload, _Describing):
    """Texts for an uploaded picture."""


class _Labelling(Asked):
    labels: Name | Annotated[list[Name], Field(min_length=1, max_length=1_000)] = Field(
        default="objects", description="A set by its name, or labels of one's own."
    )
    k: int = Field(default=5, ge=1, le=100, description="Labels at most.")
    or_none: bool = Field(default=False, description="The picture may show something else.")


class LabelPicture(OfLibrary, _Labelling):
    """Labels for a picture of the library."""


class LabelUpload(OfUpload, _Labelling):
    """Labels for an uploaded picture."""


_Describe = Annotated[Annotated[DescribePicture, PICTURE] | Annotated[DescribeUpload, UPLOAD], WHICH]
_Label = Annotated[Annotated[LabelPicture, PICTURE] | Annotated[LabelUpload, UPLOAD], WHICH]


class DescriptionTold(Told):
    """A text that may tell of the picture."""

    rank: int
    text: str
    origin: str = Field(description="`own`: its own caption; `library`: of other pictures; `generated`: just now.")
    source: str | None
    model: str | None = Field(description="That wrote it; null: a person did, or nobody knows.")
    score: float | None = Field(description="The cosine of picture and text.")
    match: float | None = Field(description="The reranker's probability that it fits; null: it did not look.")
    rerank: RerankedTold | None = None


class Described(Told):
    """The texts that fit best, best first."""

    picture: str
    library: str
    model: str | None
    reranker: str | None
    reranked: int
    captioner: str | None
    took_ms: TookTold
    descriptions: list[DescriptionTold]
    notices: list[str]


class LabelTold(Told):
    """A label, and how well it fits."""

    name: str
    score: float = Field(description="The cosine, -1 to 1.")
    probability: float | None = Field(description="Among the labels of the set; null: the model says no scale.")


class Labelled(Told):
    """The labels that fit best, best first."""

    labels: list[LabelTold]


def router(parts: Parts) -> APIRouter:
    """POST /describe and POST /label."""
    routes = APIRouter(tags=["questions"])

    @routes.post("/describe", response_model=Described, response_model_exclude_unset=True, responses=_REFUSALS)
    def describe(asked: _Describe, scope: AskedBy) -> Json:
        """The texts that fit a picture best: its own captions, and those of other pictures."""
        with parts.asked() as library:
            picture = handed(asked, parts, library)
            result = library.describe(picture, k=asked.k, rerank=asked.rerank, generate=asked.generate)
        told = {**described_to_json(result), "picture": "a picture"}
        return told if scope is Scope.OWNER else {**told, "library": parts.library.name}

    @routes.post("/label", response_model=Labelled, responses=_REFUSALS)
    def label(asked: _Label) -> Json:
        """The labels that fit a picture best; one of the library is not opened for it."""
        with parts.asked() as library:
            picture = asked.image_id if isinstance(asked, OfLibrary) else handed(asked, parts, library)
            (found,) = library.label([picture], asked.labels, k=asked.k, or_none=asked.or_none)
        return {"labels": [label_to_json(one) for one in found]}

    return routes
