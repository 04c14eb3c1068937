"""Answering: what was asked becomes a vector, filters and a page; what is found becomes hits.

Encoders, the library and pictures are handed in. Reading the library is `db`'s, decoding is `media`'s, printing is
cli's.
"""

from searcher.copies import load_small
from searcher.filters import FilterTexts, make_filters, parse_date_range, parse_near
from searcher.jsonable import hit_to_json, result_to_json, took_to_json
from searcher.lookup import lookup
from searcher.rank_files import RankedFile, rank_files
from searcher.request import LookupRequest, SearchRequest
from searcher.search import search, text_notices

__all__ = [
    "FilterTexts",
    "LookupRequest",
    "RankedFile",
    "SearchRequest",
    "hit_to_json",
    "load_small",
    "lookup",
    "make_filters",
    "parse_date_range",
    "parse_near",
    "rank_files",
    "result_to_json",
    "search",
    "text_notices",
    "took_to_json",
]
