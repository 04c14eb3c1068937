"""When an index is worth writing anew, and how: rules over measured signals, the first that holds decides.

| what is measured | decision |
|---|---|
| fewer live rows than `exact_below` | nothing: exact search is as fast, and never wrong |
| the same, with an index that cannot be read | drop it |
| no index, one that cannot be read, one of an earlier version, or one over rows that are not there | rebuild |
| rows since the lists were trained, over GROWN of those | rebuild |
| an index that aims at another recall than the one asked for | extend: only measured again |
| tail rows, over TAIL_ROWS times the square root of the built ones | extend |
| dead rows, over DEAD_SHARE of the built ones more than when the recall was measured | extend |

To extend is to add the tail to the same lists and to measure recall again; to rebuild is to train new lists. Where the
lists fit the rows since the training over WORSE worse than those before, or are over UNEVEN times as uneven as then
(`drift`), rows are not added to them: the index is rebuilt instead. All rows since the training count, so that many
small extensions cannot hide what one large one would show.

Leaves to others: measuring (`drift`, and SQL), and carrying the decision out.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from db.vectors.policy import LEAST_ROWS
from db.vectors.records import IndexRecord

TAIL_ROWS = 8.0  # a scan of 2,500 rows takes 0.1 to 0.25 ms beside 0.4 ms for 100,000 in an index; both grow as √rows
GROWN = 0.5  # lists by four times the square root of the rows: by then a fifth too few, and each row paid 0.3 ms
# Rows like those before are 0.06 to 0.08 worse than the sample that lists were trained on. Where a fifth of them are
# unlike all before, they are 0.37 worse, and pictures like them find 0.90 of what they should once they are in such
# lists; all pictures still find 0.99, so that recall measured with those of the library does not tell.
WORSE = 0.12
UNEVEN = 1.5  # the length of the list a row lies in, on average, against when it was trained
DEAD_SHARE = 0.1  # what is probed and scanned holds so much less that can be found
_SHORT = 0.005  # of recall: measured with 2,000 hits, less is chance
_WORTH_MEASURING = 2.0  # times the square root of the built rows: fewer than that do no harm in any list


class Action(StrEnum):
    """What to do about an index."""

    NOTHING = "nothing"
    EXTEND = "extend"
    REBUILD = "rebuild"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Drift:
    """How the rows since the training lie in the lists that were trained without them."""

    error: float  # mean of 1 - cosine with the list's centroid
    imbalance: float  # of all rows: lists · sum of squared shares, 1 is even


@dataclass(frozen=True, slots=True)
class Signals:
    """What a decision is taken by."""

    committed_rows: int  # live and dead
    live_rows: int  # those that may be found
    dead_built_rows: int = 0  # of those in the index: cannot be found any more
    drift: Drift | None = None  # None: not measured


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and why in words for people; empty where nothing is to be done."""

    action: Action
    reason: str = ""


def worth_an_index(live_rows: int, *, exact_below: int) -> bool:
    """Whether so many rows are searched faster through an index, and suffice to train one."""
    return live_rows >= max(exact_below, LEAST_ROWS)


def of_no_use(reason: str, live_rows: int, *, exact_below: int) -> Decision:
    """What should be done about an index that cannot be read, and is bypassed with a notice."""
    wanted = worth_an_index(live_rows, exact_below=exact_below)
    return Decision(Action.REBUILD if wanted else Action.DROP, reason)


def tail_rows(record: IndexRecord, committed_rows: int) -> int:
    """Rows newer than the index: each query scans them all."""
    return max(0, committed_rows - record.built_rows)


def decide(record: IndexRecord | None, signals: Signals, *, exact_below: int, recall: float | None = None) -> Decision:
    """What should be done about an index now.

    Args:
        record: the generation's present index, if any.
        signals: of its rows.
        exact_below: under this many live rows exact search is good enough.
        recall: recall@10 asked for; None: what the index aims at is right.
    """
    if not worth_an_index(signals.live_rows, exact_below=exact_below):
        return Decision(Action.NOTHING)
    if record is None:
        return Decision(Action.REBUILD, f"there is none yet for {signals.live_rows:,} rows")
    worn = _worn_out(record, signals.committed_rows)
    if worn:
        return Decision(Action.REBUILD, worn)
    stale = _stale(record, signals, recall)
    strange = _strange(record, signals)
    if stale and strange:
        return Decision(Action.REBUILD, f"{stale}; {strange}")
    return Decision(Action.EXTEND, stale) if stale else Decision(Action.NOTHING)


def worth_measuring(record: IndexRecord, signals: Signals) -> bool:
    """Whether so many rows came since the training that drift could matter; measuring it reads the index."""
    since = signals.committed_rows - record.trained_rows
    return since > _WORTH_MEASURING * math.sqrt(record.built_rows)


def fell_short(record: IndexRecord) -> bool:
    """Whether lists trained on fewer rows cannot give the recall asked for any more: new ones might."""
    recall = min(record.recall_image, record.recall_text)
    return record.trained_rows < record.built_rows and recall < record.target - _SHORT


def _worn_out(record: IndexRecord, committed_rows: int) -> str:
    """Why it is of no use any more, or too small; empty where it is not."""
    if record.built_rows > committed_rows:
        return "it is over rows that are not there"
    if not record.trained_rows:
        return "an earlier version of search built it"
    since = committed_rows - record.trained_rows
    grown = since > GROWN * record.trained_rows
    return f"{since:,} rows came since it was trained on {record.trained_rows:,}" if grown else ""


def _strange(record: IndexRecord, signals: Signals) -> str:
    """Why rows should not be added to these lists; empty where they may be."""
    drift = signals.drift
    if drift is None or not record.coarse_error or not record.imbalance:
        return ""
    worse = drift.error / record.coarse_error - 1
    if worse > WORSE:
        since = signals.committed_rows - record.trained_rows
        return f"its lists fit the {since:,} rows since it was trained {worse:.0%} worse than those before"
    if drift.imbalance > UNEVEN * record.imbalance:
        return f"its lists became uneven: {drift.imbalance:.1f}, {record.imbalance:.1f} when it was trained"
    return ""


def _stale(record: IndexRecord, signals: Signals, recall: float | None) -> str:
    """Why it should cover the tail, or be measured again; empty where it need not be."""
    if recall is not None and not math.isclose(recall, record.target, abs_tol=1e-9):
        return f"it aims at a recall of {record.target:g}, not {recall:g}"
    tail = tail_rows(record, signals.committed_rows)
    if tail > TAIL_ROWS * math.sqrt(record.built_rows):
        return f"{tail:,} rows are newer than it, and every query scans them"
    died = signals.dead_built_rows - record.dead_rows
    if died > DEAD_SHARE * record.built_rows:
        return f"{died:,} of its {record.built_rows:,} rows died since its recall was measured"
    return ""
