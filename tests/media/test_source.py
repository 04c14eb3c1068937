"""Only regular files are opened, they are read once, and a change is noticed."""

import hashlib
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from core.errors import PictureProblem, ProblemKind
from core.models import Preprocess
from media import source
from media.decode import decode_picture
from media.limits import DecodeLimits
from media.source import open_source

TARGET = Preprocess(height=32, width=32)


def problem_of(path: bytes) -> PictureProblem:
    with pytest.raises(PictureProblem) as caught:
        decode_picture(path, targets=[TARGET], limits=DecodeLimits())
    return caught.value


def picture_at(file: Path) -> Path:
    Image.new("RGB", (64, 48), "red").save(file)
    return file


def test_a_fifo_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    started = time.monotonic()
    assert problem_of(bytes(tmp_path / "pipe.jpg")).kind is ProblemKind.NOT_A_PICTURE
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("content", [b"", b"not a picture at all", b"\xff\xd8\xff", b"8BPS\0\1"])
def test_small_odd_files(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "odd.jpg"
    file.write_bytes(content)
    expected = {
        b"": ProblemKind.EMPTY,
        b"not a picture at all": ProblemKind.NOT_A_PICTURE,
        b"\xff\xd8\xff": ProblemKind.TRUNCATED,
        b"8BPS\0\1": ProblemKind.UNSUPPORTED,
    }
    assert problem_of(bytes(file)).kind is expected[content]


def test_folders_devices_and_what_is_not_there(tmp_path: Path) -> None:
    assert problem_of(bytes(tmp_path)).kind is ProblemKind.NOT_A_PICTURE
    assert problem_of(b"/dev/zero").kind is ProblemKind.NOT_A_PICTURE
    assert problem_of(bytes(tmp_path / "gone.jpg")).kind is ProblemKind.VANISHED
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    assert problem_of(bytes(tmp_path / "loop.jpg")).kind is ProblemKind.NOT_A_PICTURE


def test_no_permission(tmp_path: Path) -> None:
    file = picture_at(tmp_path / "private.png")
    file.chmod(0)
    if os.geteuid() != 0:
        assert problem_of(bytes(file)).kind is ProblemKind.PERMISSION
        return
    for folder in tmp_path.parents:  # reachable by nobody
        if folder.stat().st_uid == 0 and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    tmp_path.chmod(0o755)
    os.seteuid(65534)
    try:
        assert problem_of(bytes(file)).kind is ProblemKind.PERMISSION
    finally:
        os.seteuid(0)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = picture_at(tmp_path / "a.png")
    expected = hashlib.blake2b(file.read_bytes(), digest_size=32).digest()
    with open_source(bytes(file)) as small:
        assert small.content_hash == expected
    monkeypatch.setattr(source, "IN_MEMORY_BYTES", 10)  # as if it were larger than 64 MB
    with open_source(bytes(file)) as large:
        assert large.content_hash == expected
        assert large.stream.read() == file.read_bytes()
    picture = decode_picture(bytes(file), targets=[TARGET], limits=DecodeLimits())
    assert picture is not None
    assert picture.content_hash == expected
    assert picture.pixels[0].mean(axis=(0, 1)).tolist() == [255, 0, 0]


@pytest.mark.parametrize("large", [False, True])
def test_a_change_while_reading_is_noticed(large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = picture_at(tmp_path / "a.png")
    if large:
        monkeypatch.setattr(source, "IN_MEMORY_BYTES", 10)
    with pytest.raises(PictureProblem) as caught, open_source(bytes(file)), file.open("ab") as appended:
        appended.write(b"more")
    assert caught.value.kind is ProblemKind.CHANGED_WHILE_READING


def test_another_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    file, other = picture_at(tmp_path / "a.png"), picture_at(tmp_path / "b.png")
    stat = file.stat()
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # same size, same time: only the inode differs
    with pytest.raises(PictureProblem) as caught, open_source(bytes(file)):
        other.replace(file)
    assert caught.value.kind is ProblemKind.CHANGED_WHILE_READING


def test_a_failure_over_a_changed_file_is_told_as_a_change(tmp_path: Path) -> None:
    file = picture_at(tmp_path / "a.png")

    def fails_meanwhile() -> None:
        file.write_bytes(b"new")
        raise ValueError("broken pixels")

    with pytest.raises(PictureProblem) as caught, open_source(bytes(file)):
        fails_meanwhile()
    assert caught.value.kind is ProblemKind.CHANGED_WHILE_READING


def test_a_file_that_vanishes_while_it_is_read(tmp_path: Path) -> None:
    file = picture_at(tmp_path / "a.png")
    with pytest.raises(PictureProblem) as caught, open_source(bytes(file)):
        file.unlink()
    assert caught.value.kind is ProblemKind.VANISHED


def test_names_are_bytes(tmp_path: Path) -> None:
    path = bytes(tmp_path) + b"/caf\xe9\nnew line.png"
    picture_at(tmp_path / "a.png").rename(os.fsdecode(path))
    picture = decode_picture(path, targets=[TARGET], limits=DecodeLimits())
    assert picture is not None
    assert picture.facts.format == "png"
