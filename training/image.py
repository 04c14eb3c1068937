"""The image tower learns to see as its teacher does: features and class probabilities of the same views.

Two processes of one thread each (threads that wait for each other lose more than they win on a busy machine), which
share their gradients. Writes a checkpoint after every shard and goes on from it; when the plan is done, says so.

    python -m training.image WORK --rounds 5
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.multiprocessing
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.optim import one_cycle, optimizers_for
from training.student import MEAN, STD, TRUNK, TRUNK_WIDTH
from training.teacher import CLASSES, FEATURES
from training.views import read_shard, shard_file

BATCH = 64  # a process
SMALL_SIZE, SMALL_SHARE = 96, 0.5  # the first half of the training looks at smaller pictures, a third faster
SHIFT = 8  # pixels
TEMPERATURE = 2.0
FEATURE_WEIGHT = 2.0
AVERAGE = 0.998  # of the weights that are kept


class SeeingStudent(nn.Module):
    """The trunk that is kept, and the two heads that only answer the teacher."""

    def __init__(self) -> None:
        super().__init__()
        import timm

        self.trunk: nn.Module = timm.create_model(TRUNK, num_classes=0)
        self.feature_head = nn.Linear(TRUNK_WIDTH, FEATURES)
        self.class_head = nn.Linear(TRUNK_WIDTH, CLASSES)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Features (n, 1280) and logits (n, 1001) of normalised pixels (n, 3, side, side)."""
        seen = self.trunk(pixels)
        return self.feature_head(seen), self.class_head(seen)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, and with what."""

    work: Path
    shards: int
    rounds: int
    processes: int
    lr: float
    matrix_lr: float
    weight_decay: float

    @property
    def checkpoint(self) -> Path:
        """Where it is kept."""
        return self.work / "image.pt"

    @property
    def stages(self) -> int:
        """Shards to go through, those seen again counted again."""
        return self.shards * self.rounds


def normalised(pixels: Tensor) -> Tensor:
    """uint8 (n, side, side, 3) to float32 (n, 3, side, side), channels last, as the towers want them."""
    mean, std = torch.tensor(MEAN) * 255, torch.tensor(STD) * 255
    return ((pixels.float() - mean) / std).permute(0, 3, 1, 2)


def teach(answer: tuple[Tensor, Tensor], features: Tensor, logits: Tensor) -> Tensor:
    """How far the student's answer is from the teacher's: soft labels (Hinton et al., 2015) and standardised features."""
    seen, classes = answer
    soft = F.kl_div(
        F.log_softmax(classes.float() / TEMPERATURE, 1),
        F.log_softmax(logits / TEMPERATURE, 1),
        log_target=True,
        reduction="batchmean",
    )
    return soft * TEMPERATURE**2 + FEATURE_WEIGHT * F.mse_loss(seen.float(), features)


def batches(plan: Plan, stage: int, rank: int, scale: tuple[Tensor, Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Pixels, standardised features and logits of one process's share of a stage."""
    order = np.random.default_rng(1000 + stage // plan.shards).permutation(plan.shards)
    shard = read_shard(shard_file(plan.work, int(order[stage % plan.shards])))
    rng = np.random.default_rng((stage, 77))
    rows = rng.permutation(len(shard.pixels))[rank :: plan.processes]
    mean, std = scale
    for start in range(0, len(rows) - BATCH + 1, BATCH):
        chosen = np.sort(rows[start : start + BATCH])
        pixels = _shifted(shard.pixels[chosen], rng)
        features = (torch.from_numpy(shard.features[chosen]).float() - mean) / std
        yield normalised(pixels), features, torch.from_numpy(shard.logits[chosen]).float()


def _shifted(pixels: Any, rng: np.random.Generator) -> Tensor:  # noqa: ANN401 - an array of uint8
    """Mirrored or not, and moved a few pixels: what the teacher sees hardly changes by that."""
    side = pixels.shape[1]
    padded = np.pad(pixels, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="reflect")
    out = np.empty_like(pixels)
    for row in range(len(pixels)):
        top, left = rng.integers(0, 2 * SHIFT + 1, 2)
        part = padded[row, top : top + side, left : left + side]
        out[row] = part[:, ::-1] if rng.random() < 0.5 else part  # noqa: PLR2004 - half
    return torch.from_numpy(out)


def train(rank: int, plan: Plan) -> None:
    """One process of the training."""
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    torch.distributed.init_process_group("gloo", rank=rank, world_size=plan.processes)
    torch.manual_seed(0)
    student = SeeingStudent().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        student, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE), use_buffers=True
    )
    optimizers = optimizers_for(student, lr=plan.lr, matrix_lr=plan.matrix_lr, weight_decay=plan.weight_decay)
    first = _resume(plan, student, average, optimizers)
    parallel = nn.parallel.DistributedDataParallel(student, gradient_as_bucket_view=True, broadcast_buffers=False)
    scale = _scale(plan)
    for stage in range(first, plan.stages):
        started, loss, count = time.monotonic(), 0.0, 0
        steps = len(read_rows(plan, stage)) // plan.processes // BATCH
        for number, (pixels, features, logits) in enumerate(batches(plan, stage, rank, scale)):
            done = (stage + number / steps) / plan.stages
            for optimizer, top in zip(optimizers, (plan.matrix_lr, plan.lr), strict=True):
                for group in optimizer.param_groups:
                    group["lr"] = top * one_cycle(done)
            seen = F.interpolate(pixels, SMALL_SIZE, mode="area") if done < SMALL_SHARE else pixels
            with torch.autocast("cpu", dtype=torch.bfloat16):
                answer = parallel(seen.contiguous(memory_format=torch.channels_last))
            error = teach(answer, features, logits)
            error.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            average.update_parameters(student)
            loss, count = loss + float(error.detach()), count + 1
        if rank == 0:
            seconds = time.monotonic() - started
            speed = count * BATCH * plan.processes / seconds
            print(f"stage {stage + 1}/{plan.stages}: loss {loss / count:.3f}, {speed:.0f} views/s", flush=True)
            _keep(plan, stage + 1, student, average, optimizers)
    torch.distributed.destroy_process_group()


def read_rows(plan: Plan, stage: int) -> Any:  # noqa: ANN401 - an array of int32
    """The sample numbers of a stage's shard; only they are read."""
    order = np.random.default_rng(1000 + stage // plan.shards).permutation(plan.shards)
    with np.load(shard_file(plan.work, int(order[stage % plan.shards]))) as file:
        return file["sample"]


def _scale(plan: Plan) -> tuple[Tensor, Tensor]:
    features = torch.from_numpy(read_shard(shard_file(plan.work, 0)).features).float()
    return features.mean(0), features.std(0) + 1e-3


def _resume(plan: Plan, student: nn.Module, average: nn.Module, optimizers: list[torch.optim.Optimizer]) -> int:
    if not plan.checkpoint.is_file():
        return 0
    kept = torch.load(plan.checkpoint, weights_only=True)
    student.load_state_dict(kept["student"])
    average.load_state_dict(kept["average"])
    for optimizer, state in zip(optimizers, kept["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return int(kept["stage"])


def _keep(
    plan: Plan, stage: int, student: nn.Module, average: nn.Module, optimizers: list[torch.optim.Optimizer]
) -> None:
    fresh = plan.checkpoint.with_suffix(".part")
    state = {
        "stage": stage,
        "student": student.state_dict(),
        "average": average.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    torch.save(state, fresh)
    fresh.rename(plan.checkpoint)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("work", type=Path)
    parser.add_argument("--shards", type=int, default=14)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--matrix-lr", type=float, default=0.02)
    parser.add_argument("--weight-decay", type=float, default=0.02)
    given = parser.parse_args()
    plan = Plan(given.work, given.shards, given.rounds, given.processes, given.lr, given.matrix_lr, given.weight_decay)
    torch.multiprocessing.spawn(train, args=(plan,), nprocs=plan.processes)


if __name__ == "__main__":
    main()
