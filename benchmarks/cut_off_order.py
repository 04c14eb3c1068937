"""What standing among neutral texts does for the order of hits, beside the cosine: names gain by it, sentences lose.

    python -m benchmarks.cut_off_order [--data FOLDER]

Prints R@1, R@10 and mean average precision over the questions of `benchmarks.cut_off` that have an answer (a neutral
text that is the query itself left out), also with half of the neutral texts; captions by their number of words; and the
longest name that is best for one half of the pictures, with what it does for the other half.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cut_off_cases import Captioned, Kind, Mini, Question, Recorded, by_standing
from core.arrays import Vectors
from searcher.keywords import read_keywords
from training.data import data_folder

SAME = 0.995  # cosine from which on a neutral text is the query itself
DRAWS = 5  # of half of the neutral texts
LENGTHS = ((1, 3), (4, 4), (5, 5), (6, 6), (7, 8), (9, 99))  # words

Floats = NDArray[np.float64]


def measured(one: Question, texts: Vectors | None) -> tuple[float, float, float]:
    """R@1, R@10, average precision; by cosine, or by standing among these texts."""
    order = np.argsort(-(one.library @ one.query), kind="stable")
    if texts is not None:
        first = by_standing(one.query, one.library, texts)
        order = np.concatenate([first, order[len(first) :]])
    places = np.flatnonzero(np.isin(order, one.right)) + 1
    return float(places[0] == 1), float(places[0] <= 10), float((np.arange(1, len(places) + 1) / places).mean())


def kind_row(kind: Kind) -> str:
    """By cosine, by standing, by standing with half of the texts."""
    draw = np.random.default_rng(0)
    halves = [kind.texts[draw.permutation(len(kind.texts))[: len(kind.texts) // 2]] for _ in range(DRAWS)]
    asked = [one for one in kind.questions if len(one.right)]
    ways = [[None], [kind.texts], halves]
    values = [np.mean([measured(one, others(texts, one)) for one in asked for texts in way], axis=0) for way in ways]
    return f"| {kind.name} | " + " | ".join(" / ".join(f"{part:.2f}" for part in value) for value in values) + " |"


def others(texts: Vectors | None, one: Question) -> Vectors | None:
    """These texts without the query itself."""
    return None if texts is None else texts[texts @ one.query < SAME]


def average_precisions(asked: list[Captioned], texts: Vectors) -> Floats:
    """By cosine and by standing, (captions, 2)."""
    return np.array([[measured(one.question, way)[2] for way in (None, texts)] for one in asked])


def lengths_table(libraries: dict[str, Floats], words: NDArray[np.intp]) -> str:
    """Mean average precision by cosine / by standing of captions of so many words, small ones not counted."""
    lines = ["| words | captions | " + " | ".join(libraries) + " |", "| --- | --- |" + " --- |" * len(libraries)]
    for least, most in LENGTHS:
        these = (words >= least) & (words <= most)
        cells = ("{:.3f} / {:.3f}".format(*values[these].mean(axis=0)) for values in libraries.values())
        lines.append(f"| {least} to {most} | {these.sum()} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def chosen(values: Floats, words: NDArray[np.intp], pictures: NDArray[np.intp]) -> str:
    """The longest name by one half of the pictures; cosine's precision and that rule's on the other half."""

    def by_rule(longest: int, these: NDArray[np.bool_]) -> float:
        return float(np.where(words <= longest, values[:, 1], values[:, 0])[these].mean())

    parts = []
    for half in (pictures % 2 == 0, pictures % 2 == 1):
        longest = max(range(12), key=lambda count: by_rule(count, half))
        parts.append(f"{longest} words: {values[~half, 0].mean():.3f} -> {by_rule(longest, ~half):.3f}")
    return "; ".join(parts)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with clip-vectors/")
    folder: Path = parser.parse_args().data
    mini = Mini(folder)
    kinds = [*Recorded(folder / "clip-vectors").kinds(), *mini.kinds()]
    print("| R@1 / R@10 / mAP | by cosine | by standing | with half of the texts |\n| --- | --- | --- | --- |")
    for kind in kinds:
        print(kind_row(kind))
    libraries = {"of 100 photos": mini.captions(), "of 1,235 pictures": mini.captions(among_all=True)}
    asked = libraries["of 100 photos"]
    words = np.array([len(read_keywords(one.text).terms) for one in asked])
    values = {name: average_precisions(captions, kinds[-1].texts) for name, captions in libraries.items()}
    print("", lengths_table(values, words), "", sep="\n")
    for name, each in values.items():
        print(f"{name}, chosen on one half and measured on the other: "
              f"{chosen(each, words, np.array([one.picture for one in asked]))}")  # fmt: skip


if __name__ == "__main__":
    main()
