"""What the tiny BLIP is shown while it learns: drawings, captions that fit them, and captions that nearly do.

Only scenes of training, in pictures and in captions. Of models and losses this module knows nothing.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tests.tiny_blip.drawings import draw, lay_out
from tests.tiny_blip.scenes import (
    COLOURS,
    RELATIONS,
    SHAPES,
    Scene,
    Thing,
    all_scenes,
    is_unseen,
    swapped,
    turned,
)

CAPTIONS_EACH = 3
UNKNOWN = "something"  # not in the vocabulary: the tokenizer makes it [UNK]


@dataclass(frozen=True)
class Sight:
    """What a picture has at one place."""

    picture: int
    x: float
    y: float
    colour: int
    shape: int
    relation: int  # to the other thing; all three are indices into COLOURS, SHAPES, RELATIONS


@dataclass(frozen=True)
class Told:
    """A caption and which of its words are wrong; none are where it fits."""

    words: tuple[str, ...]
    wrong: tuple[bool, ...]

    @property
    def caption(self) -> str:
        """The words in a row."""
        return " ".join(self.words)


@dataclass(frozen=True)
class Lesson:
    """One step's material.

    Attributes:
        pictures: uint8 (n, size, size, 3).
        told: CAPTIONS_EACH for every picture: one that fits, the swapped one, one with slips.
        contents: for every picture a caption of what is in it, half of them swapped: right as a bag of words.
        sights: what can be seen at the things' centres.
    """

    pictures: npt.NDArray[np.uint8]
    told: list[Told]
    contents: list[str]
    sights: list[Sight]


def make_lesson(chance: random.Random, count: int, *, size: int) -> Lesson:
    """A lesson of `count` drawings of `size` pixels a side, every one new."""
    pictures, told, contents, sights = [], [], [], []
    for number, scene in enumerate(chance.choices(all_scenes(unseen=False), k=count)):
        seed = chance.getrandbits(48)
        pictures.append(np.asarray(draw(scene, size=size, seed=seed)))
        told += _told(scene, chance)
        contents.append(chance.choice((scene, swapped(scene))).caption)
        sights += _sights(scene, number, seed)
    return Lesson(np.stack(pictures), told, contents, sights)


def _sights(scene: Scene, picture: int, seed: int) -> list[Sight]:
    ends = zip((scene, turned(scene)), lay_out(scene, seed=seed), strict=True)
    return [
        Sight(
            picture,
            place.x,
            place.y,
            COLOURS.index(end.first.colour),
            SHAPES.index(end.first.shape),
            RELATIONS.index(end.relation),
        )
        for end, place in ends
        if end.relation != "around"  # the middle of what is around shows what is inside
    ]


def _told(scene: Scene, chance: random.Random) -> Iterator[Told]:
    ends = [scene, turned(scene)]
    chance.shuffle(ends)
    yield _compared(ends[0], ends[0])
    yield _compared(swapped(ends[0]), ends[1])
    yield _unknown(scene, chance) if chance.random() < 0.1 else _slipped(scene, chance.choice((1, 1, 2, 3)), chance)


def _compared(told: Scene, true: Scene) -> Told:
    """`told` against a true telling that begins with the same thing."""
    words, wrong = [], []
    for part, true_part in zip(_parts(told), _parts(true), strict=True):
        said, right = part.split(), true_part.split()
        words += said
        wrong += [a != b for a, b in zip(said, right, strict=True)] if len(said) == len(right) else [True] * len(said)
    return Told(tuple(words), tuple(wrong))


def _parts(scene: Scene) -> tuple[str, str, str]:
    return scene.first.words, scene.relation, scene.second.words


def _unknown(scene: Scene, chance: random.Random) -> Told:
    words = scene.caption.split()
    at = chance.choice((1, 2, len(words) - 2, len(words) - 1))
    words[at] = UNKNOWN
    return Told(tuple(words), tuple(place == at for place in range(len(words))))


def _slipped(true: Scene, slips: int, chance: random.Random) -> Told:
    """A telling that goes wrong, other than by a swap alone, in one to `slips` ways, and names no unseen pair."""
    while True:
        told = true
        for _ in range(slips):
            told = _with_slip(told, chance)
        if told not in {true, turned(true)} and told.first != told.second and not is_unseen(told.first, told.second):
            return _compared(told, true)


def _with_slip(scene: Scene, chance: random.Random) -> Scene:
    first, second = scene.first, scene.second
    match chance.choice(("colour", "shape", "relation", "crossed")):
        case "relation":
            return replace(scene, relation=chance.choice(RELATIONS))
        case "crossed":  # "a red square left of a blue circle"
            return replace(scene, first=Thing(first.colour, second.shape), second=Thing(second.colour, first.shape))
        case slip:
            which = chance.choice(("first", "second"))
            thing: Thing = getattr(scene, which)
            changed = {"colour": chance.choice(COLOURS)} if slip == "colour" else {"shape": chance.choice(SHAPES)}
            return replace(scene, **{which: replace(thing, **changed)})
