"""The stable JSON of duplicates, as `--json` prints it and the page is told. Keys are only ever added."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from core.duplicates import DuplicateFile, DuplicateGroup, DuplicatesResult
from core.paths import display, json_path
from searcher.jsonable import Json, taken_at

ShowPath = Callable[[bytes], Mapping[str, str]]
"""A path as whoever asks may see it, as `json_path` makes it."""


def duplicates_to_json(result: DuplicatesResult, show: ShowPath = json_path) -> Json:
    """The whole answer, ready for json.dumps."""
    return {
        "groups": [group_to_json(group, show) for group in result.groups],
        "total_groups": result.total_groups,
        "wasted_bytes": result.wasted_bytes,
        "searched": result.searched,
        "next_cursor": result.next_cursor,
        "notices": list(result.notices),
    }


def group_to_json(group: DuplicateGroup, show: ShowPath = json_path) -> Json:
    """One group; the file to keep comes first. One line of `--jsonl`."""
    return {
        "kind": group.kind.value,
        "wasted_bytes": group.wasted_bytes,
        "why": group.why,
        "files": [file_to_json(one, show) for one in group.files],
    }


def file_to_json(one: DuplicateFile, show: ShowPath = json_path) -> Json:
    """One file of a group; size, times and format are null where the file was never read."""
    file = one.file
    return {
        "image_id": file.image_id,
        "name": display(os.path.basename(file.path)),  # noqa: PTH119 - bytes
        **show(file.path),
        "width": file.width or None,
        "height": file.height or None,
        "size_bytes": file.size_bytes,
        "format": file.format,
        "taken_at": None if file.taken is None else taken_at(file.taken),
        "taken_source": None if file.taken is None else file.taken.source.value,
        "modified_at": modified_at(file.mtime_ns),
        "offline": file.offline,
        "copy": None if one.copy is None else one.copy.value,
        "compared": None if one.compared is None else one.compared.value,
        "largest": one.largest,
        "oldest": one.oldest,
        "keep": one.keep,
    }


def modified_at(mtime_ns: int | None) -> str | None:
    """ISO 8601 to the second, in UTC; null also for a time that no calendar has."""
    if mtime_ns is None:
        return None
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None
