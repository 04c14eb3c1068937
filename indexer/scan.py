"""Which roots a run looks at, whether they can be reached, and their walks handed to the store.

It says what was seen. What that means for files that were not (hidden, offline) is `db`'s to judge.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.indexing import Problem, RootOptions
from core.notices import notice
from core.paths import display, is_at_or_below
from db.records import RootInfo, RootScan, ScanEntry
from indexer.walk import Walk, walk

if TYPE_CHECKING:
    from db import LibraryWriter

_EVERY = 256  # files between two reports of progress, and in a page


@dataclass(frozen=True, slots=True)
class Target:
    """A root to be walked, or one folder (or file) of it."""

    root: RootInfo
    subtree: bytes | None = None  # None: all of it


@dataclass(slots=True)
class Seen:
    """What the walks of one run came to, filled while they run."""

    files: int = 0
    others: int = 0  # files that are no pictures by their name
    scans: list[RootScan] = field(default_factory=list)
    unread: list[bytes] = field(default_factory=list)  # what lies there is not seen, and not gone either
    problems: list[Problem] = field(default_factory=list)  # folders that could not be looked into
    notices: list[str] = field(default_factory=list)


def choose_targets(writer: "LibraryWriter", paths: Iterable[bytes], options: RootOptions | None) -> list[Target]:
    """What to walk for these paths (none: every root), each file once; new paths are remembered as roots.

    Raises:
        UsageError: a path that is not there, and that no root knows.
    """
    wanted = list(dict.fromkeys(paths))
    require_there(wanted, writer.roots())
    for path in wanted:
        writer.remember_root(path, options)
    return cover(writer.roots(), wanted)


def require_there(paths: Iterable[bytes], known: Sequence[RootInfo]) -> None:
    """Raises UsageError for a path that is not there, unless it is a known root or in one: those may be offline."""
    for path in paths:
        if not os.path.lexists(path) and not any(is_at_or_below(path, root.path) for root in known):
            raise UsageError(f"there is no folder or file {display(path)}: check the name, or mount its disk")


def cover(roots: Iterable[RootInfo], paths: Iterable[bytes]) -> list[Target]:
    """The fewest targets that hold `paths` (none: every root): nothing inside another one."""
    everything = sorted(roots, key=lambda root: len(root.path))
    wanted = sorted(set(paths) or {root.path for root in everything})
    targets: list[Target] = []
    for path in wanted:
        if any(is_at_or_below(path, target.subtree or target.root.path) for target in targets):
            continue
        root = next(root for root in everything if is_at_or_below(path, root.path))
        targets.append(Target(root, None if path == root.path else path))
    return targets


def scan(target: Target, *, library: bytes, seen: Seen, on_file: Callable[[int], None]) -> Iterator[ScanEntry] | None:
    """The walk of one target, or None where its root is out of reach or empty while the library knows files of it.

    Once the walk is through, `seen` says how it went; a walk that is left early adds nothing to `seen.scans`, so
    nothing is judged by it. `on_file` hears the number of files seen so far, now and then.
    """
    root, reason = target.root, unreachable_reason(target.root.path)
    if reason is None:
        steps = walk(root.path, root.options, subtree=target.subtree, library=library)
        entries = iter(steps)
        first = next(entries, None)
        explained = root.files == 0 or target.subtree is not None or steps.unread or steps.left_out
        if first is not None or explained:
            found = entries if first is None else chain((first,), entries)
            return _watched(target, steps, found, seen, on_file)
        reason = "it is empty"
    seen.scans.append(RootScan(root.id, reachable=False, reason=reason, subtree=target.subtree))
    return None


def in_pages(entries: Iterator[ScanEntry]) -> Iterator[list[ScanEntry]]:
    """The same entries, some hundreds at once: what is done for each page does not show beside the walk."""
    while page := list(islice(entries, _EVERY)):
        yield page


def unreachable_reason(path: bytes) -> str | None:
    """Why a root cannot be listed at all, for people; None where it can."""
    try:
        if os.path.isdir(path):  # noqa: PTH112 - bytes
            os.scandir(path).close()
        else:
            os.stat(path)  # noqa: PTH116 - bytes
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def _watched(
    target: Target, steps: Walk, entries: Iterator[ScanEntry], seen: Seen, on_file: Callable[[int], None]
) -> Iterator[ScanEntry]:
    device = _device(target.root.path)
    for entry in entries:
        seen.files += 1
        if seen.files % _EVERY == 0:
            on_file(seen.files)
        yield entry
    on_file(seen.files)
    seen.others += steps.others
    seen.problems += steps.problems
    seen.notices += steps.notices
    if steps.unread:
        seen.unread += steps.unread
        seen.notices.append(_left_alone(steps.unread))
    result = RootScan(target.root.id, reachable=True, device=device, subtree=target.subtree)
    if device is None or _device(target.root.path) != device:
        result = replace(result, reachable=False, reason="it went away while it was looked through", device=None)
    seen.scans.append(result)


def _left_alone(unread: Sequence[bytes]) -> str:
    more = f" and {len(unread) - 1:,} more" if len(unread) > 1 else ""
    return notice("not_looked_into", path=display(unread[0]) + more)


def _device(path: bytes) -> int | None:
    try:
        return os.stat(path).st_dev  # noqa: PTH116 - bytes
    except OSError:
        return None
