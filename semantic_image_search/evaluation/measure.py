"""Models measured on pictures with captions: recall in both directions, with and without a reranker, and the time.

    report = evaluate("dataset_flickr30k.json", "flickr30k-images", models=["ViT-B-32"], rerank=256)
    report.models[0].text_to_image.first.recall[1]

The figures are worked out in `searcher.evaluation`; here models meet pictures. One model at a time looks at all of
them, decoded anew for each; what is kept are vectors, ranks and the first few candidates.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from core.errors import SearchError, UsageError
from core.indexing import silent
from core.queries import Fusion, Rerank, Took
from indexer import default_workers
from searcher.evaluation import present_and_absent, reranked, summarise
from searcher.match import cut_off_curve
from searcher.rerank import DECIMALS, FUSIONS
from semantic_image_search.evaluation.records import (
    AS_IT_IS,
    Direction,
    Evaluation,
    EvaluationReport,
    ModelReport,
)
from semantic_image_search.evaluation.run import Run
from semantic_image_search.evaluation.seeing import Eye
from semantic_image_search.evaluation.sets import PER_PICTURE, read_caption_set

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from core.indexing import ProgressListener
    from core.models import Device
    from core.protocols import Encoder, Reranker
    from searcher.match import CutOff
    from semantic_image_search.evaluation.pair_scores import PairScores
    from semantic_image_search.evaluation.run import Found, Stage
    from semantic_image_search.evaluation.sets import CaptionSet


def evaluate(  # noqa: PLR0913 - options by keyword, each with a default
    captions: str | os.PathLike[str],
    images: str | os.PathLike[str],
    *,
    models: Sequence[str | Encoder] = (),
    rerank: int = 0,
    reranker: str | Reranker | None = None,
    fusion: Fusion = Fusion.ITM_ITC,
    split: str | None = None,
    per_picture: int = PER_PICTURE,
    limit: int | None = None,
    prompt: str = AS_IT_IS,
    device: Device | str | None = None,
    download: bool = False,
    listener: ProgressListener | None = None,
) -> EvaluationReport:
    """Measure models on a file of captions and a folder of pictures.

    Args:
        captions: Karpathy's or COCO's JSON, JSON lines, CSV.
        images: the folder its names are seen from.
        models: names, or encoders of your own; none: the one in the settings, or the built-in one. A reranker's name
            stands for its two towers apart, the first stage of the BLIP paper.
        rerank: how many of each query's first candidates a reranker looks at; 0: none.
        reranker: its name, or one of your own; None: the setting.
        fusion: what reranked candidates are ordered by.
        split: of the file's splits, or `all`; None: test where the file is Karpathy's.
        per_picture: captions of a picture that count; 0: all.
        limit: only so many pictures, the first.
        prompt: what the models read in place of a caption, which `{}` stands for.
        device: where models run; None: the setting.
        download: fetch weights that are not in the cache.
        listener: called with `Progress`, often.

    Raises:
        UsageError: a path, the file of captions or an option is wrong.
        UnknownModel, WeightsMissing, DeviceError: a model cannot be used.
    """
    from semantic_image_search.evaluation.models import chosen_models, chosen_reranker, evaluation_settings

    if "{}" not in prompt:
        raise UsageError(f"the prompt {prompt!r} leaves no place for the caption: put {{}} where it goes")
    depth = Rerank(depth=rerank, fusion=fusion)
    settings = evaluation_settings(device)
    data = read_caption_set(Path(captions), Path(images), split=split, per_picture=per_picture, limit=limit)
    second = chosen_reranker(reranker, settings, download=download) if rerank else None
    chosen, notice = chosen_models(models, settings, reranker=second, pictures=len(data.pictures), download=download)
    asked = Evaluation(
        models=tuple(chosen),
        reranker=second,
        rerank=depth,
        prompt=prompt,
        batch_size=settings.batch_size,
        workers=settings.workers,
    )
    return measure(data, asked, captions_file=str(captions), notices=[notice] if notice else [], listener=listener)


def measure(
    data: CaptionSet,
    asked: Evaluation,
    *,
    captions_file: str,
    notices: Sequence[str] = (),
    listener: ProgressListener | None = None,
) -> EvaluationReport:
    """Carry an evaluation out; see `evaluate`."""
    started = perf_counter()
    listener = listener or silent
    workers = asked.workers or default_workers()
    eye = Eye(data, prompt=asked.prompt, batch_size=asked.batch_size, workers=workers, listener=listener)
    seen = [eye.see(make()) for make in asked.models]  # each model is let go before the next one is made
    kept = np.flatnonzero(np.all([one.readable for one in seen], axis=0)).tolist()
    if not kept:
        raise SearchError(f"none of the {len(data.pictures):,} pictures can be read; {eye.problems[0].reason}")
    readable, rows = data.only(kept), np.flatnonzero(np.isin(data.owner, kept)).tolist()
    run = Run(readable, asked, workers=workers, listener=listener)
    stages = [run.rank(one.only(kept, rows)) for one in seen]
    scores = run.look_again(stages)
    return EvaluationReport(
        captions_file=captions_file,
        pictures=len(readable.pictures),
        captions=len(readable.captions),
        missing=data.missing,
        unreadable=eye.problems,
        bad_rows=data.bad,
        told=data.told,
        surplus=data.surplus,
        models=tuple(_report(stage, asked, scores) for stage in stages),
        reranker=None if asked.reranker is None else asked.reranker.info.name,
        rerank=asked.rerank,
        see_ms=_see_ms(scores),
        seconds=perf_counter() - started,
        notices=(*notices, *_unseen(scores)),
    )


def _report(stage: Stage, asked: Evaluation, scores: PairScores | None) -> ModelReport:
    return ModelReport(
        model=stage.model,
        text_to_image=_direction(stage.by_text, asked, scores, see_ms=0.0),
        image_to_text=_direction(stage.by_image, asked, scores, see_ms=_see_ms(scores)),
        cut_off=stage.cut_off,
        cut_off_reranked=None if scores is None else _curve(stage.by_text, scores),
    )


def _curve(found: Found, scores: PairScores) -> tuple[CutOff, ...]:
    with np.errstate(invalid="ignore"):  # nan where nobody could look
        probability = scores.of(found.pairs).probability.reshape(found.first.scores.shape)
    return cut_off_curve(*present_and_absent(found.first, probability))


def _direction(found: Found, asked: Evaluation, scores: PairScores | None, *, see_ms: float) -> Direction:
    first, after, looking_ms = found.first, None, 0.0
    if scores is not None:
        # Rounded as a search rounds them: what lies below depends on the batch, and would part copies of one picture.
        fused = np.round(FUSIONS[asked.rerank.fusion](scores.of(found.pairs), first.scores.ravel()), DECIMALS)
        after = summarise(reranked(first, fused.reshape(first.scores.shape)))
        looking_ms = see_ms + first.scores.shape[1] * 1000 * scores.matching_s / max(1, scores.matched)
    took = Took(
        encode=found.encode_ms,
        retrieve=found.retrieve_ms,
        rerank=looking_ms,
        total=found.encode_ms + found.retrieve_ms + looking_ms,
    )
    return Direction(summarise(first.ranks), after, took)


def _see_ms(scores: PairScores | None) -> float:
    return 0.0 if scores is None else 1000 * scores.seeing_s / max(1, scores.seen)


def _unseen(scores: PairScores | None) -> list[str]:
    if scores is None or not scores.problems:
        return []
    return [f"pictures that could not be read a second time, and were not reranked: {len(scores.problems):,}"]
