"""The towers meet: the image tower learns to land where words can find it.

The text tower stays as it is; where it puts every text is known beforehand. The image tower goes on seeing as its
teacher does, and learns of each view where the adapter puts it, how near it is to the other views, what the teacher
thinks of 1,000 names as the text tower writes them, and its own captions among all others.

    python -m training.join WORK
"""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.adapter import Adapter, unlike
from training.data import TrainingSet, data_folder, tidy
from training.image import Seeing, make_seeing
from training.loop import Batch, Lesson, Plan, batches, learn, planned, read_average
from training.student import DIM, TRUNK_WIDTH
from training.text import load_adapter, new_model, padded, read_texts
from training.texts import PHRASINGS
from training.words import imagenet_names

SEEING_WEIGHT, PLACE_WEIGHT, NEAR_WEIGHT = 0.3, 5.0, 1.0
NAMES_WEIGHT, ALIKE_WEIGHT, CAPTIONS_WEIGHT = 0.5, 2.0, 0.4
SHARPNESS = 15.0


class Joining(Lesson):
    """The image tower, which goes on seeing as its teacher does, and texts that are where they are.

    Args:
        seeing: the tower with the heads that answer the teacher.
        adapter: the space.
        names: float32 (phrasings, 1000, 256), unit rows.
        captions: float32 (n, 256), unit rows.
        picture: which of the training set each caption tells of, int64 (n,).
    """

    def __init__(self, seeing: Seeing, adapter: Adapter, names: Tensor, captions: Tensor, picture: Tensor) -> None:
        super().__init__()
        self.seeing = seeing
        self.head = nn.Linear(TRUNK_WIDTH, DIM)
        self._adapter = [adapter]  # in a list: no part of the student
        self._names, self._captions, self._picture = names, captions, picture
        self._scale = float(adapter.logit_scale.detach().exp())

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Unit vectors (n, 256), and what `Seeing` answers, of normalised pixels (n, 3, side, side)."""
        seen = self.seeing.trunk(pixels)
        place = F.normalize(self.head(seen).float(), dim=1)
        return place, self.seeing.feature_head(seen), self.seeing.class_head(seen)

    def place_of(self, batch: Batch) -> Tensor:
        """Where the adapter puts a batch's views, float32 (n, 256)."""
        with torch.no_grad():
            return self._adapter[0].see(batch.features, batch.logits[:, 1:])

    def error(self, answer: tuple[Tensor, Tensor, Tensor], batch: Batch) -> Tensor:
        """All of it, weighted."""
        place, *seen = answer
        wanted = self.place_of(batch)
        near, theirs = SHARPNESS * place @ wanted.T, SHARPNESS * wanted @ wanted.T
        names = self._names[int(torch.randint(len(self._names), ()))]
        scores = self._scale * place @ names.T
        return (
            SEEING_WEIGHT * self.seeing.error((seen[0], seen[1]), batch)
            + PLACE_WEIGHT * (1 - (place * wanted).sum(1)).mean()
            + NEAR_WEIGHT * F.kl_div(near.log_softmax(1), theirs.softmax(1), reduction="batchmean")
            + NAMES_WEIGHT * F.kl_div(scores.log_softmax(1), batch.logits[:, 1:].softmax(1), reduction="batchmean")
            + ALIKE_WEIGHT * unlike(scores, batch.logits[:, 1:])
            + CAPTIONS_WEIGHT * self._captioned(place, batch)
        )

    def _captioned(self, place: Tensor, batch: Batch) -> Tensor:
        """Cross entropy against the own captions, of those that have some."""
        own = (batch.sample[:, None] == self._picture[None]).float()
        told = (own.sum(1) > 0) & ~batch.mixed
        if not told.any():
            return place.sum() * 0.0
        target = own[told] / own[told].sum(1, keepdim=True)
        return -(target * (self._scale * place[told] @ self._captions.T).log_softmax(1)).sum(1).mean()


def read_all(model: Any, tokenizer: Any, texts: list[str]) -> Tensor:  # noqa: ANN401 - libraries without types
    """Where the text tower puts texts, float32 (n, 256), unit rows."""
    ids = [one.ids for one in tokenizer.encode_batch(texts)]
    with torch.no_grad():
        return torch.cat([read_texts(model, padded(ids[start : start + 512])) for start in range(0, len(ids), 512)])


def load_text_tower(work: Path) -> tuple[Any, Any]:
    """The model with its text half trained, and its tokenizer."""
    from tokenizers import Tokenizer

    model = new_model()
    model.load_state_dict(torch.load(work / "text.pt", weights_only=True)["model"], strict=False)
    return model.eval(), Tokenizer.from_file(str(work / "tokenizer" / "tokenizer.json"))


def make_joining(plan: Plan) -> Joining:
    """The lesson: the trunk as `training.image` left it, its head fitted first by `fit_head`."""
    data, adapter = TrainingSet(data_folder()), load_adapter(plan.work)
    model, tokenizer = load_text_tower(plan.work)
    firsts = [own[0].lower() for own in imagenet_names(data.folder / "teacher" / "imagenet_labels.txt")]
    names = torch.stack([read_all(model, tokenizer, [one.format(name) for name in firsts]) for one in PHRASINGS])
    told = [(row, tidy(text)) for row, one in enumerate(data.samples) if not one.held_out for text in one.captions]
    captions = read_all(model, tokenizer, [text for _, text in told])
    seeing = make_seeing(plan)
    seeing.load_state_dict(read_average(plan.work, "image"))
    lesson = Joining(seeing, adapter, names, captions, torch.tensor([row for row, _ in told]))
    fit_head(lesson, plan)
    return lesson


def fit_head(lesson: Joining, plan: Plan) -> None:
    """The head by ridge regression, so that the trunk is not shaken by a head that knows nothing."""
    lesson.eval()
    seen, wanted = [], []
    with torch.no_grad():
        for number, batch in enumerate(batches(plan.shard(0), seed=(0, 1), rank=0, processes=1)):
            if number == 60:
                break
            seen.append(lesson.seeing.trunk(batch.pixels))
            wanted.append(lesson.place_of(batch))
    x, y = torch.cat(seen), torch.cat(wanted)
    mean, middle = x.mean(0), y.mean(0)
    x, y = x - mean, y - middle
    ridge = x.T @ x + 1e-2 * x.var() * len(x) * torch.eye(TRUNK_WIDTH)
    weights = torch.linalg.solve(ridge, x.T @ y).T
    with torch.no_grad():
        lesson.head.weight.copy_(weights)
        lesson.head.bias.copy_(middle - weights @ mean)
    lesson.train()


def logit_scale(work: Path) -> float:
    """The natural logarithm of the scale of scores, as open_clip keeps it."""
    return min(float(load_adapter(work).logit_scale), math.log(100.0))


def main() -> None:
    """The command line."""
    plan = planned(
        "join",
        __doc__,
        shards=14,
        rounds=1.7,
        processes=2,
        lr=1e-3,
        matrix_lr=0.015,
        weight_decay=0.02,
        small_share=0.0,
    )
    learn(plan, make_joining)


if __name__ == "__main__":
    main()
