"""Sets of labels that are built in, and those that a person writes.

A set is one question with several answers: its labels share one probability, so they should exclude each other. The
words are the project's own. What fits a picture is `searcher.labels`' to find out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from core.errors import UsageError
from core.tags import USER, folded, tidy_name
from searcher.label_sets import objects, scenes, small
from searcher.templates import DEEDS, PLACES, THINGS, check_templates

MOST_LABELS = 10_000
"""A softmax over more says little, and their sentences take an hour to encode without a GPU."""


UNNAMED = "labels"
"""Labels of a person's own that are no set: they may come one at a time."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels to choose from.

    Raises:
        UsageError: it has no name or the one that tags by hand have, no labels, or too many.
    """

    name: str  # the source of the tags it gives
    labels: tuple[str, ...]  # each once, case ignored
    templates: tuple[str, ...] = THINGS
    about: str = ""  # for `search label --sets`

    def __post_init__(self) -> None:
        if folded(self.name) == USER:
            raise UsageError(f"{USER!r} is what tags by hand are said to come from: give the set another name")
        if not self.labels:
            raise UsageError("there are no labels to choose from: give some, as in --labels cat,dog")
        if len(self.labels) > MOST_LABELS:
            raise UsageError(f"{len(self.labels):,} labels are too many to choose from: give {MOST_LABELS:,} at most")


def make_set(name: str, labels: Iterable[str], templates: Iterable[str] = THINGS) -> LabelSet:
    """A set of somebody's own labels; each counts once, as it is spelled first.

    Raises:
        UsageError: the name is a built-in set's, a label is empty or too long, a template has no place for it, or the
            set itself is refused.
    """
    if folded(name) in SETS:
        raise UsageError(f"{tidy_name(name)} is a set that is built in: give your own labels another name")
    unique: dict[str, str] = {}
    for label in labels:
        unique.setdefault(folded(label), tidy_name(label))
    return LabelSet(tidy_name(name), tuple(unique.values()), check_templates(tuple(templates)))


def find_set(name: str) -> LabelSet:
    """A built-in set.

    Raises:
        UsageError: there is none of this name.
    """
    found = SETS.get(name.strip().lower())
    if found is None:
        near = get_close_matches(name.lower(), SETS, 1, 0.6)
        meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(SETS)}"
        raise UsageError(f"no set of labels is called {name!r}: {meant}")
    return found


def split_words(text: str) -> tuple[str, ...]:
    """Words set off by commas, as in `cat,polar bear`; empty ones are left out."""
    return tuple(" ".join(word.split()) for word in text.split(",") if word.strip())


def _row(name: str, about: str, words: str, templates: tuple[str, ...]) -> LabelSet:
    return LabelSet(name, split_words(words), templates, about)


SETS = {
    one.name: one
    for one in (
        _row("objects", "things, animals, plants, people", objects.WORDS, THINGS),
        _row("scenes", "places and views", scenes.WORDS, PLACES),
        _row("activities", "what people do", small.ACTIVITIES, DEEDS),
        _row("kinds", "photo, drawing, screenshot, map, …", small.KINDS, ("a {}.", "this is a {}.")),
        _row("weather", "sunny, rainy, …", small.WEATHER, ("a photo taken on a {} day.", "{} weather.")),
        _row("times", "daytime, sunset, twilight, night", small.TIMES, ("a {} photo.", "a {} scene.")),
        _row("colours", "the eleven that have a word", small.COLOURS, ("a {} picture.", "a photo of something {}.")),
    )
}
