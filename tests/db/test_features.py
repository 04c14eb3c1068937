"""What a reranker saw, kept by content: bounded, whole or not at all, and never in the way."""

import hashlib
import json
import os
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from core.arrays import PictureFeatures
from db.depths import KEPT, KEPT_S, OWN_KEPT, RerankDepths
from db.features import FeatureCache, forget_features, remember_bound
from tests.small_disk import mounted

TOKENS, WIDTH = 5, 8
SIZE = 16 + 2 * TOKENS * WIDTH  # bytes of a file


def content(number: int) -> bytes:
    return bytes([number % 256]) + number.to_bytes(31, "big")


def features(number: int) -> PictureFeatures:
    return np.random.default_rng(number).standard_normal((TOKENS, WIDTH)).astype(np.float16)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    return tmp_path / "library"


@pytest.fixture
def cache(library: Path) -> FeatureCache:
    return FeatureCache(library, "a" * 64, 100 * SIZE)


def files_of(library: Path) -> list[Path]:
    return sorted(path for path in (library / "features").rglob("*") if path.is_file())


def test_what_is_kept_comes_back_to_the_bit(library: Path, cache: FeatureCache) -> None:
    assert cache.get(content(1)) is None
    assert cache.put(content(1), features(1))
    for one in (cache, FeatureCache(library, "a" * 64, 100 * SIZE)):
        np.testing.assert_array_equal(one.get(content(1)), features(1))
        assert one.get(content(1)).dtype == np.float16
        assert content(1) in one
        assert content(2) not in one
    assert cache.used_bytes() == SIZE


def test_each_reranker_has_its_own(library: Path, cache: FeatureCache) -> None:
    other = FeatureCache(library, "b" * 64, 100 * SIZE)
    cache.put(content(1), features(1))
    other.put(content(1), features(2))
    np.testing.assert_array_equal(cache.get(content(1)), features(1))
    np.testing.assert_array_equal(other.get(content(1)), features(2))


def test_what_was_unused_longest_goes_first(library: Path, cache: FeatureCache) -> None:
    long_ago = time.time() - 1000
    for number in range(100):
        cache.put(content(number), features(number))
        os.utime(next((library / "features").rglob(f"{content(number).hex()}*")), (long_ago + number,) * 2)
    assert cache.get(content(0)) is not None  # the oldest, but used now
    assert cache.put(content(100), features(100))
    assert content(0) in cache
    assert [number for number in range(101) if content(number) not in cache] == list(range(1, 11))
    assert cache.used_bytes() == 91 * SIZE


def test_the_bound_holds_over_rerankers_and_processes(library: Path) -> None:
    caches = [FeatureCache(library, letter * 64, 50 * SIZE) for letter in "ab"]
    for number in range(200):
        caches[number % 2].put(content(number), features(number))
        assert caches[0].used_bytes() <= 52 * SIZE  # each looks at the other's after two of its own
    assert content(199) in caches[1]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "longer"])
def test_a_damaged_file_is_nothing_and_goes(library: Path, cache: FeatureCache, damage: str) -> None:
    cache.put(content(1), features(1))
    (file,) = files_of(library)
    whole = file.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    file.write_bytes({"cut": whole[:-3], "flipped": flipped, "empty": b"", "longer": whole + b"x"}[damage])
    assert cache.get(content(1)) is None
    assert files_of(library) == []
    assert cache.put(content(1), features(1))


def test_a_half_written_file_is_never_seen_and_goes_when_it_is_old(library: Path, cache: FeatureCache) -> None:
    cache.put(content(1), features(1))
    (file,) = files_of(library)
    fresh, old = file.with_name("x.part"), file.with_name("y.part")
    for part in (fresh, old):
        part.write_bytes(b"half")
    os.utime(old, (1, 1))
    full = FeatureCache(library, "a" * 64, SIZE)
    assert full.put(content(2), features(2))
    assert not old.exists()
    assert fresh.exists()


def test_a_full_disk_and_a_read_only_one_cost_the_cache_alone(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "1m") as library:
        large = np.zeros((577, 768), np.float16)  # 886 kB: one fits, a second does not
        cache = FeatureCache(library, "a" * 64, 10_000_000)
        assert cache.put(content(1), large)
        assert not cache.put(content(2), large)
        assert [path.suffix for path in files_of(library)] == [".f16"]
        np.testing.assert_array_equal(cache.get(content(1)), large)
        subprocess.run(["mount", "-o", "remount,ro", str(library)], check=True)
        locked = FeatureCache(library, "a" * 64, 10_000_000)
        np.testing.assert_array_equal(locked.get(content(1)), large)
        assert not locked.put(content(2), features(2))
        RerankDepths(library).remember("a", 3)


def test_where_nothing_can_be_written_nothing_is_raised(library: Path, cache: FeatureCache) -> None:
    (library / "features").write_bytes(b"a file in the folder's place")
    assert not cache.put(content(1), features(1))
    assert cache.get(content(1)) is None
    depths = RerankDepths(library)
    depths.remember("a", 7)
    assert depths.recall("a") == 7
    assert RerankDepths(library).recall("a") is None


def test_without_a_library_nothing_is_made(tmp_path: Path) -> None:
    assert not FeatureCache(tmp_path / "none", "a" * 64, 100 * SIZE).put(content(1), features(1))
    RerankDepths(tmp_path / "none").remember("a", 1)
    assert list(tmp_path.iterdir()) == []


def test_a_bound_of_nothing_keeps_nothing(library: Path, cache: FeatureCache) -> None:
    cache.put(content(1), features(1))
    off = FeatureCache(library, "a" * 64, 0)
    assert not off.put(content(2), features(2))
    assert off.get(content(1)) is None
    assert content(1) not in off


def test_many_at_once_do_not_harm_each_other(library: Path) -> None:
    wrong: list[int] = []

    def work(offset: int) -> None:
        own = FeatureCache(library, "a" * 64, 20 * SIZE)
        for number in range(60):
            own.put(content(number), features(number))
            found = own.get(content((number + offset) % 60))
            if found is not None and not np.array_equal(found, features((number + offset) % 60)):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(7 * i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not [path for path in files_of(library) if path.suffix == ".part"]
    assert FeatureCache(library, "a" * 64, 20 * SIZE).used_bytes() <= 24 * SIZE


def test_forgetting_takes_all_rerankers_features(library: Path, cache: FeatureCache) -> None:
    other = FeatureCache(library, "b" * 64, 100 * SIZE)
    for one in (cache, other):
        one.put(content(1), features(1))
        one.put(content(2), features(2))
    forget_features(library, content(1))
    assert content(1) not in cache
    assert content(1) not in other
    assert content(2) in cache


def test_a_remembered_bound_wins(library: Path) -> None:
    remember_bound(library, 3 * SIZE)
    assert FeatureCache(library, "a" * 64, 100 * SIZE).max_bytes == 3 * SIZE


def test_depths_are_remembered_by_later_runs_and_not_for_ever(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    depths = RerankDepths(library)
    for number in range(KEPT + 5):
        depths.remember(str(number), number)
    later = RerankDepths(library)
    assert later.recall(str(KEPT + 4)) == KEPT + 4
    assert later.recall("4") is None
    assert later.recall("5") == 5
    now = time.time()
    monkeypatch.setattr("db.depths.time.time", lambda: now + KEPT_S + 2)
    assert later.recall("5") is None
    later.remember("new", 1)
    assert len(json.loads((library / "features" / "depths.json").read_bytes())) == 1
    assert depths.recall("5") == 5  # the process that looked knows for as long as it lives


@pytest.mark.parametrize("content", ["{", "[]", '{"abc": 3}', '{"abc": ["x", 1]}'])
def test_depths_that_cannot_be_read_are_no_depths(library: Path, content: str) -> None:
    RerankDepths(library).remember("a", 3)
    (library / "features" / "depths.json").write_text(content)
    assert RerankDepths(library).recall("a") is None


def test_a_file_of_depths_does_not_tell_what_was_asked(library: Path) -> None:
    RerankDepths(library).remember("a secret", 3)
    (trace,) = json.loads((library / "features" / "depths.json").read_bytes())
    alike = [n for n in range(100_000) if hashlib.sha256(str(n).encode()).hexdigest().startswith(trace)]
    assert len(alike) > 10


def test_a_process_that_lives_long_remembers_the_latest_queries_alone(tmp_path: Path) -> None:
    depths = RerankDepths(tmp_path / "not to be written")
    for number in range(OWN_KEPT + 5):
        depths.remember(f"query {number}", number)
    assert depths.recall("query 4") is None
    assert [depths.recall(f"query {number}") for number in (5, OWN_KEPT + 4)] == [5, OWN_KEPT + 4]
