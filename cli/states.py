"""The state of a library, for people and as JSON."""

from collections.abc import Sequence
from datetime import datetime

from cli.console import emit, out_console, out_is_terminal, say
from cli.reports import KIND_TEXT, problem_json
from cli.units import count, counted, minute, size
from core.indexing import Problem
from core.paths import display, json_path
from db import GenerationInfo, RootInfo, SpaceState
from semantic_image_search import LibraryStatus
from semantic_image_search.status import SpaceStatus


def show_status(state: LibraryStatus) -> None:
    """A line per fact, the names of the facts in one column."""
    counts = state.counts
    pictures = f"{count(counts.indexed)} of {count(counts.known)} indexed, in {counted(counts.files, 'file')}"
    rows = [("library", f"{state.path} ({size(state.disk.total)})"), ("pictures", pictures)]
    rows += [("", f"{count(number)} {what}") for number, what in _set_aside(state)]
    rows += [("folders" if first else "", line) for first, line in _firsts([root_line(root) for root in state.roots])]
    rows += [("model" if first else "", line) for first, line in _firsts([space_line(one) for one in state.spaces])]
    rows += [("index", index_line(one.generation)) for one in state.spaces[:1]]
    if counts.problems:
        rows.append(("problems", f"{counted(counts.problems, 'file')} could not be read: search status --problems"))
    for name, value in rows:
        _row(name, value)
    for notice in state.notices:
        say(notice, style="yellow")


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
    line = f"{one.space.name}, {one.space.dim} dimensions, {counted(one.generation.live_rows, 'vector')}"
    if one.space.state is SpaceState.BUILDING:
        line += "; being built, takes over when complete (search index goes on)"
    elif one.space.state is SpaceState.RETIRED:
        line += "; replaced"
    elif one.space.encoder is None:
        line += "; imported"
    return line


def index_line(generation: GenerationInfo) -> str:
    """How the active space is searched, and how good that was when measured."""
    index = generation.index
    if index is None:
        return "exact search"
    tail = generation.committed_rows - index.built_rows
    line = f"{index.structure}, recall@10 {index.recall_image:.3f} by picture, {index.recall_text:.3f} by text"
    return line + (f"; {counted(tail, 'newer row')} searched exactly" if tail > 0 else "")


def status_json(state: LibraryStatus, problems: Sequence[Problem] | None) -> dict[str, object]:
    """The stable shape that docs/commands.md promises. `problems` lists them where they were asked for."""
    counts, disk = state.counts, state.disk
    names = ("pictures", "indexed", "waiting", "files", "offline", "missing", "problems", "ignored", "forgotten")
    value: dict[str, object] = {
        "library": state.path,
        "counts": {name: getattr(counts, name) for name in names},
        "roots": [_root_json(root) for root in state.roots],
        "spaces": [_space_json(one) for one in state.spaces],
        "disk_bytes": {
            "database": disk.database,
            "vectors": disk.vectors,
            "indexes": disk.indexes,
            "columns": disk.columns,
            "thumbnails": disk.thumbnails,
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
    index = one.generation.index
    return {
        "space": one.space.slug,
        "model": one.space.name,
        "dim": one.space.dim,
        "state": one.space.state.value,
        "rows": one.generation.live_rows,
        "index": None
        if index is None
        else {
            "structure": index.structure,
            "built_rows": index.built_rows,
            "nprobe": index.nprobe,
            "recall_image": index.recall_image,
            "recall_text": index.recall_text,
        },
    }


def _set_aside(state: LibraryStatus) -> list[tuple[int, str]]:
    counts = state.counts
    kinds = ((counts.offline, "offline (still findable)"), (counts.missing, "missing"), (counts.forgotten, "forgotten"))
    return [(number, what) for number, what in kinds if number]


def _firsts(lines: Sequence[str]) -> list[tuple[bool, str]]:
    return [(number == 0, line) for number, line in enumerate(lines)]


def _row(name: str, value: str) -> None:
    if out_is_terminal():
        from rich.text import Text

        out_console().print(Text(f"{name:<10}", "dim").append(value, "default"), soft_wrap=True)
    else:
        emit(f"{name}\t{value}")


def _local(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds).astimezone()
