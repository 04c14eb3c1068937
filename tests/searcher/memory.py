"""A library in memory: the methods of LibraryReader that searching uses, over plain lists and numpy."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowMask, RowNumbers, Vectors
from core.models import EncoderInfo, VectorKind
from core.pictures import Caption, CaptionSource, Orientation, Picture, PictureFacts, TakenAt, TakenSource
from core.queries import Filters
from core.words import Term, spaced
from db.keywords import NAMED, KeywordRows
from db.records import Counts, GenerationInfo, SpaceInfo, SpaceState
from db.vectors.records import Candidates
from tests.fakes import FakeEncoder


def wall(*parts: int) -> datetime:
    """A moment on the clock on the wall."""
    return datetime(*parts)  # noqa: DTZ001 - cameras know no zone


NOON = wall(2020, 5, 3, 12)


def make_facts(**given: object) -> PictureFacts:
    facts = {
        "format": "jpeg",
        "width": 400,
        "height": 300,
        "exif_orientation": 1,
        "taken": TakenAt(NOON, None, TakenSource.EXIF),
        **given,
    }
    return PictureFacts(**facts)


def taken(seconds: float = 0.0, *, source: TakenSource = TakenSource.EXIF) -> TakenAt:
    return TakenAt(NOON + timedelta(seconds=seconds), None, source)


def caption(text: str) -> Caption:
    return Caption(text, CaptionSource.XMP)


def make_picture(row: int, **given: object) -> Picture:
    """Picture `row` at /photos/<row>.jpg; fields of PictureFacts may be given, too."""
    own = {name: given.pop(name) for name in ("path", "other_paths", "offline", "content_hash") if name in given}
    return Picture(
        **{
            "image_id": 100 + row,
            "row": row,
            "path": b"/photos/%d.jpg" % row,
            "other_paths": (),
            "offline": False,
            "facts": make_facts(**given),
            "content_hash": b"%032d" % row,
            **own,
        }
    )


def space_of(info: EncoderInfo) -> SpaceInfo:
    return SpaceInfo(1, "fake-1", info.name, info.identity, info.dim, info, SpaceState.ACTIVE)


@dataclass
class MemoryReader:
    """Exact search over `vectors` (n, dim); filters: folders, orientation and dates only."""

    stored: list[Picture]
    rows: Vectors
    space: SpaceInfo = field(default_factory=lambda: space_of(FakeEncoder().info))
    waiting: int = 0
    told: tuple[str, ...] = ()
    path: Path = Path("/library")
    fetches: list[int] = field(default_factory=list)
    wordless: str | None = None  # why no words can be looked up
    dead: frozenset[int] = frozenset()  # rows that are found, but stand for no picture any more
    neutral: Vectors | None = None  # vectors of neutral texts

    def active_space(self) -> SpaceInfo:
        return self.space

    def notices(self) -> tuple[str, ...]:
        return self.told

    def counts(self, space: SpaceInfo) -> Counts:
        return Counts(pictures=len(self.stored), indexed=len(self.stored), waiting=self.waiting)

    def allowed_rows(self, space: SpaceInfo, filters: Filters) -> tuple[RowMask | None, int]:
        if not filters:
            return None, len(self.stored)
        mask = np.array([_passes(picture, filters) for picture in self.stored], np.bool_)
        return mask, int(mask.sum())

    def search(
        self, space: SpaceInfo, query: Vectors, k: int, mask: RowMask | None, *, sure: int | None = None
    ) -> Candidates:
        self.fetches.append(k)
        scores = self.rows.astype(np.float64) @ query
        order = np.argsort(-scores, kind="stable")
        chosen = order[mask[order]] if mask is not None else order
        return Candidates(chosen[:k], scores[chosen[:k]].astype(np.float32))

    def words_missing(self) -> str | None:
        return self.wordless

    def keyword_rows(
        self, space: SpaceInfo, terms: list[Term], phrase: str, mask: RowMask | None, *, most: int | None = None
    ) -> KeywordRows:
        """Over captions and paths; fragments are not looked for."""
        texts = [self._texts(picture) for picture in self.stored]
        strengths = np.array(
            [
                [
                    max((n * worth for form, worth in t.forms for n, text in one if form in text), default=0.0)
                    for t in terms
                ]
                for one in texts
            ],
            np.float32,
        ).reshape(len(texts), len(terms))
        if mask is not None:
            strengths[~mask] = 0.0
        rows = np.flatnonzero(strengths.any(axis=1))
        phrases = np.array([bool(phrase) and any(phrase in text for _, text in texts[row]) for row in rows], np.bool_)
        numbers = tuple(range(len(terms)))
        return KeywordRows(
            rows, numbers, strengths[rows], phrases, len(texts) if mask is None else int(mask.sum()), len(texts)
        )

    def _texts(self, picture: Picture) -> list[tuple[float, str]]:
        said = [(1.0, caption.text) for caption in picture.facts.captions if caption.kept]
        named = [(NAMED, path.decode("utf-8", "replace")) for path in (picture.path, *picture.other_paths)]
        return [(worth, spaced(text)) for worth, text in said + named]

    def vectors(self, space: SpaceInfo, rows: RowNumbers) -> Vectors:
        return self.rows[rows]

    def cosines(self, space: SpaceInfo, query: Vectors, rows: RowNumbers) -> NDArray[np.float32]:
        return self.rows[rows] @ query

    def neutral_texts(self, space: SpaceInfo) -> Vectors | None:
        return self.neutral

    def once(self, key: Hashable, make: Callable[[], object]) -> object:
        return make()

    def generation(self, space: SpaceInfo) -> GenerationInfo:
        rows = len(self.stored)
        return GenerationInfo(1, space.id, VectorKind.IMAGE, 1, rows, rows, None, 0)

    def pictures(self, space: SpaceInfo, rows: RowNumbers) -> list[Picture]:
        return [self.stored[row] for row in rows if row not in self.dead]

    def rows_with_hash(self, space: SpaceInfo, content_hash: bytes) -> RowNumbers:
        return np.array([p.row for p in self.stored if p.content_hash == content_hash], np.int64)

    def rows_at_path(self, space: SpaceInfo, path: bytes) -> RowNumbers:
        return np.array([p.row for p in self.stored if path in (p.path, *p.other_paths)], np.int64)


def _passes(picture: Picture, filters: Filters) -> bool:
    paths, facts = (picture.path, *picture.other_paths), picture.facts
    return (
        (not filters.folders or any(path.startswith(folder + b"/") for path in paths for folder in filters.folders))
        and (filters.orientation is None or filters.orientation is Orientation.of(facts.width, facts.height))
        and (filters.taken_from is None or facts.taken.local >= filters.taken_from)
        and (filters.taken_before is None or facts.taken.local < filters.taken_before)
    )


def unit(rows: object) -> Vectors:
    wide = np.asarray(rows, np.float64)
    return (wide / np.linalg.norm(wide, axis=-1, keepdims=True)).astype(np.float32)
