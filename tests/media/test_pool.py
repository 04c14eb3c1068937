"""A worker that dies, hangs, prints or eats memory takes one file; nothing is left behind."""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ProblemKind, SearchError, UsageError
from core.models import Preprocess
from media.decode import decode_picture
from media.gate import LARGE_BYTES, LargePictureGate
from media.limits import DecodeLimits
from media.pool import DecodeJob, DecodeOutcome, DecodePool

TARGET = Preprocess(height=32, width=32)
ODD = (sys.executable, "-P", str(Path(__file__).with_name("odd_worker.py")))


def pool(*, workers: int = 2, timeout_s: float = 30.0, command: tuple[str, ...] = ODD) -> DecodePool:
    return DecodePool(targets=[TARGET], limits=DecodeLimits(), workers=workers, timeout_s=timeout_s, command=command)


@pytest.fixture
def job(tmp_path: Path) -> Iterator[object]:
    def make(name: str) -> DecodeJob:
        file = tmp_path / name
        Image.new("RGB", (40, 30), "red").save(file, "PNG")
        return DecodeJob(bytes(file), tag=name)

    return make  # type: ignore[return-value]


_OF_OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def _know_others() -> None:
    """Workers that fixtures of other tests keep for the whole session."""
    _OF_OTHERS.clear()
    _OF_OTHERS.update(children())


def children() -> set[int]:
    """The processes of this test that are alive."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text().rsplit(")", 1)[1].split()[:2]
            command = (status.parent / "cmdline").read_text()
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z" and "worker" in command:
            found.add(int(status.parent.name))
    return found - _OF_OTHERS


def by_name(outcomes: Iterator[DecodeOutcome]) -> dict[object, DecodeOutcome]:
    found = {}
    for outcome in outcomes:
        assert outcome.job.tag not in found
        found[outcome.job.tag] = outcome
    return found


def test_real_workers_agree_with_this_process(test_data: Path) -> None:
    files = [bytes(file) for file in sorted((test_data / "photos").iterdir())[:20]]
    with DecodePool(targets=[TARGET], limits=DecodeLimits(), workers=2) as real:
        found = by_name(real.run(DecodeJob(file, tag=file) for file in files))
        known = found[files[0]].picture
        assert known is not None
        again = list(real.run([DecodeJob(files[0], known.content_hash)]))
    assert [(outcome.picture, outcome.problem) for outcome in again] == [(None, None)]
    for file in files:
        expected = decode_picture(file, targets=[TARGET], limits=DecodeLimits())
        picture = found[file].picture
        assert picture is not None
        assert expected is not None
        assert (picture.content_hash, picture.facts) == (expected.content_hash, expected.facts)
        assert np.array_equal(picture.pixels[0], expected.pixels[0])
    assert not children()


def test_each_kind_of_trouble_costs_one_file(job) -> None:
    names = ["a", "die", "b", "abort", "c", "stop", "d", "print", "e", "bomb", "f", "g"]
    with pool(timeout_s=2.0) as odd:
        found = by_name(odd.run(job(name) for name in names))
    kinds = {name: outcome.problem.kind for name, outcome in found.items() if outcome.problem}
    assert kinds == {
        "die": ProblemKind.DECODER_CRASHED,
        "abort": ProblemKind.DECODER_CRASHED,
        "stop": ProblemKind.TIMEOUT,
        "bomb": ProblemKind.TOO_LARGE,
    }
    assert found["die"].problem.reason == "its decoder crashed (SIGKILL)"
    assert found["abort"].problem.reason == "its decoder crashed (SIGABRT)"
    assert "2 s" in found["stop"].problem.reason
    for name in set(names) - set(kinds):
        assert found[name].picture.pixels[0][16, 16].tolist() == [255, 0, 0], name
    assert not children()


def test_a_worker_killed_from_outside_between_files(job) -> None:
    with pool(workers=1) as odd:
        assert next(odd.run([job("a")])).picture is not None
        (worker,) = children()
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.1)
        (outcome,) = odd.run([job("b")])
        assert outcome.picture is not None


@pytest.mark.parametrize("how", ["closed", "raised", "abandoned"])
def test_ending_early_leaves_nothing(how: str, job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads = threading.active_count()
    drawn: list[str] = []

    def jobs() -> Iterator[DecodeJob]:
        for number in range(100):
            drawn.append(str(number))
            yield job(f"{'hang' if number == 1 else 'ok'}{number}")

    started = time.monotonic()
    with pool() as odd:
        outcomes = odd.run(jobs())
        next(outcomes)
        assert len(drawn) <= 4  # 2 × workers
        assert len(list(tmp_path.glob("search-gate-*"))) == 1
        if how == "closed":
            outcomes.close()  # type: ignore[attr-defined]
            assert threading.active_count() == threads
            assert len(list(odd.run([job("after")]))) == 1  # the pool can be used again
        elif how == "raised":
            with pytest.raises(KeyboardInterrupt):
                outcomes.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
        del outcomes
    assert time.monotonic() - started < 10
    assert not children()
    assert threading.active_count() == threads
    assert not list(tmp_path.glob("search-gate-*"))


def test_ctrl_c_before_a_thread_has_started(job, monkeypatch: pytest.MonkeyPatch) -> None:
    with pool(workers=2) as decoders:
        start = threading.Thread.start

        def pressed(thread: threading.Thread) -> None:
            if thread.name == "decode-worker":
                raise KeyboardInterrupt
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", pressed)
        with pytest.raises(KeyboardInterrupt):
            list(decoders.run(iter([job("a")])))
        monkeypatch.undo()
        assert [outcome.problem for outcome in decoders.run(iter([job("b")]))] == [None]


def test_a_killed_parent_leaves_no_worker(job, tmp_path: Path) -> None:
    for name in ("hang1", "hang2"):
        job(name)
    program = (
        "import sys; from media import *\n"
        "if True:\n"
        f" pool = DecodePool(targets=(), limits=DecodeLimits(), workers=2, command={ODD!r})\n"
        f" list(pool.run(DecodeJob(p) for p in [{bytes(tmp_path / 'hang1')!r}, {bytes(tmp_path / 'hang2')!r}]))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", program], env=environment)
    try:
        notes = [tmp_path / "hang1.pid", tmp_path / "hang2.pid"]
        wait_until(lambda: all(note.exists() and note.read_text() for note in notes), seconds=20)
        workers = [int(note.read_text()) for note in notes]
        assert all(alive(worker) for worker in workers)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(alive(worker) for worker in workers), seconds=2)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_worker_that_cannot_start_is_no_fault_of_the_files(job) -> None:
    command = (sys.executable, "-c", "raise SystemExit(3)")
    with pool(command=command) as broken, pytest.raises(SearchError, match="exit code 3"):
        list(broken.run([job("a")]))
    with pytest.raises(UsageError):
        pool(workers=0)


def test_a_pool_needs_no_jobs_and_no_guard() -> None:
    with pool() as odd:
        assert list(odd.run([])) == []
        assert not children()  # workers start with work


def test_modules_in_the_current_folder_are_not_imported(job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of pictures may hold a file named like a module."""
    a = job("a.png")
    for name in ("media.py", "core.py", "struct.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the folder of pictures')")
    monkeypatch.chdir(tmp_path)
    with DecodePool(targets=[TARGET], limits=DecodeLimits(), workers=1) as real:
        (outcome,) = real.run([a])
    assert outcome.picture is not None


def test_names_that_are_not_text(tmp_path: Path) -> None:
    path = bytes(tmp_path) + b"/caf\xe9\n\xff.png"
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(os.fsdecode(path))
    with DecodePool(targets=[TARGET], limits=DecodeLimits(), workers=1) as real:
        (outcome,) = real.run([DecodeJob(path)])
    assert outcome.picture is not None
    assert outcome.job.path == path


def test_large_pictures_wait_for_each_other(tmp_path: Path) -> None:
    shared = tmp_path / "gate"
    shared.touch()
    waits: list[str] = []
    first = LargePictureGate(bytes(shared), on_wait=lambda: None)
    second = LargePictureGate(bytes(shared), on_wait=lambda: waits.append("waited"))
    first(LARGE_BYTES)
    second(LARGE_BYTES - 1)  # a small one passes
    assert not waits
    thread = threading.Thread(target=second, args=(LARGE_BYTES,), daemon=True)
    thread.start()
    thread.join(1.5)
    assert thread.is_alive()
    assert waits  # it says so, and its time does not run out
    first.release()
    thread.join(2)
    assert not thread.is_alive()
    second.release()
    first(LARGE_BYTES)
    first.release()


def test_problems_cross_the_border_whole() -> None:
    from core.errors import PictureProblem

    problem = pickle.loads(pickle.dumps(PictureProblem(ProblemKind.EMPTY, "nothing in it")))
    assert (problem.kind, problem.reason) == (ProblemKind.EMPTY, "nothing in it")
