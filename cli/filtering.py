"""The filters of `query`, `lookup` and `tag`, read in one way. The options themselves are `options`'."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.queries import Filters


def read_filters(
    in_folders: Sequence[str] | None,
    date: str | None,
    after: str | None,
    before: str | None,
    camera: str | None,
    near: str | None,
    orientation: str | None,
    types: Sequence[str] | None,
    tags: Sequence[str] | None,
) -> "Filters":
    """What was typed after --in, --date, --after, --before, --camera, --near, --orientation, --type and --tag.

    Raises:
        UsageError: one of them makes no sense.
    """
    from searcher import FilterTexts, make_filters

    return make_filters(
        FilterTexts(
            tuple(in_folders or ()),
            date,
            after,
            before,
            camera,
            near,
            orientation,
            tuple(types or ()),
            tuple(tags or ()),
        )
    )
