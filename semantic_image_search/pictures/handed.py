"""A picture that is decoded in a worker process whenever a question needs it: an upload, or a file of the library."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    _seen: dict[object, DecodedPicture] = field(default_factory=dict, repr=False, compare=False)

    def decoded(self, targets: tuple[Preprocess, ...] = (), *, small_side: int | None = None) -> DecodedPicture:
        """Its hash, its facts and its pixels, as `media.decode_picture` gives them.

        Raises:
            PictureProblem: whatever is wrong with it.
        """
        from media import Fitting

        wanted = Fitting(targets, small_side)
        if (seen := self._seen.get(wanted)) is not None:  # the words beside a picture change with every letter
            return seen
        decoded = self.workers.fit(self.source, wanted)
        self._seen.clear()
        self._seen[wanted] = decoded
        return decoded
