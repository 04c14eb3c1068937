"""The weights of a graph: constants, and what stands for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def constant_of(node: Any) -> NDArray[np.float32] | None:  # noqa: ANN401 - openvino's types are skipped
    """Its values; None where it is computed. Behind a conversion where weights are kept in float16."""
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return np.asarray(node.get_data(), np.float32) if node.get_type_name() == "Constant" else None
