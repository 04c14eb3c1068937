"""How much quicker pairs of a text and a picture are scored than by transformers' own forward, a pair at a time.

    python -m benchmarks.reranking --json benchmarks/results/reranking.json

BLIP's base shapes (384 pixels, 577 tokens) with random weights, loaded as any other model is, on the CPU in whatever
precision `search` takes there. What it is compared with is the plain way: float32, one forward for each pair, inputs
ready-made; and, since `search` gives the match head's score and the cosine, the two forwards that both take.

* cold: one text, pictures never seen before; the vision tower runs for each.
* warm: the same text again, or another: the features of the pictures are there, as float16.
* texts: one new picture, many texts.

In each round everything is measured, one after the other; the medians count. With one thread it is the thread's CPU
time that is measured, which other programs disturb least; with more, the clock on the wall.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.results_file import write_json
from core.models import Device
from encoders import load_reranker
from encoders.blip.build import build_blip
from encoders.blip.reranker import BlipReranker
from encoders.blip.words import tokenize
from encoders.pixels import normalised

if TYPE_CHECKING:
    import torch

TEXT = "a man with a red helmet rides a small moped down a dirt road"
WORDS = tuple(dict.fromkeys(TEXT.split()))
VOCABULARY = 30_522


@dataclass(frozen=True)
class Result:
    """Seconds for one pair, medians over the rounds, and what they come to."""

    threads: int
    rounds: int
    forward_s: float  # transformers, the match head
    both_forwards_s: float  # transformers, the match head and the cosine
    cold_s: float
    warm_s: float
    texts_s: float
    cold: float  # forward_s / cold_s, and so on
    cold_both: float
    warm: float
    texts: float
    furthest: float  # the largest difference between the logits of ours and transformers'
    precision: str
    clock: str
    machine: str


@dataclass(frozen=True)
class Load:
    """What a round works on."""

    pictures: np.ndarray  # uint8 (n, 384, 384, 3)
    pairs: int  # how many of them the plain way gets through in a round
    texts: tuple[str, ...]


def make_model(folder: Path) -> str:
    """A reranker of BLIP's base shapes and random weights, as a local-dir; its name."""
    import torch
    from transformers import BlipConfig, BlipForImageTextRetrieval

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "model.safetensors").exists():
        torch.manual_seed(0)
        model = BlipForImageTextRetrieval(BlipConfig(text_config={"num_attention_heads": 12, "sep_token_id": 3}))
        with torch.no_grad():
            for name, value in model.named_parameters():
                if "norm" not in name.lower():
                    value.normal_(std=0.04)  # as initialised, all pictures look the same to it
        model.save_pretrained(folder)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    entries = special + [f"unused{number}" for number in range(VOCABULARY - len(special))]
    (folder / "vocab.txt").write_text("\n".join(entries))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    preprocessor = {"size": {"height": 384, "width": 384}, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    return f"local-dir:{folder}"


def plainly(blip: "torch.nn.Module", reranker: BlipReranker, load: Load, *, both: bool) -> np.ndarray:
    """Logits of the first pairs by transformers' forward, a pair at a time; [ENC] is in place beforehand."""
    import torch

    tokens = tokenize(reranker.tokenizer, [TEXT])
    together = tokens.starting_with(VOCABULARY + 1)
    rows = []
    for picture in load.pictures[: load.pairs]:
        values = normalised(picture[None], reranker.fit, reranker.placement.device)
        with torch.inference_mode():
            rows.append(blip(input_ids=together.ids, pixel_values=values, use_itm_head=True).itm_score[0].numpy())
            if both:
                blip(input_ids=tokens.ids, pixel_values=values, use_itm_head=False)
    return np.stack(rows)


def run_round(
    blip: "torch.nn.Module", reranker: BlipReranker, load: Load, clock: Callable[[], float]
) -> dict[str, float]:
    """Seconds for one pair, by each way, and how far ours are from transformers'."""

    def timed(work: Callable[[], Any]) -> tuple[float, Any]:
        start = clock()
        done = work()
        return clock() - start, done

    forward, right = timed(lambda: plainly(blip, reranker, load, both=False))
    both, _ = timed(lambda: plainly(blip, reranker, load, both=True))
    seeing, seen = timed(lambda: reranker.see(load.pictures))
    matching, scores = timed(lambda: reranker.match([TEXT], seen))
    one, seen_one = timed(lambda: reranker.see(load.pictures[:1]))
    many, _ = timed(lambda: reranker.match(load.texts, seen_one))
    return {
        "forward_s": forward / load.pairs,
        "both_forwards_s": both / load.pairs,
        "cold_s": (seeing + matching) / len(load.pictures),
        "warm_s": matching / len(load.pictures),
        "texts_s": (one + many) / len(load.texts),
        "furthest": float(np.abs(scores.itm[: load.pairs] - right).max()),
    }


def measure(blip: "torch.nn.Module", reranker: BlipReranker, load: Load, *, threads: int, rounds: int) -> Result:
    """The medians of some rounds."""
    import torch

    torch.set_num_threads(threads)
    clock = time.thread_time if threads == 1 else time.perf_counter
    run_round(blip, reranker, load, clock)  # reads the weights, and finds the memory
    everything = []
    for _ in range(rounds):
        everything.append(run_round(blip, reranker, load, clock))
        print({name: round(value, 4) for name, value in everything[-1].items()}, flush=True)
    middle = {name: statistics.median(one[name] for one in everything) for name in everything[0]}

    def ratio(plain: str, ours: str) -> float:
        return round(statistics.median(one[plain] / one[ours] for one in everything), 2)

    return Result(
        **middle,
        threads=threads,
        rounds=rounds,
        cold=ratio("forward_s", "cold_s"),
        cold_both=ratio("both_forwards_s", "cold_s"),
        warm=ratio("forward_s", "warm_s"),
        texts=ratio("forward_s", "texts_s"),
        precision=reranker.placement.precision.value,
        clock="CPU time" if threads == 1 else "wall",
        machine=f"{platform.system()} {platform.machine()}, {_units()}",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "search-benchmark")
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=1, help="of the plain way, a round")
    parser.add_argument("--texts", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, help="write the results there")
    given = parser.parse_args(arguments)
    reranker = load_reranker(make_model(given.scratch / "blip"), device=Device.CPU)
    blip = build_blip(reranker.spec, reranker.files)
    generator = np.random.default_rng(0)
    shuffled = tuple(" ".join(generator.permutation(TEXT.split())) for _ in range(given.texts))
    pictures = generator.integers(0, 256, (given.pictures, 384, 384, 3), dtype=np.uint8)
    load = Load(pictures, given.pairs, shuffled)
    results = [measure(blip, reranker, load, threads=threads, rounds=given.rounds) for threads in given.threads]
    for one in results:
        print(
            f"{one.threads} thread(s), {one.precision}: cold {one.cold} x ({one.cold_both} x both forwards), "
            f"warm {one.warm} x, many texts {one.texts} x; furthest logit {one.furthest:.4f}"
        )
    write_json(given.json, [asdict(one) for one in results])


def _units() -> str:
    """What the CPU can multiply quickly, since the ratios hang on it."""
    import torch

    signs = {"_is_amx_tile_supported": "AMX", "_is_avx512_bf16_supported": "AVX512-BF16"}
    return ", ".join(name for sign, name in signs.items() if getattr(torch.cpu, sign, bool)()) or "no bf16 units"


if __name__ == "__main__":
    main()
