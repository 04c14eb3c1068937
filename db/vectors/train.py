"""Training an index on a sample: lists, a rotation, and codes for what lies between rows and lists.

The codes are learnt from the longest residuals only. Queries by text find the outliers of wide lists, which codes
trained on all residuals tell apart worst; pictures find near rows, whose codes can be coarser. At 200,000 made vectors
0.99 of what texts find were among 550 to 900 candidates, not 1,500. A rotation learnt from residuals found no more.
Leaves to others: the sample, adding rows, measuring.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import RowNumbers, Vectors
from db.vectors.engine import load_faiss
from db.vectors.gpu import Cuda
from db.vectors.gpu_build import clustering_on
from db.vectors.lists import Lists
from db.vectors.policy import Plan
from db.vectors.rotation import balanced_rotation

_OUTLYING = 4  # codes of four bits are trained on one in so many residuals
_LEAST_OUTLYING = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A faiss index, and what is known of its lists."""

    index: Any  # IndexPreTransform; faiss ships no types
    mean: NDArray[np.float32]  # (lists,), see `lists`
    coarse_error: float = 0.0  # mean of 1 - cosine of a row and the middle of its list


def train(plan: Plan, sample: Vectors, gap: Vectors | None, cuda: Cuda | None) -> Trained:
    """An index without rows.

    Args:
        plan: its structure.
        sample: float32 (n, dim), rows of the library.
        gap: float32 (dim,), the mean of text vectors; None: not known.
        cuda: where k-means runs; None is the CPU.
    """
    centroids = _centroids(plan, sample, cuda)
    cosines, lists = _assigned(sample, centroids)
    known = Lists.measured(centroids, lists, cosines)
    learnt = np.arange(len(sample)) if plan.roomy else _longest(sample, centroids, lists)
    rotation = balanced_rotation(sample, plan.wide, plan.codes, gap)
    ivf = load_faiss().index_factory(plan.wide, plan.quantizers, load_faiss().METRIC_INNER_PRODUCT)
    ivf.pq.cp.min_points_per_centroid = 1
    ivf.pq.cp.max_points_per_centroid = len(learnt)  # faiss would take 4,096 of them
    ivf.quantizer.add(centroids @ rotation.T)  # so that faiss trains nothing but the codes
    ivf.train(sample[learnt] @ rotation.T)
    return Trained(_behind(rotation, ivf), known.mean, float(np.mean(1.0 - cosines)))


def _centroids(plan: Plan, sample: Vectors, cuda: Cuda | None) -> Vectors:
    """Unit rows, float32 (lists, dim), by spherical k-means."""
    faiss = load_faiss()
    ivf = faiss.index_factory(sample.shape[1], f"IVF{plan.lists},Flat", faiss.METRIC_INNER_PRODUCT)
    ivf.cp.spherical = True  # the factory's default here, and worth 3 to 4 points of recall
    ivf.cp.niter = plan.iterations
    ivf.cp.max_points_per_centroid = len(sample)  # the sample is the bound, faiss need not draw its own from it
    ivf.cp.min_points_per_centroid = 1  # the policy sees to it; no warnings on stderr
    with clustering_on(cuda, ivf):
        ivf.train(sample)
    centroids: Vectors = ivf.quantizer.reconstruct_n(0, ivf.nlist)
    return centroids


def _assigned(sample: Vectors, centroids: Vectors) -> tuple[NDArray[np.float32], RowNumbers]:
    """The cosine with the nearest centroid, and its number."""
    faiss = load_faiss()
    cosines, lists = faiss.knn(sample, centroids, 1, faiss.METRIC_INNER_PRODUCT)
    return cosines[:, 0], lists[:, 0]


def _longest(sample: Vectors, centroids: Vectors, lists: RowNumbers) -> RowNumbers:
    """The rows of the sample that lie farthest from the middle of their list, ascending."""
    count = min(len(sample), max(_LEAST_OUTLYING, len(sample) // _OUTLYING))
    nearness = np.einsum("nd,nd->n", sample, 2 * centroids[lists] - sample)
    return np.sort(np.argpartition(nearness, count - 1)[:count])


def _behind(rotation: Vectors, ivf: Any) -> Any:  # noqa: ANN401 - faiss ships no types
    """An index that rotates vectors, float32 (wide, dim), before it gives them to `ivf`."""
    faiss = load_faiss()
    wide, dim = rotation.shape
    turn = faiss.LinearTransform(dim, wide, False)
    faiss.copy_array_to_vector(rotation.ravel(), turn.A)
    turn.is_trained = True
    whole = faiss.IndexPreTransform(turn, ivf)
    for part in (turn, ivf):
        part.this.disown()  # the whole owns them from now on
    whole.own_fields = True
    return whole
