"""Whether a picture like the one shown is there: what cosines between pictures tell of it, on recorded CLIP vectors.

    python -m benchmarks.cut_off_pictures [--data FOLDER]

A CIFAR-10 picture looks for others of its class, among 400 of the other classes, with 1, 10 or 49 of its own there or
none. Prints how often something is answered where none is there, where 50, 80 and 90 % of what is there are found.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cut_off import FOUND, SHOWN
from benchmarks.cut_off_cases import Recorded
from core.arrays import Vectors
from searcher.cut_off import cut_off_curve, wrong_at
from training.data import data_folder

QUERIES = 300
OTHERS = 400


def signals(query: Vectors, library: Vectors, judged: Vectors) -> dict[str, NDArray[np.floating]]:
    """Of each picture that is judged."""
    scores, own = library @ query, judged @ query
    around = judged @ library.T
    z = (own - scores.mean()) / scores.std()
    back = (own - around.mean(axis=1)) / around.std(axis=1)
    mean = library.mean(axis=0)
    centred = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (judged - mean, (query - mean)[None])]
    return {
        "cosine": own,
        "z-score among the library's pictures": z,
        "z-score of the query among the hit's own neighbours": back,
        "the lesser of both": np.minimum(z, back),
        "cosine about the library's mean": (centred[0] @ centred[1].T)[:, 0],
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with clip-vectors/")
    recorded = Recorded(parser.parse_args().data / "clip-vectors")
    pictures, classes = recorded.pictures[recorded.cifar], recorded.classes[recorded.cifar]
    cells: dict[str, list[str]] = defaultdict(list)
    for count in (1, 10, 49):
        draw = np.random.default_rng(count)
        present, absent = defaultdict(list), defaultdict(list)
        for row in draw.choice(len(pictures), QUERIES, replace=False):
            same = np.setdiff1d(np.flatnonzero(classes == classes[row]), row)
            right = pictures[draw.choice(same, min(count, len(same)), replace=False)]
            wrong = pictures[draw.choice(np.flatnonzero(classes != classes[row]), OTHERS, replace=False)]
            first = wrong[np.argsort(-(wrong @ pictures[row]))[:SHOWN]]
            for library, judged, best in ((np.r_[right, wrong], right, present), (wrong, first, absent)):
                for name, values in signals(pictures[row], library, judged).items():
                    best[name].append(values.max())
        for name in present:
            curve = cut_off_curve(np.array(present[name]), np.array(absent[name]))
            cells[name].append(" / ".join(f"{100 * wrong_at(curve, found):.0f}" for found in FOUND))
    print("| signal | 1 of its class | 10 | 49 |\n| --- | --- | --- | --- |")
    for name, row in cells.items():
        print(f"| {name} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
