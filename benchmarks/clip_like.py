"""Made vectors with the shape of CLIP's, as many as wanted, block by block: what the benchmarks of the index search.

A tree of concepts: ten of them, each of ten kinds, and so on for five levels, 100,000 kinds in all; of ten siblings the
n-th is as frequent as n^-0.5. A picture is its kind's vector on every level and something of its own; on the first
two levels a kind also says how wide all below it is spread:

    x = unit(mean + sqrt(1 - |mean|^2) * sum over levels of width_(l-1) * sqrt(share_l) * node_l)
    node_l ~ N(0, diag(spectrum)),   width_l = width_(l-1) * exp(U(-0.35, 0.35))

in a random rotation, so that no coordinate is special. A library is a sample of this world: more rows are more
pictures of the same kinds. Branching, shares, frequencies and widths were chosen so that few of its rows look like the
756 image vectors of OpenAI's ViT-B/32 that others recorded (500 of them tiny), and like the 256 of them that are
photographs, or are a little harder to search. "Lists" are the share of the ten nearest neighbours that lie in the first
1, 2, 4 and 8 of 27 (of 16) k-means lists; "uneven" is the standard deviation over the mean:

|                              | recorded 756    | made 756        | recorded 256    | made 256        |
|------------------------------|-----------------|-----------------|-----------------|-----------------|
| local dimension, k = 20      | 14.5            | 15.8            | 14.5            | 15.7            |
| lists, for a picture         | .71 .87 .95 .99 | .62 .80 .91 .97 | .63 .85 .94 .99 | .54 .74 .90 .98 |
| lists, for a text-like query | .31 .48 .68 .85 | .26 .43 .62 .82 | .25 .45 .68 .90 | .28 .46 .69 .89 |
| cosine of two pictures       | 0.60            | 0.52            | 0.51            | 0.52            |
| cosine of nearest neighbours | 0.90            | 0.81            | 0.78            | 0.77            |
| cosine with the mean, 10-90% | .63 .89         | .62 .81         | .64 .79         | .62 .81         |
| uneven spread of the lists   | 0.22            | 0.06            | 0.06            | 0.05            |
| uneven distance of the 10th  | 0.26            | 0.11            | 0.10            | 0.08            |

Independent clusters, or none, do not fit: their local dimension is 16 to 24, and they are too even. Texts about
pictures are made by `db.vectors.sampling.text_like`, which has its own comparison with recorded nouns; all texts of a
world lie on the same side of its pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.arrays import HalfRows, Vectors
from db.vectors.sampling import made_gap, text_like

GAP_AMONG_PICTURES = 0.1  # so that a text's scores differ by 0.021, as those of recorded nouns do by 0.020
GAP_ROWS = 5_000  # enough to see in which directions pictures vary
BLOCK = 50_000  # rows made at a time: 100 MB of float32 at 512 numbers
MEAN = 0.75  # length of the vector all pictures share
BRANCHING = 10
FREQUENCY = -0.5  # exponent: of ten siblings the n-th is as frequent as n to this power
SHARES = (0.3, 0.2, 0.1, 0.1, 0.1)  # of a picture's variance, by level of the tree; the rest is its own
WIDTHS = 2  # levels of the tree on which kinds differ in how wide they are spread,
UNEVEN = 0.35  # by at most this factor's exponential, up or down, on each
EXPONENT = 1.25  # of the spectrum: the d-th direction holds (d + 3)^-1.25


class Texts(StrEnum):
    """How a world's texts lie to its pictures."""

    NOUNS = "nouns"  # as hard as recorded nouns: a cosine of 0.12 with the direction of their picture
    SHIFTED = "shifted"  # pictures, moved by the gap between pictures and texts: all of what they show is said


@dataclass(frozen=True, eq=False)
class World:
    """The concepts that pictures are made of: the same seed gives the same pictures."""

    dim: int = 512
    seed: int = 0
    says: Texts = Texts.NOUNS

    def blocks(self, rows: int, *, block: int = BLOCK, branches: int | None = None) -> Iterator[HalfRows]:
        """float16 (≤ block, dim) unit rows, `rows` of them in all.

        Args:
            rows: how many.
            block: rows at a time.
            branches: only pictures of the first so many of the ten concepts; None is all. For drift.
        """
        rotation, scale, nodes, widths = self._parts()
        rng = np.random.default_rng((self.seed, 1, branches or 0))
        mean = np.full(self.dim, MEAN / np.sqrt(self.dim), np.float32)
        for start in range(0, rows, block):
            count = min(block, rows - start)
            x = np.zeros((count, self.dim), np.float32)
            path, width = np.zeros(count, np.int64), np.ones((count, 1), np.float32)
            for level, share in enumerate(SHARES):
                kinds = branches if branches and level == 0 else BRANCHING
                path = path * BRANCHING + rng.choice(kinds, count, p=_frequencies(kinds))
                x += width * np.float32(np.sqrt(share)) * nodes[level][path]
                if level < WIDTHS:
                    width *= widths[level][path]
            own = rng.standard_normal((count, self.dim), dtype=np.float32) * scale
            x += width * np.float32(np.sqrt(1 - sum(SHARES))) * own
            x = mean + np.float32(np.sqrt(1 - MEAN**2)) * (x @ rotation)
            yield (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)

    def rows(self, count: int, *, branches: int | None = None) -> HalfRows:
        """All at once: float16 (count, dim)."""
        made = np.empty((count, self.dim), np.float16)
        start = 0
        for block in self.blocks(count, branches=branches):
            made[start : start + len(block)] = block
            start += len(block)
        return made

    def texts(self, about: Vectors, rng: np.random.Generator) -> Vectors:
        """Texts, each about one of these pictures (float32 (n, dim), n > 1), as the world's text tower sees them."""
        some = self.rows(GAP_ROWS).astype(np.float32)
        gap = made_gap(some, np.random.default_rng((self.seed, 2)), among=GAP_AMONG_PICTURES)
        if self.says is Texts.SHIFTED:
            moved = about - some.mean(axis=0) + gap
            return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)
        return text_like(about, some.mean(axis=0), rng, gap)

    def _parts(self) -> tuple[Vectors, Vectors, list[Vectors], list[Vectors]]:
        """The rotation (dim, dim), the spectrum's square root (dim,), each level's nodes, and their widths (n, 1)."""
        rng = np.random.default_rng((self.seed, 0))
        rotation = np.linalg.qr(rng.standard_normal((self.dim, self.dim)))[0].astype(np.float32)
        spectrum = (np.arange(self.dim) + 3.0) ** -EXPONENT
        scale = np.sqrt(spectrum / spectrum.sum()).astype(np.float32)
        sizes = [BRANCHING ** (level + 1) for level in range(len(SHARES))]
        nodes = [rng.standard_normal((size, self.dim), dtype=np.float32) * scale for size in sizes]
        widths = [np.exp(rng.uniform(-UNEVEN, UNEVEN, (size, 1))).astype(np.float32) for size in sizes[:WIDTHS]]
        return rotation, scale, nodes, widths


def _frequencies(kinds: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = np.arange(1.0, kinds + 1) ** FREQUENCY
    frequencies: np.ndarray[tuple[int], np.dtype[np.float64]] = weights / weights.sum()
    return frequencies
