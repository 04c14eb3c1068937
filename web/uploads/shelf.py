"""The uploads that are kept: in memory only, for a while, so many and so large; each under a name nobody can guess.

Who has how much of the room, and whose go where there is too little, is `shares`'.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from media import AskedPicture, DecodeLimits, Drawing, PictureWorkers
from semantic_image_search.pictures import HandedPicture
from web.problems import Problem
from web.uploads.shares import Bound, Holder, too_much

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S = 15 * 60.0  # after its last use
EACH = Bound(32, 96_000_000)  # of one session
EVERYBODY = Bound(256, 288_000_000)
MOST_MEGAPIXELS = 120  # above the largest phones'
_WORKERS = 2  # of their own: what a stranger sends never keeps the library's pictures waiting
_QUALITY = 78


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that somebody sent."""

    id: str
    picture: HandedPicture
    size_bytes: int
    width: int  # as shown
    height: int
    format: str
    holder: Holder
    drawn: dict[int, bytes] = field(default_factory=dict, repr=False)  # thumbnails by their side


class Uploads:
    """Those of one server. For any thread.

    Args:
        kept_s: after its last use an upload goes.
        each: what one session may have; more, and its one unused longest goes.
        everybody: what all sessions together may have; more, and who has most gives.
        clock: seconds that go on.
    """

    def __init__(
        self,
        *,
        kept_s: float = KEPT_S,
        each: Bound = EACH,
        everybody: Bound = EVERYBODY,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.kept_s = kept_s
        self._each = each
        self._everybody = everybody
        self._clock = clock
        self._workers = PictureWorkers(limits=DecodeLimits(MOST_MEGAPIXELS), workers=_WORKERS)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Upload]] = OrderedDict()  # the one unused longest first
        self._timer: threading.Timer | None = None

    def add(self, data: bytes, holder: Holder | None = None) -> Upload:
        """Keep a picture for who sent it, once a worker has decoded it.

        Raises:
            PictureProblem: it is none, or too large.
        """
        picture = HandedPicture(AskedPicture(data=data), self._workers)
        facts = picture.decoded().facts
        name = f"u_{secrets.token_urlsafe(16)}"
        upload = Upload(name, picture, len(data), facts.width, facts.height, facts.format, holder or Holder())
        with self._lock:
            self._kept[name] = self._clock(), upload
            self._make_room(upload)
            self._look_later()
        return upload

    def get(self, name: str) -> Upload:
        """An upload; it is kept on from now.

        Raises:
            Problem: it is not there, or no more.
        """
        with self._lock:
            self._drop_old()
            _, upload = self._kept.get(name, (0.0, None))
            if upload is None:
                raise Problem(404, "unknown_upload", "this upload is not here any more: send the picture again")
            self._kept[name] = self._clock(), upload
            self._kept.move_to_end(name)
            return upload

    def picture(self, name: str) -> HandedPicture:
        """An upload as what the library can be asked with; raises as `get`."""
        return self.get(name).picture

    def thumbnail(self, name: str, side: int) -> bytes:
        """An upload drawn small, as WebP.

        Raises:
            Problem: as `get`.
            PictureProblem: it cannot be drawn.
        """
        upload = self.get(name)
        if side not in upload.drawn:
            drawing = Drawing(side, _QUALITY)
            upload.drawn[side] = self._workers.draw(upload.picture.source, drawing).webp
        return upload.drawn[side]

    def remove(self, name: str) -> None:
        """Keep it no longer; nothing where it is gone already."""
        with self._lock:
            self._kept.pop(name, None)

    def close(self) -> None:
        """Let go of all of them, and end the workers."""
        with self._lock:
            self._kept.clear()
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self._workers.close()

    def _make_room(self, new: Upload) -> None:
        self._drop_old()
        kept = [upload for _, upload in self._kept.values()]
        for one in too_much(kept, new, each=self._each, everybody=self._everybody):
            del self._kept[one.id]

    def _drop_old(self) -> None:
        oldest = self._clock() - self.kept_s
        while self._kept and next(iter(self._kept.values()))[0] < oldest:
            self._kept.popitem(last=False)

    def _look_later(self) -> None:
        """What nobody asks for any more goes, too, when its time has come."""
        if self._timer is None and self._kept:
            self._timer = threading.Timer(self.kept_s, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _look(self) -> None:
        with self._lock:
            self._timer = None
            self._drop_old()
            self._look_later()
