"""What a walk yields, leaves out, and could not see."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ProblemKind, UsageError
from core.indexing import RootOptions
from db.records import ScanEntry
from indexer.walk import Walk, walk

NOTHING = RootOptions()


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * (1 + len(name)))


def base(entry: ScanEntry) -> bytes:
    return entry.path.rpartition(b"/")[2]


def names(root: Path, options: RootOptions = NOTHING, **given: bytes) -> list[str]:
    return sorted(os.fsdecode(os.path.relpath(e.path, os.fsencode(root))) for e in listed(root, options, **given)[1])


def listed(root: Path, options: RootOptions = NOTHING, **given: bytes) -> tuple[Walk, list[ScanEntry]]:
    steps = walk(os.fsencode(root), options, **given)
    return steps, list(steps)


def test_it_yields_candidates_with_size_and_time(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "B.PNG", "sub/c.heic", "no_extension", "notes.txt", "film.mp4", "sub/x.jpg.tmp")
    os.utime(tmp_path / "a.jpg", ns=(1, 1_234_567_890_123_456_789))
    _, entries = listed(tmp_path)
    found = {base(entry): entry for entry in entries}
    assert sorted(found) == [b"B.PNG", b"a.jpg", b"c.heic", b"no_extension"]
    assert found[b"a.jpg"].path == os.fsencode(tmp_path / "a.jpg")
    assert (found[b"a.jpg"].size, found[b"a.jpg"].mtime_ns) == (6, 1_234_567_890_123_456_789)
    assert not found[b"a.jpg"].online_only


def test_hidden_and_derived_folders_are_left_out(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "keep.jpg",
        ".hidden.jpg",
        "._keep.jpg",
        ".thumbnails/a.jpg",
        "@eaDir/a.jpg",
        "sub/@EADIR/a.jpg",
        "#recycle/a.jpg",
        "$RECYCLE.BIN/a.jpg",
        "System Volume Information/a.jpg",
        "node_modules/a.png",
        "__pycache__/a.png",
        "Lib Previews.lrdata/0/a.jpg",
        "Trip.photoslibrary/originals/0/kept.heic",
        "Trip.photoslibrary/resources/derivatives/a.jpg",
        "Trip.photoslibrary/a.jpg",
        "Library/Caches/a.jpg",
        "Library/mine.jpg",
        "Caches/mine.jpg",
    )
    assert names(tmp_path) == [
        "Caches/mine.jpg",
        "Library/mine.jpg",
        "Trip.photoslibrary/a.jpg",
        "Trip.photoslibrary/originals/0/kept.heic",
        "keep.jpg",
    ]


def test_a_folder_tagged_as_cache_is_left_out_but_not_the_root(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "cache/b.jpg", "not/c.jpg")
    tag = b"Signature: 8a477f597d28d172789f06886806bc55\n# made by a program\n"
    (tmp_path / "CACHEDIR.TAG").write_bytes(tag)
    (tmp_path / "cache" / "CACHEDIR.TAG").write_bytes(tag)
    (tmp_path / "not" / "CACHEDIR.TAG").write_bytes(b"something else")
    assert names(tmp_path) == ["a.jpg", "not/c.jpg"]


def test_searchignore_nested_as_in_git(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.jpg", "a.png", "in/a.png", "in/keep.png", "in/deep/a.png", "out/a.jpg", "in/out/b.jpg", "x/y/b.gif"
    )
    (tmp_path / ".searchignore").write_text("# comment\n*.png\n/out/\nx/**/*.gif\n")
    (tmp_path / "in" / ".searchignore").write_text("!keep.png\n")
    assert names(tmp_path) == ["a.jpg", "in/keep.png", "in/out/b.jpg"]


def test_exclude_is_relative_to_the_root_and_stronger_than_files(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "raw/a.jpg", "sub/raw/b.jpg", "sub/c.jpg")
    (tmp_path / "raw").joinpath(".searchignore").write_text("!*.jpg\n")
    assert names(tmp_path, RootOptions(exclude=("raw/*.jpg", "c.jpg"))) == ["a.jpg", "sub/raw/b.jpg"]
    (tmp_path / ".searchignore").write_text("sub/\n")
    assert names(tmp_path, RootOptions(exclude=("!sub/",))) == ["a.jpg", "raw/a.jpg", "sub/c.jpg", "sub/raw/b.jpg"]


@pytest.mark.parametrize("pattern", ["!", "[z-a]", "\\"])
def test_a_bad_pattern_is_an_error_on_the_command_line_and_a_notice_in_a_file(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "a.jpg", "b.png")
    with pytest.raises(UsageError, match="--exclude"):
        walk(os.fsencode(tmp_path), RootOptions(exclude=(pattern,)))
    (tmp_path / ".searchignore").write_text(f"{pattern}\n*.png\n")
    steps, entries = listed(tmp_path)
    assert [base(e) for e in entries] == [b"a.jpg"]
    assert len(steps.notices) == 1
    assert ".searchignore" in steps.notices[0]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    for name in (b"caf\xe9.jpg", b"new\nline.jpg", b"*.png", b"skip\xff.gif"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    steps = walk(os.fsencode(tmp_path), RootOptions(exclude=("skip*",)))
    assert sorted(base(e) for e in steps) == [b"*.png", b"caf\xe9.jpg", b"new\nline.jpg"]


def test_links_are_followed_once_and_loops_end(tmp_path: Path) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    touch(root, "a/1.jpg", "z/2.jpg")
    touch(other, "3.jpg", "deep/4.jpg")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a" / "self")
    (root / "a" / "first_by_name").symlink_to(root / "z")  # its real path wins
    (root / "m").symlink_to(other)
    (root / "n").symlink_to(other)
    (root / "file.jpg").symlink_to(other / "3.jpg")
    (root / "nothing.jpg").symlink_to(tmp_path / "missing.jpg")
    (other / "back").symlink_to(root)
    assert names(root) == ["a/1.jpg", "file.jpg", "m/3.jpg", "m/deep/4.jpg", "z/2.jpg"]


def test_only_regular_files(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "null.jpg").symlink_to("/dev/null")
    (tmp_path / "fifo_link.jpg").symlink_to("pipe.jpg")
    if os.geteuid() == 0:
        os.mknod(tmp_path / "zero.jpg", 0o600 | 0o020000, os.makedev(1, 5))
    assert names(tmp_path) == ["a.jpg"]


def test_the_librarys_own_folder_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "library/thumbnails/b.jpg")
    (tmp_path / "again").symlink_to("library")
    assert names(tmp_path, library=os.fsencode(tmp_path / "library")) == ["a.jpg"]
    assert names(tmp_path, library=os.fsencode(tmp_path / "none")) == ["a.jpg", "library/thumbnails/b.jpg"]


def test_sidecars_show_in_the_digest(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b.jpg", "b.txt", "other.txt")

    def digest() -> dict[bytes, bytes]:
        return {base(e): e.sidecars for e in listed(tmp_path)[1]}

    first = digest()
    assert first[b"a.jpg"] == b""
    assert len(first[b"b.jpg"]) == 16
    (tmp_path / "b.txt").write_text("another caption")
    second = digest()
    assert second[b"b.jpg"] != first[b"b.jpg"]
    (tmp_path / "b.jpg.xmp").write_text("<x/>")
    third = digest()
    assert third[b"b.jpg"] != second[b"b.jpg"]
    assert third == digest()
    assert third[b"a.jpg"] == b""


def test_a_root_may_be_one_file_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, ".odd.name", ".odd.txt", "x.jpg")
    steps, entries = listed(tmp_path / ".odd.name")
    assert [(e.path, e.size) for e in entries] == [(os.fsencode(tmp_path / ".odd.name"), 10)]
    assert len(entries[0].sidecars) == 16
    assert steps.problems == []
    assert listed(tmp_path / "x.jpg")[1][0].sidecars == b""


def test_a_subtree_is_seen_as_the_whole_walk_sees_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "in/b.jpg", "in/c.png", "in/deep/d.jpg", "inner/e.jpg", ".secret/f.jpg")
    (tmp_path / ".searchignore").write_text("*.png\n")
    (tmp_path / "in" / "deep" / "loop").symlink_to(tmp_path)
    assert names(tmp_path, subtree=os.fsencode(tmp_path / "in")) == ["in/b.jpg", "in/deep/d.jpg"]
    assert names(tmp_path, subtree=os.fsencode(tmp_path / "in" / "b.jpg")) == ["in/b.jpg"]
    steps, entries = listed(tmp_path, subtree=os.fsencode(tmp_path / ".secret"))
    assert entries == []
    assert "left out" in steps.notices[0]
    assert listed(tmp_path, subtree=os.fsencode(tmp_path / "in"))[0].notices == []
    assert listed(tmp_path, subtree=os.fsencode(tmp_path / "gone"))[0].notices == []


def test_icloud_stubs_stand_for_their_file(tmp_path: Path) -> None:
    touch(tmp_path, ".a.jpg.icloud", ".b.jpg.icloud", "b.jpg", ".notes.txt.icloud", ".icloud")
    _, entries = listed(tmp_path)
    assert sorted((base(e), e.online_only) for e in entries) == [(b"a.jpg", True), (b"b.jpg", False)]


@pytest.fixture
def deep_path(tmp_path: Path) -> Iterator[Path]:
    """A folder that `rm` clears away: Python's own way recurses too deep for what is made here."""
    yield tmp_path
    subprocess.run(["rm", "-rf", tmp_path], check=True)


def deep_folder(root: Path, levels: int, name: str) -> None:
    """Far below what one path may name: made step by step."""
    at = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
        os.close(os.open("p.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=at))
    os.close(at)


@pytest.mark.skipif(sys.platform != "linux", reason="PATH_MAX differs")
def test_paths_too_long_to_be_named_are_reported_and_the_rest_is_seen(deep_path: Path) -> None:
    padding = (60 - len(os.fsencode(deep_path)) - 1) % 201  # so that in every folder that fits a file fits as well
    root = deep_path / ("r" * padding if 0 < padding < 200 else ".")
    root.mkdir(exist_ok=True)
    touch(root, "z.jpg")
    deep_folder(root, 40, "d" * 200)  # 8,000 bytes; a path may have 4,095
    steps, entries = listed(root)
    assert 15 <= len(entries) <= 21
    assert os.fsencode(root / "z.jpg") in {e.path for e in entries}
    assert len(steps.unread) == 1
    assert [(p.kind, "too long" in p.reason) for p in steps.problems] == [(ProblemKind.IO_ERROR, True)]


def test_a_very_deep_tree_does_not_recurse(deep_path: Path) -> None:
    deep_folder(deep_path, 1500, "d")
    assert len(listed(deep_path)[1]) == 1500
