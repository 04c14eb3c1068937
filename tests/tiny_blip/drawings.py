"""Scenes as pixels: two coloured shapes on black or nearly, placed as their relation says.

    draw("a red circle left of a blue square", size=64, seed=1)

Another seed is another place, size, tilt, shade and background. Which scenes there are is `scenes`' business.
"""

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tiny_blip.scenes import INVERSE, Scene, parse

if TYPE_CHECKING:
    from PIL.Image import Image

PAINT: dict[str, tuple[int, int, int]] = {
    "red": (220, 30, 35),
    "orange": (250, 140, 20),
    "yellow": (240, 220, 40),
    "green": (35, 150, 55),
    "cyan": (60, 205, 215),
    "blue": (35, 65, 205),
    "purple": (125, 45, 165),
    "pink": (250, 145, 190),
}


@dataclass(frozen=True)
class Place:
    """A thing's centre and radius, as fractions of the picture's side; y grows downwards."""

    x: float
    y: float
    radius: float


def draw(scene: Scene | str, *, size: int = 64, seed: int = 0) -> "Image":
    """A drawing of the scene: RGB, `size` × `size` pixels, smooth edges; the same seed draws the same picture.

    Args:
        scene: or its caption; ValueError where it is none.
        size: side in pixels.
        seed: of everything that the caption does not say.
    """
    from PIL import Image, ImageDraw

    if isinstance(scene, str):
        scene = parse(scene)
    look = random.Random(f"look/{scene.caption}/{seed}")
    grey = look.randint(0, 40)
    side = size * 4  # drawn four times as large, for smooth edges
    canvas = Image.new("RGB", (side, side), (grey, grey, grey))
    pen = ImageDraw.Draw(canvas)
    things = zip((scene.first, scene.second), lay_out(scene, seed=seed), strict=True)
    for thing, place in sorted(things, key=lambda pair: -pair[1].radius):  # the larger first: it may be around
        outline = [(side * x, side * y) for x, y in _outline(thing.shape, place, tilt=look.uniform(-0.08, 0.08))]
        shade = tuple(min(255, max(0, channel + look.randint(-12, 12))) for channel in PAINT[thing.colour])
        pen.polygon(outline, fill=shade)
        # A rim of background: a shape stays visible inside another one of its colour.
        pen.line([*outline, *outline[:2]], fill=(grey, grey, grey), width=side // 50, joint="curve")
    return canvas.resize((size, size), Image.Resampling.BOX)


def lay_out(scene: Scene, *, seed: int) -> tuple[Place, Place]:
    """Where `draw` puts the first thing and the second."""
    chance = random.Random(f"place/{scene.caption}/{seed}")
    if scene.relation in {"right of", "below", "around"}:
        second, first = _places(INVERSE[scene.relation], chance)
        return first, second
    return _places(scene.relation, chance)


def _places(relation: str, chance: random.Random) -> tuple[Place, Place]:
    if relation == "inside":
        outer, inner = chance.uniform(0.4, 0.46), chance.uniform(0.13, 0.16)
        x, y = chance.uniform(outer, 1 - outer), chance.uniform(outer, 1 - outer)
        shift = outer / 12
        return Place(x + chance.uniform(-shift, shift), y + chance.uniform(-shift, shift), inner), Place(x, y, outer)
    one, other = chance.uniform(0.16, 0.21), chance.uniform(0.16, 0.21)
    # Clearly apart along the relation's axis, at most half as far across it: nothing is "left of" and "above" at once.
    along = chance.uniform(one + other + 0.04, 1 - one - other)
    start = chance.uniform(one, 1 - other - along)
    widest = max(one, other)
    middle = chance.uniform(widest, 1 - widest)
    across = chance.uniform(max(widest, middle - along / 2), min(1 - widest, middle + along / 2))
    if relation == "left of":
        return Place(start, middle, one), Place(start + along, across, other)
    return Place(middle, start, one), Place(across, start + along, other)


def _outline(shape: str, place: Place, *, tilt: float) -> list[tuple[float, float]]:
    """The corners of a shape, turned by `tilt` radians."""
    cos, sin = math.cos(tilt) * place.radius, math.sin(tilt) * place.radius
    return [(place.x + cos * x - sin * y, place.y + sin * x + cos * y) for x, y in _CORNERS[shape]]


def _round(corners: int, radius: float) -> tuple[tuple[float, float], ...]:
    """Corners evenly around, the first on top."""
    angles = (2 * math.pi * k / corners for k in range(corners))
    return tuple((radius * math.sin(angle), -radius * math.cos(angle)) for angle in angles)


# Each shape's corners, within a circle of radius 1 about (0, 0).
_ARM, _END = 0.4, 0.91
_CORNERS: dict[str, tuple[tuple[float, float], ...]] = {
    "circle": _round(48, 0.95),
    "square": ((-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7)),
    "triangle": _round(3, 1.0),
    "cross": (
        *((-_ARM, -_END), (_ARM, -_END), (_ARM, -_ARM), (_END, -_ARM), (_END, _ARM), (_ARM, _ARM)),
        *((_ARM, _END), (-_ARM, _END), (-_ARM, _ARM), (-_END, _ARM), (-_END, -_ARM), (-_ARM, -_ARM)),
    ),
}
