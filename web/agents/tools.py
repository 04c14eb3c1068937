"""The tools themselves: what an agent may ask of a library. They only look; nothing is changed.

Each takes plain values and gives a result of `models`; `serving` puts them behind the protocol.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, TypeAlias

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent
from pydantic import BaseModel, ConfigDict, Field

from core.errors import SearchError, UsageError
from core.queries import Filters, Sort
from searcher.filters import FilterTexts, make_filters
from semantic_image_search import Library
from semantic_image_search.pictures import HandedPicture
from semantic_image_search.warm.held import Held
from web.agents.allowed import Allowed
from web.agents.models import Described, Found, Shown, described_of, found_of, shown_of

MOST = 50  # hits: more than anybody reads at once

Id: TypeAlias = Annotated[int, Field(ge=1, description="image_id of a picture of the library.")]
Ids: TypeAlias = Annotated[list[int], Field(max_length=20, description="image_ids of pictures of the library.")]
Words: TypeAlias = Annotated[str, Field(max_length=2_000)]
Hits: TypeAlias = Annotated[int, Field(ge=1, le=MOST, description="How many.")]
Skip: TypeAlias = Annotated[int, Field(ge=0, le=9_000, description="Leave out so many first: the next page.")]
FilePath: TypeAlias = Annotated[
    str | None, Field(max_length=4_096, description="Of a picture file in the library's or an allowed folder.")
]
Side: TypeAlias = Annotated[
    Literal[256, 512, 1024, 2048], Field(description="The longer side in pixels, at most: as few as will do.")
]


class Where(BaseModel):
    """Which pictures may be found; all that is given must hold."""

    model_config = ConfigDict(extra="forbid")

    folders: list[str] = Field(default=[], max_length=20, description="Absolute; below any of these.")
    date: str | None = Field(
        default=None, description="When taken: 2019, 2021-06, 2021-06-12, 2019..2021-06, 2019.. or ..2019"
    )
    camera: str | None = Field(default=None, description="A part of the camera's or lens's name.")
    near: str | None = Field(
        default=None, description="Taken within KM of a place: LAT,LON,KM, such as 48.8584,2.2945,5"
    )
    orientation: Literal["landscape", "portrait", "square"] | None = None
    types: list[str] = Field(default=[], max_length=20, description="Any of these: jpeg, png, heif, …")
    tags: list[str] = Field(default=[], max_length=20, description="All of these.")

    def filters(self) -> Filters:
        """As the library takes them; raises UsageError for what makes no sense."""
        return make_filters(
            FilterTexts(
                folders=tuple(self.folders),
                date=self.date,
                camera=self.camera,
                near=self.near,
                orientation=self.orientation,
                types=tuple(self.types),
                tags=tuple(self.tags),
            )
        )


EVERYWHERE = Where()


class Tools:
    """The tools of one library, for any thread.

    Args:
        held: the library.
        allowed: which files may be named.
    """

    def __init__(self, held: Held, allowed: Allowed) -> None:
        self._held = held
        self._allowed = allowed

    def search(  # noqa: PLR0913, PLR0917 - called by name, each with a default
        self,
        text: Annotated[Words | None, Field(description="What the pictures show, in plain words.")] = None,
        like: Ids = [],  # noqa: B006 - never changed; a model of pydantic's copies it
        not_text: Annotated[list[Words], Field(max_length=20, description="What they do not show.")] = [],  # noqa: B006
        unlike: Ids = [],  # noqa: B006
        where: Where = EVERYWHERE,
        k: Hits = 10,
        offset: Skip = 0,
        sort: Annotated[Literal["score", "date"], Field(description="date: the matches, newest first.")] = "score",
        min_match: Annotated[float | None, Field(ge=0, le=1, description="Only hits that match so probably.")] = None,
    ) -> Annotated[CallToolResult, Found]:
        """Find pictures by what is in them: words, pictures like these, or both; copies and bursts are one hit."""
        with self._library() as library:
            self._held.encode_ahead([*([text] if text else []), *not_text])
            result = library.search(
                text,
                k=k,
                offset=offset,
                images=like,
                not_texts=not_text,
                not_images=unlike,
                filters=where.filters(),
                sort=Sort(sort),
                min_match=min_match,
            )
            return _answer(found_of(result))

    def lookup(
        self,
        image_id: Id | None = None,
        path: FilePath = None,
        where: Where = EVERYWHERE,
        k: Hits = 10,
        offset: Skip = 0,
    ) -> Annotated[CallToolResult, Found]:
        """Find a picture in the library: the same file, its copies (resized, cropped), then what looks like it."""
        with self._library() as library:
            picture = self._picture(library, image_id, path)
            return _answer(found_of(library.lookup(picture, k=k, offset=offset, filters=where.filters())))

    def describe(
        self, image_id: Id | None = None, path: FilePath = None, k: Hits = 5
    ) -> Annotated[CallToolResult, Described]:
        """Texts that fit a picture: its own captions, and those of pictures like it. To see it, use read_image."""
        with self._library() as library:
            picture = self._picture(library, image_id, path)
            return _answer(described_of(library.describe(picture, k=k, generate=False)))

    def read_image(self, image_id: Id, side: Side = 1024) -> Annotated[CallToolResult, Shown]:
        """Look at a picture of the library: drawn small, without metadata, and what is known of it."""
        with self._library() as library:
            detail = library.pictures.detail(image_id)
            thumbnail = library.pictures.thumbnail(image_id, side)
        facts = detail.picture.facts
        part = min(1.0, thumbnail.side / max(facts.width, facts.height, 1))
        size = max(1, round(facts.width * part)), max(1, round(facts.height * part))
        data = base64.b64encode(thumbnail.webp).decode("ascii")
        return _answer(shown_of(detail, size), ImageContent(data=data, mime_type="image/webp"))

    @contextmanager
    def _library(self) -> Iterator[Library]:
        """The library; what goes wrong in an answer is told to whoever asked."""
        try:
            with self._held.turns.one(), self._held.library() as library:
                yield library
        except SearchError as error:
            raise ToolError(str(error)) from error

    def _picture(self, library: Library, image_id: int | None, path: str | None) -> HandedPicture | bytes:
        if (image_id is None) == (path is None):
            raise UsageError("name one picture: by image_id, or by path")
        if image_id is not None:
            return library.pictures.handed(image_id)
        return self._allowed.file(path or "", library.folders())


def _answer(told: BaseModel, *shown: ContentBlock) -> CallToolResult:
    """For programs as it is, for models as text; what is not known is left out of both."""
    structured = told.model_dump(mode="json", exclude_defaults=True)
    text = TextContent(text=told.model_dump_json(exclude_defaults=True))
    return CallToolResult(content=[*shown, text], structured_content=structured)
