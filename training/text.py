"""The text tower learns to put every text where the adapter puts its sentence embedding.

Beside the place itself it learns the neighbourhood: how near a text is to all others of its batch. Keeps a checkpoint
after every pass over the texts and goes on from it.

    python -m training.text WORK --passes 6
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.adapter import Adapter
from training.optim import one_cycle, optimizers_for, set_rates
from training.student import model_config
from training.teacher import CLASSES, FEATURES
from training.texts import WIDTH, read_sentences
from training.tokens import VOCABULARY, make_tokenizer, write_tokenizer

BATCH = 256
POOL = 16  # batches that are drawn together and sorted by length, so that little is computed on padding
SHARPNESS = 15.0
LR, MATRIX_LR, WEIGHT_DECAY = 1e-3, 0.01, 0.01


def new_model() -> Any:  # noqa: ANN401 - open_clip ships no types
    """`mini` as open_clip builds it, untrained."""
    import open_clip

    return open_clip.CLIP(**model_config(VOCABULARY))


def read_texts(model: Any, tokens: Tensor) -> Tensor:  # noqa: ANN401 - open_clip ships no types
    """open_clip's `encode_text` for texts padded to any length, int64 (n, length): unit vectors float32 (n, dim)."""
    length = tokens.shape[1]
    seen = model.token_embedding(tokens) + model.positional_embedding[:length]
    seen = model.ln_final(model.transformer(seen, attn_mask=model.attn_mask[:length, :length]))
    at_end = seen[torch.arange(len(tokens)), tokens.argmax(1)]
    return F.normalize((at_end @ model.text_projection).float(), dim=1)


def padded(rows: list[list[int]]) -> Tensor:
    """Token ids as one int64 array, padded with 0 at the end."""
    found = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
    for number, row in enumerate(rows):
        found[number, : len(row)] = torch.tensor(row)
    return found


def teach(found: Tensor, wanted: Tensor) -> Tensor:
    """How far the texts are from their places and their neighbours."""
    near, theirs = SHARPNESS * found @ wanted.T, SHARPNESS * wanted @ wanted.T
    neighbours = F.kl_div(near.log_softmax(1), theirs.softmax(1), reduction="batchmean")
    return 5.0 * (1 - (found * wanted).sum(1)).mean() + neighbours


def batches(ids: list[list[int]], weights: np.ndarray[Any, Any], seed: int) -> Iterator[np.ndarray[Any, Any]]:
    """Rows of texts, a batch at a time: every text about as often as its weight says."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(ids)), np.floor(weights + rng.random(len(ids))).astype(int))
    rng.shuffle(rows)
    for start in range(0, len(rows) - BATCH * POOL + 1, BATCH * POOL):
        pool = sorted(rows[start : start + BATCH * POOL], key=lambda row: len(ids[row]))
        for number in rng.permutation(POOL):
            yield np.array(pool[number * BATCH : (number + 1) * BATCH])


def load_adapter(work: Path) -> Adapter:
    """The adapter, trained."""
    adapter = Adapter(torch.zeros(FEATURES), torch.ones(FEATURES), torch.zeros(CLASSES - 1, WIDTH))
    adapter.load_state_dict(torch.load(work / "adapter.pt", weights_only=True))
    return adapter.eval().requires_grad_(requires_grad=False)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path)
    parser.add_argument("--passes", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    sentences = read_sentences(given.work)
    tokenizer = make_tokenizer(sentences.texts)
    write_tokenizer(tokenizer, given.work / "tokenizer")
    ids = [one.ids for one in tokenizer.encode_batch(list(sentences.texts))]
    places = torch.cat(
        [load_adapter(given.work).read(part.float()) for part in torch.from_numpy(sentences.vectors).split(4096)]
    )
    model = new_model()
    del model.visual
    optimizers = optimizers_for(model, lr=LR, matrix_lr=MATRIX_LR, weight_decay=WEIGHT_DECAY)
    checkpoint, first = given.work / "text.pt", 0
    if checkpoint.is_file():
        kept = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(kept["model"])
        for optimizer, state in zip(optimizers, kept["optimizers"], strict=True):
            optimizer.load_state_dict(state)
        first = int(kept["pass"])
    # A short text says what a caption takes ten words for, and it is what people type.
    weights = np.array([1.0 if len(one) > 10 else 1.5 for one in ids])
    steps = int(weights.sum()) // BATCH
    for number in range(first, given.passes):
        started, total, count = time.monotonic(), 0.0, 0
        for rows in batches(ids, weights, number):
            set_rates(optimizers, (MATRIX_LR, LR), one_cycle(min(1.0, (number + count / steps) / given.passes)))
            with torch.autocast("cpu", dtype=torch.bfloat16):
                found = read_texts(model, padded([ids[row] for row in rows]))
            loss = teach(found.float(), places[torch.from_numpy(rows)])
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            total, count = total + loss.item(), count + 1
        speed = count * BATCH / (time.monotonic() - started)
        print(f"pass {number + 1}/{given.passes}: loss {total / count:.3f}, {speed:.0f} texts/s", flush=True)
        state = {"pass": number + 1, "model": model.state_dict()}
        torch.save({**state, "optimizers": [one.state_dict() for one in optimizers]}, checkpoint)


if __name__ == "__main__":
    main()
