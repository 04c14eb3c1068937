"""All pictures that pass some filters, in the order of time: from the filter columns, without a row of SQL."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from core.browsing import Browsed, TimeOrder
from db.columns import NEVER
from db.last_few import LastFew

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import RowMask
    from core.queries import Filters
    from db.filters import FilterRows

DAY_S = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_Kind = TypeVar("_Kind", bound=np.generic)
_KEPT = 4  # answers: 6 MB each at a million rows, and 4 for what is sent


class Browser:
    """The rows of one snapshot by time; what was asked for last is kept.

    Args:
        rows: the filters and the fields of the snapshot's rows.
    """

    def __init__(self, rows: FilterRows) -> None:
        self._rows = rows
        self._kept: LastFew[tuple[Filters, TimeOrder], Browsed] = LastFew(_KEPT)

    def browse(self, filters: Filters, order: TimeOrder) -> Browsed:
        """The pictures that pass, in this order; the same object where nothing changed and it is still kept.

        Raises:
            UsageError: a filter asks for a tag that no picture has.
        """
        return self._kept.of((filters, order), lambda: self._compute(self._rows.of(filters), order))

    def _compute(self, mask: RowMask, order: TimeOrder) -> Browsed:
        fields = self._rows.fields
        known, unknown = self._by_time
        timed = known[mask[known]]
        if order is TimeOrder.NEWEST:
            timed = timed[::-1]
        rows = np.concatenate([timed, unknown[mask[unknown]]])
        days = _days(fields["taken"][timed], first_unknown=len(timed), total=len(rows))
        return Browsed(_frozen(fields["asset"][rows]), _frozen(fields["ratio"][rows]), days)

    @cached_property
    def _by_time(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows whose time is known, the oldest first, and the others; among equals in the order of rows."""
        taken = self._rows.fields["taken"]
        is_known = taken != NEVER
        known = np.flatnonzero(is_known).astype(np.int32)
        return known[np.argsort(taken[known], kind="stable")], np.flatnonzero(~is_known).astype(np.int32)


def day_of(day: int) -> date:
    """The day with this number, counted from 1970-01-01."""
    return date.fromordinal(_EPOCH + day)


def _days(taken: NDArray[np.int64], *, first_unknown: int, total: int) -> tuple[tuple[date | None, int], ...]:
    """Where each day begins among these times, which are in order; and where the pictures without one do."""
    days = taken // DAY_S
    starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
    found: list[tuple[date | None, int]] = [
        (day_of(day), start) for day, start in zip(days[starts].tolist(), starts.tolist(), strict=True)
    ]
    return (*found, (None, first_unknown)) if first_unknown < total else tuple(found)


def _frozen(values: NDArray[_Kind]) -> NDArray[_Kind]:
    values.flags.writeable = False
    return values
