"""Weights in eight bits: a matrix as whole numbers, with one scale for each of its rows.

What they are multiplied with is rounded by the runtime while it runs, GROUP values of a token at a time, each group
with a scale of its own: a value that stands out spoils its group alone, and a picture's vector does not depend on what
else is in its batch. So nothing has to be measured on pictures beforehand.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.graphs.runtime import GROUP, openvino
from encoders.graphs.weights import constant_of

_ZERO = 128  # the runtime takes numbers without a sign; this one means 0
_MOST = 127


def quantize(model: Any) -> int:  # noqa: ANN401 - openvino's types are skipped
    """Replace the weights of a graph's matrix products in place; returns of how many.

    Left as they are: products of two values, and matrices whose rows cannot be cut into groups.

    Args:
        model: an `openvino.Model` with float weights.
    """
    openvino()
    from openvino import opset13

    found = _products(model)
    for node, matrix in found:
        turned = node.get_attributes()["transpose_a"]
        product = opset13.matmul(node.input_value(0), _eight_bits(opset13, matrix), turned, True)
        node.output(0).replace(product.output(0))
    return len(found)


def widths(model: Any) -> list[int]:  # noqa: ANN401 - as above
    """How many values of a token each product that `quantize` would replace takes."""
    return [matrix.shape[1] for _, matrix in _products(model)]


def _products(model: Any) -> list[tuple[Any, NDArray[np.float32]]]:  # noqa: ANN401 - as above
    """Those with a matrix of weights whose rows can be cut into groups, and the matrix, a row for each result."""
    found = []
    for node in model.get_ordered_ops():
        weights = constant_of(node.input_value(1).get_node()) if node.get_type_name() == "MatMul" else None
        if weights is None or weights.ndim != 2:
            continue
        matrix = weights if node.get_attributes()["transpose_b"] else weights.T
        if matrix.shape[1] % GROUP == 0:
            found.append((node, matrix))
    return found


def _eight_bits(ops: Any, matrix: NDArray[np.float32]) -> Any:  # noqa: ANN401 - as above
    """(numbers - 128) * scale, which the runtime multiplies with as it is."""
    scales = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / _MOST
    numbers = (np.round(matrix / scales) + _ZERO).astype(np.uint8)
    zeros = np.full(scales.shape, _ZERO, np.uint8)
    centred = ops.subtract(ops.convert(ops.constant(numbers), "f32"), ops.convert(ops.constant(zeros), "f32"))
    return ops.multiply(centred, ops.constant(scales.astype(np.float32)))
