"""What a rival has to be able to do: be built from rows into a folder, be opened from there, and answer."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from core.arrays import HalfRows, RowNumbers, Vectors


class Opened(Protocol):
    """An open index: answers on the calling thread."""

    def search(self, query: Vectors, k: int, effort: int) -> RowNumbers:
        """The rows it takes for the best `k`, best first: int64 (≤ k,).

        Args:
            query: float32 (dim,), unit length.
            k: how many.
            effort: one of the rival's efforts.
        """


class Rival(Protocol):
    """One way to search vectors; holds settings only, and travels between processes."""

    @property
    def name(self) -> str:
        """Short and unique: on the command line, and of its folder."""

    @property
    def title(self) -> str:
        """For tables."""

    @property
    def package(self) -> str | None:
        """The package of the extra `bench` that it needs."""

    @property
    def knob(self) -> str:
        """What its effort is called; empty where there is none."""

    @property
    def efforts(self) -> tuple[int, ...]:
        """What it is asked with, the default first; (0,) where there is nothing to choose."""

    def load(self) -> None:
        """Imports what it needs, before memory is counted."""

    def build(self, rows: HalfRows, folder: Path) -> dict[str, object]:
        """Makes its files in `folder`, which is empty, with all cores; returns what is worth knowing about them.

        Args:
            rows: float16 (n, dim), unit rows, memory-mapped.
            folder: where to.
        """

    def open(self, folder: Path) -> Opened:
        """Opens what `build` made."""


def is_missing(rival: Rival) -> bool:
    """Whether the package it needs is not installed."""
    return rival.package is not None and find_spec(rival.package) is None
