"""The towers by exported graphs: torch's vectors without torch, and torch where that cannot be."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.models import Device
from encoders import ClipEncoder, load_encoder, remove
from encoders import clip as clip_module
from encoders.graphs import Tower, apart, making, store
from encoders.graphs import towers as graph_towers
from encoders.graphs.checking import lowest_cosine
from encoders.graphs.store import Place
from encoders.graphs.towers import GraphTowers
from tests.conftest import PROJECT
from tests.encoders.placing import FLOAT32, placed
from tests.encoders.test_clip import broken_model
from tests.encoders.test_weights import put_in_cache
from tests.tiny_clip import make_tiny_clip

TEXTS = ["a dog on the beach", "", "Ein Schiff auf dem Meer! 🐕", "word " * 300, "two", "a b c d e f g h i j k l"]
BY_GRAPH = "exported graph, float32"


def pixels(n: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)


def blob(cache: Path, tower: Tower) -> Path:
    (found,) = cache.rglob(f"{tower}.*.blob")
    return found


def no_making(*_: Any) -> None:
    raise AssertionError("it was made anew")


def test_the_vectors_are_torchs(encoder: ClipEncoder, tiny_clip: str) -> None:
    torch = placed(tiny_clip, FLOAT32)
    assert lowest_cosine(encoder.encode_texts(TEXTS), torch.encode_texts(TEXTS)) > 0.9999
    assert lowest_cosine(encoder.encode_pixels(pixels(5)), torch.encode_pixels(pixels(5))) > 0.9999
    assert (encoder.how(Tower.TEXT), encoder.how(Tower.IMAGE)) == (BY_GRAPH, BY_GRAPH)
    assert encoder._torch._loaded is None


def test_a_batch_gives_what_each_gives_alone(encoder: ClipEncoder) -> None:
    many = TEXTS * 30
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode_texts(many), np.tile(alone, (30, 1)), atol=1e-5)
    batch = encoder.encode_pixels(pixels(7))
    np.testing.assert_allclose(encoder.encode_pixels(pixels(7)[3:4])[0], batch[3], atol=1e-5)
    assert encoder.encode_texts([]).shape == encoder.encode_pixels(pixels(0)).shape == (0, 32)


def test_no_torch_is_imported_and_nobody_is_told(ready: Path, tiny_clip: str) -> None:
    code = f"""
import socket, sys
def refuse(*_): raise AssertionError("the network was used")
socket.getaddrinfo = socket.socket.connect = refuse
import numpy, encoders
e = encoders.load_encoder({tiny_clip!r})
e.encode_texts(["a dog"]); e.encode_pixels(numpy.zeros((1, 32, 32, 3), numpy.uint8)); e.cut_off("a dog"); e.info
print([name for name in ("torch", "open_clip", "transformers", "openvino_telemetry") if name in sys.modules])
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=PROJECT, env=dict(os.environ)
    )
    assert (ran.stdout, ran.stderr) == ("[]\n", "")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no graph at all" * 1000),
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: path.write_bytes(path.read_bytes()[:-500] + b"\0" * 500),
        Path.unlink,
    ],
    ids=["empty", "garbage", "half", "zeros at the end", "gone"],
)
def test_a_damaged_graph_is_made_anew(ready: Path, tiny_clip: str, damage: Any) -> None:
    whole = blob(ready, Tower.TEXT).stat().st_size
    damage(blob(ready, Tower.TEXT))
    encoder = load_encoder(tiny_clip)
    rows = encoder.encode_texts(TEXTS)
    assert encoder.how(Tower.TEXT) == BY_GRAPH
    assert abs(blob(ready, Tower.TEXT).stat().st_size - whole) < 10_000
    assert lowest_cosine(rows, placed(tiny_clip, FLOAT32).encode_texts(TEXTS)) > 0.9999


def test_one_wrong_byte_in_the_middle_is_seen(ready: Path) -> None:
    path = blob(ready, Tower.IMAGE)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    note = store.Graph(**json.loads(path.with_suffix(".json").read_text()))
    with pytest.raises(graph_towers.Damaged, match="not as it was written"):
        graph_towers.CompiledGraph(path, graph_towers.Arithmetic.FLOAT32, note.checksum)


def test_a_torn_note_is_written_anew(ready: Path, tiny_clip: str) -> None:
    (note,) = ready.rglob("text.*.json")
    note.write_text('{"why_not": ""')
    encoder = load_encoder(tiny_clip)
    encoder.encode_texts(["a"])
    assert encoder.how(Tower.TEXT) == BY_GRAPH


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


def test_threads_share_one_graph(ready: Path, tiny_clip: str) -> None:
    encoder, rows = load_encoder(tiny_clip), []
    threads = [threading.Thread(target=lambda: rows.append(encoder.encode_texts(TEXTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 4
    for row in rows[1:]:
        np.testing.assert_array_equal(row, rows[0])


def test_graphs_go_with_their_model(hub_cache: Path, tiny_clip: str) -> None:
    folder = Path(tiny_clip.removeprefix("local-dir:"))
    put_in_cache(
        hub_cache, "tester/tiny", {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    )
    encoder = load_encoder("hf-hub:tester/tiny")
    encoder.prepare()
    graphs = sum(path.stat().st_size for path in hub_cache.rglob("*.blob"))
    assert graphs > 1_000_000
    weights = (folder / "open_clip_model.safetensors").stat().st_size
    assert remove("hf-hub:tester/tiny") > weights + graphs
    assert not list(hub_cache.rglob("*.blob"))


def test_few_texts_do_not_start_a_gpu(encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_module, "certainly_cpu", lambda _device: False)
    monkeypatch.setattr(type(encoder._torch), "placement", property(no_making))
    encoder.encode_texts(["a dog"] * clip_module.FEW_TEXTS)
    with pytest.raises(AssertionError):
        encoder.encode_texts(["a dog"] * (clip_module.FEW_TEXTS + 1))


def test_a_device_asked_for_by_name_is_used_for_everything(tiny_clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_module, "resolve_device", lambda _device: FLOAT32)
    assert load_encoder(tiny_clip, device=Device.CUDA)._graphs is None
    assert load_encoder(tiny_clip, device=Device.CPU)._graphs is not None


def test_another_preprocessing_is_another_graph(cache: Path, tiny_clip: str, tmp_path: Path) -> None:
    other = shutil.copytree(tiny_clip.removeprefix("local-dir:"), tmp_path / "other")
    config = other / "open_clip_config.json"
    config.write_text(config.read_text().replace("0.48145466", "0.3"))
    folders = {
        store.folder_of(*load_encoder(f"local-dir:{folder}")._graphs._model) for folder in (other, tiny_clip[10:])
    }
    assert len(folders) == 2


def test_a_note_says_what_it_is(ready: Path, tiny_clip: str) -> None:
    encoder = load_encoder(tiny_clip)
    graphs = encoder._graphs
    assert isinstance(graphs, GraphTowers)
    place = Place(store.folder_of(*graphs._model), graph_towers.runtime.processor())
    text, image = place.read(Tower.TEXT), place.read(Tower.IMAGE)
    assert text is not None
    assert image is not None
    assert (text.cut, text.arithmetic, image.arithmetic) == ("end", "float32", "float32"), "so small a model"
    assert min(text.cosine, image.cosine) > 0.9999


def test_another_seed_shares_nothing(cache: Path, tiny_clip: str, tmp_path: Path) -> None:
    other = make_tiny_clip(tmp_path / "other", seed=1)
    assert not np.allclose(
        load_encoder(other).encode_texts(["a"]), placed(tiny_clip, FLOAT32).encode_texts(["a"]), atol=0.1
    )
