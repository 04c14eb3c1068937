"""How much of what an exact search finds an index should find: recall@10, and what may be asked for."""

from core.errors import UsageError

DEFAULT_RECALL = 0.99
LEAST_RECALL = 0.5  # with less, the first hit itself is a matter of luck
MOST_RECALL = 0.999  # more cannot be told from all by the queries it is measured with; exact search finds all


def check_recall(recall: float | None) -> None:
    """See that a recall can be asked for; None asks for nothing.

    Raises:
        UsageError: it is out of range.
    """
    if recall is not None and not LEAST_RECALL <= recall <= MOST_RECALL:
        raise UsageError(f"recall must be from {LEAST_RECALL:g} to {MOST_RECALL:g}, and is {recall:g}")
