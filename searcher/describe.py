"""What fits one picture: texts from wherever they come, each once, put in order by a reranker as far as it gets.

The reverse of a search, and of the same papers: candidates by cosine, the first of them by BLIP's matching head. Where
the texts come from (the library's captions, the picture's own, a captioner) is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.arrays import PictureFeatures, Vectors
from core.descriptions import Description, Origin
from core.indexing import silent
from core.pictures import Caption, CaptionSource
from core.protocols import Reranker
from core.queries import Reranked
from searcher.pace import Pace

MOST_TEXTS = 128
"""Texts that a reranker looks at where nobody says how many, as in BLIP's own evaluation on COCO (k_test)."""

CHUNK = 16  # texts matched at once: a CPU needs about two seconds for them


@dataclass(frozen=True, slots=True)
class Said:
    """A text that may fit."""

    text: str
    origin: Origin
    source: CaptionSource | None = None
    model: str | None = None  # that wrote it
    score: float | None = None  # its cosine with the picture


def own_texts(captions: Sequence[Caption]) -> list[Said]:
    """The picture's own captions, but for those that were judged not to fit."""
    return [Said(one.text, Origin.OWN, one.source, one.model) for one in captions if one.kept]


def each_once(said: Sequence[Said]) -> list[Said]:
    """The texts without those that differ from an earlier one in case or spaces only; a score is handed on to it."""
    unique: dict[str, Said] = {}
    for one in said:
        key = " ".join(one.text.split()).casefold()
        if not key:
            continue
        known = unique.get(key)
        if known is None:
            unique[key] = one
        elif known.score is None:
            unique[key] = replace(known, score=one.score)
    return list(unique.values())


def with_scores(said: Sequence[Said], vectors: Vectors, picture: Vectors) -> list[Said]:
    """Scores for the texts that have none; row i of `vectors`, float32 (n, dim), is the i-th of those.

    `picture` is its vector, float32 (dim,); all are unit rows of one space.
    """
    scores = iter((vectors @ picture).tolist())
    return [one if one.score is not None else replace(one, score=next(scores)) for one in said]


def in_order(said: Sequence[Said]) -> list[Said]:
    """The order before any reranking: the picture's own and the generated first, each by score.

    They were said of this very picture; that a text of another one lies nearer is a rough guess beside it.
    """
    return sorted(said, key=lambda one: (one.origin is Origin.LIBRARY, _by_score(one.score)))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a reranker made of the first texts, in their order."""

    itm: tuple[float, ...]  # the logit of "match"
    itc: tuple[float, ...]
    probability: tuple[float, ...]


def look(
    reranker: Reranker, features: PictureFeatures, texts: Sequence[str], *, depth: int | None, budget_s: float
) -> Looked:
    """Match the texts with one picture, chunk by chunk.

    Args:
        reranker: reads and looks.
        features: of the picture, float16 (1, tokens, width).
        texts: the most promising first.
        depth: how many, at least 1; None: as many as the budget lets it, a chunk in any case, MOST_TEXTS at most.
        budget_s: seconds from now on, the model loaded.
    """
    wanted = texts[: MOST_TEXTS if depth is None else depth]
    pace = Pace(silent, budget_s if depth is None else None)
    found = [reranker.match(wanted[part], features) for part in pace.blocks(len(wanted), CHUNK)]
    return Looked(
        tuple(float(value) for scores in found for value in scores.itm[:, 1]),
        tuple(float(value) for scores in found for value in scores.itc),
        tuple(float(value) for scores in found for value in scores.probability),
    )


def ranked(said: Sequence[Said], looked: Looked | None, *, k: int) -> tuple[Description, ...]:
    """The k best of texts that are `in_order`.

    Those the reranker looked at by ITM logit + ITC cosine (the BLIP paper's), the others below them as they were.
    """
    count = 0 if looked is None else len(looked.itm)
    described = [_described(one, looked, number if number < count else None) for number, one in enumerate(said)]
    first = sorted(described[:count], key=lambda one: _by_score(one.reranked.fused if one.reranked else None))
    return tuple(replace(one, rank=rank) for rank, one in enumerate([*first, *described[count:]][:k], start=1))


def _described(said: Said, looked: Looked | None, number: int | None) -> Description:
    plain = Description(0, said.text, said.origin, said.source, said.model, said.score)
    if looked is None or number is None:
        return plain
    itm, itc = looked.itm[number], looked.itc[number]
    return replace(plain, match=looked.probability[number], reranked=Reranked(itm, itc, itm + itc))


def _by_score(score: float | None) -> float:
    """Sorts the best first, and what has no score last."""
    return np.inf if score is None else -score
