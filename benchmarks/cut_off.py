"""How well the best of nothing is told from a match: the tables of docs/cut-off.md.

    python -m benchmarks.cut_off [--data FOLDER]

Prints, for every signal and kind of question, how often something is answered where nothing is there, at thresholds
that let 50, 80 and 90 % of what is there be found; then what the fitted curve does to questions it was not fitted on,
of the other model included. Nothing is drawn at random but with fixed seeds.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.cut_off_cases import Kind, Mini, Question, Recorded
from benchmarks.cut_off_signals import SIGNALS, Signal, among_texts, size
from searcher.match import cut_off_curve, probabilities, standing, wrong_at
from training.data import data_folder

SHOWN = 10  # hits judged: a page
FOLDS = 10
FOUND = (0.5, 0.8, 0.9)

Floats = NDArray[np.float64]


class Asked(NamedTuple):
    """A question, and the signals (candidates, signals) of what is judged: the right pictures, or the first page."""

    question: Question
    signals: Floats

    @property
    def present(self) -> bool:
        """Whether there is a right answer."""
        return bool(len(self.question.right))


def ask(kind: Kind, signals: Sequence[Signal]) -> list[Asked]:
    """Every question of a kind."""
    asked = []
    for one in kind.questions:
        judged = one.library[one.right] if len(one.right) else one.library
        judged = judged[kind.first(one, judged, SHOWN)]
        asked.append(Asked(one, np.stack([signal(one, judged, kind) for signal in signals], axis=1).astype(np.float64)))
    return asked


def best(asked: Sequence[Asked], weights: Floats) -> tuple[Floats, Floats]:
    """The best score of each question, with and without a right answer."""
    scores = np.array([(one.signals @ weights[:-1] + weights[-1]).max() for one in asked])
    present = np.array([one.present for one in asked])
    return scores[present], scores[~present]


def fit(asked: Sequence[Asked], rounds: int = 4) -> Floats:
    """Weights of a logistic regression, the constant last; both outcomes weigh the same.

    Of each question the picture counts that the weights of the round before like best.
    """
    present = np.array([one.present for one in asked], np.float64)
    balance = np.where(present > 0, 0.5 / present.sum(), 0.5 / (1 - present).sum()) * len(present)
    weights = np.r_[np.ones(1), np.zeros(asked[0].signals.shape[1])]
    for _ in range(rounds):
        rows = np.array([one.signals[(one.signals @ weights[:-1]).argmax()] for one in asked])
        middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        scaled = _newton(np.c_[(rows - middle) / spread, np.ones(len(rows))], present, balance)
        weights = np.r_[scaled[:-1] / spread, scaled[-1] - (scaled[:-1] * middle / spread).sum()]
    return weights


def _newton(rows: Floats, present: Floats, balance: Floats) -> Floats:
    """Maximum likelihood with a slight pull of the weights, not of the constant, to zero."""
    weights = np.zeros(rows.shape[1])
    pull = np.diag(np.r_[np.full(rows.shape[1] - 1, 1e-3 * len(rows)), 0.0])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(rows @ weights, -30.0, 30.0)))
        slope = rows.T @ (balance * (chance - present)) + pull @ weights
        bend = (rows * (balance * chance * (1.0 - chance))[:, None]).T @ rows + pull
        step = np.linalg.solve(bend, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def cross_validated(asked: Sequence[Asked]) -> tuple[Floats, Floats]:
    """As `best`, each question by weights fitted on other nouns."""
    if asked[0].signals.shape[1] == 1:
        return best(asked, np.array([1.0, 0.0]))
    nouns = sorted({one.question.noun for one in asked})
    fold_of = dict(zip(nouns, np.random.default_rng(0).permutation(len(nouns)) % FOLDS, strict=True))
    parts = []
    for fold in range(FOLDS):
        weights = fit([one for one in asked if fold_of[one.question.noun] != fold])
        left_out = [one for one in asked if fold_of[one.question.noun] == fold]
        parts.append(best(left_out, weights))
    present, absent = (np.concatenate(side) for side in zip(*parts, strict=True))
    return present, absent


def signals_table(kinds: Sequence[Kind]) -> str:
    """Wrongly answered when absent, in %, at each share found."""
    lines = ["| signal | " + " | ".join(kind.name for kind in kinds) + " |", "| --- |" + " --- |" * len(kinds)]
    for name, signals in SIGNALS.items():
        cells = []
        for kind in kinds:
            asked = ask(kind, signals)
            if np.isnan(asked[0].signals).any():
                cells.append("–")
                continue
            curve = cut_off_curve(*cross_validated(asked))
            cells.append(" / ".join(f"{100 * wrong_at(curve, found):.0f}" for found in FOUND))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def together(kinds: Sequence[Kind]) -> Kind:
    """All questions to one model, whatever the library's size."""
    return replace(kinds[0], name="CLIP, all", questions=tuple(one for kind in kinds for one in kind.questions))


def shares(asked: Sequence[Asked], weights: Floats) -> str:
    """Found and wrongly answered, in %, where the probability is half or more."""
    present, absent = best(asked, weights)
    return f"{100 * (present >= 0).mean():.0f} found, {100 * (absent >= 0).mean():.0f} wrong"


def transfer_table(clip: Sequence[Kind], other: Kind) -> str:
    """What 0.5 means: weights fitted on one model, moved to where 80 % of its own are found, on either."""
    asked = {kind.name: ask(kind, (among_texts, size)) for kind in (*clip, other)}
    together = [one for kind in clip for one in asked[kind.name]]
    names = {"CLIP": together, other.name: asked[other.name]}
    lines = ["| fitted on | weights | " + " | ".join(asked) + " |", "| --- | --- |" + " --- |" * len(asked)]
    for name, questions in names.items():
        weights = fit(questions)
        weights[-1] -= np.quantile(best(questions, weights)[0], 0.2)
        cells = [shares(each, weights) for each in asked.values()]
        lines.append(f"| {name} | {', '.join(f'{weight:.2f}' for weight in weights)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def thresholds_table(kinds: Sequence[Kind]) -> str:
    """The committed curve: found and wrongly answered, in %, where a hit has at least this match."""
    lines = ["| match | " + " | ".join(kind.name for kind in kinds) + " |", "| --- |" + " --- |" * len(kinds)]
    matches = []
    for kind in kinds:
        asked = ask(kind, (among_texts,))
        best_of = [probabilities(one.signals[:, 0], len(one.question.library)).max() for one in asked]
        matches.append((np.array(best_of), np.array([one.present for one in asked])))
    for least in (0.3, 0.5, 0.7, 0.8, 0.9):
        cells = [f"{100 * (m[p] >= least).mean():.0f} / {100 * (m[~p] >= least).mean():.0f}" for m, p in matches]
        lines.append(f"| {least} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def hits_table(kinds: Sequence[Kind]) -> str:
    """The committed curve, hit by hit: what is there, among the first ten."""
    lines = ["| | right of those called a match | called a match of those right |", "| --- | --- | --- |"]
    for kind in kinds:
        called = right = both = 0
        for one in (one for one in kind.questions if len(one.right)):
            first = kind.first(one, one.library, SHOWN)
            match = probabilities(standing(one.query, one.library[first], kind.texts), len(one.library)) >= 0.5
            fits = np.isin(first, one.right)
            called, right, both = called + match.sum(), right + fits.sum(), both + (match & fits).sum()
        lines.append(f"| {kind.name} | {both / called:.2f} of {called} | {both / right:.2f} of {right} |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with clip-vectors/")
    folder: Path = parser.parse_args().data
    clip, other = Recorded(folder / "clip-vectors").kinds(), Mini(folder).kinds()
    for kind in (*clip, *other):
        present = sum(bool(len(one.right)) for one in kind.questions)
        print(f"{kind.name}: {present} questions with an answer, {len(kind.questions) - present} without, "
              f"{len(kind.texts)} neutral texts")  # fmt: skip
    print("", signals_table((*clip, together(clip), *other)), "", sep="\n")
    print(transfer_table(clip, other[0]), "", thresholds_table((*clip, *other)), "", sep="\n")
    print(hits_table((*clip, other[0])))


if __name__ == "__main__":
    main()
