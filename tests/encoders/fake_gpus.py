"""GPUs that are not there: streams and events that only keep account of what may run before what.

`FakeCuda` stands in for torch.cuda. With tensors that claim to be on a GPU (torch's FakeTensorMode) it finds work that
reads or writes memory before the stream that filled or reads it is sure to be through; with tensors of the CPU in place
of a GPU's it lets the real arithmetic run.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Clock = Counter[int]  # stream -> how many of its operations are known to be through


class FakeStream:
    def __init__(self, cuda: "FakeCuda") -> None:
        self.cuda = cuda
        self.clock: Clock = Counter()

    def wait_stream(self, other: "FakeStream") -> None:
        self.clock |= other.clock


class FakeEvent:
    def __init__(self, cuda: "FakeCuda") -> None:
        self.cuda = cuda
        self.clock: Clock = Counter()
        self.recorded = False

    def record(self) -> None:
        self.clock |= self.cuda.current_stream().clock
        self.recorded = True

    def synchronize(self) -> None:
        assert self.recorded, "an event that was never recorded waits for nothing"
        self.cuda.host |= self.clock
        self.cuda.waits += 1


class FakeCuda:
    """What `GpuLane` asks of torch.cuda."""

    def __init__(self, *, free_bytes: int = 100 << 30) -> None:
        self.free_bytes = free_bytes
        self.host: Clock = Counter()
        self.waits = 0
        self.emptied = 0
        self._defaults: dict[str, FakeStream] = {}
        self._device = "cuda:0"
        self._streams: list[FakeStream] = []

    def install(self, patch: pytest.MonkeyPatch) -> "FakeCuda":
        for name in ("current_stream", "device", "empty_cache", "get_device_name", "mem_get_info", "stream"):
            patch.setattr(torch.cuda, name, getattr(self, name))
        patch.setattr(torch.cuda, "Stream", lambda: FakeStream(self))
        patch.setattr(torch.cuda, "Event", lambda *, blocking: FakeEvent(self))
        return self

    @contextmanager
    def device(self, name: str) -> Iterator[None]:
        before, self._device = self._device, name
        try:
            yield
        finally:
            self._device = before

    @contextmanager
    def stream(self, stream: FakeStream) -> Iterator[None]:
        self._streams.append(stream)
        try:
            yield
        finally:
            self._streams.pop()

    def current_stream(self) -> FakeStream:
        if self._streams:
            return self._streams[-1]
        return self._defaults.setdefault(self._device, FakeStream(self))

    def mem_get_info(self, device: str) -> tuple[int, int]:
        return self.free_bytes, self.free_bytes

    def get_device_name(self, device: str) -> str:
        return "A GPU"

    def empty_cache(self) -> None:
        self.emptied += 1


class Account(TorchDispatchMode):
    """Keeps account of every operation: what it touches, and whether those who touched it before are through."""

    def __init__(self, cuda: FakeCuda) -> None:
        super().__init__()
        self.races: list[str] = []
        self.devices: set[str] = set()
        self._cuda = cuda
        self._done: Counter[int] = Counter()
        self._wrote: dict[int, tuple[int, int]] = {}
        self._read: dict[int, list[tuple[int, int]]] = {}
        self._kept: list[Any] = []  # a storage that was let go would give its number to another

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        given = [value for value in tree_leaves((args, kwargs or {})) if isinstance(value, torch.Tensor)]
        made = [value for value in tree_leaves(out) if isinstance(value, torch.Tensor)]
        self._kept += [*given, *made]
        self.devices |= {str(value.device) for value in made}
        self._account(func, given, made)
        return out

    def _account(self, func: Any, given: list[torch.Tensor], made: list[torch.Tensor]) -> None:
        before = {_storage(value) for value in given}
        written = {_storage(value) for value in made} - before
        if func._schema.is_mutable:
            written.add(_storage(given[0]))
        if not written:
            return  # a view, or a question
        on_gpu = any(value.device.type == "cuda" for value in (*given, *made))
        stamp, known = self._begin() if on_gpu else ((0, 0), self._cuda.host)
        for storage in before:
            self._check(func, known, [self._wrote[storage]] if storage in self._wrote else [])
        for storage in written:
            self._check(func, known, self._read.pop(storage, []))
        self._wrote.update(dict.fromkeys(written, stamp))
        for storage in before:
            self._read.setdefault(storage, []).append(stamp)

    def _begin(self) -> tuple[tuple[int, int], Clock]:
        stream = self._cuda.current_stream()
        known = stream.clock | self._cuda.host
        self._done[id(stream)] += 1
        stream.clock = known | Counter({id(stream): self._done[id(stream)]})
        return (id(stream), self._done[id(stream)]), stream.clock

    def _check(self, func: Any, known: Clock, stamps: list[tuple[int, int]]) -> None:
        self.races += [str(func) for stream, number in stamps if known[stream] < number]


def _storage(value: torch.Tensor) -> int:
    return value.untyped_storage()._cdata
