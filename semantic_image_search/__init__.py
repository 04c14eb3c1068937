"""The public Python API of `search`, and the one place where its parts are put together.

    from semantic_image_search import open_library

    library = open_library("~/my-library")
    library.index(["~/Photos"])
    for hit in library.search("a dog on the beach", k=5).hits:
        print(hit.score, hit.picture.path)

Importing this module is cheap: torch, faiss and SQLAlchemy are loaded when something needs them.
"""

from core.captioning import CaptionReport, CaptionRequest
from core.descriptions import AskResult, DescribeResult, Description
from core.errors import PictureProblem, SearchError
from core.indexing import IndexReport, Problem, Progress, RootOptions
from core.models import Device, EncoderInfo
from core.optimizing import IndexFacts, OptimizeReport, RowsReport
from core.pictures import Neighbour, Picture, PictureFacts, Tag
from core.queries import CopyKind, Filters, Fusion, Hit, Near, Reranked, SearchMode, SearchResult, Sort, Took
from core.tags import TagCount, TagReport
from semantic_image_search.library import Library, open_library
from semantic_image_search.models import load_encoder
from semantic_image_search.status import LibraryStatus

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
