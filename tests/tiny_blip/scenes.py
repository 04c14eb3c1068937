"""Scenes of two coloured shapes, the captions that tell them, and which of them no model may be trained on.

    scene = make_scenes(seed=1, count=20)[0]
    scene.caption             # "a red circle left of a blue square"
    swapped(scene).caption    # "a blue square left of a red circle": the same words, another picture
    turned(scene).caption     # "a blue square right of a red circle": other words, the same picture

Of pixels this module knows nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink")
SHAPES = ("circle", "square", "triangle", "cross")
# Each relation and what it is called from the other end.
INVERSE = {
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
    "inside": "around",
    "around": "inside",
}
RELATIONS = tuple(INVERSE)


@dataclass(frozen=True, order=True)
class Thing:
    """One coloured shape."""

    colour: str
    shape: str

    @property
    def words(self) -> str:
        """As a caption says it: "a red circle", "an orange cross"."""
        return f"{'an' if self.colour == 'orange' else 'a'} {self.colour} {self.shape}"


@dataclass(frozen=True)
class Scene:
    """Two different things and how the first lies to the second."""

    first: Thing
    relation: str
    second: Thing

    @property
    def caption(self) -> str:
        """All of it in words: "a red circle left of a blue square"."""
        return f"{self.first.words} {self.relation} {self.second.words}"


def swapped(scene: Scene) -> Scene:
    """The two things change places: the same bag of words, true of no drawing of `scene`."""
    return Scene(scene.second, scene.relation, scene.first)


def turned(scene: Scene) -> Scene:
    """The same told from the other end, true of the same drawings."""
    return Scene(scene.second, INVERSE[scene.relation], scene.first)


def parse(caption: str) -> Scene:
    """The scene of a caption as `Scene.caption` writes it; ValueError for any other text."""
    for relation in RELATIONS:
        first, found, second = caption.partition(f" {relation} ")
        if found:
            return Scene(_thing(first), relation, _thing(second))
    raise ValueError(f"no relation in {caption!r}: expected one of {', '.join(RELATIONS)}")


def _thing(words: str) -> Thing:
    match words.split():
        case ["a" | "an", colour, shape] if colour in COLOURS and shape in SHAPES:
            return Thing(colour, shape)
    raise ValueError(f"{words!r} is no coloured shape: expected such as 'a red circle'")


THINGS = tuple(Thing(colour, shape) for colour, shape in product(COLOURS, SHAPES))
# One colour of every shape is in no training drawing and no training caption.
UNSEEN_THINGS = frozenset(Thing(colour, shape) for colour, shape in zip(COLOURS, SHAPES, strict=False))


def is_unseen(one: Thing, other: Thing) -> bool:
    """Whether these two are kept from training: together, or one of them (UNSEEN_THINGS) whatever is beside it."""
    if one in UNSEEN_THINGS or other in UNSEEN_THINGS:
        return True
    low, high = sorted((THINGS.index(one), THINGS.index(other)))
    return (7 * low + 3 * high) % 5 == 0


@cache
def all_scenes(*, unseen: bool) -> tuple[Scene, ...]:
    """Every scene kept from training, or every one of training; both ways of telling it are there."""
    return tuple(
        Scene(one, relation, other)
        for one, relation, other in product(THINGS, RELATIONS, THINGS)
        if one != other and is_unseen(one, other) == unseen
    )


def make_scenes(seed: int, count: int, *, unseen: bool = True) -> list[Scene]:
    """`count` scenes, no two of them true of the same drawing; the same seed gives the same ones.

    Args:
        seed: of the choice.
        count: ValueError where there are not as many (1,122 unseen, 1,854 of training).
        unseen: scenes kept from training (the default), or those of training.
    """
    return _choose(seed, count, unseen=unseen, told_by=_ways_to_tell)


def make_pairs(seed: int, count: int, *, unseen: bool = True) -> list[tuple[Scene, Scene]]:
    """`count` scenes, each with its swapped one; no two of all these are true of the same drawing.

    Args:
        seed: of the choice.
        count: ValueError where there are not as many (561 unseen, 927 of training).
        unseen: as for `make_scenes`.
    """

    def either(scene: Scene) -> frozenset[Scene]:
        return _ways_to_tell(scene) | _ways_to_tell(swapped(scene))

    return [(scene, swapped(scene)) for scene in _choose(seed, count, unseen=unseen, told_by=either)]


def _ways_to_tell(scene: Scene) -> frozenset[Scene]:
    return frozenset({scene, turned(scene)})


def _choose(seed: int, count: int, *, unseen: bool, told_by: Callable[[Scene], frozenset[Scene]]) -> list[Scene]:
    """The first scene, in the seed's order, of every set that `told_by` puts together."""
    scenes = list(all_scenes(unseen=unseen))
    random.Random(seed).shuffle(scenes)
    chosen: dict[frozenset[Scene], Scene] = {}
    for scene in scenes:
        chosen.setdefault(told_by(scene), scene)
    if not 0 <= count <= len(chosen):
        raise ValueError(f"{count} scenes asked for, there are {len(chosen)}")
    return list(chosen.values())[:count]
