"""Walk one root and yield every file that may be a picture, with what a later run compares it by.

Listing and stat only: no picture is opened here. What a walk could not see is kept beside the entries (`Walk.unread`),
because files that were not looked for must never count as vanished. What to leave out by name is `leave_out`'s to
say, what a picture may be called is `media`'s, and what is new or gone is `db`'s.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import blake2b

from core.errors import ProblemKind
from core.indexing import Problem, RootOptions
from core.notices import notice
from core.paths import display, is_at_or_below
from core.placeholders import is_online_only, is_unlisted_folder, stub_stands_for
from db.records import ScanEntry
from indexer.leave_out import (
    CACHE_TAG,
    CACHE_TAG_SIGNATURE,
    IGNORE_FILE,
    IGNORE_FILE_BYTES,
    Patterns,
    exclude_patterns,
    is_derived_folder,
    is_hidden,
    patterns_below,
)
from media import is_candidate, is_sidecar, sidecar_candidates

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})  # vanished meanwhile, or a link to nothing
_NO_PERMISSION = frozenset({errno.EACCES, errno.EPERM})


class Walk:
    """One walk; iterate it once, then ask for `problems`, `unread`, `notices`, `others` and `left_out`.

    It streams: it keeps one folder's listing, and a pair of numbers for each folder visited (a loop of links or of
    mounts ends there).
    """

    def __init__(
        self, root: bytes, options: RootOptions, *, subtree: bytes | None = None, library: bytes | None = None
    ) -> None:
        self._root = root
        self._target = root if subtree is None else subtree
        self._patterns = exclude_patterns(options.exclude, root)
        self._visited: set[tuple[int, int]] = set()
        self._pending: list[tuple[bytes, Patterns | None]] = [(root, self._patterns)]
        self._links: list[tuple[bytes, Patterns | None]] = []  # followed last, so that a real path wins over a link
        self._reached = False
        self._unread: set[bytes] = set()
        self.problems: list[Problem] = []
        self.notices: list[str] = []
        self.others = 0  # files that are no pictures by name, nor read beside one; not those hidden or left out
        self.left_out = False  # did a pattern leave anything out?
        if library is not None and os.path.isdir(library):  # noqa: PTH112 - bytes
            self._visited.add(_identity(os.stat(library)))  # noqa: PTH116 - bytes

    @property
    def unread(self) -> tuple[bytes, ...]:
        """Folders (and links) that could not be looked at: nothing at or below them may be judged vanished."""
        return tuple(sorted(self._unread))

    def __iter__(self) -> Iterator[ScanEntry]:
        """Every candidate file, folder by folder."""
        if not os.path.isdir(self._root):  # noqa: PTH112 - bytes
            yield from self._named_file()
            return
        while self._pending or self._links:
            if not self._pending:
                self._links.sort(key=_path_of, reverse=True)
                self._pending.append(self._links.pop())
            yield from self._folder(*self._pending.pop())
        if not self._reached and os.path.lexists(self._target):
            self.notices.append(notice("path_left_out", path=display(self._target)))

    def _named_file(self) -> Iterator[ScanEntry]:
        """A root that is a file: it was named, so its own name is no reason to leave it out."""
        self._reached = True
        found = os.stat(self._root)  # noqa: PTH116 - bytes
        if stat.S_ISREG(found.st_mode):
            folder, name = os.path.split(self._root)
            near = {side: os.path.join(folder, side) for side in sidecar_candidates(name)}  # noqa: PTH118 - bytes
            sidecars = {side: os.stat(path) for side, path in near.items() if os.path.isfile(path)}  # noqa: PTH113, PTH116 - bytes
            yield _entry(self._root, found, sidecars, online_only=is_online_only(found))

    def _folder(self, path: bytes, patterns: Patterns | None) -> Iterator[ScanEntry]:
        try:
            found = os.stat(path)  # noqa: PTH116 - bytes
            if is_unlisted_folder(found):
                self._unread.add(path)
                self.notices.append(notice("online_only", path=display(path)))
                return
            if _identity(found) in self._visited:
                return
            self._visited.add(_identity(found))
            with os.scandir(path) as listing:
                entries = list(listing)
            special = {entry.name: entry for entry in entries if entry.name in (IGNORE_FILE, CACHE_TAG)}
            if CACHE_TAG in special and path != self._root and _is_cache_tag(special[CACHE_TAG]):
                return
            if IGNORE_FILE in special:
                patterns = self._patterns_of(path, special[IGNORE_FILE], patterns)
        except OSError as error:
            self._failed(path, error)
            return
        self._reached |= self._below_target(path)
        yield from self._files(path, self._sort_out(path, entries, patterns), patterns)

    def _sort_out(
        self, folder: bytes, entries: list[os.DirEntry[bytes]], patterns: Patterns | None
    ) -> dict[bytes, os.DirEntry[bytes]]:
        """Queues the folders among `entries`, and returns the regular files by name."""
        parent = os.path.basename(folder.rstrip(os.fsencode(os.sep)))  # noqa: PTH119 - bytes
        files: dict[bytes, os.DirEntry[bytes]] = {}
        for entry in entries:
            try:
                if entry.is_dir():
                    if self._is_wanted_folder(parent, entry, patterns):
                        (self._links if entry.is_symlink() else self._pending).append((entry.path, patterns))
                elif entry.is_file():
                    files[entry.name] = entry
            except OSError as error:
                self._failed(entry.path, error)
        return files

    def _files(
        self, folder: bytes, files: Mapping[bytes, os.DirEntry[bytes]], patterns: Patterns | None
    ) -> Iterator[ScanEntry]:
        others: set[bytes] = set()
        read: set[bytes] = set()
        all_below = self._below_target(folder)
        sidecars = {name: entry for name, entry in files.items() if is_sidecar(name)}
        for name, entry in files.items():
            stands_for = stub_stands_for(name)
            path = entry.path if stands_for is None else os.path.join(folder, stands_for)  # noqa: PTH118 - bytes
            if stands_for in files or is_hidden(stands_for or name) or not (all_below or self._below_target(path)):
                continue
            if self._leaves_out(patterns, path, is_folder=False):
                continue
            if not is_candidate(stands_for or name):
                others.add(name)
                continue
            try:
                found = entry.stat()
                near = _beside(stands_for or name, sidecars) if sidecars else {}
            except OSError as error:
                if error.errno not in _GONE:  # a folder that may be listed but not entered
                    self._failed(entry.path if entry.is_symlink() else folder, error)
                continue
            read.update(near)
            self._reached = True
            yield _entry(path, found, near, online_only=stands_for is not None or is_online_only(found))
        self.others += len(others - read)

    def _is_wanted_folder(self, parent: bytes, entry: os.DirEntry[bytes], patterns: Patterns | None) -> bool:
        if is_hidden(entry.name) or is_derived_folder(parent, entry.name):
            return False
        if not (self._on_the_way(entry.path) or self._below_target(entry.path)):
            return False
        return not self._leaves_out(patterns, entry.path, is_folder=True)

    def _leaves_out(self, patterns: Patterns | None, path: bytes, *, is_folder: bool) -> bool:
        left_out = patterns is not None and patterns.leave_out(path, is_folder=is_folder)
        self.left_out |= left_out
        return left_out

    def _below_target(self, path: bytes) -> bool:
        return is_at_or_below(path, self._target)

    def _on_the_way(self, path: bytes) -> bool:
        return is_at_or_below(self._target, path)

    def _patterns_of(self, folder: bytes, entry: os.DirEntry[bytes], above: Patterns | None) -> Patterns | None:
        if not entry.is_file():
            return above
        with open(entry.path, "rb") as file:  # noqa: PTH123 - bytes
            content = file.read(IGNORE_FILE_BYTES)
        patterns, bad = patterns_below(above, folder, content)
        self.notices += [notice("bad_pattern", path=display(entry.path), pattern=repr(line)) for line in bad]
        return patterns

    def _failed(self, path: bytes, error: OSError) -> None:
        if path in self._unread:
            return
        self._unread.add(path)
        if error.errno not in _GONE:
            kind = ProblemKind.PERMISSION if error.errno in _NO_PERMISSION else ProblemKind.IO_ERROR
            self.problems.append(Problem(path, kind, f"could not be looked into: {error.strerror}"))


def walk(root: bytes, options: RootOptions, *, subtree: bytes | None = None, library: bytes | None = None) -> Walk:
    """The walk of `root`, or of `subtree` (a folder or file below it) as a walk of all of `root` would see it.

    `library` is a folder that is left out wherever it lies.

    Raises:
        UsageError: a pattern in `options.exclude` is none.
    """
    return Walk(root, options, subtree=subtree, library=library)


def _entry(
    path: bytes, found: os.stat_result, sidecars: Mapping[bytes, os.stat_result], *, online_only: bool
) -> ScanEntry:
    digest = _digest(sidecars) if sidecars else b""
    return ScanEntry(path, found.st_size, found.st_mtime_ns, digest, online_only)


def _beside(name: bytes, sidecars: Mapping[bytes, os.DirEntry[bytes]]) -> dict[bytes, os.stat_result]:
    """Those of a folder's sidecars that belong to the picture `name`."""
    return {side: sidecars[side].stat() for side in sidecar_candidates(name) if side in sidecars}


def _digest(sidecars: Mapping[bytes, os.stat_result]) -> bytes:
    digest = blake2b(digest_size=16)
    for name in sorted(sidecars):
        digest.update(b"%b\0%d\0%d\0" % (name, sidecars[name].st_size, sidecars[name].st_mtime_ns))
    return digest.digest()


def _is_cache_tag(entry: os.DirEntry[bytes]) -> bool:
    if not entry.is_file():
        return False
    with open(entry.path, "rb") as file:  # noqa: PTH123 - bytes
        return file.read(len(CACHE_TAG_SIGNATURE)) == CACHE_TAG_SIGNATURE


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _path_of(link: tuple[bytes, Patterns | None]) -> bytes:
    return link[0]
