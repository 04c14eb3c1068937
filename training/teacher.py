"""The teacher that sees: MobileNetV2, trained on ImageNet by others, quantised; run with OpenVINO.

Its weights are read here and nowhere else, and never end in what is shipped.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

SIZE = 224
FEATURES = 1280
CLASSES = 1001  # the first one is "background"


class Teacher:
    """MobileNetV2 1.0 224 with its pooled features and its logits laid open.

    Args:
        folder: with the .tflite file.
        threads: of the CPU.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        import openvino

        core = openvino.Core()
        model = core.read_model(folder / "tf2_mobilenet_v2_1.0_224_ptq.tflite")
        operations = model.get_ordered_ops()
        softmax = next(one for one in operations if one.get_type_name() == "Softmax")
        pool = next(one for one in reversed(operations) if one.get_type_name() in {"ReduceMean", "AvgPool"})
        model.add_outputs([softmax.input_value(0), pool.output(0)])
        self._model: Any = core.compile_model(
            model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False}
        )

    def see(self, pictures: "npt.NDArray[np.uint8]") -> "tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]":
        """Pooled features float32 (n, 1280), none below 0, and logits float32 (n, 1001), of uint8 (n, 224, 224, 3)."""
        features = np.empty((len(pictures), FEATURES), np.float32)
        logits = np.empty((len(pictures), CLASSES), np.float32)
        for number, picture in enumerate(pictures):  # the file is made for one picture at a time
            answers = self._model(picture[None])
            features[number], logits[number] = answers[2].reshape(-1), answers[1].reshape(-1)
        return features, logits
