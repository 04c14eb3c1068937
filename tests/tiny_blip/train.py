"""Train the tiny BLIP and write its folder: `python -m tests.tiny_blip.train FOLDER`.

Architecture, tokenizer and picture preprocessing are those of `Salesforce/blip-itm-base-coco`, only small. Its two
losses are here: image-text matching ([ENC] first, the swapped caption as hard negative) and image-text contrast ([CLS]
first, the batch as negatives). Two more make it learn within minutes and leave nothing behind:

- sight: the vision tower's token at a thing's centre knows its colour, shape and relation. Alone in the beginning.
- word: every token of a caption knows whether its word is right.

The contrast sees half of the captions swapped. So its cosine stays what it is in published dual encoders, blind to who
is where, while the matching head is not.
"""

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BlipConfig, BlipForImageTextRetrieval, BlipProcessor

from tests.tiny_blip.lessons import CAPTIONS_EACH, Lesson, make_lesson
from tests.tiny_blip.scenes import COLOURS, RELATIONS, SHAPES
from tests.tiny_blip.scoring import TinyBlip, measure

SIZE, PATCH, WIDTH, LAYERS, HEADS = 64, 16, 64, 3, 4
LOOKING, STEPS, PICTURES, WARM_UP = 600, 1800, 48, 50  # looking: steps of sight alone
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.02
CONTRAST, WORD, SIGHT = 0.2, 2.0, 0.3  # the losses' weights beside matching
MOST_TOKENS = 40  # BLIP reads 35
VOCABULARY = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "an", *COLOURS, *SHAPES),
    *dict.fromkeys(word for relation in RELATIONS for word in relation.split()),
)


def write_processor(folder: Path) -> None:
    """The tokenizer's and the image processor's files, named and written as the published BLIP's are."""
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("cls", "mask", "pad", "sep", "unk")}
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": MOST_TOKENS, **special}
    pictures = {
        "image_processor_type": "BlipImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": SIZE, "width": SIZE},
        "resample": 3,  # bicubic
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in VOCABULARY))
    for name, content in {"tokenizer_config.json": tokenizer, "preprocessor_config.json": pictures}.items():
        (folder / name).write_text(json.dumps({**content, "processor_class": "BlipProcessor"}, indent=1) + "\n")


def new_model() -> Any:
    """An untrained BlipForImageTextRetrieval; the last two rows of its word embedding are [DEC] and [ENC]."""
    shared = {
        "hidden_size": WIDTH,
        "intermediate_size": 4 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "initializer_range": 0.08,
    }
    text = {
        "vocab_size": len(VOCABULARY) + 2,
        "bos_token_id": len(VOCABULARY),
        "pad_token_id": VOCABULARY.index("[PAD]"),
        "sep_token_id": VOCABULARY.index("[SEP]"),
        "eos_token_id": VOCABULARY.index("[SEP]"),
        "max_position_embeddings": MOST_TOKENS,
        "projection_dim": WIDTH,
    }
    vision = {"image_size": SIZE, "patch_size": PATCH, "projection_dim": WIDTH}
    config = BlipConfig(
        text_config=shared | text,
        vision_config=shared | vision,
        projection_dim=WIDTH,
        image_text_hidden_size=WIDTH // 2,
        initializer_range=shared["initializer_range"],
    )
    model = BlipForImageTextRetrieval(config)
    # As initialised, places are all but alike to the tower, and left is told from right late or never.
    nn.init.normal_(model.vision_model.embeddings.position_embedding, std=0.5)
    return model


class Pupil(nn.Module):
    """The model and what only its training needs."""

    def __init__(self, processor: Any) -> None:
        super().__init__()
        self.model = new_model()
        self.processor = processor
        self.log_scale = nn.Parameter(torch.tensor(2.3))  # ten, for the cosines of the contrast
        self.word = nn.Linear(WIDTH, 1)
        self.sight = nn.Linear(WIDTH, len(COLOURS) + len(SHAPES) + len(RELATIONS))

    def forward(self, lesson: Lesson, *, looking: bool) -> Tensor:
        """The loss of a lesson: of sight alone while it is `looking`, else of everything."""
        pixels = self.processor.image_processor(list(lesson.pictures), return_tensors="pt")["pixel_values"]
        seen = self.model.vision_model(pixels).last_hidden_state
        sight = SIGHT * self._sight(seen, lesson)
        if looking:
            return sight
        return self._matching(seen, lesson) + CONTRAST * self._contrast(seen, lesson.contents) + sight

    def _matching(self, seen: Tensor, lesson: Lesson) -> Tensor:
        words = self.processor.tokenizer([told.caption for told in lesson.told], padding=True, return_tensors="pt")
        words["input_ids"][:, 0] = self.model.config.text_config.vocab_size - 1  # [ENC]
        repeated = seen.repeat_interleave(CAPTIONS_EACH, 0)
        read = self.model.text_encoder(
            **words, encoder_hidden_states=repeated, encoder_attention_mask=torch.ones(repeated.shape[:2])
        ).last_hidden_state
        fits = torch.tensor([not any(told.wrong) for told in lesson.told])
        matching = functional.cross_entropy(self.model.itm_head(read[:, 0]), fits.long())
        place = torch.tensor([(row, 1 + at) for row, told in enumerate(lesson.told) for at in range(len(told.words))])
        wrong = torch.tensor([word for told in lesson.told for word in told.wrong], dtype=torch.float32)
        guesses = self.word(read[place[:, 0], place[:, 1]])[:, 0]
        return matching + WORD * functional.binary_cross_entropy_with_logits(guesses, wrong)

    def _contrast(self, seen: Tensor, captions: list[str]) -> Tensor:
        words = self.processor.tokenizer(captions, padding=True, return_tensors="pt")
        read = self.model.text_encoder(**words).last_hidden_state[:, 0]
        pictures = functional.normalize(self.model.vision_proj(seen[:, 0]), dim=-1)
        texts = functional.normalize(self.model.text_proj(read), dim=-1)
        logits = self.log_scale.exp() * pictures @ texts.T
        own = torch.arange(len(seen))
        return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2

    def _sight(self, seen: Tensor, lesson: Lesson) -> Tensor:
        side = SIZE // PATCH
        rows = [sight.picture for sight in lesson.sights]
        tokens = [1 + int(sight.y * side) * side + int(sight.x * side) for sight in lesson.sights]
        guesses = self.sight(seen[rows, tokens]).split([len(COLOURS), len(SHAPES), len(RELATIONS)], 1)
        truth = torch.tensor([(sight.colour, sight.shape, sight.relation) for sight in lesson.sights]).T
        return sum((functional.cross_entropy(g, t) for g, t in zip(guesses, truth, strict=True)), torch.zeros(()))


def learn(pupil: Pupil, *, looking: int, steps: int, seed: int) -> Iterator[float]:
    """Train in place, the first `looking` of all `steps` on sight alone; yields every step's loss."""
    chance = random.Random(seed)
    tables = [p for p in pupil.parameters() if p.ndim > 1]
    others = [p for p in pupil.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": tables, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.99),
    )
    # Up, level while looking, then straight down to nearly nothing.
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / WARM_UP, 1.0, max(0.02, (steps - step) / (steps - looking))),
    )
    pupil.train()
    for step in range(steps):
        loss = pupil(make_lesson(chance, PICTURES, size=SIZE), looking=step < looking)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(pupil.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield float(loss.detach())


def train(folder: Path, *, looking: int = LOOKING, steps: int = STEPS, seed: int = 0) -> None:
    """Write config.json, model.safetensors, and the tokenizer's and image processor's files below `folder`.

    Args:
        folder: made if absent; what is there is overwritten.
        looking: so many of the steps are spent on sight alone.
        steps: at least one more.
        seed: of weights and drawings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_processor(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pupil = Pupil(BlipProcessor.from_pretrained(folder, local_files_only=True))
        for step, loss in enumerate(learn(pupil, looking=looking, steps=steps, seed=seed), 1):
            if step % 100 == 0:
                print(f"step {step} of {steps}: loss {loss:.3f}, {time.process_time():.0f} s of CPU", file=sys.stderr)
    pupil.model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)  # safetensors writes for its owner only


def main() -> None:
    folder = Path(sys.argv[1])
    started = time.perf_counter(), time.process_time()
    # Sums depend on the number of threads, and a second one hardly helps matrices as small as these.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    train(folder)
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    print(f"trained in {wall:.0f} s, {cpu:.0f} s of CPU, one thread")
    for name, share in asdict(measure(TinyBlip.load(folder), seed=1_000)).items():
        print(f"{name}: {share:.3f}")


if __name__ == "__main__":
    main()
