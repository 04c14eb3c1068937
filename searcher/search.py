"""Search by words, by example or by a vector: one query in, one page of hits out.

Filters become rows and rows are found in `db`; encoding is the encoder's that is handed in.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core.arrays import Vectors
from core.errors import LibraryError, UsageError
from core.notices import notice
from core.protocols import Encoder
from core.queries import Hit, Page, SearchMode, SearchResult
from searcher.answer import Answer, Arrange, MakeEncoder, Stopwatch, encoder_for, result_of, retrieve
from searcher.choosing import MATCHED_AMONG, choose, looks_for_matches, with_match
from searcher.compose import query_vector
from searcher.grouping import Found, group_alike, one_per_file
from searcher.hybrid import Source, by_both, by_look, by_vector, by_words
from searcher.keywords import read_keywords
from searcher.language import language_hint
from searcher.looks import look_for
from searcher.request import SearchRequest, check_dim
from searcher.rerank import Looked, SecondLook, depth_wanted, rerank

if TYPE_CHECKING:
    from db import LibraryReader
    from db.records import SpaceInfo


Hear = Callable[[SearchResult], None]


def search(
    reader: "LibraryReader",
    request: SearchRequest,
    encoder: MakeEncoder | None,
    second: SecondLook | None = None,
    before_reranking: Hear | None = None,
) -> SearchResult:
    """The best pictures of the library for a request.

    Args:
        reader: one snapshot of the library.
        request: what to search for.
        encoder: makes the encoder; called only where there are words or pictures to encode. None: there is none.
        second: looks again at the best candidates; None: nothing does.
        before_reranking: hears the answer as it is before that, where it will look.

    Raises:
        UsageError: the parts of the query cancel each other out, the vector has another dim, there is no encoder, or
            nothing to judge matches by; in text mode, a query without a word.
        LibraryError: text mode, and this library's words cannot be looked up.
        WrongModel: the encoder is not the one the library was indexed with.
        LibraryNotFound: nothing is indexed yet.
    """
    watch, page = Stopwatch.start(), request.page
    space = reader.active_space()
    if request.mode is SearchMode.TEXT:
        return _search_texts(reader, request, space, watch, second, before_reranking)
    if request.vector is not None:
        check_dim(request.vector, space.dim, space.name)
    model = encoder_for(space, encoder) if request.needs_encoder else None
    vector = query_vector(request, space.dim, model)
    watch.encoded()

    source, wordless = _source(reader, request, space, vector)
    found = retrieve(reader, space, source, page, _arrange(page), further=_further(request, second))
    texts = [request.words, *request.not_texts] if request.words else request.not_texts
    notices = [*(text_notices(model, texts) if model else []), *wordless]

    def told(looked: Looked) -> SearchResult:
        judge = partial(with_match, reader, space, vector, words=request.only_words)
        answer = _answer(looked, choose(looked.found, page, judge))
        said = [*notices, *looked.notices]
        return result_of(reader, found, answer, query=request.describe(), watch=watch, notices=said)

    return _looked_at_again(found.shown, request, second, watch, told, before_reranking)


def _search_texts(
    reader: "LibraryReader",
    request: SearchRequest,
    space: "SpaceInfo",
    watch: Stopwatch,
    second: SecondLook | None,
    before_reranking: Hear | None,
) -> SearchResult:
    """Words alone, looked up in captions, tags and names; no model is needed but the reranker that is asked for."""
    keywords, missing = read_keywords(request.words), reader.words_missing()
    if missing is not None:
        raise LibraryError(missing)
    if not keywords:
        raise UsageError(f"there is no word to look up in {request.words!r}")
    source = partial(by_words, reader, space, keywords)
    found = retrieve(reader, space, source, request.page, _arrange(request.page), further=_further(request, second))
    notices = [] if found.shown or not found.searched else [notice("no_such_words")]

    def told(looked: Looked) -> SearchResult:
        answer, said = _answer(looked, choose(looked.found, request.page)), [*notices, *looked.notices]
        return result_of(reader, found, answer, query=request.describe(), watch=watch, notices=said)

    return _looked_at_again(found.shown, request, second, watch, told, before_reranking)


def _looked_at_again(
    shown: Sequence[Found],
    request: SearchRequest,
    second: SecondLook | None,
    watch: Stopwatch,
    told: Callable[[Looked], SearchResult],
    before_reranking: Hear | None,
) -> SearchResult:
    """The answer after the second look; the one before it goes to who wants to hear it, where there will be one."""
    if before_reranking is not None and depth_wanted(request, second):
        before_reranking(told(Looked(shown)))
    with watch.reranking():
        looked = rerank(shown, request, second)
    return told(looked)


def _further(request: SearchRequest, second: SecondLook | None) -> int:
    """How many candidates beyond the page matter for what is on it."""
    return max(MATCHED_AMONG if looks_for_matches(request.page) else 0, depth_wanted(request, second))


def _answer(looked: Looked, chosen: tuple[tuple[Hit, ...], tuple[Hit, ...]]) -> Answer:
    hits, nearest = chosen
    return Answer(hits, nearest, looked.reranker, looked.count, looked.why_not or "")


def _source(
    reader: "LibraryReader", request: SearchRequest, space: "SpaceInfo", vector: Vectors
) -> tuple[Source, Sequence[str]]:
    """Where candidates come from, and what to say about it.

    Words count where they are all that was asked: beside a picture, a vector or a `not`, they only lead astray.
    """
    if not request.only_words or request.not_texts:
        return partial(by_vector, reader, space, vector), ()
    keywords, missing = read_keywords(request.words), reader.words_missing()
    look = look_for(reader, space, vector, keywords)
    plain = partial(by_look, look)
    if request.mode is SearchMode.VECTOR:
        return plain, ()
    if missing is not None:
        return plain, (missing,)
    return (partial(by_both, look, keywords) if keywords else plain), ()


def _arrange(page: Page) -> Arrange:
    def arrange(found: Sequence[Found], vectors: Vectors) -> list[Found]:
        return group_alike(found, vectors) if page.group else one_per_file(found, page.filters.folders)

    return arrange


def text_notices(encoder: Encoder, texts: Sequence[str]) -> list[str]:
    """What a person should know about how these texts were read: what was cut off, a language that is not read."""
    notices: list[str] = []
    for text in texts:
        cut = "" if _surely_fits(text, encoder.info.context_length) else encoder.cut_off(text).strip()
        if cut:
            notices.append(notice("text_cut", model=encoder.info.name, part=repr(cut)))
        hint = language_hint(text, encoder.info)
        if hint:
            notices.append(hint)
    return notices


_AROUND = 4
"""Tokens beside those of the characters: where a text begins and ends, and the space that some put before it."""


def _surely_fits(text: str, context_length: int | None) -> bool:
    """Whether no tokenizer needs to be asked: of plain characters none makes more tokens than there are.

    Of others some do ("\ufdfa" stands for eighteen letters), and of entities ("&#xfdfa;").
    """
    return context_length is not None and len(text) + _AROUND <= context_length and text.isascii() and "&" not in text
