"""A tiny BLIP that was trained, and the drawings it understands: coloured shapes in a relation.

It stands in for `Salesforce/blip-itm-base-coco` where a test needs scores that mean something: README.md beside this
has its figures. `python -m tests.tiny_blip.train FOLDER` makes it again.
"""

from pathlib import Path

from tests.tiny_blip.drawings import draw
from tests.tiny_blip.scenes import Scene, Thing, make_pairs, make_scenes, parse, swapped, turned

MODEL_FOLDER = Path(__file__).resolve().parent / "model"

__all__ = ["MODEL_FOLDER", "Scene", "Thing", "draw", "make_pairs", "make_scenes", "parse", "swapped", "turned"]
