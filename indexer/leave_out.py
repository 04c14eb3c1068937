"""What a walk leaves out: hidden names, caches and derived data of other programs, and patterns the owner wrote.

One table of folder names (`DERIVED_FOLDERS`), one of folder endings (`DERIVED_SUFFIXES`), one of packages of which
only the originals count (`ORIGINALS_ONLY`), and gitignore patterns from `--exclude` and from `.searchignore` files.
Knows names only: it opens nothing but a `.searchignore` that it is handed, and whether a file is a picture is for
`media` to say.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pathspec

from core.errors import UsageError

IGNORE_FILE = b".searchignore"
IGNORE_FILE_BYTES = 1 << 20  # a list of patterns, not a dump
CACHE_TAG = b"CACHEDIR.TAG"  # https://bford.info/cachedir/: a folder that holds it is a cache
CACHE_TAG_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"

DERIVED_FOLDERS: dict[bytes, str] = {
    b"@eadir": "Synology: thumbnails and indexes",
    b"@tmp": "Synology",
    b"#recycle": "Synology: bin",
    b"#snapshot": "Synology: snapshots of what is there already",
    b"@recycle": "QNAP: bin",
    b"@recently-snapshot": "QNAP: snapshots",
    b"$recycle.bin": "Windows: bin",
    b"recycler": "Windows: bin of older versions",
    b"system volume information": "Windows",
    b"appdata": "Windows: data of applications",
    b"lost+found": "Linux: remains of a file system check",
    b"__macosx": "macOS: resource forks inside unpacked archives",
    b"node_modules": "JavaScript packages",
    b"__pycache__": "Python",
    b"files_trashbin": "Nextcloud: bin",
    b"files_versions": "Nextcloud: earlier versions",
}
"""Folder names in lower case, and whose they are. Names with a dot in front (.Trashes, .git, .thumbnails,
.picasaoriginals, .@__thumb, .cache) are hidden and need no row."""

DERIVED_SUFFIXES: dict[bytes, str] = {
    b".lrdata": "Lightroom: previews, smart previews, helpers",
    b".lrcat-data": "Lightroom",
    b".cocatalogdb": "Capture One",
}
"""Endings of folder names, lower case."""

ORIGINALS_ONLY: dict[bytes, frozenset[bytes]] = {
    b".photoslibrary": frozenset({b"originals", b"masters"}),  # Apple Photos
    b".migratedphotolibrary": frozenset({b"masters", b"originals"}),  # iPhoto, once Photos has taken over
    b".photolibrary": frozenset({b"masters", b"originals"}),  # iPhoto
    b".aplibrary": frozenset({b"masters"}),  # Aperture
    b".cocatalog": frozenset({b"originals"}),  # Capture One
}
"""Packages (by ending, lower case): of what they hold, these folders are the owner's pictures, the rest is derived."""

DERIVED_PAIRS: frozenset[tuple[bytes, bytes]] = frozenset(
    {
        (b"library", b"caches"),  # macOS: ~/Library/Caches and the like
        (b"library", b"containers"),
        (b"library", b"application support"),
        (b"captureone", b"cache"),
        (b"captureone", b"settings"),
    }
)
"""(parent, name), lower case: names too common to be left out wherever they stand."""


def is_hidden(name: bytes) -> bool:
    """True for names with a dot in front."""
    return name.startswith(b".")


def is_derived_folder(parent: bytes, name: bytes) -> bool:
    """True where a folder `name` in a folder named `parent` holds what another program made, by the tables above."""
    parent, name = parent.lower(), name.lower()
    if name in DERIVED_FOLDERS or (parent, name) in DERIVED_PAIRS or name.endswith(tuple(DERIVED_SUFFIXES)):
        return True
    return any(parent.endswith(ending) and name not in originals for ending, originals in ORIGINALS_ONLY.items())


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns that hold in one folder: its own, then those of the folders above, up to the root's `--exclude`.

    As in git, the innermost file that says something about a name decides, the last line first; what `--exclude`
    says stands above all files.
    """

    spec: pathspec.GitIgnoreSpec
    folder: bytes  # what the patterns are relative to
    above: "Patterns | None" = None
    strongest: bool = False  # --exclude

    def leave_out(self, path: bytes, *, is_folder: bool) -> bool:
        """True where a pattern leaves out `path`, which lies in `folder` or below."""
        verdict = None
        scope: Patterns | None = self
        while scope is not None:
            if verdict is None or scope.strongest:
                relative = os.fsdecode(path[len(scope.folder.rstrip(b"/")) + 1 :]).replace(os.sep, "/")
                said = scope.spec.check_file(relative + "/" if is_folder else relative).include
                verdict = said if said is not None else verdict
            scope = scope.above
        return bool(verdict)


def exclude_patterns(lines: Iterable[str], root: bytes) -> Patterns | None:
    """The patterns of `--exclude`, relative to `root`; None where there are none.

    Raises:
        UsageError: a pattern that is none.
    """
    spec, bad = _compile(lines)
    if bad:
        raise UsageError(
            f"--exclude {bad[0]!r} is not a pattern: write it as in a .gitignore file, as in --exclude '*.tmp'"
        )
    return Patterns(spec, root, strongest=True) if spec.patterns else None


def patterns_below(above: Patterns | None, folder: bytes, content: bytes) -> tuple[Patterns | None, list[str]]:
    """The patterns in a folder with a `.searchignore` of this content, and the lines in it that are no patterns."""
    text = os.fsdecode(content.removeprefix(b"\xef\xbb\xbf"))
    spec, bad = _compile(text.splitlines())
    return (Patterns(spec, folder, above) if spec.patterns else above), bad


def _compile(lines: Iterable[str]) -> tuple[pathspec.GitIgnoreSpec, list[str]]:
    good, bad = [], []
    for line in lines:
        try:
            pathspec.GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            bad.append(line)
        else:
            good.append(line)
    return pathspec.GitIgnoreSpec.from_lines(good), bad
