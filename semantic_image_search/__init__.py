"""The public Python API of `search`, and the one place where its parts are put together.

    from semantic_image_search import open_library

    library = open_library("~/my-library")
    library.index(["~/Photos"])
    for hit in library.search("a dog on the beach", k=5).hits:
        print(hit.score, hit.picture.path)

Importing this module is cheap: every name's home is loaded when the name is first used, and torch, faiss and SQLAlchemy
when something needs them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.browsing import Browsed as Browsed
    from core.browsing import Facets as Facets
    from core.browsing import TimeOrder as TimeOrder
    from core.captioning import CaptionReport as CaptionReport
    from core.captioning import CaptionRequest as CaptionRequest
    from core.descriptions import AskResult as AskResult
    from core.descriptions import DescribeResult as DescribeResult
    from core.descriptions import Description as Description
    from core.duplicates import DuplicateFile as DuplicateFile
    from core.duplicates import DuplicateGroup as DuplicateGroup
    from core.duplicates import DuplicatesResult as DuplicatesResult
    from core.errors import PictureProblem as PictureProblem
    from core.errors import SearchError as SearchError
    from core.indexing import IndexReport as IndexReport
    from core.indexing import Problem as Problem
    from core.indexing import Progress as Progress
    from core.indexing import RootOptions as RootOptions
    from core.models import Device as Device
    from core.models import EncoderInfo as EncoderInfo
    from core.optimizing import IndexFacts as IndexFacts
    from core.optimizing import OptimizeReport as OptimizeReport
    from core.optimizing import RowsReport as RowsReport
    from core.pictures import Neighbour as Neighbour
    from core.pictures import Picture as Picture
    from core.pictures import PictureFacts as PictureFacts
    from core.pictures import Tag as Tag
    from core.queries import CopyKind as CopyKind
    from core.queries import Filters as Filters
    from core.queries import Fusion as Fusion
    from core.queries import Hit as Hit
    from core.queries import Near as Near
    from core.queries import Reranked as Reranked
    from core.queries import SearchMode as SearchMode
    from core.queries import SearchResult as SearchResult
    from core.queries import Sort as Sort
    from core.queries import Took as Took
    from core.tags import TagCount as TagCount
    from core.tags import TagReport as TagReport
    from semantic_image_search.glance import LibraryGlance as LibraryGlance
    from semantic_image_search.library import Library as Library
    from semantic_image_search.library import open_library as open_library
    from semantic_image_search.models import load_encoder as load_encoder
    from semantic_image_search.status import LibraryStatus as LibraryStatus

_HOMES = {
    "AskResult": "core.descriptions",
    "Browsed": "core.browsing",
    "CaptionReport": "core.captioning",
    "CaptionRequest": "core.captioning",
    "CopyKind": "core.queries",
    "DescribeResult": "core.descriptions",
    "Description": "core.descriptions",
    "Device": "core.models",
    "DuplicateFile": "core.duplicates",
    "DuplicateGroup": "core.duplicates",
    "DuplicatesResult": "core.duplicates",
    "EncoderInfo": "core.models",
    "Facets": "core.browsing",
    "Filters": "core.queries",
    "Fusion": "core.queries",
    "Hit": "core.queries",
    "IndexFacts": "core.optimizing",
    "IndexReport": "core.indexing",
    "Library": "semantic_image_search.library",
    "LibraryGlance": "semantic_image_search.glance",
    "LibraryStatus": "semantic_image_search.status",
    "Near": "core.queries",
    "Neighbour": "core.pictures",
    "OptimizeReport": "core.optimizing",
    "Picture": "core.pictures",
    "PictureFacts": "core.pictures",
    "PictureProblem": "core.errors",
    "Problem": "core.indexing",
    "Progress": "core.indexing",
    "Reranked": "core.queries",
    "RootOptions": "core.indexing",
    "RowsReport": "core.optimizing",
    "SearchError": "core.errors",
    "SearchMode": "core.queries",
    "SearchResult": "core.queries",
    "Sort": "core.queries",
    "Tag": "core.pictures",
    "TagCount": "core.tags",
    "TagReport": "core.tags",
    "TimeOrder": "core.browsing",
    "Took": "core.queries",
    "load_encoder": "semantic_image_search.models",
    "open_library": "semantic_image_search.library",
}

__all__ = [
    "AskResult",
    "Browsed",
    "CaptionReport",
    "CaptionRequest",
    "CopyKind",
    "DescribeResult",
    "Description",
    "Device",
    "DuplicateFile",
    "DuplicateGroup",
    "DuplicatesResult",
    "EncoderInfo",
    "Facets",
    "Filters",
    "Fusion",
    "Hit",
    "IndexFacts",
    "IndexReport",
    "Library",
    "LibraryGlance",
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
    "TimeOrder",
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
