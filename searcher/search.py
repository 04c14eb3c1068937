"""Search by words, by example or by a vector: one query in, one page of hits out.

Filters become rows and rows are found in `db`; encoding is the encoder's that is handed in.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.arrays import Vectors
from core.protocols import Encoder
from core.queries import SearchResult
from searcher.answer import Answer, MakeEncoder, Stopwatch, encoder_for, hits_of, result_of, retrieve
from searcher.compose import query_vector
from searcher.grouping import Found, group_alike, one_per_file
from searcher.language import language_hint
from searcher.request import SearchRequest, check_dim

if TYPE_CHECKING:
    from db import LibraryReader


def search(reader: "LibraryReader", request: SearchRequest, encoder: MakeEncoder | None) -> SearchResult:
    """The best pictures of the library for a request.

    Args:
        reader: one snapshot of the library.
        request: what to search for.
        encoder: makes the encoder; called only where there are words or pictures to encode. None: there is none.

    Raises:
        UsageError: the parts of the query cancel each other out, the vector has another dim, or there is no encoder.
        WrongModel: the encoder is not the one the library was indexed with.
        LibraryNotFound: nothing is indexed yet.
    """
    watch, page = Stopwatch.start(), request.page
    space = reader.active_space()
    if request.vector is not None:
        check_dim(request.vector, space.dim, space.name)
    model = encoder_for(space, encoder) if request.needs_encoder else None
    vector = query_vector(request, space.dim, model)
    watch.encoded()

    def arrange(found: Sequence[Found], vectors: Vectors) -> list[Found]:
        return group_alike(found, vectors) if page.group else one_per_file(found, page.filters.folders)

    found = retrieve(reader, space, vector, page, arrange)
    texts = [request.words, *request.not_texts] if request.words else request.not_texts
    notices = text_notices(model, texts) if model else []
    answer = Answer(hits_of(found.shown, page))
    return result_of(reader, found, answer, query=request.describe(), watch=watch, notices=notices)


def text_notices(encoder: Encoder, texts: Sequence[str]) -> list[str]:
    """What a person should know about how these texts were read: what was cut off, a language that is not read."""
    notices = []
    for text in texts:
        cut = encoder.cut_off(text).strip()
        if cut:
            notices.append(f"the text is too long for {encoder.info.name}, and this part was not read: {cut!r}")
        hint = language_hint(text, encoder.info)
        if hint:
            notices.append(hint)
    return notices
