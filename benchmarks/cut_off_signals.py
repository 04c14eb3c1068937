"""What could tell a match from the best of nothing: signals, one number for each picture, higher where it fits better.

Each takes a question, the pictures to judge and a kind's neutral texts; docs/cut-off.md says what came of them.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.cut_off_cases import Kind, Question
from core.arrays import Vectors
from searcher.match import standing

Signal = Callable[[Question, Vectors, Kind], NDArray[np.floating]]

NEAR = 25  # of the neutral texts: those most like the query
OWN = 3  # of these: what may mean the same as the query


def cosine(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """The score alone."""
    del kind
    return pictures @ one.query


def z_score(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """Among the query's scores of the library's pictures."""
    del kind
    scores = one.library @ one.query
    return (pictures @ one.query - scores.mean()) / scores.std()


def gap(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """To the tenth best, in standard deviations of the query's scores."""
    del kind
    scores = one.library @ one.query
    return (pictures @ one.query - np.sort(scores)[-10]) / scores.std()


def best_text(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """How far above the neutral text that fits best; those most like the query left out."""
    return pictures @ one.query - (pictures @ _others(one, kind).T).max(axis=1)


def near_texts(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """How far above the neutral texts that are most like the query, in standard deviations of all."""
    scores = pictures @ kind.texts.T
    near = np.argsort(-(kind.texts @ one.query))[OWN:NEAR]
    return (pictures @ one.query - scores[:, near].mean(axis=1)) / scores.std(axis=1)


def softmax(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """The logit of the query's probability among the neutral texts, by the model's own scale."""
    scores = kind.logit_scale * (pictures @ _others(one, kind).T)
    return kind.logit_scale * (pictures @ one.query) - np.logaddexp.reduce(scores, axis=1)


def rank(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """The share of neutral texts that fit worse."""
    return ((pictures @ kind.texts.T) < (pictures @ one.query)[:, None]).mean(axis=1)


def among_texts(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """Standard deviations above the neutral texts: the signal that was chosen."""
    return standing(one.query, pictures, kind.texts)


def two_phrasings(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """The lesser standing of "X" and "a photo of a X"; nan where there is one phrasing only."""
    if one.again is None:
        return np.full(len(pictures), np.nan)
    return np.minimum(standing(one.query, pictures, kind.texts), standing(one.again, pictures, kind.texts))


def over_negative(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """How much better than "a photo without a X"; nan where that is not at hand."""
    del kind
    return np.full(len(pictures), np.nan) if one.without is None else pictures @ (one.query - one.without)


def size(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """The logarithm of the library's size; says something beside another signal only."""
    del kind
    return np.full(len(pictures), np.log(len(one.library)))


def skewness(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """Of the query's scores of the library: many that fit are a tail. Says something beside another signal only."""
    del kind
    scores = one.library @ one.query
    return np.full(len(pictures), (((scores - scores.mean()) / scores.std()) ** 3).mean())


def trend(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """Whether the picture fits neutral texts the better the more they are like the query: a correlation."""
    return _against_likeness(one, pictures, kind)[0]


def above_trend(one: Question, pictures: Vectors, kind: Kind) -> NDArray[np.floating]:
    """How far above what that trend foretells for the query itself, in standard deviations about it."""
    return _against_likeness(one, pictures, kind)[1]


def _against_likeness(
    one: Question, pictures: Vectors, kind: Kind
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    likeness = kind.texts @ one.query
    scores = pictures @ kind.texts.T
    mean, likeness_mean = scores.mean(axis=1), likeness.mean()
    centred, deviation = scores - mean[:, None], likeness - likeness_mean
    slope = centred @ deviation / (deviation @ deviation)
    about = (centred - slope[:, None] * deviation).std(axis=1)
    foretold = mean + slope * (1.0 - likeness_mean)
    return slope * deviation.std() / scores.std(axis=1), (pictures @ one.query - foretold) / about


def _others(one: Question, kind: Kind) -> Vectors:
    return kind.texts[np.argsort(-(kind.texts @ one.query))[OWN:]]


SIGNALS: dict[str, tuple[Signal, ...]] = {
    "cosine": (cosine,),
    "z-score among the library's pictures": (z_score,),
    "gap to the tenth best": (gap,),
    "margin over the best neutral text": (best_text,),
    "rank among neutral texts": (rank,),
    "softmax over neutral texts": (softmax,),
    "above the neutral texts most like it": (near_texts,),
    "standing among neutral texts": (among_texts,),
    "the lesser standing of two phrasings": (two_phrasings,),
    "margin over the negative prompt": (over_negative,),
    "standing, z-score": (among_texts, z_score),
    "standing, likeness of texts": (among_texts, trend, above_trend),
    "standing, size, skewness": (among_texts, size, skewness),
    "standing, size (chosen)": (among_texts, size),
}
"""Several: put together by logistic regression, measured on nouns it was not fitted on."""
