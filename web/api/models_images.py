"""Answers about single pictures, as OpenAPI describes them."""

from __future__ import annotations

from pydantic import Field

from web.api.models import PictureTold, TagTold, Told


class ImagesTold(Told):
    """Pictures, in the order asked for; unknown ids are left out."""

    images: list[PictureTold]


class CaptionTold(Told):
    """A text that tells of a picture."""

    text: str
    source: str = Field(description="`exif`, `iptc`, `xmp`, `sidecar_…`, `imported` or `generated`.")
    model: str | None = Field(description="That wrote it; null: it was found.")
    match: float | None = Field(description="The reranker's probability that it fits; null: not judged.")
    kept: bool = Field(description="False: judged not to fit; it finds nothing.")


class OtherFileTold(Told):
    """Another file with the same bytes."""

    path: str
    path_b64: str | None = None
    offline: bool


class DetailTold(Told):
    """All that is known of one picture."""

    image_id: int
    path: str = Field(description="Whole for the owner; for visitors from the name of the indexed folder on.")
    path_b64: str | None = Field(None, description="The path's bytes; only where they are not UTF-8.")
    name: str
    version: str
    taken_at: str | None
    taken_source: str | None
    width: int | None
    height: int | None
    camera: str | None
    lens: str | None
    latitude: float | None
    longitude: float | None
    tags: list[TagTold]
    captions: list[CaptionTold] = Field(description="All, the oldest first; also those judged not to fit.")
    offline: bool
    size_bytes: int | None = Field(description="Of the file as it was indexed; null: never seen on disk.")
    format: str | None = Field(description="`jpeg`, `png`, `heif`, …; null: the file was never read.")
    modified_at: str | None = Field(description="When the file was written, ISO 8601, UTC.")
    other_paths: list[OtherFileTold] = Field(description="Identical files.")
    content_hash: str | None = Field(description="blake2b of the file's bytes, 32 bytes, in hex.")
