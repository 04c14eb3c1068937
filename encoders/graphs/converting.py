"""From a torch module to a compiled graph in a file. Knows nothing of models, checks and notes."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from encoders.graphs.patches import patches_as_products
from encoders.graphs.quantizing import quantize, widths
from encoders.graphs.runtime import Arithmetic, core, openvino, settings


def convert(module: torch.nn.Module, example: torch.Tensor, shape: list[int], folder: Path) -> Path:
    """Trace a module and write it down with float16 weights; returns the path of the graph, below `folder`.

    Args:
        module: takes one tensor and gives one.
        example: something to trace it with, of at least two rows.
        shape: of what it takes; -1 where it may differ from the example's.
        folder: for two files.

    Raises:
        Exception: of any kind, where it is no module that can be traced or converted.
    """
    openvino()
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.no_grad(), _plain_attention():
        # The check compares two runs by nearly equal values, and attention differs by more between them.
        trace: Any = torch.jit.trace
        traced = trace(module.eval(), example, check_trace=False, strict=False)
        frontend: Any = FrontEndManager().load_by_framework("pytorch")
        decoder = TorchScriptPythonDecoder(traced, example_input=example)  # by name: the front end does not keep it
        model = frontend.convert(frontend.load(decoder))
    model.reshape({0: shape})
    path = folder / "graph.xml"
    openvino().save_model(model, str(path), compress_to_fp16=True)
    return path


def compile_to(target: Path, graph: Path, arithmetic: Arithmetic, *, group: int = 0) -> None:
    """Compile what `convert` wrote for this CPU, and write that to `target`; `group` as `runtime.settings` says."""
    model = core().read_model(str(graph))
    if arithmetic is Arithmetic.INT8:
        patches_as_products(model)
        quantize(model)
    compiled = core().compile_model(model, "CPU", settings(arithmetic, group=group))
    target.write_bytes(compiled.export_model().getbuffer())


def widest_group(graph: Path) -> int:
    """The most values that could share a scale in every product of what `convert` wrote, in eight bits; 0: none."""
    model = core().read_model(str(graph))
    patches_as_products(model)
    return math.gcd(*widths(model))


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder below another that is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".", ignore_cleanup_errors=True) as made:
        yield Path(made)


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Without torch's fused path for inference, which converters do not know."""
    mha: Any = torch.backends.mha
    before = mha.get_fastpath_enabled()
    mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        mha.set_fastpath_enabled(before)
