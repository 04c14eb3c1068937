"""Keyword search against scanning the texts with LIKE, and what keeping the index costs, in one run.

    python -m benchmarks.keywords --pictures 100000 --json benchmarks/results/keywords.json

Made captions: ten words each out of 20,000, as frequent as words are (Zipf); files named by a camera, 500 to a folder.
The reference is SQLite's own `LIKE '%word%'` over caption texts and file names, joined to the same rows, which is what
one writes without an index, and which finds "cat" in "vacation". Each word is looked up in turn both ways; times are
the thread's CPU time, ratios of medians. Two libraries are filled with the same commits, one of them without the
triggers, batch by batch in turn: the ratio of their medians is what keyword search costs while indexing.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.retrieval import machine
from core.arrays import Vectors
from core.models import EncoderInfo, Preprocess
from core.pictures import Caption, CaptionSource, PictureFacts, TakenAt, TakenSource
from db import LibraryReader, LibraryWriter, open_reader, open_writer
from db.records import IndexedFile, RootScan, ScanEntry, SpaceInfo
from db.words import triggers
from searcher.hybrid import by_both, by_vector
from searcher.keywords import look_up, read_keywords
from searcher.looks import look_for

DIM = 512
BATCH = 64
VOCABULARY = 20_000
ROOT = b"/home/me/Pictures"
MODEL = EncoderInfo("made", DIM, Preprocess(224, 224), "0" * 64, 100.0, 77, ("en",))
FACTS = PictureFacts("jpeg", 400, 300, 1, TakenAt(datetime(2020, 5, 4), None, TakenSource.EXIF))  # noqa: DTZ001 - wall clock
FREQUENCIES = {"rare": 3_000, "usual": 300, "common": 10}  # which word of the vocabulary, by how frequent it is

_LIKE = """
    SELECT r.row FROM caption_text t JOIN caption c ON c.text_id = t.id AND c.kept
    JOIN vector_row r ON r.asset_id = c.asset_id AND r.generation_id = 1 WHERE t.text LIKE :word
    UNION SELECT r.row FROM file f JOIN file_asset fa ON fa.file_id = f.id
    JOIN vector_row r ON r.asset_id = fa.asset_id AND r.generation_id = 1
    WHERE f.path_text LIKE :word AND f.state IN ('present', 'offline')
"""


def made_words(rng: np.random.Generator) -> list[str]:
    """Pronounceable, different, four to ten letters."""
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        parts = rng.integers(0, 16 * 5, rng.integers(2, 5))
        words["".join("bdfghklmnprstvwz"[part // 5] + "aeiou"[part % 5] for part in parts)] = None
    return list(words)


def made_files(count: int, words: Sequence[str], rng: np.random.Generator) -> list[tuple[bytes, str]]:
    """Paths and captions."""
    chosen = np.minimum(rng.zipf(1.15, (count, 10)) - 1, VOCABULARY - 1)
    return [
        (b"%s/%d/day %d/IMG_%06d.jpg" % (ROOT, 2010 + i % 15, i // 500, i), " ".join(words[j] for j in chosen[i]))
        for i in range(count)
    ]


class Filling:
    """A library on its way."""

    def __init__(self, folder: Path, files: Sequence[tuple[bytes, str]], stack: ExitStack, *, words: bool) -> None:
        self.writer: LibraryWriter = stack.enter_context(open_writer(folder, command="benchmark"))
        conn = self.writer.store.conn
        if not words:
            for name, _ in triggers():
                conn.exec_driver_sql(f"DROP TRIGGER {name}")
        self.space: SpaceInfo = self.writer.use_space(MODEL)
        root = self.writer.remember_root(ROOT)
        self.writer.stage(root, [ScanEntry(path, 1, number) for number, (path, _) in enumerate(files)])
        self.writer.plan([self.space.id])
        self.captions = dict(files)
        self.items = list(self.writer.work())
        self.scans = [RootScan(root.id, reachable=True)]
        self.seconds: list[float] = []

    def commit(self, start: int, rows: Vectors) -> None:
        """One batch, timed."""
        files = [
            IndexedFile(
                item,
                item.path.ljust(32)[-32:],
                replace(FACTS, captions=(Caption(self.captions[item.path], CaptionSource.XMP),)),
                {self.space.id: row},
            )
            for item, row in zip(self.items[start : start + BATCH], rows, strict=True)
        ]
        started = time.thread_time()
        self.writer.commit(files)
        self.seconds.append(time.thread_time() - started)


def fill(folder: Path, count: int, words: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Both libraries; what a file costs, and the index's share of the database."""
    files = made_files(count, words, rng)
    with ExitStack() as stack:
        without, with_words = (
            Filling(folder / name, files, stack, words=name == "with") for name in ("without", "with")
        )
        for start, end in pairwise([*range(0, count, BATCH), count]):
            rows = rng.standard_normal((end - start, DIM), dtype=np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            for filling in (without, with_words):
                filling.commit(start, rows)
    sizes = {name: (folder / name / "library.sqlite3").stat().st_size for name in ("without", "with")}
    per_file = [1e6 * sum(filling.seconds) / count for filling in (without, with_words)]
    return {
        "commit_us_per_file_without": per_file[0],
        "commit_us_per_file_with": per_file[1],
        "commit_ratio": per_file[1] / per_file[0],
        "index_bytes_per_file": (sizes["with"] - sizes["without"]) / count,
    }


def cpu_ms(work: Callable[[], object]) -> float:
    """Of this thread."""
    started = time.thread_time()
    work()
    return 1e3 * (time.thread_time() - started)


def compare(reader: LibraryReader, word: str, rounds: int) -> dict[str, float]:
    """One word, both ways in turn; and a whole hybrid draw beside one by vector alone."""
    space, keywords = reader.active_space(), read_keywords(word)
    mask, _ = reader.allowed_rows(space)
    query = reader.vectors(space, np.array([0]))[0]
    conn = reader._store.conn
    ways: dict[str, Callable[[], object]] = {
        "words_ms": lambda: look_up(reader, space, keywords, mask),
        "like_ms": lambda: conn.exec_driver_sql(_LIKE, {"word": f"%{word}%"}).all(),
        "hybrid_ms": lambda: by_both(look_for(reader, space, query, keywords), keywords, mask)(100),
        "vector_ms": lambda: by_vector(reader, space, query, mask)(100),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(cpu_ms(way))
    medians = {name: statistics.median(some) for name, some in times.items()}
    found = len(look_up(reader, space, keywords, mask).rows)
    return {"rows": found, **medians, "times_faster_than_like": medians["like_ms"] / medians["words_ms"]}


def main() -> None:
    """Fills, compares, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result there, too")
    asked = parser.parse_args()
    rng = np.random.default_rng(0)
    words = made_words(rng)
    with tempfile.TemporaryDirectory(prefix="bench-words-") as scratch:
        result: dict[str, object] = {"machine": machine(), "pictures": asked.pictures}
        result["indexing"] = fill(Path(scratch), asked.pictures, words, rng)
        with open_reader(Path(scratch) / "with") as reader:
            asked_for = {name: words[number] for name, number in FREQUENCIES.items()}
            asked_for["name"] = f"IMG_{asked.pictures // 2:06d}"
            result["lookups"] = {name: compare(reader, word, asked.rounds) for name, word in asked_for.items()}
    if asked.json:
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        asked.json.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
