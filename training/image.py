"""The image tower learns to see as its teacher does: features and class probabilities of the same views.

python -m training.image WORK --rounds 3
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.loop import Batch, Lesson, Plan, learn, planned
from training.student import TRUNK, TRUNK_WIDTH
from training.teacher import CLASSES, FEATURES
from training.views import read_shard, shard_file

TEMPERATURE = 2.0
FEATURE_WEIGHT = 2.0


class Seeing(Lesson):
    """The trunk that is kept, and the two heads that only answer the teacher.

    Args:
        mean, std: of the teacher's features, float32 (1280,).
    """

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        import timm

        self.trunk: nn.Module = timm.create_model(TRUNK, num_classes=0)
        self.feature_head = nn.Linear(TRUNK_WIDTH, FEATURES)
        self.class_head = nn.Linear(TRUNK_WIDTH, CLASSES)
        self.mean, self.std = nn.Buffer(mean, persistent=False), nn.Buffer(std, persistent=False)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Standardised features (n, 1280) and logits (n, 1001) of normalised pixels (n, 3, side, side)."""
        seen = self.trunk(pixels)
        return self.feature_head(seen), self.class_head(seen)

    def error(self, answer: tuple[Tensor, Tensor], batch: Batch) -> Tensor:
        """Soft labels (Hinton et al., 2015, arXiv:1503.02531) and standardised features."""
        seen, classes = answer
        soft = F.kl_div(
            F.log_softmax(classes.float() / TEMPERATURE, 1),
            F.log_softmax(batch.logits / TEMPERATURE, 1),
            log_target=True,
            reduction="batchmean",
        )
        wanted = (batch.features - self.mean) / self.std
        return soft * TEMPERATURE**2 + FEATURE_WEIGHT * F.mse_loss(seen.float(), wanted)


def make_seeing(plan: Plan) -> Seeing:
    """The lesson, untrained."""
    features = torch.from_numpy(read_shard(shard_file(plan.work, 0), pixels=False).features).float()
    return Seeing(features.mean(0), features.std(0) + 1e-3)


def main() -> None:
    """The command line."""
    plan = planned(
        "image",
        __doc__,
        shards=14,
        rounds=3.0,
        processes=2,
        lr=1.5e-3,
        matrix_lr=0.03,
        weight_decay=0.02,
        small_share=0.5,
    )
    learn(plan, make_seeing)


if __name__ == "__main__":
    main()
