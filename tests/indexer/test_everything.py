"""All hostile and all metadata files in one run: every file accounted for, within bounded memory."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from db import check_library, open_reader
from tests.indexer.program import finished, start
from tests.indexer.runs import held, index

MOST_MEMORY = 1.5e9  # bytes, of the whole process tree


class Watcher(threading.Thread):
    """The largest resident memory a process and all below it had at once, read from /proc."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.peak_bytes = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.05):
            self.peak_bytes = max(self.peak_bytes, sum(resident(pid) for pid in tree(self._pid)))


def tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children += (task / "children").read_text().split()
        except OSError:
            continue
    for child in set(children):
        found += tree(int(child))
    return found


def resident(pid: int) -> int:
    """Proportional set size: shared pages count once over all processes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_every_hostile_file_is_accounted_for_within_bounded_memory(test_data: Path, tmp_path: Path) -> None:
    folders = [test_data / "hostile", test_data / "metadata"]
    files = sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    library = tmp_path / "library"
    run = start(library, *folders)
    watcher = Watcher(run.pid)
    watcher.start()
    began = time.monotonic()
    report = finished(run, timeout_s=900)
    watcher.done.set()
    watcher.join()
    print(f"{files} files, {time.monotonic() - began:.0f} s, at most {watcher.peak_bytes / 1e6:.0f} MB")
    assert report["code"] == 0
    counted = ("added", "changed", "moved", "unchanged", "skipped", "ignored")
    assert sum(int(str(report[name])) for name in counted) == files > 1000
    assert len(report["problems"]) == report["skipped"] > 100
    assert watcher.peak_bytes < MOST_MEMORY
    assert check_library(library) == []
    with open_reader(library) as reader:
        assert len(reader.problems()) == report["skipped"]
    assert len(held(library)) == report["added"]

    again = index(library)
    assert again.embedded == 0
    assert again.unchanged == report["added"]
    assert again.skipped == report["skipped"]
    assert again.ignored == report["ignored"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_run_leaves_no_worker_behind(tmp_path: Path, test_data: Path) -> None:
    run = start(tmp_path / "library", test_data / "photos", slow=0.05)
    assert run.stdout is not None
    for line in run.stdout:
        if '"stage": "index"' in line:
            break
    workers = [pid for pid in tree(run.pid) if pid != run.pid]
    assert len(workers) == 2
    run.kill()
    run.communicate()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in workers if alive(pid)] == []


def alive(pid: int) -> bool:
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")
