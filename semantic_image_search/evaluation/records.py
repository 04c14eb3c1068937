"""What an evaluation is asked to do, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.queries import Rerank, Took

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.indexing import Problem
    from core.protocols import Encoder, Reranker
    from searcher.evaluation import Summary
    from searcher.match import CutOff

AS_IT_IS = "{}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What is compared, and how.

    Attributes:
        models: each makes an encoder, a first stage of its own; made when it is its turn, and let go after.
        reranker: looks at the first candidates of each; None: nobody does.
        rerank: at how many, and what they are ordered by.
        prompt: what the models read in place of a caption, `{}` standing for it; the reranker reads the caption alone.
        batch_size: pictures encoded at once; 0: what each model is quickest with.
        workers: processes that decode; 0: one per core, at most 32.
    """

    models: tuple[Callable[[], Encoder], ...]
    reranker: Reranker | None = None
    rerank: Rerank = field(default_factory=lambda: Rerank(depth=0))
    prompt: str = AS_IT_IS
    batch_size: int = 0
    workers: int = 0


@dataclass(frozen=True, slots=True)
class Direction:
    """One model, one direction.

    Attributes:
        first: by the model's cosines alone.
        reranked: with the second stage; None: there was none.
        took_ms: of one query on average, in batches. `encode` is the model's work alone; `rerank` is that of its
            pairs, and for a picture seeing it, too (a library keeps what the reranker saw in its pictures).
    """

    first: Summary
    reranked: Summary | None
    took_ms: Took


@dataclass(frozen=True, slots=True, eq=False)
class ModelReport:
    """One model in both directions.

    Attributes:
        model: its name.
        text_to_image: every caption looks for its picture.
        image_to_text: every picture looks for any of its captions.
        cut_off: captions whose picture counts as a match, against captions that something matches though their picture
            is taken away; by the match that the model's cosines give, among each caption's first candidates.
        cut_off_reranked: the same by the reranker's probability; None: there was none.
    """

    model: str
    text_to_image: Direction
    image_to_text: Direction
    cut_off: tuple[CutOff, ...]
    cut_off_reranked: tuple[CutOff, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationReport:
    """What was measured, and what was left out of it.

    Attributes:
        captions_file: the file of captions.
        pictures, captions: that were counted.
        missing: names in the file that the folder does not have.
        unreadable: pictures that could not be decoded.
        bad_rows: of the file of captions.
        told: the first of these, with place and reason.
        surplus: captions beyond the first few of a picture.
        models: in the order asked for.
        reranker: that looked again; None: none.
        rerank: how deep, and by what.
        see_ms: what the reranker needs to see one picture for the first time.
        seconds: all of it.
        notices: what a reader of the figures should know.
    """

    captions_file: str
    pictures: int
    captions: int
    missing: tuple[str, ...]
    unreadable: tuple[Problem, ...]
    bad_rows: int
    told: tuple[str, ...]
    surplus: int
    models: tuple[ModelReport, ...]
    reranker: str | None
    rerank: Rerank
    see_ms: float
    seconds: float
    notices: tuple[str, ...] = ()
