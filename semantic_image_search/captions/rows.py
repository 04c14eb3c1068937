"""Files of captions, row by row: which picture, and what is said of it.

Karpathy's splits (`dataset_coco.json`, `dataset_flickr30k.json`), COCO's own annotations (`captions_val2017.json`), any
list of objects with a file and captions (JSON, or JSON lines), and tables (CSV, TSV, Flickr's `image#0 TAB caption`).
A row that cannot be used is told and left out; it never stops the others. Whether its picture is there is for others.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, TextIO

from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FILE_NAMES = ("file", "file_name", "filename", "image", "image_name", "path", "filepath", "image_path")
CAPTION_NAMES = ("caption", "captions", "text", "comment", "sentence", "sentences", "title")
DELIMITERS = "\t|,;"
FIRST_SPLIT = "test"  # of Karpathy's, where none was asked for
EVERY_SPLIT = "all"
MOST_TOLD = 20  # bad rows remembered with their reason; all are counted

_WANTED = "a row needs a picture (file, image, image_path, …) and a caption (caption, text, …)"

_IS_NAME = re.compile(r"\.\w{2,5}(?:#\d+)?[\"\s]*$")  # how the name of a picture ends

Row = tuple[tuple[str, ...], list[str]]
"""Where the picture may lie below the folder, the likeliest first, and its captions."""


@dataclass(slots=True)
class Tally:
    """What was left out while reading."""

    bad: int = 0
    told: list[str] = field(default_factory=list)  # the first MOST_TOLD of them, with place and reason
    splits: Counter[str] = field(default_factory=Counter)  # pictures by split, where the file has splits

    def leave_out(self, where: str, reason: str) -> None:
        """Count a row that cannot be used."""
        self.bad += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(f"{where}: {reason}")


class _Unusable(ValueError):
    """A row that says nothing of a picture; the text is the reason."""


def read_rows(file: Path, *, split: str | None, tally: Tally) -> Iterator[Row]:
    """Every usable row of a file of captions.

    Args:
        file: its name's ending says what it is; any other ending than those of JSON is a table's.
        split: of Karpathy's splits, or the value of a field `split`; None: test where the file is Karpathy's, else all.
        tally: told what is left out.

    Raises:
        UsageError: the file cannot be read, or is no file of captions.
    """
    try:
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield from _READERS.get(file.suffix.lower(), _from_table)(text, file, split, tally)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error


def _from_json(text: TextIO, file: Path, split: str | None, tally: Tally) -> Iterator[Row]:
    try:
        value = json.load(text, object_hook=_without_tokens)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # several values: lines of JSON under another name
            text.seek(0)
            yield from _from_lines(text, file, split, tally)
            return
        raise UsageError(f"{file} is not valid JSON: {error}") from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{file} is not a file of captions: nested too deeply, or an endless number") from error
    yield from _usable(*_items(value, file), split, tally)


def _without_tokens(item: dict[str, object]) -> dict[str, object]:
    """Karpathy's sentences are there twice; without their single words the COCO file takes a third of the memory."""
    item.pop("tokens", None)
    return item


def _items(value: object, file: Path) -> tuple[Iterable[tuple[str, object]], Callable[[Mapping[str, object]], Row]]:
    """The rows of a JSON file with the names of their places, and how one is read."""
    if isinstance(value, list):
        return _numbered("row", value), _plain_row
    if isinstance(value, dict) and isinstance(images := value.get("images"), list):
        if isinstance(annotations := value.get("annotations"), list):
            known = (one for one in images if isinstance(one, dict) and isinstance(one.get("id"), int | str))
            names = {one["id"]: one.get("file_name") for one in known}
            return _numbered("annotation", annotations), lambda item: _coco_row(item, names)
        return _numbered("image", images), _karpathy_row
    raise UsageError(
        f"{file} is not a file of captions: expected Karpathy's `images` with `sentences`, COCO's `images` and "
        "`annotations`, or a list of objects with `file` and `caption`"
    )


def _numbered(name: str, items: Iterable[object]) -> Iterator[tuple[str, object]]:
    return ((f"{name} {number}", item) for number, item in enumerate(items, start=1))


def _from_lines(text: TextIO, file: Path, split: str | None, tally: Tally) -> Iterator[Row]:
    del file

    def items() -> Iterator[tuple[str, object]]:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError):  # also a number of thousands of digits
                tally.leave_out(f"line {number}", "not valid JSON")

    yield from _usable(items(), _plain_row, split, tally)


def _usable(
    items: Iterable[tuple[str, object]],
    read: Callable[[Mapping[str, object]], Row],
    split: str | None,
    tally: Tally,
) -> Iterator[Row]:
    """The rows of the split that can be read; the others are told."""
    wanted = split or (FIRST_SPLIT if read is _karpathy_row else EVERY_SPLIT)
    for where, item in items:
        if not isinstance(item, dict):
            tally.leave_out(where, "not an object")
            continue
        if isinstance(own := item.get("split"), str):
            tally.splits[own] += 1
        if wanted not in {EVERY_SPLIT, own}:
            continue
        try:
            yield read(item)
        except _Unusable as reason:
            tally.leave_out(where, str(reason))


def _karpathy_row(item: Mapping[str, object]) -> Row:
    """COCO's files lie in folders of their split, and may have been given the names of 2017."""
    sentences = item.get("sentences")
    if not isinstance(sentences, list):
        raise _Unusable("no sentences")
    name, folder, coco = _text(item.get("filename"), "filename"), item.get("filepath"), item.get("cocoid")
    names = [name]
    if isinstance(folder, str):
        names.append(f"{folder}/{name}")
    if isinstance(coco, int):
        names.append(f"{coco:012d}.jpg")
    return tuple(names), [_text(one.get("raw"), "raw") for one in sentences if isinstance(one, dict)]


def _coco_row(item: Mapping[str, object], names: Mapping[object, object]) -> Row:
    number = item.get("image_id")
    if not isinstance(number, int | str) or number not in names:
        raise _Unusable(f"no image has the id {number!r}")
    return (_text(names[number], "file_name"),), [_text(item.get("caption"), "caption")]


def _plain_row(item: Mapping[str, object]) -> Row:
    if not any(key in item for key in FILE_NAMES):
        raise _Unusable(f"no file among {_listed(item)}: {_WANTED}")
    name = _text(next((item[key] for key in FILE_NAMES if item.get(key)), None), "file")
    said = next((item[key] for key in CAPTION_NAMES if key in item), None)
    captions = [_text(one, "caption") for one in (said if isinstance(said, list) else [said])]
    return (name, name.rpartition("/")[2]), captions


def _listed(names: Iterable[str]) -> str:
    """The first few names."""
    return ", ".join(name.strip()[:40] or "(empty)" for name in islice(names, 12)) or "nothing"


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise _Unusable(f"no {name}")
    return value


def _from_table(text: TextIO, file: Path, split: str | None, tally: Tally) -> Iterator[Row]:
    first = text.readline()
    delimiter, header = _columns(first)
    body: Iterable[str] = text if header else chain([first], text)
    if delimiter is None:
        raise UsageError(f"{file} is not a table of files and captions: a line is `file,caption`, or file TAB caption")
    if not header and "." not in (columns := first.strip().split(delimiter))[0]:
        raise UsageError(f"{file} has the columns {_listed(columns)}: {_WANTED}")
    quoted = delimiter in ",;"
    reader = csv.reader(body, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
    names = header or ["file", "caption"]
    if split not in {None, EVERY_SPLIT} and "split" not in names:
        raise UsageError(f"{file} has no column `split`: leave --split out")
    yield from _usable(_records(reader, names, delimiter, 1 + bool(header), tally), _plain_row, split, tally)


def _columns(line: str) -> tuple[str | None, list[str]]:
    """The character between the cells, and the columns' names; none where the first line is a row already."""
    for delimiter in DELIMITERS:
        names = [cell.strip().strip('"').lower() for cell in line.split(delimiter)]
        if set(names) & set(FILE_NAMES) and set(names) & set(CAPTION_NAMES):
            return delimiter, names
    there = (one for one in DELIMITERS if one in line)  # a caption may hold others: the first cell has to be a name
    return min(there, key=lambda one: not _IS_NAME.search(line.split(one, 1)[0]), default=None), []


def _records(
    reader: Iterator[list[str]], names: Sequence[str], delimiter: str, first: int, tally: Tally
) -> Iterator[tuple[str, object]]:
    """The rows of a table as objects. A caption in the last column may hold the delimiter, unquoted."""
    number = first - 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            tally.leave_out(f"row {number}", str(error))
            continue
        if not cells:
            continue
        if len(cells) < len(names):
            tally.leave_out(f"row {number}", f"{len(cells)} of {len(names)} columns")
            continue
        last = len(names) - 1
        item = dict(zip(names, [*cells[:last], delimiter.join(cells[last:])], strict=True))
        yield f"row {number}", {name: _unnumbered(value.strip()) for name, value in item.items()}


def _unnumbered(name: str) -> str:
    """Flickr's `1000268201_693b08cb0e.jpg#0` without its number."""
    head, mark, number = name.rpartition("#")
    return head if mark and number.isdigit() and "." in head and " " not in head else name


_READERS = {".json": _from_json, ".jsonl": _from_lines, ".ndjson": _from_lines}
