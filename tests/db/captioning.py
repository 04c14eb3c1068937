"""Captions for tests: what is in a library's caption rows, and putting vectors to texts as an encoder would."""

from pathlib import Path

import numpy as np

from core.models import VectorKind
from core.pictures import Caption, CaptionSource
from db import LibraryReader, LibraryWriter, open_reader
from db.records import SpaceInfo
from tests.db.making import DIM, unit


def imported(text: str) -> Caption:
    return Caption(text, CaptionSource.IMPORTED)


def generated(text: str, model: str = "blip", *, match: float | None = None, kept: bool = True) -> Caption:
    return Caption(text, CaptionSource.GENERATED, model, match, kept)


def image_at(reader: LibraryReader, path: bytes) -> int:
    """The one picture of this file."""
    return reader.images_at_paths([path])[path]


def caption(library: Path, writer: LibraryWriter, path: bytes, *captions: Caption) -> int:
    """Give the picture at `path` these captions; its image id."""
    with open_reader(library) as reader:
        image_id = image_at(reader, path)
    assert writer.add_captions({image_id: captions}) == len(captions)
    return image_id


def embed(writer: LibraryWriter, space: SpaceInfo, *, batch: int = 100) -> int:
    """Vectors for every text that has none, as the indexer does it."""
    done, texts = 0, list(writer.unembedded_texts(space))
    for start in range(0, len(texts), batch):
        some = texts[start : start + batch]
        vectors = np.stack([unit(f"{space.name}:{text}", space.dim) for _, text in some])
        done += writer.commit_texts(space, [text_id for text_id, _ in some], vectors)
    return done


def found_texts(library: Path, *, k: int = 10_000) -> set[str]:
    """Every caption text that a search of the active space can find."""
    with open_reader(library) as reader:
        space = reader.active_space()
        return {one.text for one in reader.search_captions(space, unit("anything", space.dim), k)}


def caption_rows(library: Path) -> tuple[int, int]:
    """Committed and findable caption rows of the active space."""
    with open_reader(library) as reader:
        generation = reader.generation(reader.active_space(), VectorKind.CAPTION)
        return generation.committed_rows, generation.live_rows


def caption_file(library: Path) -> Path:
    """The one file of caption vectors."""
    (path,) = (library / "spaces").glob("*/caption/vectors.*.f16")
    return path


ROW_BYTES = DIM * 2
HEADER = 4096
