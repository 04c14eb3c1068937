"""A picture that is decoded in a worker process whenever a question needs it: an upload, or a file of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models import Preprocess
    from core.pictures import DecodedPicture
    from media import AskedPicture, PictureWorkers


@dataclass(frozen=True, slots=True)
class HandedPicture:
    """A picture for `library.search`, `lookup`, `describe`, `label`: in place of a path, nothing of it decoded yet."""

    source: AskedPicture
    workers: PictureWorkers

    def decoded(self, targets: tuple[Preprocess, ...] = (), *, small_side: int | None = None) -> DecodedPicture:
        """Its hash, its facts and its pixels, as `media.decode_picture` gives them.

        Raises:
            PictureProblem: whatever is wrong with it.
        """
        from media import Fitting

        return self.workers.fit(self.source, Fitting(targets, small_side))
