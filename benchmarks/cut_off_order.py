"""What the standing among neutral texts would do for the order of hits, beside the cosine that orders them.

    python -m benchmarks.cut_off_order [--data FOLDER]

R@1, R@10 and mean average precision over the questions of `benchmarks.cut_off` that have an answer.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cut_off_cases import Kind, Mini, Question, Recorded
from searcher.match import standing
from training.data import data_folder


def measured(one: Question, scores: NDArray[np.floating]) -> tuple[float, float, float]:
    """R@1, R@10, average precision."""
    places = np.flatnonzero(np.isin(np.argsort(-scores, kind="stable"), one.right)) + 1
    return float(places[0] == 1), float(places[0] <= 10), float((np.arange(1, len(places) + 1) / places).mean())


def row(kind: Kind) -> str:
    """Of one kind, by cosine and by standing."""
    asked = [one for one in kind.questions if len(one.right)]
    cosine = np.mean([measured(one, one.library @ one.query) for one in asked], axis=0)
    other = np.mean([measured(one, standing(one.query, one.library, kind.texts)) for one in asked], axis=0)
    cells = (" / ".join(f"{value:.2f}" for value in values) for values in (cosine, other))
    return f"| {kind.name} | " + " | ".join(cells) + " |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with clip-vectors/")
    folder: Path = parser.parse_args().data
    print("| R@1 / R@10 / mAP | by cosine | by standing |\n| --- | --- | --- |")
    for kind in (*Recorded(folder / "clip-vectors").kinds(), *Mini(folder).kinds()):
        print(row(kind))


if __name__ == "__main__":
    main()
