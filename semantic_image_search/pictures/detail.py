"""All that is known of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.pictures import Caption, Picture
    from db.records import PictureFile


@dataclass(frozen=True, slots=True)
class PictureDetail:
    """A picture of the library, with what an answer leaves out."""

    picture: Picture
    files: tuple[PictureFile, ...]  # the best first, as indexed
    captions: tuple[Caption, ...]  # also those judged not to fit
