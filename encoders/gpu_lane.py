"""The image tower on one NVIDIA GPU: pixels through pinned memory, copied while the part before is encoded.

One stream copies and the device's own one computes; nothing waits for the GPU but whoever wants the rows. Not measured
on a GPU yet: what is here follows torch's documentation, and is tested with tensors that only claim to be on a GPU.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from core.arrays import Pixels, Vectors
from core.errors import DeviceError
from core.models import Preprocess
from encoders.pixels import pixel_tensor

if TYPE_CHECKING:
    import torch

_AT_ONCE = ((16 << 30, 256), (8 << 30, 128), (4 << 30, 64))
"""(bytes free on the GPU, pictures at once). Where it is too much after all, the lane halves it."""
_LEAST_AT_ONCE = 32


def pictures_for(free_bytes: int) -> int:
    """How many pictures to encode at once with this much of a GPU's memory free."""
    return next((pictures for least, pictures in _AT_ONCE if free_bytes >= least), _LEAST_AT_ONCE)


class GpuLane:
    """Takes parts of a batch, and gives their rows, float32, unit length. Loads the tower with the first part.

    Args:
        device: torch's name, "cuda:0".
        load: makes the tower on that device: images (n, 3, height, width) of `dtype` to (n, dim).
        dtype: of the tower's weights.
        fit: how pixels become numbers.
        at_once: pictures at once to begin with; 0: by the memory that is free when asked for.
    """

    def __init__(
        self, device: str, load: Callable[[], Any], *, dtype: "torch.dtype", fit: Preprocess, at_once: int = 0
    ) -> None:
        self.device = device
        self._load = load
        self._dtype = dtype
        self._fit = fit
        self._at_once = at_once
        self._tower: Any = None
        self._lock = threading.Lock()

    @property
    def at_once(self) -> int:
        """Pictures that a part may have at most."""
        import torch

        with self._lock:
            if not self._at_once:
                free, _ = torch.cuda.mem_get_info(self.device)
                self._at_once = pictures_for(free)
            return self._at_once

    def start(self, pixels: Pixels) -> Callable[[], Vectors]:
        """Begins with a part, uint8 (n, height, width, 3); what is returned waits for its rows, float32 (n, dim).

        Raises:
            DeviceError: the GPU has no memory for the model, or not for a single picture.
        """
        import torch

        with torch.inference_mode(), torch.cuda.device(self.device):
            self._make_ready()
            try:
                return self._queue(pixels)
            except torch.cuda.OutOfMemoryError as error:
                if len(pixels) == 1:
                    raise self._too_small(error) from error
        half = (len(pixels) + 1) // 2  # out of the handler, whose error holds on to what was allocated
        with self._lock:
            self._at_once = min(self._at_once or half, half)
        torch.cuda.empty_cache()
        first = self.start(pixels[:half])()  # through before the second needs its memory
        wait = self.start(pixels[half:])
        return lambda: np.concatenate([first, wait()])

    def _queue(self, pixels: Pixels) -> Callable[[], Vectors]:
        """Puts copying there, encoding and copying back into the device's queues, and waits for none of them."""
        import torch

        cuda: Any = torch.cuda  # types some of it, and not the rest
        there, held = self._upload(pixels)
        values = torch.mul(there.permute(0, 3, 1, 2), self._scale).add_(self._shift).to(self._dtype)
        rows = torch.nn.functional.normalize(self._tower(values).float(), dim=-1)
        back = _pinned(rows.shape, rows.dtype).copy_(rows, non_blocking=True)
        finished = cuda.Event(blocking=True)  # waiting leaves the core to those who decode
        finished.record()

        def wait() -> Vectors:
            finished.synchronize()
            held.clear()
            found: Vectors = back.numpy()
            return found

        return wait

    def _upload(self, pixels: Pixels) -> "tuple[torch.Tensor, list[torch.Tensor]]":
        """Pixels on the device once the present stream gets there, and what must be kept until it is through.

        The copy on the device is the other stream's: let go of earlier, its memory would be given out anew.
        """
        import torch

        staged = _pinned(pixels.shape, torch.uint8).copy_(pixel_tensor(pixels))
        with torch.cuda.stream(self._copying):
            there = staged.to(self.device, non_blocking=True)
        torch.cuda.current_stream().wait_stream(self._copying)
        return there, [staged, there]

    def _make_ready(self) -> None:
        """The tower, the stream that copies, and what makes bytes the numbers it takes, on the device."""
        import torch

        cuda: Any = torch.cuda  # as above
        with self._lock:
            if self._tower is not None:
                return
            mean, std = np.array(self._fit.mean), np.array(self._fit.std)
            try:
                self._scale, self._shift = (
                    torch.tensor(row, dtype=torch.float32, device=self.device).view(1, 3, 1, 1)
                    for row in (1 / (255 * std), -mean / std)
                )
                self._copying = cuda.Stream()
                self._tower = self._load()
            except torch.cuda.OutOfMemoryError as error:
                raise self._too_small(error) from error

    def _too_small(self, error: BaseException) -> DeviceError:
        import torch

        name = torch.cuda.get_device_name(self.device)
        return DeviceError(
            f"{name} ({self.device}) has too little memory free ({str(error).splitlines()[0]}): "
            "end what else uses it, leave it out with CUDA_VISIBLE_DEVICES, or use --device cpu"
        )


def _pinned(shape: tuple[int, ...], dtype: "torch.dtype") -> "torch.Tensor":
    """Memory that a GPU reads and writes by itself; torch keeps it for the next who asks."""
    import torch

    return torch.empty(shape, dtype=dtype, pin_memory=True)
