"""Whether a text tower in eight bits finds what the same in float32 finds.

    python -m benchmarks.eight_bits --data ../shared/data --json benchmarks/results/eight_bits.json

* `mini`, whose weights were trained: captions of photos, each looking for its own among all of them; recall@10 with the
  vectors of either graph (programs leave so small a model in float32: this is about the arithmetic).
* CLIP ViT-B/32's recorded vectors, whose weights are not at hand: eight classes of CIFAR-10, each looking for its own
  pictures; precision@10 with the recorded vectors of the words, and with each turned at random, as far as a graph in
  eight bits moves it (`--cosine`; ViT-B-32's shapes with random weights: 0.9994).
"""

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.results_file import write_json
from core.arrays import Vectors
from encoders import load_encoder
from encoders.build import build_towers
from encoders.graphs.converting import compile_to, convert
from encoders.graphs.cutting import cut
from encoders.graphs.modules import text_modules
from encoders.graphs.runtime import Arithmetic, CompiledGraph
from encoders.names import resolve
from encoders.quiet import quiet
from encoders.tokens import load_tokenizer
from encoders.weights import files_of
from training.data import TrainingSet, data_folder, tidy

TARGET = 0.99  # of float32's
_TURNS = 50  # random ones, of each class's words
_CLASSES = ("airplane", "bird", "cat", "deer", "dog", "frog", "horse", "truck")  # that the recorded words have
_AT = 10


@dataclass(frozen=True)
class Result:
    """What either finds, and the ratio."""

    mini_captions: int
    mini_pictures: int
    mini_cosine: float  # the lowest of a caption's two vectors
    mini_recall_float32: float
    mini_recall_int8: float
    mini_ratio: float
    recorded_cosine: float  # that words were turned by
    recorded_precision: float
    recorded_precision_turned: float
    recorded_ratio: float
    target: float


def mini_towers() -> dict[Arithmetic, CompiledGraph]:
    """The text tower of mini, compiled both ways; the graphs are mapped, so their files may go."""
    spec, source = resolve("mini")
    files = files_of(spec.name, source)
    if files is None:
        raise SystemExit("mini is not there")
    with quiet(), tempfile.TemporaryDirectory() as folder:
        module, rule = text_modules(build_towers(spec, source, files).model)[0]
        if rule != "end":
            raise SystemExit(f"mini's texts are cut otherwise: {rule!r}")
        graph = convert(module, torch.zeros((2, 16), dtype=torch.int64), [-1, -1], Path(folder))
        made = {}
        for arithmetic in (Arithmetic.FLOAT32, Arithmetic.INT8):
            path = Path(folder) / f"{arithmetic}.blob"
            compile_to(path, graph, arithmetic)
            made[arithmetic] = CompiledGraph(path, arithmetic)
        return made


def mini_texts(texts: list[str]) -> dict[Arithmetic, Vectors]:
    """Their vectors either way, each text by itself."""
    spec, source = resolve("mini")
    files = files_of(spec.name, source)
    tokenizer = load_tokenizer(spec, source, files) if files else None
    if tokenizer is None:
        raise SystemExit("mini's tokenizer needs torch")
    ids = [cut(tokenizer([text], spec.context_length), "end") for text in texts]
    return {way: np.concatenate([graph(one) for one in ids]) for way, graph in mini_towers().items()}


def recall(texts: Vectors, pictures: Vectors, own: np.ndarray) -> float:
    """The share of texts whose own picture is among the first ten."""
    scores = texts @ pictures.T
    better = (scores > scores[np.arange(len(texts)), own][:, None]).sum(axis=1)
    return float((better < _AT).mean())


def mini(data: Path) -> tuple[int, int, float, float, float]:
    """Captions, pictures, the lowest cosine, and the recall of either."""
    training = TrainingSet(data)
    samples = [sample for sample in training.samples if sample.captions]
    encoder = load_encoder("mini")
    from media import fit_pixels

    pixels = np.stack([fit_pixels(training.image(sample), encoder.info.preprocess) for sample in samples])
    pictures = np.concatenate([encoder.encode_pixels(part) for part in np.array_split(pixels, len(pixels) // 64 + 1)])
    captions = [tidy(caption) for sample in samples for caption in sample.captions]
    own = np.array([i for i, sample in enumerate(samples) for _ in sample.captions])
    rows = mini_texts(captions)
    exact, coarse = rows[Arithmetic.FLOAT32], rows[Arithmetic.INT8]
    lowest = float((exact * coarse).sum(axis=1).min())
    return len(captions), len(samples), lowest, recall(exact, pictures, own), recall(coarse, pictures, own)


def recorded(data: Path, cosine: float) -> tuple[float, float]:
    """The precision with the recorded vectors of words, and with turned ones, averaged over the turns."""
    stored = np.load(data / "clip-vectors" / "vectors.npz")
    names = [str(name) for name in stored["image_names"]]
    texts = {str(text).removeprefix("an ").removeprefix("a "): i for i, text in enumerate(stored["text"])}
    chosen = [i for i, name in enumerate(names) if name.startswith("cifar10_")]
    pictures = unit(stored["image_vectors"].astype(np.float32)[chosen])
    classes = np.array([names[i].rpartition("_")[2].removesuffix(".png") for i in chosen])
    words = unit(stored["text_vectors"].astype(np.float32)[[texts[name] for name in _CLASSES]])
    dice = np.random.default_rng(0)
    turned = [precision(turn(words, cosine, dice), pictures, classes) for _ in range(_TURNS)]
    return precision(words, pictures, classes), float(np.mean(turned))


def precision(words: Vectors, pictures: Vectors, classes: np.ndarray) -> float:
    """The share of each class's first ten that are of it."""
    best = np.argsort(-(words @ pictures.T), axis=1)[:, :_AT]
    return float((classes[best] == np.array(_CLASSES)[:, None]).mean())


def turn(rows: Vectors, cosine: float, dice: np.random.Generator) -> Vectors:
    """Unit rows of which each has this cosine with what it was, in a direction of its own."""
    away = dice.standard_normal(rows.shape).astype(np.float32)
    away = unit(away - (away * rows).sum(axis=1, keepdims=True) * rows)
    return np.asarray(cosine * rows + np.sqrt(1 - cosine**2) * away, np.float32)


def unit(rows: Vectors) -> Vectors:
    """Of unit length."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def main() -> None:
    """Measure, print, write where that was asked for; exit code 1 where a ratio is below the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--cosine", type=float, default=0.9994, help="that a ViT-B-32's text keeps in eight bits")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    captions, pictures, lowest, exact, coarse = mini(asked.data)
    before, after = recorded(asked.data, asked.cosine)
    figures = (lowest, exact, coarse, coarse / exact, asked.cosine, before, after, after / before, TARGET)
    result = Result(captions, pictures, *(round(figure, 5) for figure in figures))
    print(json.dumps(asdict(result), indent=1))
    write_json(asked.json, asdict(result))
    if min(result.mini_ratio, result.recorded_ratio) < TARGET:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
