"""All pictures by time and the facets from the filter columns, against SQL that says the same, in one run.

    python -m benchmarks.browsing --pictures 100000 --json benchmarks/results/browsing.json
    python -m benchmarks.browsing --library FOLDER    # one that `benchmarks.million_library` made

"first" opens the library anew each time, as after every commit; "then" asks another question of the same snapshot; the
answer of POST /browse is packed besides. The reference is what one would write with SQLite alone: the same pictures
`ORDER BY taken`, and a `GROUP BY` for each facet, on a connection whose pages are warm. Times are CPU time of the
thread, medians; each is measured in turn, and the answers of both are compared.
"""

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from benchmarks.million_library import ROOT, make_library
from benchmarks.results_file import write_json
from benchmarks.retrieval import machine
from core.browsing import Browsed, Facets, TimeOrder
from core.queries import Filters
from db import LibraryReader, open_reader, open_writer
from db.columns import write_columns
from web.api.browse import told
from web.api.packed import pack

DIM = 32  # of the made vectors: nobody looks at them
A_FOLDER = Filters(folders=(ROOT + b"/shelf 0",))
A_YEAR = Filters(taken_from=datetime(2012, 1, 1), taken_before=datetime(2013, 1, 1))  # noqa: DTZ001 - wall clock

_BROWSE = """
    SELECT a.id, a.width, a.height, a.taken FROM vector_row r JOIN asset a ON a.id = r.asset_id
    WHERE a.live {where} ORDER BY a.taken IS NULL, a.taken DESC, r.row DESC
"""
_GROUPS = {
    "dates": "SELECT strftime('%Y-%m', a.taken, 'unixepoch') AS what, count(*) FROM {rows} GROUP BY what",
    "cameras": "SELECT a.camera_id, count(*) FROM {rows} GROUP BY 1",
    "formats": "SELECT a.format_id, count(*) FROM {rows} GROUP BY 1",
    "orientations": "SELECT (a.width > a.height) - (a.width < a.height), count(*) FROM {rows} GROUP BY 1",
    "folders": "SELECT f.folder_id, count(DISTINCT a.id) FROM {rows} JOIN file_asset fa ON fa.asset_id = a.id"
    " JOIN file f ON f.id = fa.file_id GROUP BY 1",
    "tags": "SELECT at.tag_id, count(DISTINCT a.id) FROM {rows} JOIN asset_tag at ON at.asset_id = a.id GROUP BY 1",
    "places": "SELECT round(a.latitude), round(a.longitude), count(*) FROM {rows} WHERE a.latitude IS NOT NULL"
    " GROUP BY 1, 2",
}


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of the thread's CPU time, and what came of it."""

    seconds: float
    value: object


def timed(work: Callable[[], object]) -> Timed:
    """Once."""
    started = time.thread_time()
    value = work()
    return Timed(time.thread_time() - started, value)


def measure(library: Path, repeats: int) -> dict[str, object]:
    """Every measurement in turn, `repeats` times; medians in milliseconds, and ratios."""
    sql = sqlite3.connect(f"file:{library / 'library.sqlite3'}?mode=ro", uri=True)
    times: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, seconds in _once(library, sql).items():
            times.setdefault(name, []).append(seconds)
    medians = {name: round(statistics.median(seconds) * 1000, 2) for name, seconds in times.items()}
    ratios = {
        f"{name}_times_faster_than_sql": round(medians[f"{name}_sql"] / medians[f"{name}_first"], 1)
        for name in ("browse", "facets")
    }
    return {"medians_ms": medians, **ratios}


def _once(library: Path, sql: sqlite3.Connection) -> dict[str, float]:
    with open_reader(library) as reader:
        first = timed(lambda: _browse(reader, Filters()))
        folder = timed(lambda: _browse(reader, A_FOLDER))
        year = timed(lambda: _browse(reader, A_YEAR))
    assert isinstance(first.value, Browsed)
    found = first.value
    packed = timed(lambda: pack(told(found)))
    with open_reader(library) as reader:
        facets = timed(lambda: _facets(reader, Filters()))
        narrowed = timed(lambda: _facets(reader, A_FOLDER))
    plain = timed(lambda: sql.execute(_BROWSE.format(where="")).fetchall())
    grouped = timed(lambda: _grouped(sql))
    _same(found, facets.value, plain.value, grouped.value)
    return {
        "browse_first": first.seconds,
        "browse_a_folder_then": folder.seconds,
        "browse_a_year_then": year.seconds,
        "browse_packed": packed.seconds,
        "browse_sql": plain.seconds,
        "facets_first": facets.seconds,
        "facets_of_a_folder_then": narrowed.seconds,
        "facets_sql": grouped.seconds,
    }


def _browse(reader: LibraryReader, filters: Filters) -> Browsed:
    return reader.browse(reader.active_space(), filters, TimeOrder.NEWEST)


def _facets(reader: LibraryReader, filters: Filters) -> Facets:
    return reader.facets(reader.active_space(), filters)


def _grouped(sql: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    rows = "(SELECT a.* FROM vector_row r JOIN asset a ON a.id = r.asset_id WHERE a.live) a"
    return {name: sql.execute(query.format(rows=rows)).fetchall() for name, query in _GROUPS.items()}


def _same(found: Browsed, facets: object, plain: object, grouped: object) -> None:
    """Both ways say the same; a benchmark of a wrong answer is worth nothing."""
    assert isinstance(plain, list)
    assert isinstance(facets, Facets)
    assert isinstance(grouped, dict)
    assert found.images.tolist() == [row[0] for row in plain]
    assert [part.count for part in facets.dates.bins] == [count for _, count in sorted(grouped["dates"])]
    for name in ("cameras", "tags", "formats"):
        ours = sorted(one.count for one in getattr(facets, name))
        assert ours == sorted(count for number, count in grouped[name] if number is not None), name


def main() -> None:
    """Make a library unless one is given, measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--library", type=Path, help="one that is there; it is not written to")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = asked.library or _made(Path(folder) / "library", asked.pictures)
        with open_reader(library) as reader:
            pictures = reader.generation(reader.active_space()).live_rows
        result = {"machine": machine(), "pictures": pictures, **measure(library, asked.repeats)}
    print(json.dumps(result, indent=1))
    write_json(asked.json, result)


def _made(library: Path, pictures: int) -> Path:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((pictures, DIM), np.float32)
    make_library(library, (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16))
    with open_writer(library, command="benchmark") as writer:
        write_columns(writer.store, writer.generation(writer.spaces()[0]).id)
    return library


if __name__ == "__main__":
    main()
