"""Answering: what was asked becomes a vector, filters and a page; what is found becomes hits.

Encoders, the library and pictures are handed in. Reading the library is `db`'s, decoding is `media`'s, printing is
cli's.

Handed on is what the command line needs before and behind an answer, and costs no start-up. What finds the answer
brings numpy along, and is imported from its own module: `searcher.search`, `searcher.lookup`, `searcher.rank_files`.
"""

from searcher.filters import FilterTexts, make_filters, parse_date_range, parse_near
from searcher.jsonable import described_to_json, hit_to_json, result_to_json, took_to_json

__all__ = [
    "FilterTexts",
    "described_to_json",
    "hit_to_json",
    "make_filters",
    "parse_date_range",
    "parse_near",
    "result_to_json",
    "took_to_json",
]
