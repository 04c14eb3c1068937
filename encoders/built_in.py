"""`mini`, the model that comes with the program: its row of the catalogue, and where its files lie.

An open_clip folder like any other, inside this package and never written to; `mini/README.md` is its model card. What
is said here is what its open_clip_config.json says: `tests/encoders/test_built_in.py` compares them.
"""

from pathlib import Path

from core.models import ModelSpec, Preprocess
from encoders.sources import Source

FOLDER = Path(__file__).resolve().parent / "mini"

SPEC = ModelSpec(
    name="mini",
    architecture="mini",
    tag="",
    dim=256,
    image_size=144,
    context_length=32,
    languages=("en",),
    download_bytes=0,
    licence="MIT",
    good_for="works at once, without a network; knows everyday things, and far less than the others",
    built_in=True,
)

_SIDE = SPEC.image_size

SOURCE = Source(
    Preprocess(height=_SIDE, width=_SIDE, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),  # ImageNet's
    folder=FOLDER,
    tokenizer_repo=str(FOLDER),  # beside the weights
)
