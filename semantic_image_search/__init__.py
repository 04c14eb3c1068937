"""The public Python API of `search`, and the one place where its parts are put together.

    from semantic_image_search import open_library

    library = open_library("~/my-library")
    library.index(["~/Photos"])
    for hit in library.search("a dog on the beach", k=5).hits:
        print(hit.score, hit.picture.path)

Importing this module is cheap: torch, faiss and SQLAlchemy are loaded when something needs them, and a `Library` itself
(which brings numpy) when its name is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from core.captioning import CaptionReport, CaptionRequest
from core.descriptions import AskResult, DescribeResult, Description
from core.errors import PictureProblem, SearchError
from core.indexing import IndexReport, Problem, Progress, RootOptions
from core.models import Device, EncoderInfo
from core.optimizing import IndexFacts, OptimizeReport, RowsReport
from core.pictures import Neighbour, Picture, PictureFacts, Tag
from core.queries import CopyKind, Filters, Fusion, Hit, Near, Reranked, SearchMode, SearchResult, Sort, Took
from core.tags import TagCount, TagReport

if TYPE_CHECKING:
    from semantic_image_search.library import Library as Library
    from semantic_image_search.library import open_library as open_library
    from semantic_image_search.models import load_encoder as load_encoder
    from semantic_image_search.status import LibraryStatus as LibraryStatus

_HOMES = {
    "Library": "semantic_image_search.library",
    "LibraryStatus": "semantic_image_search.status",
    "load_encoder": "semantic_image_search.models",
    "open_library": "semantic_image_search.library",
}

__all__ = [
    "AskResult",
    "CaptionReport",
    "CaptionRequest",
    "CopyKind",
    "DescribeResult",
    "Description",
    "Device",
    "EncoderInfo",
    "Filters",
    "Fusion",
    "Hit",
    "IndexFacts",
    "IndexReport",
    "Library",
    "LibraryStatus",
    "Near",
    "Neighbour",
    "OptimizeReport",
    "Picture",
    "PictureFacts",
    "PictureProblem",
    "Problem",
    "Progress",
    "Reranked",
    "RootOptions",
    "RowsReport",
    "SearchError",
    "SearchMode",
    "SearchResult",
    "Sort",
    "Tag",
    "TagCount",
    "TagReport",
    "Took",
    "load_encoder",
    "open_library",
]


def __getattr__(name: str) -> object:
    """Import a public name's home when it is first asked for."""
    if name not in _HOMES:
        message = f"module 'semantic_image_search' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)
