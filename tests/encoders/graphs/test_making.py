"""Making graphs: once, safely, and not at all where that cannot be."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders import load_encoder
from encoders.graphs import Tower, apart, making, store
from encoders.graphs import towers as graph_towers
from tests.conftest import PROJECT
from tests.encoders.graphs.parts import BY_GRAPH, blob, no_making, pixels
from tests.encoders.placing import FLOAT32, placed
from tests.encoders.test_clip import broken_model


def test_what_cannot_be_made_is_remembered(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = broken_model(tmp_path / "broken")  # pictures give nan, texts do not
    for made in (False, True):
        if made:
            monkeypatch.setattr(graph_towers, "make_apart", no_making)
        encoder = load_encoder(name)
        encoder.prepare()
        assert encoder.how(Tower.IMAGE) == "torch (its vectors differ from torch's (cosine 0.0000))"
        assert encoder.how(Tower.TEXT) == BY_GRAPH
    assert not list(cache.rglob("image.*.blob"))


def test_a_converter_that_fails_leaves_the_work_to_torch(
    cache: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no such operation: aten::weird\nand more")

    monkeypatch.setattr(making, "convert", fail)
    encoder = load_encoder(tiny_clip)
    np.testing.assert_allclose(
        encoder.encode_pixels(pixels(2)), placed(tiny_clip, FLOAT32).encode_pixels(pixels(2)), atol=1e-6
    )
    assert encoder.how(Tower.IMAGE) == "torch (it cannot be converted (RuntimeError: no such operation: aten::weird))"


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_is_remembered(
    cache: Path, tiny_clip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, signal_number: int
) -> None:
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\nkill -{int(signal_number)} $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # else it would be made in this process
    assert load_encoder(tiny_clip)._graphs.load(Tower.TEXT) is None
    monkeypatch.setattr(graph_towers, "make_apart", no_making)
    again = load_encoder(tiny_clip)
    assert again._graphs.load(Tower.TEXT) is None
    assert again.how(Tower.TEXT) == f"torch (the process that made it was ended by signal {int(signal_number)})"


def test_a_process_that_was_asked_to_end_is_not_held_against_the_graph(
    cache: Path, tiny_clip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nkill -TERM $$\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    encoder = load_encoder(tiny_clip)
    assert encoder._graphs.load(Tower.TEXT) is None
    assert encoder.how(Tower.TEXT) == "torch (making it was ended by signal 15)"
    assert not list(cache.rglob("text.*.json")), "tried again the next time"


def test_what_a_killed_process_left_is_swept_away(ready: Path, tiny_clip: str) -> None:
    blob(ready, Tower.TEXT).unlink()
    folder = blob(ready, Tower.IMAGE).parent
    (folder / ".abcdef").mkdir()
    (folder / ".abcdef" / "graph.bin").write_bytes(b"half")
    (folder / ".xyz.tmp").write_bytes(b"half")
    load_encoder(tiny_clip).encode_texts(["a"])
    assert {path.name for path in folder.glob(".*")} <= {".lock"}


def test_a_folder_that_cannot_be_written_to_costs_nothing_but_time(cache: Path, tiny_clip: str) -> None:
    cache.mkdir()
    (cache / "semantic-image-search").write_bytes(b"a file where a folder should be")
    encoder = load_encoder(tiny_clip)
    assert encoder.encode_texts(["a"]).shape == (1, 32)
    assert encoder.how(Tower.TEXT).startswith("torch ([Errno ")


def test_a_full_disk_costs_nothing_but_time(cache: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making.shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(1, 1, 0))
    encoder = load_encoder(tiny_clip)
    assert encoder.encode_texts(["a"]).shape == (1, 32)
    assert "No space left on device" in encoder.how(Tower.TEXT)
    assert not list(cache.rglob("text.*")), "tried again when there is room"


def test_too_little_memory_is_no_reason_to_die(cache: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_available_bytes", lambda: 300 << 20)
    encoder = load_encoder(tiny_clip)
    assert encoder.encode_texts(["a"]).shape == (1, 32)
    assert "of memory" in encoder.how(Tower.TEXT)


def test_other_versions_make_other_graphs(ready: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = blob(ready, Tower.TEXT)
    monkeypatch.setattr(store, "versions", lambda: {"openvino": "another"})
    load_encoder(tiny_clip).encode_texts(["a"])
    assert blob(ready, Tower.TEXT) != before, "and the old one is gone"


def test_graphs_of_another_processor_stay(ready: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_towers.runtime, "processor", lambda: "another one, the folder is shared")
    load_encoder(tiny_clip).encode_texts(["a"])
    assert len(list(ready.rglob("text.*.blob"))) == 2


def test_several_processes_at_once(cache: Path, tiny_clip: str) -> None:
    code = (
        f"import encoders; print(encoders.load_encoder({tiny_clip!r}).encode_texts(['a dog'])[0, :3].round(3).tolist())"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=PROJECT, env=dict(os.environ)) for _ in range(2)]
    answers = [process.communicate(timeout=200)[0] for process in running]
    rows = np.array([json.loads(answer) for answer in answers])
    np.testing.assert_allclose(rows, rows[:1].repeat(2, axis=0), atol=2e-3)  # who came second used torch
    assert [process.returncode for process in running] == [0, 0]
    assert len(list(cache.rglob("*.blob"))) == 1
    assert not list(cache.rglob("*.tmp"))
