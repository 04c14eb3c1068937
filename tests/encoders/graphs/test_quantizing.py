"""Weights in eight bits: close to what they were, the same alone and in a batch, and only where it pays."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from encoders import load_encoder
from encoders.graphs import Tower, converting, making, quantizing, runtime
from encoders.graphs.checking import lowest_cosine
from encoders.graphs.converting import compile_to, convert
from encoders.graphs.runtime import GROUP, Arithmetic, CompiledGraph
from encoders.quiet import quiet
from tests.encoders.graphs.parts import TEXTS, pixels
from tests.encoders.placing import FLOAT32, placed

WIDTH = 2 * GROUP


class Layers(torch.nn.Module):
    """Two layers, a product of a value with itself, and a matrix that cannot be cut into groups."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(WIDTH, 3 * GROUP)
        self.second = torch.nn.Linear(3 * GROUP, WIDTH + 1)
        self.third = torch.nn.Linear(WIDTH + 1, 64)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        inner = torch.relu(self.first(values))
        attention = torch.softmax(inner @ inner.transpose(0, 1), dim=1)
        return torch.nn.functional.normalize(self.third(self.second(attention @ inner)), dim=1)


@pytest.fixture
def layers() -> Layers:
    torch.manual_seed(0)
    return Layers().eval()


def values(n: int) -> np.ndarray:
    rows = np.random.default_rng(1).standard_normal((n, WIDTH)).astype(np.float32)
    rows[:, 7] *= 40  # as some channels of real towers do
    return rows


def converted(module: torch.nn.Module, folder: Path) -> Path:
    with quiet():
        return convert(module, torch.from_numpy(values(2)), [-1, WIDTH], folder)


def compiled(module: torch.nn.Module, folder: Path) -> CompiledGraph:
    compile_to(folder / "blob", converted(module, folder), Arithmetic.INT8)
    return CompiledGraph(folder / "blob", Arithmetic.INT8)


def test_it_stays_close_and_takes_a_quarter_of_the_room(layers: Layers, tmp_path: Path) -> None:
    with torch.inference_mode():
        right = layers(torch.from_numpy(values(5))).numpy()
    rows = compiled(layers, tmp_path)(values(5))
    assert 0.999 < lowest_cosine(rows, right) < 1 - 1e-7, "close, and not the same"
    weights = sum(parameter.numel() for parameter in layers.parameters())
    assert (tmp_path / "blob").stat().st_size < 1.6 * weights


def test_only_matrices_of_weights_that_can_be_cut_into_groups(layers: Layers, tmp_path: Path) -> None:
    model = runtime.core().read_model(str(converted(layers, tmp_path)))
    assert quantizing.quantize(model) == 2
    assert quantizing.quantize(model) == 0, "what is in eight bits stays as it is"


def test_a_row_is_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    run = compiled(
        torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH), torch.nn.GELU(), torch.nn.Linear(WIDTH, 64)), tmp_path
    )
    np.testing.assert_array_equal(run(values(9))[4], run(values(9)[4:5])[0])


def test_rows_of_nothing_stay_nothing(tmp_path: Path) -> None:
    module = torch.nn.Linear(WIDTH, 64)
    torch.nn.init.zeros_(module.weight)
    torch.nn.init.ones_(module.bias)
    np.testing.assert_allclose(compiled(module, tmp_path)(values(2)), 1.0)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the tiny model is large enough to be tried in eight bits: 32 values have more luck to be far off than 512."""
    monkeypatch.setattr(making, "_SMALL_BYTES", 0)
    monkeypatch.setattr(making, "CLOSE", 0.99)
    for module in (quantizing, runtime, making):
        monkeypatch.setattr(module, "GROUP", 32)


def notes(cache: Path, what: str = "arithmetic") -> dict[str, object]:
    """Of each tower's graph."""
    return {path.name.partition(".")[0]: json.loads(path.read_text())[what] for path in cache.rglob("*.*.json")}


def quicker(*, by: float) -> Any:
    return lambda runs, _batches: [1.0, 1.0 - by][: len(runs)]


def test_it_is_taken_where_it_is_quicker(
    cache: Path, tiny_clip: str, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_least_times", quicker(by=0.3))
    encoder = load_encoder(tiny_clip)
    encoder.prepare()
    assert notes(cache) == {"text": "int8", "image": "int8"}
    assert encoder.how(Tower.TEXT) == "exported graph, int8"
    torch_encoder = placed(tiny_clip, FLOAT32)
    for again in (encoder, load_encoder(tiny_clip)):  # the second reads what the first has written
        assert lowest_cosine(again.encode_texts(TEXTS), torch_encoder.encode_texts(TEXTS)) > 0.99
        assert lowest_cosine(again.encode_pixels(pixels(5)), torch_encoder.encode_pixels(pixels(5))) > 0.99


@pytest.mark.parametrize(("nearly", "widened"), [(100.0, True), (0.0, False)], ids=["nearly as close", "further off"])
def test_a_picture_token_has_one_scale_where_that_is_quicker_and_nearly_as_close(
    cache: Path, tiny_clip: str, large: None, monkeypatch: pytest.MonkeyPatch, nearly: float, widened: bool
) -> None:
    monkeypatch.setattr(making, "_least_times", quicker(by=0.3))
    monkeypatch.setattr(making, "_NEARLY_AS_CLOSE", nearly)
    monkeypatch.setattr(making, "widest_group", lambda graph: 2 * converting.widest_group(graph))
    load_encoder(tiny_clip).prepare()
    groups = notes(cache, "group")
    assert groups["text"] == 0
    assert (groups["image"] != 0) is widened
    again = load_encoder(tiny_clip)
    assert lowest_cosine(again.encode_pixels(pixels(5)), placed(tiny_clip, FLOAT32).encode_pixels(pixels(5))) > 0.99


def test_the_widest_group_is_one_of_every_product(layers: Layers, tmp_path: Path) -> None:
    assert converting.widest_group(converted(layers, tmp_path)) == GROUP  # of 2 and 3 groups
    wide = torch.nn.Sequential(torch.nn.Linear(WIDTH, 2 * WIDTH), torch.nn.Linear(2 * WIDTH, 8))
    assert converting.widest_group(converted(wide, tmp_path)) == WIDTH


def test_a_scale_for_each_token_is_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(WIDTH, WIDTH), torch.nn.GELU(), torch.nn.Linear(WIDTH, 64)).eval()
    compile_to(tmp_path / "wide", converted(module, tmp_path), Arithmetic.INT8, group=WIDTH)
    run = CompiledGraph(tmp_path / "wide", Arithmetic.INT8, group=WIDTH)
    np.testing.assert_array_equal(run(values(9))[4], run(values(9)[4:5])[0])
    narrow = compiled(module, tmp_path)(values(9))
    with torch.inference_mode():
        right = module(torch.from_numpy(values(9))).numpy()
    assert np.abs(narrow - right).mean() < np.abs(run(values(9)) - right).mean(), "a value stands out"


def test_it_is_left_where_little_is_to_be_had(
    cache: Path, tiny_clip: str, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_least_times", quicker(by=0.05))
    load_encoder(tiny_clip).prepare()
    assert "int8" not in notes(cache).values()


def test_it_is_left_where_it_changes_the_vectors(
    cache: Path, tiny_clip: str, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coarse(model: Any) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quantizing, "_MOST", 3)
            return quantizing.quantize(model)

    monkeypatch.setattr(converting, "quantize", coarse)
    monkeypatch.setattr(making, "_least_times", quicker(by=0.9))
    load_encoder(tiny_clip).prepare()
    assert "int8" not in notes(cache).values()


def test_the_quicker_is_found_by_running_both(layers: Layers, tmp_path: Path) -> None:
    run = compiled(layers, tmp_path)
    little, much = making._least_times([lambda rows: run(rows[:1]), run], [values(400)])  # type: ignore[list-item]
    assert 0 < little < much
