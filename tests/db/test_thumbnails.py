"""Thumbnails kept by content: bounded, whole or not at all, and never in the way."""

import os
import threading
import time
from pathlib import Path

import pytest

from db.thumbnails import ThumbnailCache, drop_thumbnails, name_of
from tests.small_disk import mounted


def content(number: int) -> bytes:
    return bytes([number]) + bytes(31)


def webp(fill: int, length: int = 1000) -> bytes:
    return b"RIFF" + (length - 8).to_bytes(4, "little") + b"WEBP" + bytes([fill]) * (length - 12)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    return tmp_path / "library"


def files_of(library: Path) -> list[Path]:
    return sorted(path for path in (library / "thumbnails").rglob("*") if path.is_file())


def test_what_is_kept_comes_back(library: Path) -> None:
    cache = ThumbnailCache(library, 100_000)
    assert cache.get(content(1), 256) is None
    assert cache.put(content(1), 256, webp(7))
    assert cache.get(content(1), 256) == ThumbnailCache(library, 100_000).get(content(1), 256) == webp(7)
    assert cache.get(content(1), 512) is None
    assert files_of(library) == [library / "thumbnails" / "01" / f"{name_of(content(1), 256)}.webp"]


def test_the_bound_holds_and_what_was_unused_longest_goes(library: Path) -> None:
    cache = ThumbnailCache(library, 10_000)
    for number in range(9):
        cache.put(content(number), 256, webp(number))
        file = files_of(library)[number]
        os.utime(file, (time.time() - 100_000 + number,) * 2)
    assert cache.get(content(0), 256) is not None  # used now
    for number in range(9, 14):
        cache.put(content(number), 256, webp(number))
    assert cache.used_bytes() <= 10_000
    assert cache.get(content(0), 256) is not None
    assert cache.get(content(1), 256) is None
    assert cache.get(content(13), 256) is not None


def test_a_use_is_noted_once_an_hour(library: Path) -> None:
    cache = ThumbnailCache(library, 10_000)
    cache.put(content(1), 256, webp(1))
    (file,) = files_of(library)
    recent = time.time() - 600
    os.utime(file, (recent, recent))
    cache.get(content(1), 256)
    assert file.stat().st_mtime == pytest.approx(recent, abs=1)


@pytest.mark.parametrize("damage", [b"", bytes(1000), webp(1)[:-1], b"JUNK" + webp(1)[4:]])
def test_what_is_damaged_is_made_again(library: Path, damage: bytes) -> None:
    cache = ThumbnailCache(library, 100_000)
    cache.put(content(1), 256, webp(1))
    files_of(library)[0].write_bytes(damage)
    assert cache.get(content(1), 256) is None
    assert cache.put(content(1), 256, webp(2))
    assert cache.get(content(1), 256) == webp(2)


def test_nothing_is_kept_where_nothing_may_be(tmp_path: Path, library: Path) -> None:
    for cache in (ThumbnailCache(library, 0), ThumbnailCache(tmp_path / "none", 100_000), ThumbnailCache(library, 999)):
        assert not cache.put(content(1), 256, webp(1))
        assert cache.get(content(1), 256) is None
    assert files_of(library) == []


def test_a_full_disk_keeps_nothing_and_nothing_is_raised(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "64k") as small:
        now = [0.0]
        cache = ThumbnailCache(small, 10_000_000, clock=lambda: now[0])
        kept = [cache.put(content(number), 256, webp(number, 20_000)) for number in range(10)]
        assert kept[0]
        assert not kept[-1]
        assert cache.get(content(0), 256) == webp(0, 20_000)
        assert not list(small.rglob("*.part"))
        (small / "thumbnails" / "00" / f"{name_of(content(0), 256)}.webp").unlink()
        assert not cache.put(content(11), 256, webp(11))  # not tried again at once
        now[0] += 61
        assert cache.put(content(11), 256, webp(11))


def test_many_writers_leave_whole_files(library: Path) -> None:
    caches = [ThumbnailCache(library, 30_000) for _ in range(4)]
    seen: list[bytes] = []

    def work(cache: ThumbnailCache) -> None:
        for number in range(60):
            cache.put(content(number % 20), 256, webp(number % 20))
            found = cache.get(content(number % 20), 256)
            if found is not None:
                seen.append(found)

    threads = [threading.Thread(target=work, args=(cache,)) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen
    assert set(seen) <= {webp(number) for number in range(20)}


def test_all_sides_of_a_content_are_dropped(library: Path) -> None:
    cache = ThumbnailCache(library, 100_000)
    for number, side in ((1, 128), (1, 2048), (2, 128)):
        cache.put(content(number), side, webp(number))
    drop_thumbnails(library, content(1))
    assert [file.parent.name for file in files_of(library)] == ["02"]
