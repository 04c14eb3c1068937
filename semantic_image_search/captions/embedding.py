"""New caption texts, embedded for every space that is being written, with the right encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import DeviceError, ModelError
from indexer import embed_captions

if TYPE_CHECKING:
    from core.indexing import ProgressListener
    from db import LibraryWriter
    from semantic_image_search.library.opened import OpenedLibrary


def embed_new_captions(
    library: OpenedLibrary, writer: LibraryWriter, listener: ProgressListener
) -> tuple[int, tuple[str, ...]]:
    """Vectors for the texts that have none, and the index over them where it is due: how many texts, and notices.

    Captions are kept where the model cannot be had now: the next `search index` embeds them.
    """
    embedded = 0
    try:
        for space, encoder in library.encoders.for_run(writer.spaces()):
            done = embed_captions(writer, space, encoder, listener)
            if done:
                settings = library.settings
                writer.refresh_derived(
                    space, exact_below=settings.exact_below, recall=settings.asked_recall, on_progress=listener
                )
            embedded = max(embedded, done)
    except (ModelError, DeviceError) as error:
        return embedded, (f"the captions are kept and not embedded yet, which search index does later: {error}",)
    return embedded, ()
