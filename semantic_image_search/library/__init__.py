"""A library of pictures: index folders, search them, look pictures up.

It puts the parts together and leaves their work to them: `indexer`, `searcher`, `db`, `encoders` and `media`.
"""

from semantic_image_search.library.facade import Library, open_library

__all__ = ["Library", "open_library"]
