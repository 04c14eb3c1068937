"""What becomes of the cut-off as a library grows: `mini`, with the pictures it was trained on as those that do not fit.

    python -m benchmarks.cut_off_large [--data FOLDER]

The words and the right answers stay (held-out pictures), the library around them grows. The pictures it was trained on
lie better than others would, which makes the best of nothing no better: what they show is another thing. Takes minutes.
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks.cut_off import SHOWN
from benchmarks.cut_off_cases import by_standing
from core.arrays import Vectors
from core.models import Device
from core.protocols import Encoder
from encoders import load_encoder
from searcher.match import probabilities, standing
from searcher.neutral_texts import neutral_texts
from training.data import Sample, TrainingSet, data_folder
from training.everyday_words import WORDS
from training.finding import encode_pixels

SIZES = (50, 200, 1_000, 3_000, 8_000)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=data_folder(), help="the folder with train-128.zip")
    data = TrainingSet(parser.parse_args().data)
    encoder = load_encoder("mini", device=Device.CPU)
    texts = encoder.encode_texts(neutral_texts())
    queries = encoder.encode_texts([word.text for word in WORDS])
    held_out, others = ([one for one in data.samples if one.held_out is side] for side in (True, False))
    right_ones, wrong_ones = (_encoded(encoder, data, samples) for samples in (held_out, others))
    draw = np.random.default_rng(0)
    print("| pictures | words | found | wrong |\n| --- | --- | --- | --- |")
    for size in SIZES:
        found, wrong = [], []
        for word, query in zip(WORDS, queries, strict=True):
            right = [row for row, one in enumerate(held_out) if word.judge(one)]
            unfit = [row for row, one in enumerate(others) if word.judge(one) is False]
            if len(unfit) < size:
                continue
            library = wrong_ones[draw.choice(unfit, size, replace=False)]
            first = library[by_standing(query, library, texts)[:SHOWN]]
            for judged, side in ((right_ones[right], found), (first, wrong)):
                side.append(probabilities(standing(query, judged, texts), size).max() >= 0.5)
        print(f"| {size:,} | {len(found)} | {100 * np.mean(found):.0f} % | {100 * np.mean(wrong):.0f} % |")


def _encoded(encoder: Encoder, data: TrainingSet, samples: list[Sample], batch: int = 256) -> Vectors:
    """A batch at a time: decoded, they would not all fit in memory."""
    parts = [samples[start : start + batch] for start in range(0, len(samples), batch)]
    return np.concatenate([encode_pixels(encoder, [np.asarray(data.image(one)) for one in part]) for part in parts])


if __name__ == "__main__":
    main()
