"""The first layer of a vision transformer as a product of matrices, which is what can be done in eight bits.

It is written as a convolution whose steps are as long as its kernel: each patch of the picture is multiplied with the
same matrix, and no two share a pixel. The sums are the same; the runtime computes convolutions in bfloat16 or float32.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.graphs.runtime import GROUP, openvino
from encoders.graphs.weights import constant_of


def patches_as_products(model: Any) -> int:  # noqa: ANN401 - openvino's types are skipped
    """Replace such convolutions of a graph in place; returns how many.

    Left as they are: those whose pictures leave a margin, and those whose patches cannot be cut into groups.

    Args:
        model: an `openvino.Model` with float weights, whose pictures have a size that is known.
    """
    openvino()
    from openvino import opset13

    changed = 0
    for node in model.get_ordered_ops():
        kernels = _kernels(node)
        if kernels is not None:
            node.output(0).replace(_product(opset13, node, kernels).output(0))
            changed += 1
    return changed


def _kernels(node: Any) -> NDArray[np.float32] | None:  # noqa: ANN401 - as above
    """float32 (out, channels, height, width) of a convolution that does nothing but cut out patches; else None."""
    if node.get_type_name() != "Convolution":
        return None
    kernels = constant_of(node.input_value(1).get_node())
    shape, how = node.input_value(0).get_partial_shape(), node.get_attributes()
    if kernels is None or kernels.ndim != 4 or any(shape[axis].is_dynamic for axis in (1, 2, 3)):
        return None
    height, width = kernels.shape[2:]
    apart = list(how["strides"]) == [height, width] and set(how["dilations"]) == {1}
    whole = not any((*how["pads_begin"], *how["pads_end"]))
    whole = whole and shape[2].get_length() % height == 0 and shape[3].get_length() % width == 0
    return kernels if apart and whole and kernels[0].size % GROUP == 0 else None


def _product(ops: Any, node: Any, kernels: NDArray[np.float32]) -> Any:  # noqa: ANN401 - as above
    """(n, channels, height, width) to (n, out, rows, columns), as the convolution gives it."""
    out, channels, high, wide = kernels.shape
    shape = node.input_value(0).get_partial_shape()
    rows, columns = shape[2].get_length() // high, shape[3].get_length() // wide

    def shaped(value: Any, *lengths: int) -> Any:  # noqa: ANN401 - as above
        return ops.reshape(value, ops.constant(np.array(lengths, np.int64)), False)

    def turned(value: Any, *axes: int) -> Any:  # noqa: ANN401 - as above
        return ops.transpose(value, ops.constant(np.array(axes, np.int64)))

    # Colours come last, so that a row of a patch is moved in one piece.
    pixels = shaped(turned(node.input_value(0), 0, 2, 3, 1), -1, rows, high, columns, wide * channels)
    patches = shaped(turned(pixels, 0, 1, 3, 2, 4), -1, rows * columns, high * wide * channels)
    matrix = kernels.transpose(0, 2, 3, 1).reshape(out, -1)
    product = ops.matmul(patches, ops.constant(np.ascontiguousarray(matrix)), False, True)
    return shaped(turned(product, 0, 2, 1), -1, out, rows, columns)
