"""The towers by exported graphs: torch's vectors without torch."""

import json
import os
import shutil
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
from encoders.graphs import Tower, store
from encoders.graphs import towers as graph_towers
from encoders.graphs.checking import lowest_cosine
from encoders.graphs.store import Place
from encoders.graphs.towers import GraphTowers
from tests.conftest import PROJECT
from tests.encoders.graphs.parts import BY_GRAPH, TEXTS, blob, no_making, pixels
from tests.encoders.placing import FLOAT32, placed
from tests.encoders.test_weights import put_in_cache
from tests.tiny_clip import make_tiny_clip


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


@pytest.mark.parametrize("bound", ["1", "2"])
def test_many_texts_run_at_once_in_their_order(
    ready: Path, tiny_clip: str, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", bound)
    texts = [f"{number} dogs on a beach" for number in range(300)]
    rows = load_encoder(tiny_clip).encode_texts(texts)
    assert lowest_cosine(rows, placed(tiny_clip, FLOAT32).encode_texts(texts)) > 0.9999


@pytest.mark.parametrize(("bound", "first", "at_once"), [("1", 16, 1), ("2", 16, 2), ("2", 4, 1), ("9", 9, 3)])
def test_many_pictures_run_at_once_in_their_order(
    encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch, bound: str, first: int, at_once: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", bound)
    shown = pixels(21)
    encoder.encode_pixels(shown[:first])
    assert encoder._graphs is not None
    graph = encoder._graphs.load(Tower.IMAGE)
    assert graph is not None
    assert graph.at_once == at_once
    alone = np.concatenate([encoder.encode_pixels(one[None]) for one in shown])
    np.testing.assert_allclose(encoder.encode_pixels(shown), alone, atol=1e-5)


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
