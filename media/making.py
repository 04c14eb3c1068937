"""What was asked for is made of one picture, inside the boundary of `decode`. Runs in a worker process."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.errors import PictureProblem, ProblemKind
from core.pictures import DecodedPicture
from media.asked import AskedPicture, Drawing, Fitting, Made, Rewritten, Want, WithoutLocation
from media.decode import Hooks, OpenedPicture, decode_opened, opened_from
from media.limits import DecodeLimits, check_file
from media.source import SourceFile, handed_source, open_source
from media.thumbnails import draw


def make(picture: AskedPicture, want: Want, *, limits: DecodeLimits, hooks: Hooks) -> Made:
    """What is wanted, of this picture.

    Raises:
        PictureProblem: whatever is wrong with it; CHANGED_WHILE_READING where its bytes are not those expected.
    """
    with opened_from(_bytes_of(picture, limits), limits=limits) as opened:
        return _MAKERS[type(want)](opened, want, limits=limits, hooks=hooks)


@contextmanager
def _bytes_of(picture: AskedPicture, limits: DecodeLimits) -> Iterator[SourceFile]:
    admit = functools.partial(_admit, limits)
    opening = open_source(picture.path, admit=admit) if picture.data is None else handed_source(picture.data)
    with opening as source:
        if picture.content_hash not in {None, source.content_hash}:
            raise PictureProblem(
                ProblemKind.CHANGED_WHILE_READING, "the file is another than when it was indexed: index it again"
            )
        yield source


def _admit(limits: DecodeLimits, size: int, _header: bytes) -> None:
    check_file(size, limits)


def _fit(opened: OpenedPicture, wanted: Fitting, *, limits: DecodeLimits, hooks: Hooks) -> DecodedPicture:
    return decode_opened(opened, targets=wanted.targets, small_side=wanted.small_side, limits=limits, hooks=hooks)


def _rewrite(opened: OpenedPicture, wanted: WithoutLocation, *, limits: DecodeLimits, hooks: Hooks) -> Rewritten:
    from media.without_location import rewrite  # few ask for it

    return rewrite(opened, wanted, limits=limits, hooks=hooks)


_MAKERS: dict[type, Callable[..., Made]] = {Drawing: draw, Fitting: _fit, WithoutLocation: _rewrite}
