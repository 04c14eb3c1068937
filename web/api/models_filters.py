"""What a request says of which pictures may be found, and its `Filters`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import UsageError

if TYPE_CHECKING:
    from core.queries import Filters
    from web.api.places import Places

MOST_WORDS = 2_000  # characters of a text; models read 77 tokens


class Asked(BaseModel):
    """What every body has in common: no key that means nothing here, nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: object) -> object:
        """JSON does not tell 5.0 from 5."""
        return {key: _whole(value) for key, value in given.items()} if isinstance(given, dict) else given


def _whole(value: object) -> object:
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$",
        description="ISO 8601: `2019-05-01` or `2019-05-01T14:00:00`; an offset is left out.",
        examples=["2019-05-01"],
    ),
]
ImageId = Annotated[int, Field(ge=1, le=2**53 - 1, description="`image_id` of a picture of the library.")]
Upload = Annotated[str, Field(min_length=1, max_length=100, description="What POST /uploads answered.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Path = Annotated[str, Field(min_length=1, max_length=4_096)]


class NearAsked(Asked):
    """A circle on the earth."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    radius_km: float = Field(gt=0, le=20_100)


class InFolders(Asked):
    """Of the files of one picture, those to name it by."""

    folders: list[Path] = Field(default=[], max_length=100, description="A file in one of these, or below it, first.")


class FiltersAsked(Asked):
    """Which pictures may be found; all that is given must hold."""

    folders: list[Path] = Field(default=[], max_length=100, description="A picture lies in one of these, or below it.")
    taken_from: Moment | None = Field(default=None, description="From this moment on, by the clock on the wall.")
    taken_before: Moment | None = Field(default=None, description="Until just before it.")
    camera: Name | None = Field(default=None, description="A part of the camera's or the lens's name.")
    near: NearAsked | None = None
    orientation: Literal["landscape", "portrait", "square"] | None = None
    formats: list[Name] = Field(default=[], max_length=50, description="One of these: `jpeg`, `heif`, `png` …")
    tags: list[Name] = Field(default=[], max_length=50, description="All of these.")

    def filters(self, places: Places) -> Filters:
        """As the library takes them.

        Raises:
            UsageError, Problem: one of them makes no sense.
        """
        from core.pictures import Orientation
        from core.queries import Filters, Near
        from core.tags import tidy_name
        from searcher.filters import parse_types

        return Filters(
            folders=tuple(places.read(folder) for folder in self.folders),
            taken_from=_moment(self.taken_from),
            taken_before=_moment(self.taken_before),
            camera=_camera(self.camera),
            near=None if self.near is None else Near(**self.near.model_dump()),
            orientation=Orientation(self.orientation) if self.orientation else None,
            formats=parse_types(self.formats),
            tags=tuple(dict.fromkeys(tidy_name(tag) for tag in self.tags)),
        )


def _camera(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UsageError("the camera is empty: give a part of its name, such as canon")
    return text and text.strip()


def _moment(text: str | None) -> datetime | None:
    """The clock on the wall; what an offset says is where that clock hung.

    Raises:
        UsageError: it is not in the calendar.
    """
    try:
        return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise UsageError(f"{text} is not in the calendar: {error}") from error


class PageAsked(Asked):
    """Which pictures may be found, and which of the hits are shown."""

    filters: FiltersAsked = Field(default_factory=FiltersAsked)
    sort: Literal["score", "date"] = "score"
    group: bool = Field(default=True, description="Copies and bursts as one hit.")
    k: int = Field(default=50, ge=1, le=200, description="Hits on a page.")
    cursor: str | None = Field(
        default=None, max_length=200, description="`next_cursor` of the page before, to this question."
    )

    def question(self, kind: str) -> bytes:
        """All that makes it this question and no other, but for which page is asked for."""
        return kind.encode() + self.model_dump_json(exclude={"k", "cursor"}).encode()
