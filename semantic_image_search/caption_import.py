"""Captions from a file, given to the pictures of the library that its rows mean.

A row's name is a path (absolute, or seen from the file's folder); where no picture lies there, the one picture of the
library with that file name, and of several the one that shares the most folders with it. Names that still fit several
pictures are told, never guessed. Reading the rows is `caption_rows`'.
"""

from __future__ import annotations

import codecs
import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from core.errors import UsageError
from core.indexing import Progress
from core.paths import absolute, display
from core.pictures import Caption, CaptionSource
from db import open_reader, open_writer
from indexer.interrupts import Interrupts
from semantic_image_search.caption_embedding import embed_new_captions
from semantic_image_search.caption_rows import EVERY_SPLIT, Tally, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from core.indexing import ProgressListener
    from db import LibraryReader, LibraryWriter
    from semantic_image_search.library import Library

SHOWN = 5  # examples of names that fit nothing, or several
BATCH = 2_000  # pictures whose captions are committed at once
_READ = 1 << 20  # bytes

By = Literal["path", "folder", "name"]
"""How a name found its picture: where it says, by folders and name, by name alone."""


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
    library: Library, file: Path, *, model: str | None, wait_s: float, listener: ProgressListener
) -> CaptionImport:
    """Carry it out; see `Captions.import_file`."""
    _require_utf8(file)
    tally = Tally()
    said = _captions(file, tally)
    if not said:
        raise UsageError(f"{file} holds no captions" + (f"; {tally.told[0]}" if tally.told else ""))
    with open_reader(library.path) as reader:
        found = _Matching.of(reader, said, os.path.dirname(absolute(file)))  # noqa: PTH120 - bytes
    if not found.image and not found.ambiguous:
        first = _shown(next(iter(said))[0])
        raise UsageError(
            f"none of the {len(said):,} pictures that {file} names is in {library.path}; the first is {first}"
        )
    wanted = _by_picture(said, found.image, model)
    with open_writer(library.path, command="captions import", wait_s=wait_s) as writer:
        done = _store(library, writer, wanted, listener)
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


def _store(
    library: Library, writer: LibraryWriter, wanted: Mapping[int, list[Caption]], listener: ProgressListener
) -> CaptionImport:
    """Commit the captions, then embed what is new. A first Ctrl-C ends it between two batches; all before is kept."""
    writer.start_run("captions import")
    added = seen = pictures = embedded = 0
    notices: tuple[str, ...] = ()
    interrupted = False
    with Interrupts().handled() as interrupts:

        def hear(progress: Progress) -> None:
            interrupts.check()
            listener(progress)

        try:
            for batch in _batches(wanted, BATCH):
                hear(Progress("import", pictures, len(wanted)))
                added += writer.add_captions(batch)
                pictures += len(batch)
                seen += sum(len(captions) for captions in batch.values())
            embedded, notices = embed_new_captions(library, writer, hear)
        except KeyboardInterrupt:
            if interrupts.aborted:
                raise
            interrupted = True
    writer.finish_run({"added": added, "embedded": embedded, "interrupted": interrupted})
    return CaptionImport(
        pictures=pictures,
        added=added,
        known=seen - added,
        embedded=embedded,
        interrupted=interrupted,
        notices=notices,
    )


_Names = tuple[str, ...]
"""One picture as a row names it: where it may lie, the likeliest first."""


def _captions(file: Path, tally: Tally) -> dict[_Names, list[str]]:
    """What the file says, by picture; texts on one line, each once."""
    said: dict[_Names, dict[str, None]] = defaultdict(dict)
    for names, texts in read_rows(file, split=EVERY_SPLIT, tally=tally):
        tidy = [line for text in texts if (line := _tidy(text))]
        if not tidy:
            tally.leave_out(_shown(names[0]), "its caption is empty")
        else:
            said[names].update(dict.fromkeys(tidy))
    return {names: list(texts) for names, texts in said.items()}


def _by_picture(
    said: Mapping[_Names, Sequence[str]], image: Mapping[_Names, int], model: str | None
) -> dict[int, list[Caption]]:
    source = CaptionSource.IMPORTED
    wanted: dict[int, dict[Caption, None]] = defaultdict(dict)
    for names, texts in said.items():
        if names in image:
            wanted[image[names]].update(dict.fromkeys(Caption(text, source, model) for text in texts))
    return {image_id: list(captions) for image_id, captions in wanted.items()}


@dataclass(slots=True)
class _Matching:
    """Which picture of the library each name means."""

    image: dict[_Names, int] = field(default_factory=dict)
    by: Counter[By] = field(default_factory=Counter)
    unmatched: list[_Names] = field(default_factory=list)
    ambiguous: list[_Names] = field(default_factory=list)

    @classmethod
    def of(cls, reader: LibraryReader, wanted: Iterable[_Names], folder: bytes) -> _Matching:
        """Match all names; `folder` is what relative ones are seen from."""
        matching = cls()
        paths = {names: [path for name in _said(names) if (path := _path(folder, name))] for names in wanted}
        there = reader.images_at_paths({path for some in paths.values() for path in some})
        left = []
        for names, some in paths.items():
            path = next((path for path in some if path in there), None)
            if path is None:
                left.append(names)
            else:
                matching._found(names, there[path], "path")
        if left:
            called = reader.images_called({base for names in left for name in names if (base := _parts(name)[-1])})
            for names in left:
                matching._by_name(names, called)
        return matching

    def _found(self, names: _Names, image_id: int, by: By) -> None:
        self.image[names] = image_id
        self.by[by] += 1

    def _by_name(self, names: _Names, called: Mapping[bytes, Sequence[tuple[bytes, int]]]) -> None:
        """The picture of this file name; of several the one in the same folders."""
        candidates = [(name, path, image) for name in names for path, image in called.get(_parts(name)[-1], ())]
        shared = [_shared(_parts(name), path) for name, path, _ in candidates]
        best = {image for (_, _, image), parts in zip(candidates, shared, strict=True) if parts == max(shared)}
        if not best:
            self.unmatched.append(names)
        elif len(best) > 1:
            self.ambiguous.append(names)
        else:
            several = len({image for _, _, image in candidates}) > 1
            self._found(names, best.pop(), "folder" if several else "name")


def _said(names: _Names) -> Iterator[str]:
    """The names without those that only leave out another's folders: who names a folder means it."""
    return (name for at, name in enumerate(names) if not any(other.endswith(f"/{name}") for other in names[:at]))


def _path(folder: bytes, name: str) -> bytes | None:
    """Where the name says; None where it can be no path."""
    try:
        return absolute(os.path.join(folder, os.fsencode(name)))  # noqa: PTH118 - bytes
    except ValueError:  # a NUL in the name, or half a surrogate pair
        return None


def _parts(name: str) -> list[bytes]:
    """Folders and file name, of either system's separators."""
    return name.encode("utf-8", "surrogateescape" if name.isprintable() else "replace").replace(b"\\", b"/").split(b"/")


def _shared(parts: Sequence[bytes], path: bytes) -> int:
    """How many parts, from the file's name upwards, the two have in common."""
    others = path.split(os.fsencode(os.sep))
    return next(
        (n for n, (a, b) in enumerate(zip(reversed(parts), reversed(others), strict=False)) if a != b),
        min(len(parts), len(others)),
    )


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
