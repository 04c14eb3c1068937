"""The first layer of a vision transformer as a product of matrices: the same sums, and only where it is one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from encoders.graphs import runtime
from encoders.graphs.converting import compile_to, convert
from encoders.graphs.patches import patches_as_products
from encoders.graphs.quantizing import quantize
from encoders.graphs.runtime import Arithmetic, CompiledGraph
from encoders.quiet import quiet

HIGH, WIDE = 32, 48


def pictures(n: int) -> np.ndarray:
    return np.random.default_rng(4).standard_normal((n, 3, HIGH, WIDE)).astype(np.float32)


def written(layer: torch.nn.Module, folder: Path) -> Path:
    with quiet():
        return convert(layer, torch.from_numpy(pictures(2)), [-1, 3, HIGH, WIDE], folder)


def patches(**how: int) -> torch.nn.Conv2d:
    torch.manual_seed(0)
    return torch.nn.Conv2d(3, 64, **{"kernel_size": 16, "stride": 16, **how})  # type: ignore[arg-type]


@pytest.mark.parametrize("bias", [True, False])
def test_the_sums_are_the_same(tmp_path: Path, bias: bool) -> None:
    layer = torch.nn.Conv2d(3, 64, kernel_size=(16, 8), stride=(16, 8), bias=bias)
    model = runtime.core().read_model(str(written(layer, tmp_path)))
    before = runtime.core().compile_model(model, "CPU", runtime.settings(Arithmetic.FLOAT32))
    right = np.array(before([pictures(5)])[0])
    assert patches_as_products(model) == 1
    after = runtime.core().compile_model(model, "CPU", runtime.settings(Arithmetic.FLOAT32))
    assert right.shape == (5, 64, 2, 6)
    np.testing.assert_allclose(np.array(after([pictures(5)])[0]), right, atol=1e-5)
    assert "Convolution" not in {node.get_type_name() for node in model.get_ops()}
    assert quantize(model) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"stride": 8},  # patches that share pixels
        {"padding": 8},
        {"kernel_size": 5, "stride": 5},  # a margin is left, and 75 pixels are no groups
        {"kernel_size": 8, "stride": 8},  # 192 pixels are no groups
        {"kernel_size": 8, "stride": 16, "dilation": 2},
    ],
)
def test_other_convolutions_stay(tmp_path: Path, how: dict[str, int]) -> None:
    assert patches_as_products(runtime.core().read_model(str(written(patches(**how), tmp_path)))) == 0


def test_a_graph_in_eight_bits_begins_with_one(tmp_path: Path) -> None:
    layer = patches()
    compile_to(tmp_path / "blob", written(layer, tmp_path), Arithmetic.INT8)
    rows = CompiledGraph(tmp_path / "blob", Arithmetic.INT8)(pictures(3))
    with torch.inference_mode():
        right = layer(torch.from_numpy(pictures(3))).numpy()
    error = np.abs(rows - right).max() / np.abs(right).max()
    assert 1e-4 < error < 0.03, "close, and not the same"
