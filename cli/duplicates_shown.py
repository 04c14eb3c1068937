"""Duplicates for people and pipes: groups of lines, a table, the files that can be spared, JSON."""

import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from cli.answers import file_url
from cli.console import emit, emit_bytes, emit_json, out_console, out_is_terminal, say
from cli.progress import progress_shown
from cli.units import count, counted, minute, size
from core.duplicates import DuplicateFile, DuplicateGroup, DuplicatesResult, LeftOut
from core.errors import UsageError
from core.indexing import Progress, ProgressListener, silent
from core.paths import display
from searcher.duplicates_json import duplicates_to_json, file_to_json, group_to_json

if TYPE_CHECKING:
    from core.queries import Filters
    from semantic_image_search import Library

SHOWN = 20  # groups, where people read them
AT_ONCE = 50  # groups asked for: progress is shown between them

OF_A_FILE = (
    *("keep", "path", "image_id", "width", "height", "size_bytes", "format", "taken_at", "modified_at"),
    *("largest", "oldest", "offline", "copy", "compared"),
)
COLUMNS = ("group", "kind", "why", "wasted_bytes", *OF_A_FILE)
"""Of the table; before those of the file come the group's."""


class List(StrEnum):
    """How the groups are printed."""

    LINES = "lines"
    JSON = "--json"
    JSON_LINES = "--jsonl"
    CSV = "--csv"
    PATHS = "--paths"
    NUL = "-0"


@dataclass(frozen=True, slots=True)
class Asked:
    """What `Library.duplicates` takes, but for the page."""

    kinds: Sequence[str]
    filters: "Filters"
    keep_in: tuple[str, ...]
    look: bool


def choose_list(*, as_json: bool, as_json_lines: bool, as_csv: bool, as_paths: bool, as_nul: bool) -> List:
    """The one form that was asked for.

    Raises:
        UsageError: two of them were.
    """
    given = (
        (as_json, List.JSON),
        (as_json_lines, List.JSON_LINES),
        (as_csv, List.CSV),
        (as_paths and not as_nul, List.PATHS),  # -0 is paths already
        (as_nul, List.NUL),
    )
    chosen = [form for asked, form in given if asked]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0]} and {chosen[1]} are two ways to print one list: give one of them")
    return chosen[0] if chosen else List.LINES


def show_duplicates(library: "Library", asked: Asked, form: List, *, most: int | None) -> None:
    """Print that many groups (None: as many as this form is read with), and how much they come to."""
    walk = _Walk(library, asked, SHOWN if most is None and form is List.LINES else most)
    watched = form is not List.LINES and not out_is_terminal()
    if form is List.CSV:
        emit_bytes(_csv_row(COLUMNS))
    with progress_shown(str, first="look") if watched else nullcontext(silent) as listener:
        for number, group in walk.groups(listener):
            if form in _PRINTERS:
                _PRINTERS[form](number, group)
    if form is List.JSON:
        emit_json(duplicates_to_json(walk.result()))
    else:
        _say_all(walk, form)


class _Walk:
    """Through the pages of an answer, until there are `most` groups (None: all) or no more."""

    def __init__(self, library: "Library", asked: Asked, most: int | None) -> None:
        self._library = library
        self._asked = asked
        self._most = most
        self._last: DuplicatesResult | None = None
        self._groups: list[DuplicateGroup] = []
        self._left_out: set[LeftOut] = set()

    def groups(self, listener: ProgressListener) -> Iterator[tuple[int, DuplicateGroup]]:
        """Each group with its number, from 1 on."""
        while (page := self._page()) is not None:
            self._last = page
            self._left_out.update(page.left_out)
            for group in page.groups:
                self._groups.append(group)
                yield len(self._groups), group
            total = page.total_groups if self._most is None else min(self._most, page.total_groups)
            listener(Progress("look", len(self._groups), total))

    def result(self) -> DuplicatesResult:
        """All of it as one page."""
        assert self._last is not None  # noqa: S101 - there is a first page, be it empty
        left_out = tuple(sorted(self._left_out, key=lambda one: (one.why, one.path)))
        return replace(self._last, groups=tuple(self._groups), left_out=left_out)

    def _page(self) -> DuplicatesResult | None:
        left = AT_ONCE if self._most is None else self._most - len(self._groups)
        cursor = None if self._last is None else self._last.next_cursor
        if left <= 0 or (self._last is not None and cursor is None):
            return None
        asked = self._asked
        return self._library.duplicates(
            kinds=asked.kinds,
            filters=asked.filters,
            k=min(AT_ONCE, left),
            cursor=cursor,
            keep_in=asked.keep_in,
            look=asked.look,
        )


def _say_all(walk: _Walk, form: List) -> None:
    """What there is in all, and what is not on the list."""
    result = walk.result()
    for notice in result.notices:
        say(notice, style="yellow")
    if form in {List.PATHS, List.NUL}:
        held_back = sum(not (one.keep or one.spare) for group in result.groups for one in group.files)
        if held_back:
            say(f"not on the list: {count(held_back)} × offline, cropped, or not to be opened", style="yellow")
    if not result.groups:
        say(f"no duplicates among {counted(result.searched, 'picture')}")
        return
    spare = sum(group.wasted_bytes for group in result.groups)
    said = f"{counted(len(result.groups), 'group')}, {size(spare)} could be spared"
    if result.next_cursor is not None:
        said += f"; in all {counted(result.total_groups, 'group')}, {size(result.wasted_bytes)}: -k shows more"
    say(f"{said}; {counted(result.searched, 'picture')} compared; nothing was deleted")


def _print_lines(number: int, group: DuplicateGroup) -> None:
    if out_is_terminal():
        _print_block(number, group)
        return
    for one in group.files:
        file = one.file
        fields = (number, _role(one), _shape(one), file.size_bytes or "", _changed(one), display(file.path))
        emit("\t".join(map(str, fields)))


def _print_block(number: int, group: DuplicateGroup) -> None:
    from rich.style import Style
    from rich.text import Text

    console = out_console()
    head = Text(f"{number:>4}  ", "dim")
    head.append("identical" if group.kind.value == "identical" else "near copies", "bold")
    head.append(f"  {counted(len(group.files), 'file')}, {size(group.wasted_bytes)} could be spared", "dim")
    console.print(head, soft_wrap=True)
    for one in group.files:
        line = Text("      ")
        line.append(f"{_role(one):<12}", "green" if one.keep else "yellow")
        line.append(f"{_shape(one):>12}  {size(one.file.size_bytes or 0):>9}  {_changed(one)}  ", "dim")
        folder, slash, name = display(one.file.path).rpartition(os.sep)
        link = Style(link=file_url(one.file.path))
        line.append(folder + slash, link + Style(dim=True))
        line.append(name, link + Style(bold=True))
        line.append(f"  {group.why}" if one.keep else "", "green")
        line.append("  offline" if one.file.offline else "", "yellow")
        console.print(line, soft_wrap=True)


def _role(one: DuplicateFile) -> str:
    """What the file is in its group, in a word."""
    if one.keep:
        return "keep"
    return "alike" if one.copy is None else one.copy.value


def _shape(one: DuplicateFile) -> str:
    return f"{one.file.width}×{one.file.height}" if one.file.width else ""


def _changed(one: DuplicateFile) -> str:
    """When the file was last changed, to the minute, by the clock here."""
    if one.file.mtime_ns is None:
        return ""
    return minute(datetime.fromtimestamp(one.file.mtime_ns // 1_000_000_000).astimezone())


def _print_json_line(number: int, group: DuplicateGroup) -> None:
    del number
    emit_json(group_to_json(group))


def _print_rows(number: int, group: DuplicateGroup) -> None:
    for one in group.files:
        told = {**file_to_json(one), "path": os.fsdecode(one.file.path)}
        values = [told[name] for name in OF_A_FILE]
        emit_bytes(_csv_row([number, group.kind.value, group.why, group.wasted_bytes, *map(_cell, values)]))


def _cell(value: object) -> object:
    """As spreadsheets have it: yes and no in words, nothing where it is not known."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _csv_row(values: Sequence[object]) -> bytes:
    """One row as RFC 4180 has it; a path that is not UTF-8 keeps its bytes."""
    row = io.StringIO()
    csv.writer(row).writerow(values)
    return row.getvalue().encode("utf-8", "surrogateescape")


def _print_spare(end: bytes) -> Callable[[int, DuplicateGroup], None]:
    """Prints the paths of the files that can be spared."""

    def show(number: int, group: DuplicateGroup) -> None:
        del number
        emit_bytes(b"".join(one.file.path + end for one in group.files if one.spare))

    return show


_PRINTERS: dict[List, Callable[[int, DuplicateGroup], None]] = {
    List.LINES: _print_lines,
    List.JSON_LINES: _print_json_line,
    List.CSV: _print_rows,
    List.PATHS: _print_spare(b"\n"),
    List.NUL: _print_spare(b"\0"),
}
"""JSON is one value, printed at the end."""
