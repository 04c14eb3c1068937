"""Captions from a file, given to the pictures of the library that its rows mean, stored and embedded.

Reading the rows is `caption_rows`', and which picture a name means `caption_matching`'s.
"""

from __future__ import annotations

import codecs
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.indexing import Progress
from core.paths import absolute, display
from core.pictures import Caption, CaptionSource
from db import open_reader, open_writer
from indexer.interrupts import Interrupts
from semantic_image_search.captions.embedding import embed_new_captions
from semantic_image_search.captions.matching import Matching
from semantic_image_search.captions.rows import EVERY_SPLIT, Tally, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from core.indexing import ProgressListener
    from db import LibraryWriter
    from semantic_image_search.captions.matching import By, Names
    from semantic_image_search.library.opened import OpenedLibrary

SHOWN = 5  # examples of names that fit nothing, or several
BATCH = 2_000  # pictures whose captions are committed at once
_READ = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class CaptionImport:
    """What an import of captions did."""

    file: str = ""
    rows: int = 0  # usable ones: a picture's name, and what is said of it
    pictures: int = 0  # of the library, that rows were matched with
    added: int = 0  # captions
    known: int = 0  # captions that the pictures had already
    matched_by: Mapping[By, int] = field(default_factory=dict)  # names
    unmatched: int = 0  # names that no picture of the library has
    unmatched_examples: tuple[str, ...] = ()
    ambiguous: int = 0  # names that fit several pictures
    ambiguous_examples: tuple[str, ...] = ()
    bad: int = 0  # rows that could not be used
    bad_examples: tuple[str, ...] = ()  # with place and reason
    embedded: int = 0  # texts that got a vector
    interrupted: bool = False  # stopped; what was finished is kept
    notices: tuple[str, ...] = ()


def import_captions(
    library: OpenedLibrary, file: Path, *, model: str | None, wait_s: float, listener: ProgressListener
) -> CaptionImport:
    """Carry it out; see `Captions.import_file`."""
    _require_utf8(file)
    tally = Tally()
    said = _captions(file, tally)
    if not said:
        raise UsageError(f"{file} holds no captions" + (f"; {tally.told[0]}" if tally.told else ""))
    with open_reader(library.path):  # a writer would make a library where there is none
        pass
    with open_writer(library.path, command="captions import", wait_s=wait_s) as writer:
        found = _matched(library.path, file, said)
        done = _store(library, writer, _by_picture(said, found.image, model), listener)
    return replace(
        done,
        file=os.fspath(file),
        rows=sum(len(texts) for texts in said.values()),
        matched_by=dict(found.by),
        unmatched=len(found.unmatched),
        unmatched_examples=tuple(_shown(names[0]) for names in found.unmatched[:SHOWN]),
        ambiguous=len(found.ambiguous),
        ambiguous_examples=tuple(_shown(names[0]) for names in found.ambiguous[:SHOWN]),
        bad=tally.bad,
        bad_examples=tuple(tally.told[:SHOWN]),
    )


def _matched(library: Path, file: Path, said: Mapping[Names, Sequence[str]]) -> Matching:
    """Which pictures the names mean, looked up while nobody else writes."""
    with open_reader(library) as reader:
        found = Matching.of(reader, said, os.path.dirname(absolute(file)))  # noqa: PTH120 - bytes
    if not found.image and not found.ambiguous:
        first = _shown(next(iter(said))[0])
        raise UsageError(f"none of the {len(said):,} pictures that {file} names is in {library}; the first is {first}")
    return found


def _store(
    library: OpenedLibrary, writer: LibraryWriter, wanted: Mapping[int, list[Caption]], listener: ProgressListener
) -> CaptionImport:
    """Commit the captions, then embed what is new. A first Ctrl-C ends it between two batches; all before is kept."""
    writer.start_run("captions import")
    added = seen = pictures = embedded = 0
    notices: tuple[str, ...] = ()
    with Interrupts().handled() as interrupts, interrupts.ending():
        hear = interrupts.checked(listener)
        for batch in _batches(wanted, BATCH):
            hear(Progress("import", pictures, len(wanted)))
            added += writer.add_captions(batch)
            pictures += len(batch)
            seen += sum(len(captions) for captions in batch.values())
        embedded, notices = embed_new_captions(library, writer, hear)
    writer.finish_run({"added": added, "embedded": embedded, "interrupted": interrupts.ended})
    return CaptionImport(
        pictures=pictures,
        added=added,
        known=seen - added,
        embedded=embedded,
        interrupted=interrupts.ended,
        notices=notices,
    )


def _captions(file: Path, tally: Tally) -> dict[Names, list[str]]:
    """What the file says, by picture; texts on one line, each once."""
    said: dict[Names, dict[str, None]] = defaultdict(dict)
    for names, texts in read_rows(file, split=EVERY_SPLIT, tally=tally):
        tidy = [line for text in texts if (line := _tidy(text))]
        if not tidy:
            tally.leave_out(_shown(names[0]), "its caption is empty")
        else:
            said[names].update(dict.fromkeys(tidy))
    return {names: list(texts) for names, texts in said.items()}


def _by_picture(
    said: Mapping[Names, Sequence[str]], image: Mapping[Names, int], model: str | None
) -> dict[int, list[Caption]]:
    source = CaptionSource.IMPORTED
    wanted: dict[int, dict[Caption, None]] = defaultdict(dict)
    for names, texts in said.items():
        if names in image:
            wanted[image[names]].update(dict.fromkeys(Caption(text, source, model) for text in texts))
    return {image_id: list(captions) for image_id, captions in wanted.items()}


def _require_utf8(file: Path) -> None:
    """Refuse another encoding before its words are taken for captions.

    Raises:
        UsageError: the file cannot be read, or is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 1
    try:
        with file.open("rb") as data:
            while block := data.read(_READ):
                decoder.decode(block)
                lines += block.count(b"\n")
            decoder.decode(b"", final=True)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = lines + error.object[: error.start].count(b"\n")
        raise UsageError(f"{file} is not UTF-8 (line {line:,}): save it as UTF-8, and import that") from error


def _tidy(text: str) -> str:
    """One line of proper Unicode."""
    plain = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", " ")
    return " ".join(plain.split())


def _shown(name: str) -> str:
    return display(name.encode("utf-8", "surrogatepass"))


def _batches(wanted: Mapping[int, list[Caption]], size: int) -> Iterator[dict[int, list[Caption]]]:
    items = iter(wanted.items())
    while batch := dict(islice(items, size)):
        yield batch
