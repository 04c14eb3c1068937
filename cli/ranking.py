"""`search query TEXT --files …`: given pictures against a text, no library involved."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import typer

from cli import context
from core.arrays import Pixels
from core.errors import PictureProblem, UsageError
from core.models import Device, Preprocess
from core.paths import absolute, display
from core.pictures import Picture, PictureFacts
from core.protocols import Encoder
from core.queries import Hit, SearchResult, Took

if TYPE_CHECKING:
    from cli.answers import Output

CHUNK = 256  # pictures held as pixels at once: 40 MB at 224 pixels

Read = tuple[bytes, Pixels, PictureFacts]


def rank_and_show(
    text: str,
    files: Sequence[Path],
    output: "Output",
    *,
    model: str | None,
    device: Device | None,
    part: slice,
) -> None:
    """Rank the files and show them.

    `part` is which of them, best first: a page holds at most MOST_HITS, and all the files given may be wanted.

    Raises:
        UsageError: no text.
        typer.Exit: shown, but some files could not be read.
    """
    from cli.showing import show_answer

    if not text.strip():
        raise UsageError("--files ranks pictures against words, and they come first: search TEXT --files A.png B.png")
    chosen = context.choose_encoder(model, device=device, pictures=len(files))
    result, unreadable = rank_given(chosen.encoder, text, files)
    notices = (chosen.notice, *result.notices) if chosen.notice else result.notices
    show_answer(replace(result, hits=result.hits[part], notices=notices), output)
    if unreadable:
        raise typer.Exit(1)


def rank_given(encoder: Encoder, text: str, files: Sequence[Path]) -> tuple[SearchResult, int]:
    """All the files as one answer, best first, and how many could not be read (its notices name them)."""
    from searcher.rank_files import rank_files

    start = perf_counter()
    problems: list[str] = []
    facts: dict[bytes, PictureFacts] = {}
    scores: dict[bytes, float] = {}
    readable = _read(dict.fromkeys(absolute(file) for file in files), encoder.info.preprocess, problems)
    while chunk := list(islice(readable, CHUNK)):
        facts.update((path, known) for path, _, known in chunk)
        scores.update(rank_files(encoder, text, [(path, pixels) for path, pixels, _ in chunk]))
    order = sorted(scores, key=lambda path: (-scores[path], path))
    hits = tuple(
        Hit(rank, scores[path], Picture(0, 0, path, (), False, facts[path], None))
        for rank, path in enumerate(order, start=1)
    )
    took = (perf_counter() - start) * 1000
    name, number = encoder.info.name, len(hits)
    answer = SearchResult(
        text, name, name, "", number, number, number, Took(encode=took, total=took), hits, notices=tuple(problems)
    )
    return answer, len(problems)


def _read(paths: Iterable[bytes], preprocess: Preprocess, problems: list[str]) -> Iterator[Read]:
    from media import DecodeLimits, decode_picture

    for path in paths:
        try:
            decoded = decode_picture(path, targets=(preprocess,), limits=DecodeLimits())
        except PictureProblem as problem:
            problems.append(f"{display(path)}: {problem.reason}")
            continue
        if decoded is not None:  # None only where a known hash was given
            yield path, decoded.pixels[0], decoded.facts
