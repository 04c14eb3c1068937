"""The state of a library, for people and as JSON."""

import os
from collections.abc import Sequence
from datetime import datetime

from cli.console import emit, out_console, out_is_terminal, say
from cli.reports import KIND_TEXT, problem_json
from cli.units import count, counted, minute, recalls, size
from core.indexing import Problem
from core.paths import display, json_path
from db.index_state import IndexState
from db.records import RootInfo, SpaceState
from db.vectors.upkeep import Action
from semantic_image_search import LibraryStatus
from semantic_image_search.status import SpaceStatus

COUNTS = ("pictures", "indexed", "waiting", "files", "offline", "missing", "problems", "ignored", "forgotten")


def show_status(state: LibraryStatus) -> None:
    """A line per fact, the names of the facts in one column."""
    rows = [("library", f"{display(os.fsencode(state.path))} ({size(state.disk.total)})")]
    rows += _column("folders", [root_line(root) for root in state.roots])
    rows += _column("pictures", pictures_lines(state))
    rows += _column("model", [space_line(one) for one in state.spaces])
    for one in state.spaces[:1]:
        if one.captions:
            rows += _column("captions", captions_lines(one))
        rows += _column("index", index_lines(one.index))
    if state.spaces and state.spaces[0].counts.problems:
        number = counted(state.spaces[0].counts.problems, "file")
        rows.append(("problems", f"{number} could not be read: search status --problems"))
    for name, value in rows:
        _row(name, value)
    for notice in state.notices:
        say(notice, style="yellow")


def pictures_lines(state: LibraryStatus) -> list[str]:
    """How many pictures can be found, and what is set aside."""
    if not state.spaces:
        return ["none yet: search index FOLDER"]
    counts = state.spaces[0].counts
    aside = ((counts.offline, "offline, still findable"), (counts.missing, "missing"), (counts.forgotten, "forgotten"))
    return [
        f"{count(counts.indexed)} of {count(counts.known)} indexed, in {counted(counts.files, 'file')}",
        *(f"{counted(number, 'file')} {what}" for number, what in aside if number),
    ]


def show_problems(problems: Sequence[Problem]) -> None:
    """Every skipped file, by kind: kind, path, reason, separated by tabs in a pipe."""
    if not problems:
        say("no problems")
    for problem in sorted(problems, key=lambda one: (one.kind.value, one.path)):
        if out_is_terminal():
            from rich.text import Text

            line = Text(f"{KIND_TEXT[problem.kind]}  ", "yellow")
            line.append(display(problem.path), "bold")
            line.append(f"  {problem.reason}", "dim")
            out_console().print(line, soft_wrap=True)
        else:
            emit(f"{problem.kind.value}\t{display(problem.path)}\t{display(problem.reason.encode())}")


def root_line(root: RootInfo) -> str:
    """One folder: its state and what is known of it."""
    line = f"{display(root.path)}  {counted(root.files, 'file')}"
    if not root.online:
        line += f", offline ({root.offline_reason or 'not there'}); still findable"
    if root.last_scan_at is not None:
        line += f", looked through {minute(_local(root.last_scan_at))}"
    if root.options.exclude:
        line += f", without {' '.join(root.options.exclude)}"
    return line


def space_line(one: SpaceStatus) -> str:
    """One model and what it is for."""
    line = f"{one.space.name}, {one.space.dim} dimensions, {counted(one.generation.live_rows, 'picture')}"
    if one.space.state is SpaceState.BUILDING:
        line += f", {count(one.counts.waiting)} to go; takes over when complete (search index goes on)"
    elif one.space.state is SpaceState.RETIRED:
        line += "; replaced"
    elif one.space.encoder is None:
        line += "; imported"
    return line


_DUE = {
    Action.EXTEND: "to be brought up to date by search index",
    Action.REBUILD: "to be built by search index",
    Action.DROP: "to be dropped by search index",
}


def captions_lines(one: SpaceStatus) -> list[str]:
    """How many captions can be found, and how."""
    found = f"{counted(one.captions, 'different text')} can be found"
    return [found, *(index_lines(one.caption_index, captions=True) if one.caption_index else [])]


def index_lines(state: IndexState, *, captions: bool = False) -> list[str]:
    """How the active space is searched, how good that was when measured, and what is due."""
    index = state.record
    lines = ["exact search"]
    if index is not None:
        recall = recalls(index.recall_image, index.recall_text, captions=captions)
        lines = [f"{index.structure} over {counted(index.built_rows, 'row')}, {recall} (aims at {index.target:g})"]
        if state.tail_rows:
            lines.append(f"{counted(state.tail_rows, 'newer row')} searched exactly ({state.tail_share:.1%})")
        if state.dead_share:
            lines.append(f"{state.dead_share:.1%} of the rows cannot be found any more")
    if state.due.action in _DUE:
        lines.append(f"{_DUE[state.due.action]}: {state.due.reason}")
    return lines


def status_json(state: LibraryStatus, problems: Sequence[Problem] | None) -> dict[str, object]:
    """The stable shape that docs/commands.md promises. `problems` lists them where they were asked for."""
    disk = state.disk
    value: dict[str, object] = {
        "library": display(os.fsencode(state.path)),
        "counts": {name: getattr(state.spaces[0].counts, name) if state.spaces else 0 for name in COUNTS},
        "roots": [_root_json(root) for root in state.roots],
        "spaces": [_space_json(one) for one in state.spaces],
        "disk_bytes": {
            "database": disk.database,
            "vectors": disk.vectors,
            "indexes": disk.indexes,
            "columns": disk.columns,
            "thumbnails": disk.thumbnails,
            "features": disk.features,
            "total": disk.total,
        },
        "notices": list(state.notices),
    }
    if problems is not None:
        value["problems"] = [problem_json(problem) for problem in problems]
    return value


def _root_json(root: RootInfo) -> dict[str, object]:
    return {
        **json_path(root.path),
        "online": root.online,
        "offline_reason": root.offline_reason,
        "files": root.files,
        "last_scan_at": None if root.last_scan_at is None else _local(root.last_scan_at).isoformat(timespec="seconds"),
        "exclude": list(root.options.exclude),
        "max_megapixels": root.options.max_megapixels,
    }


def _space_json(one: SpaceStatus) -> dict[str, object]:
    return {
        "space": one.space.slug,
        "model": one.space.name,
        "dim": one.space.dim,
        "state": one.space.state.value,
        "rows": one.generation.live_rows,
        "indexed": one.counts.indexed,
        "waiting": one.counts.waiting,
        "captions": one.captions,
        "index": _index_json(one.index),
        "index_due": _due_json(one.index),
        "caption_index": _index_json(one.caption_index),
        "caption_index_due": _due_json(one.caption_index),
    }


def _index_json(state: IndexState | None) -> dict[str, object] | None:
    index = None if state is None else state.record
    if state is None or index is None:
        return None
    return {
        "structure": index.structure,
        "built_rows": index.built_rows,
        "nprobe": index.nprobe,
        "recall_image": index.recall_image,
        "recall_text": index.recall_text,
        "target": index.target,
        "tail_rows": state.tail_rows,
        "tail_share": round(state.tail_share, 6),
        "dead_share": round(state.dead_share, 6),
    }


def _due_json(state: IndexState | None) -> dict[str, object] | None:
    if state is None or state.due.action not in _DUE:
        return None
    return {"action": state.due.action.value, "reason": state.due.reason}


def _column(name: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    return [("" if number else name, line) for number, line in enumerate(lines)]


def _row(name: str, value: str) -> None:
    if out_is_terminal():
        from rich.text import Text

        out_console().print(Text(f"{name:<10}", "dim").append(value, "default"), soft_wrap=True)
    else:
        emit(f"{name}\t{value}")


def _local(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds).astimezone()
