"""Where the exported graphs of a model lie, and what is remembered of each. No openvino, no torch.

Two small files and a large one for each tower, the processor and the versions in their names:

    <folder>/<identity>/text.<key>.json     what it is, or why there is none
    <folder>/<identity>/text.<key>.blob     the compiled graph
    <folder>/<identity>/tokenizer.json      for models with a tokenizer of the hub's

Models of the hub keep theirs in their repository's folder of the cache, so that they go when the model goes, whoever
removes it; others in the user's cache folder.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache
from importlib import metadata
from pathlib import Path

from core.models import ModelSpec
from core.program import NAME
from encoders.hub import repository_folder
from encoders.names import CONFIG_FILE
from encoders.sources import ModelFiles, Source
from encoders.weights_file import weights_hash

FOLDER = "search-graphs"
FORM = 5
"""Counted up whenever what is written here, or the graphs themselves, are made another way."""

_LIBRARIES = ("openvino", "torch", "open_clip_torch")


class Tower(StrEnum):
    """Half of a CLIP model."""

    TEXT = "text"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Graph:
    """What is remembered of one tower's graph.

    Attributes:
        why_not: what kept it from being made or used; empty where there is one.
        arithmetic: what it multiplies in.
        group: in eight bits, the values of a token that share a scale; 0: as many as usual.
        cut: after which token texts may be cut: "end" (the largest id), "padding:<id>", or "" for not at all.
        cosine: the lowest of its rows with torch's, when it was made.
        stamp: size and time of change of the file, as it was written.
        checksum: of the file; looked at where the stamp is another, since that means reading all of it.
        processor: what it was compiled for.
    """

    why_not: str = ""
    arithmetic: str = ""
    group: int = 0
    cut: str = ""
    cosine: float = 0.0
    stamp: str = ""
    checksum: str = ""
    processor: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the graphs of one model for one processor lie."""

    folder: Path
    processor: str

    def blob(self, tower: Tower) -> Path:
        """The compiled graph."""
        return self.folder / f"{tower}.{self._key}.blob"

    def note(self, tower: Tower) -> Path:
        """What is remembered of it."""
        return self.folder / f"{tower}.{self._key}.json"

    @property
    def tokenizer(self) -> Path:
        """What `keep_tokenizer` writes."""
        return self.folder / "tokenizer.json"

    @property
    def lock(self) -> Path:
        """Held by whoever makes a graph here."""
        return self.folder / ".lock"

    @property
    def _key(self) -> str:
        return _digest({"form": FORM, "processor": self.processor, **versions()})[:16]

    def read(self, tower: Tower) -> Graph | None:
        """What is remembered of a tower's graph; None where it was never made, or the note is torn."""
        try:
            return Graph(**json.loads(self.note(tower).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def remember(self, tower: Tower, graph: Graph) -> None:
        """Write the note, after the graph; then those of other versions for this processor, and refused ones, go.

        Raises:
            OSError: the folder cannot be written to, or is full.
        """
        with self.fresh(self.note(tower)) as path:
            path.write_text(json.dumps(asdict(graph), indent=1), encoding="utf-8")
        if graph.why_not:
            self.blob(tower).unlink(missing_ok=True)
        for note in self.folder.glob(f"{tower}.*.json"):
            if note != self.note(tower) and _processor_of(note) in {None, self.processor}:
                note.unlink(missing_ok=True)
                note.with_suffix(".blob").unlink(missing_ok=True)

    def forget(self, tower: Tower) -> None:
        """Remove a damaged graph. Where that cannot be done, it is found damaged again."""
        with contextlib.suppress(OSError):
            self.note(tower).unlink(missing_ok=True)
            self.blob(tower).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what a process left that was killed while it made a graph. For whoever holds the lock."""
        for left in self.folder.glob(".*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            elif left != self.lock:
                left.unlink(missing_ok=True)

    @contextmanager
    def fresh(self, target: Path) -> Iterator[Path]:
        """A path beside `target` to write to, which takes its place in one step, on disk, when the block ends well.

        Raises:
            OSError: the folder cannot be written to, or is full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".tmp")
        os.close(handle)
        path = Path(name)
        try:
            yield path
            with path.open("rb") as file:
                os.fsync(file.fileno())
            path.chmod(0o644)
            path.replace(target)
        finally:
            path.unlink(missing_ok=True)


def folder_of(spec: ModelSpec, source: Source, files: ModelFiles) -> Path:
    """Where the graphs of a model lie. Reads the weights' hash, and the configurations that shape its towers."""
    configs = [files.folder / CONFIG_FILE if files.folder else None, _config_of_text(files)]
    shape = {
        "weights": weights_hash(files.weights),
        "architecture": "" if files.folder else spec.architecture,
        "preprocess": asdict(source.preprocess),
        "context": spec.context_length,
        "configs": [hashlib.sha256(path.read_bytes()).hexdigest() if path else "" for path in configs],
    }
    return _root(source, files) / _digest(shape)[:24]


def _root(source: Source, files: ModelFiles) -> Path:
    if source.repo and files.weights.is_relative_to(repository_folder(source.repo)):
        return repository_folder(source.repo) / FOLDER
    from platformdirs import user_cache_path

    return user_cache_path(NAME, appauthor=False) / "graphs"


@cache
def versions() -> dict[str, str]:
    """Of the libraries that make and read a graph."""
    return {name: metadata.version(name) for name in _LIBRARIES}


def _config_of_text(files: ModelFiles) -> Path | None:
    return files.text_config / "config.json" if files.text_config else None


def _processor_of(note: Path) -> str | None:
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["processor"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
