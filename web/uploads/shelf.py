"""The uploads that are kept: in memory only, for a while, so many and so large; each under a name nobody can guess."""

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

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_S = 15 * 60.0  # after its last use
MOST = 64
MOST_BYTES = 192_000_000  # of all of them
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
    drawn: dict[int, bytes] = field(default_factory=dict, repr=False)  # thumbnails by their side


class Uploads:
    """Those of one server. For any thread.

    Args:
        kept_s: after its last use an upload goes.
        most: uploads; one more, and the one unused longest goes.
        most_bytes: of all of them, likewise.
        clock: seconds that go on.
    """

    def __init__(
        self,
        *,
        kept_s: float = KEPT_S,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.kept_s = kept_s
        self._most = most
        self._most_bytes = most_bytes
        self._clock = clock
        self._workers = PictureWorkers(limits=DecodeLimits(MOST_MEGAPIXELS), workers=_WORKERS)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Upload]] = OrderedDict()  # the one unused longest first
        self._timer: threading.Timer | None = None

    def add(self, data: bytes) -> Upload:
        """Keep a picture, once a worker has decoded it.

        Raises:
            PictureProblem: it is none, or too large.
        """
        picture = HandedPicture(AskedPicture(data=data), self._workers)
        facts = picture.decoded().facts
        name = f"u_{secrets.token_urlsafe(16)}"
        upload = Upload(name, picture, len(data), facts.width, facts.height, facts.format)
        with self._lock:
            self._kept[name] = self._clock(), upload
            self._make_room()
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

    def _make_room(self) -> None:
        self._drop_old()
        used = sum(upload.size_bytes for _, upload in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > self._most or used > self._most_bytes):
            _, (_, upload) = self._kept.popitem(last=False)
            used -= upload.size_bytes

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
