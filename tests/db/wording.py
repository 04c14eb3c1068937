"""Looking words up in a small library, for tests."""

from dataclasses import replace
from pathlib import Path

from core.pictures import Caption, CaptionSource
from core.queries import Filters
from core.words import Term, spaced
from db import LibraryWriter, open_reader
from tests.db.making import FACTS, Disk

ANY = Filters()


def term(word: str, *more: tuple[str, float], fragments: tuple[tuple[str, float], ...] = ()) -> Term:
    return Term(word, ((spaced(word), 1.0), *more), fragments)


def found(library: Path, *words: str | Term, filters: Filters = ANY) -> dict[bytes, list[float]]:
    """Path to how well each word was found."""
    with open_reader(library) as reader:
        assert reader.words_missing() is None
        space = reader.active_space()
        mask, _ = reader.allowed_rows(space, filters)
        terms = [word if isinstance(word, Term) else term(word) for word in words]
        rows = reader.keyword_rows(space, terms, "", mask)
        pictures = reader.pictures(space, rows.rows)
        assert len(pictures) == len(rows.rows)
        return {
            picture.path: [round(float(one), 3) for one in strengths]
            for picture, strengths in zip(pictures, rows.strengths, strict=True)
        }


def captioned(disk: Disk, path: bytes, *texts: str) -> None:
    disk.put(path)
    captions = tuple(Caption(text, CaptionSource.XMP) for text in texts)
    disk.facts[disk.files[path][0]] = replace(FACTS, captions=captions)


def noted(writer: LibraryWriter) -> int:
    return writer.store.conn.exec_driver_sql("SELECT count(*) FROM unread_text").scalar_one()
