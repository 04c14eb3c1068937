"""The rows of a comparison, and what was built from them: kept in a folder, used again while the rows are the same."""

import dataclasses
import json
import shutil
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from benchmarks.children import Cost, in_child
from benchmarks.clip_like import World
from benchmarks.errors import BenchmarkError
from benchmarks.rivals.contract import Rival
from core.arrays import HalfRows

_BUILT = "built.json"
_SAMPLED = 1_000  # rows in the fingerprint


@dataclass(frozen=True, eq=False)
class Rows:
    """The library: a file of float16 rows, memory-mapped, and the world they are a sample of."""

    world: World
    file: Path
    view: HalfRows

    @property
    def fingerprint(self) -> str:
        """Of the number of rows and of a thousand of them."""
        some = self.view[:: max(1, len(self.view) // _SAMPLED)]
        return f"{len(self.view)}x{self.view.shape[1]}-{zlib.crc32(np.ascontiguousarray(some).data):08x}"


def made_rows(world: World, count: int, file: Path | None, folder: Path) -> Rows:
    """The first `count` rows of `file`, or of a file made in `folder` where none is given.

    Raises:
        BenchmarkError: the file does not hold so many float16 rows of this dimension.
    """
    if file is None:
        file = folder / f"vectors-{count}x{world.dim}.npy"
        if not file.exists():
            print(f"making {count:,} vectors", file=sys.stderr, flush=True)
            fresh = file.with_suffix(".tmp")
            made = open_memmap(fresh, "w+", np.float16, (count, world.dim))
            start = 0
            for block in world.blocks(count):
                made[start : start + len(block)] = block
                start += len(block)
            made.flush()
            fresh.replace(file)
    return Rows(world, file, _mapped(file, count, world.dim))


@dataclass(frozen=True)
class Kept:
    """A built rival: its folder, what building cost, and what it says about itself."""

    folder: Path
    cost: Cost
    about: dict[str, object]

    @property
    def disk_bytes(self) -> int:
        """All of its files."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.name != _BUILT)

    @classmethod
    def of(cls, rival: Rival, rows: Rows, folder: Path) -> "Kept":
        """The one in `folder`, where it was built from these rows, or a new one.

        Raises:
            BenchmarkError: it could not be built.
        """
        place = folder / f"{rival.name}-{len(rows.view)}"
        if (place / _BUILT).exists():
            said = json.loads((place / _BUILT).read_text())
            if said["rows"] == rows.fingerprint:
                return cls(place, Cost(**said["cost"]), said["about"])
        print(f"building {rival.title}", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        done = in_child(_build, rival, rows.file, rows.view.shape, place)
        built = cls(place, done.cost, done.result)
        said = {"rows": rows.fingerprint, "cost": dataclasses.asdict(built.cost), "about": built.about}
        (place / _BUILT).write_text(json.dumps(said, indent=2) + "\n")
        return built


def _build(rival: Rival, file: Path, shape: tuple[int, int], folder: Path) -> dict[str, object]:
    """In a process of its own."""
    rival.load()
    return rival.build(_mapped(file, *shape), folder)


def _mapped(file: Path, count: int, dim: int) -> HalfRows:
    try:
        rows: HalfRows = np.load(file, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{file} cannot be read as vectors ({error})") from error
    if rows.dtype != np.float16 or rows.ndim != 2 or len(rows) < count or rows.shape[1] != dim:
        raise BenchmarkError(f"{file} holds {rows.dtype} {rows.shape}, wanted are {count:,} float16 rows of {dim}")
    return rows[:count]
