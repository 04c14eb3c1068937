"""A library of a million made pictures in a minute or three: real tables, rows and checksums, but no picture files.

Pictures lie in folders as people keep them: a shelf, a year of it, an event; each folder holds one concept (the made
pictures nearest to one point), so that a filter on it is as one-sided as filters get, and its rows are neighbours in
the file, as an indexer that walks folders leaves them. Cameras, dates, shapes and formats are strewn at random; places
come with events; the tags of set "concept" hold a concept each, strewn over all folders.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from benchmarks.clip_like import World
from core.arrays import HalfRows, RowNumbers, Vectors
from core.indexing import RootOptions
from core.models import EncoderInfo, Preprocess
from db import LibraryWriter, open_writer
from db.connect import run_many, transaction
from db.places import place_of
from db.records import SpaceInfo
from db.remembered import options_to_json
from db.rows import record_blocks
from db.vectors.blocks import extend_blocks

ROOT = b"/pictures"
CELLS = (10, 10, 10)  # folders: shelves, years of each, events of each; about 10%, 1% and 0.1% of the pictures
TAGS = {"tenth": 10, "hundredth": 100, "thousandth": 1000}  # concepts strewn over all folders, by their share
CAMERAS = (("Canon EOS R5", 0.5), ("NIKON D90", 0.39), ("SONY ILCE-7", 0.1), ("LEICA Q3", 0.009), ("Holga 120", 0.001))
FORMATS = (("jpeg", 0.9), ("heif", 0.09), ("png", 0.01))
_WORDS = "dog beach wedding mountain cat snow birthday garden street night lake forest train boat horse"
WORDS = tuple(_WORDS.split())
CAPTIONED = 0.05
PLACED = 0.4  # pictures with GPS
NEUTRAL = 300  # neutral texts kept with the space
_BATCH = 50_000
_EPOCH_2005 = 1_104_537_600
_YEARS_20 = 631_152_000


class Words:
    """A text encoder without a model: any text is a direction as far from the pictures as words are.

    Args:
        dim: of the space.
        near: float32 (n, dim): pictures that texts are about; which one, the text's hash says.
        info: the model that it stands for; None: one of its own.
    """

    def __init__(self, near: Vectors, dim: int = 512, info: EncoderInfo | None = None) -> None:
        weights = hashlib.sha256(b"made").hexdigest()
        self.info = info or EncoderInfo("made", dim, Preprocess(224, 224), weights, 100.0, 77, ("en",))
        self._near = near
        self._known: dict[str, Vectors] = {}

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """float32 (n, dim), unit rows; made once each, so that asking again costs nothing."""
        new = [text for text in texts if text not in self._known]
        if new:
            seed = int.from_bytes(hashlib.sha256("\n".join(new).encode()).digest()[:8], "big")
            rng = np.random.default_rng(seed)
            about = self._near[rng.integers(len(self._near), size=len(new))]
            made = World(self.info.dim).texts(np.concatenate([about, self._near[:1]]), rng)[:-1]  # it wants several
            self._known |= zip(new, made, strict=True)
        return np.stack([self._known[text] for text in texts])

    def encode_pixels(self, pixels: object) -> Vectors:
        """It sees nothing."""
        raise NotImplementedError

    def cut_off(self, text: str) -> str:
        """It reads all."""
        return text[:0]


@dataclass(frozen=True, eq=False)
class Sorted:
    """Made pictures in the order of their folders."""

    rows: HalfRows  # (n, dim), as they came
    order: RowNumbers  # of the rows, by folder
    folder: NDArray[np.int64]  # (n,) in this order, 0 to 999
    tags: dict[str, NDArray[np.int64]]  # (n,) in this order: which concept of so many

    def blocks(self) -> Iterator[HalfRows]:
        """All rows, in the order of folders."""
        for start in range(0, len(self.order), _BATCH):
            yield self.rows[self.order[start : start + _BATCH]]


def sort_out(rows: HalfRows, rng: np.random.Generator) -> Sorted:
    """Give each picture a folder and tags, by the points it is nearest to."""
    count = len(rows)
    folders = np.zeros(count, np.int64)
    for level, cells in enumerate(CELLS):
        points = rows[rng.choice(count, cells * 10**level, replace=False)].astype(np.float32)
        folders = folders * cells + _nearest(rows, points, folders if level else None, cells)
    order = np.argsort(folders, kind="stable")
    tags = {
        name: _nearest(rows, rows[rng.choice(count, many, replace=False)].astype(np.float32), None, many)[order]
        for name, many in TAGS.items()
    }
    return Sorted(rows, order, folders[order], tags)


def make_library(folder: Path, rows: HalfRows, info: EncoderInfo | None = None) -> SpaceInfo:
    """A library of these float16 (n, dim) unit rows in `folder`; index and columns are yet to be written.

    Args:
        folder: of the library.
        rows: of the space.
        info: the model that is said to have made them; None: none there is.
    """
    rng = np.random.default_rng(0)
    pictures = sort_out(rows, rng)
    near = rows[:: max(1, len(rows) // 1000)].astype(np.float32)
    encoder = Words(near, rows.shape[1], info)
    with open_writer(folder, command="benchmark") as writer:
        space = writer.use_space(encoder.info)
        _write_vectors(writer, space, pictures)
        with transaction(writer.store) as conn:
            _write_tables(conn, writer.generation(space).id, pictures, rng)
        texts = [f"neutral {number}" for number in range(NEUTRAL)]
        writer.keep_neutral_texts(space, texts, encoder.encode_texts(texts))
    np.save(folder / "near.npy", near)
    return space


def encoder_of(folder: Path) -> Words:
    """The encoder of the library that `make_library` made there."""
    return Words(np.load(folder / "near.npy"))


def _nearest(rows: HalfRows, points: Vectors, above: NDArray[np.int64] | None, cells: int) -> NDArray[np.int64]:
    """Of the points (of those below each row's cell above, `cells` for each) the nearest."""
    centre = points.mean(axis=0)
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), _BATCH):
        scores = (rows[start : start + _BATCH].astype(np.float32) - centre) @ (points - centre).T
        if above is not None:
            own = above[start : start + len(scores), np.newaxis] * cells + np.arange(cells)
            scores = np.take_along_axis(scores, own, axis=1)
        found[start : start + len(scores)] = scores.argmax(axis=1)
    return found


def _write_vectors(writer: LibraryWriter, space: SpaceInfo, pictures: Sorted) -> None:
    generation, blocks = writer.generation(space), {}
    file = place_of(writer.store, generation.id).open()
    for block in pictures.blocks():
        blocks |= extend_blocks(blocks, file.append(block), block)
    with transaction(writer.store) as conn:
        record_blocks(conn, generation.id, len(pictures.order), blocks)


def _write_tables(conn: Connection, generation_id: int, pictures: Sorted, rng: np.random.Generator) -> None:
    conn.exec_driver_sql(
        "INSERT INTO root (id, path, path_text, options, last_scan_at) VALUES (1, ?, ?, ?, 0)",
        (ROOT, ROOT.decode(), options_to_json(RootOptions())),
    )
    events = [event_path(number) for number in range(int(np.prod(CELLS)))]
    run_many(
        conn,
        "INSERT INTO folder (id, path, path_text) VALUES (?, ?, ?)",
        [(number, path, path.decode()) for number, path in enumerate(events, start=1)],
    )
    for table, names in (("camera", CAMERAS), ("format", FORMATS)):
        run_many(conn, f"INSERT INTO {table} (id, name) VALUES (?, ?)", [(i, n) for i, (n, _) in enumerate(names, 1)])
    for start in range(0, len(pictures.order), _BATCH):
        folders = pictures.folder[start : start + _BATCH]
        _write_pictures(conn, generation_id, start, folders, events, rng)
        _write_words(conn, start, len(folders), rng)
    for name, many in TAGS.items():
        _write_tags(conn, name, pictures.tags[name], many)


def event_path(number: int) -> bytes:
    """The folder of an event, which holds one concept: /pictures/shelf 3/2014/07 beach."""
    shelf, year, event = number // 100, number // 10 % 10, number % 10
    return ROOT + f"/shelf {shelf}/{2010 + year}/{event:02} {WORDS[number % len(WORDS)]}".encode()


def _write_pictures(
    conn: Connection,
    generation_id: int,
    start: int,
    folders: NDArray[np.int64],
    events: Sequence[bytes],
    rng: np.random.Generator,
) -> None:
    count = len(folders)
    ids = range(start + 1, start + count + 1)
    names = [_file_name(number, chance) for number, chance in zip(ids, rng.random(count), strict=True)]
    paths = [events[folder] + b"/" + name for folder, name in zip(folders, names, strict=True)]
    taken = (_EPOCH_2005 + rng.random(count) * _YEARS_20).astype(np.int64).tolist()
    cameras, formats = (_drawn(names, count, rng) for names in (CAMERAS, FORMATS))
    upright = rng.random(count) < 0.5
    width, height = np.where(upright, 3000, 4000).tolist(), np.where(upright, 4000, 3000).tolist()
    latitude = folders // 10 * 1.7 - 85 + rng.normal(0, 0.05, count)
    longitude = folders % 100 * 3.5 - 175 + rng.normal(0, 0.05, count)
    placed = rng.random(count) < PLACED
    phash = rng.integers(-(2**63), 2**63, count).tolist()
    run_many(
        conn,
        "INSERT INTO file (id, path, path_text, folder_id, root_id, state, size, mtime_ns, added_at)"
        " VALUES (?, ?, ?, ?, 1, 'present', 2000000, ?, 0)",
        [
            (i, path, path.decode(), int(folder) + 1, at * 10**9)
            for i, path, folder, at in zip(ids, paths, folders, taken, strict=True)
        ],
    )
    run_many(
        conn,
        "INSERT INTO asset (id, content_hash, part, live, format_id, width, height, exif_orientation, taken,"
        " taken_source, camera_id, latitude, longitude, phash) VALUES (?, ?, 0, 1, ?, ?, ?, 1, ?, 'exif', ?, ?, ?, ?)",
        [
            (i, content_hash(i), f, w, h, t, c, a if p else None, o if p else None, x)
            for i, f, w, h, t, c, a, o, p, x in zip(
                ids, formats, width, height, taken, cameras, latitude.tolist(), longitude.tolist(), placed, phash,
                strict=True,
            )
        ],
    )  # fmt: skip
    run_many(conn, "INSERT INTO file_asset VALUES (?, ?)", [(i, i) for i in ids])
    run_many(conn, "INSERT INTO vector_row VALUES (?, ?, ?)", [(generation_id, i - 1, i) for i in ids])


def _write_words(conn: Connection, start: int, count: int, rng: np.random.Generator) -> None:
    """Captions of some pictures, each a text of its own: three words of the few, and a number."""
    chosen = (np.flatnonzero(rng.random(count) < CAPTIONED) + start + 1).tolist()
    words = rng.choice(WORDS, (len(chosen), 3))
    texts = [(i, f"a {a} and a {b} by the {c}, {i}") for i, (a, b, c) in zip(chosen, words, strict=True)]
    run_many(conn, "INSERT INTO caption_text (id, text) VALUES (?, ?)", texts)
    run_many(
        conn,
        "INSERT INTO caption (asset_id, file_id, text_id, source) VALUES (?, ?, ?, 'xmp')",
        [(i, i, i) for i in chosen],
    )


def _write_tags(conn: Connection, name: str, of: NDArray[np.int64], many: int) -> None:
    """The first three concepts of a set become tags: "hundredth 0" has about 1% of the pictures."""
    for number in range(min(3, many)):
        tag = f"{name} {number}"
        given = conn.exec_driver_sql("INSERT INTO tag (name, folded) VALUES (?, ?)", (tag, tag)).lastrowid
        rows = (np.flatnonzero(of == number) + 1).tolist()
        conn.exec_driver_sql(
            "INSERT INTO asset_tag SELECT value, ?, 'concept', 'made', 0.9, 0 FROM json_each(?)",
            (given, json.dumps(rows)),
        )


def content_hash(number: int) -> bytes:
    """The hash that stands for the file of the picture of this number, from 1."""
    return hashlib.blake2b(b"%d" % number, digest_size=32).digest()


def _file_name(number: int, chance: float) -> bytes:
    """Mostly a camera's; some with a word or two."""
    if chance < 0.8:
        return b"IMG_%07d.JPG" % number
    if chance < 0.95:
        return b"2015-06-%02d %07d.jpg" % (number % 28 + 1, number)
    return f"{WORDS[number % len(WORDS)]} {WORDS[number // 7 % len(WORDS)]} {number}.jpg".encode()


def _drawn(names: Sequence[tuple[str, float]], count: int, rng: np.random.Generator) -> list[int]:
    shares = np.array([share for _, share in names])
    drawn: list[int] = (rng.choice(len(names), count, p=shares / shares.sum()) + 1).tolist()
    return drawn
