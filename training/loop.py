"""The training loop of what looks at views: stages, checkpoints, learning rates, two processes sharing gradients.

Two processes of one thread each: threads that wait for each other lose more than they win on a busy machine. A stage is
one shard; after each a checkpoint is written, and a run goes on from it. What is learned is a `Lesson`'s business.
"""

import argparse
import os
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn import functional as F  # noqa: N812 - everyone's name for it

from training.optim import one_cycle, optimizers_for, set_rates
from training.student import MEAN, STD
from training.views import Shard, read_shard, shard_file

BATCH = 64  # a process
SMALL_SIZE = 96  # pixels; a third faster to train on than 112
SHIFT = 8  # pixels
AVERAGE = 0.998  # of the weights that are kept


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, and with what.

    Attributes:
        work: the working folder.
        name: of the checkpoint.
        shards: of views.
        rounds: how often every shard is gone through.
        processes: that share the work.
        lr, matrix_lr, weight_decay: see `training.optim`.
        small_share: for which share of the training smaller pictures will do.
    """

    work: Path
    name: str
    shards: int
    rounds: float
    processes: int
    lr: float
    matrix_lr: float
    weight_decay: float
    small_share: float

    @property
    def checkpoint(self) -> Path:
        """Where it is kept."""
        return self.work / f"{self.name}.pt"

    @property
    def stages(self) -> int:
        """Shards to go through, those seen again counted again."""
        return round(self.shards * self.rounds)

    def shard(self, stage: int, *, pixels: bool = True) -> Shard:
        """What is looked at in a stage: every round in another order."""
        order = np.random.default_rng(1000 + stage // self.shards).permutation(self.shards)
        return read_shard(shard_file(self.work, int(order[stage % self.shards])), pixels=pixels)


@dataclass(frozen=True, slots=True)
class Batch:
    """Views and the teacher's answers.

    Attributes:
        pixels: normalised float32 (n, 3, side, side).
        features, logits: the teacher's, float32 (n, 1280) and (n, 1001).
        sample: which picture of the training set, int64 (n,).
        mixed: shows two, bool (n,).
    """

    pixels: Tensor
    features: Tensor
    logits: Tensor
    sample: Tensor
    mixed: Tensor


class Lesson(nn.Module):
    """A student with what it is taught."""

    @abstractmethod
    def error(self, answer: Any, batch: Batch) -> Tensor:  # noqa: ANN401 - whatever its own forward gives
        """How far the answer to a batch's pixels is from what was wanted."""

    def on_stage(self) -> None:
        """Called before every stage."""


def normalised(pixels: Tensor) -> Tensor:
    """uint8 (n, side, side, 3) to float32 (n, 3, side, side)."""
    mean, std = torch.tensor(MEAN) * 255, torch.tensor(STD) * 255
    return ((pixels.float() - mean) / std).permute(0, 3, 1, 2)


def batches(shard: Shard, *, seed: tuple[int, int], rank: int, processes: int) -> Iterator[Batch]:
    """One process's share of a shard."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(shard.pixels))[rank::processes]
    for start in range(0, len(rows) - BATCH + 1, BATCH):
        chosen = np.sort(rows[start : start + BATCH])
        yield Batch(
            normalised(torch.from_numpy(shifted(shard.pixels[chosen], rng))),
            torch.from_numpy(shard.features[chosen]).float(),
            torch.from_numpy(shard.logits[chosen]).float(),
            torch.from_numpy(shard.sample[chosen]).long(),
            torch.from_numpy(shard.mixed[chosen]),
        )


def shifted(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirrored or not, and moved a few pixels: what the teacher sees hardly changes by that."""
    side = pixels.shape[1]
    padded = np.pad(pixels, ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="reflect")
    out = np.empty_like(pixels)
    for row in range(len(pixels)):
        top, left = rng.integers(0, 2 * SHIFT + 1, 2)
        part = padded[row, top : top + side, left : left + side]
        out[row] = part[:, ::-1] if rng.random() < 0.5 else part
    return out


def learn(plan: Plan, make_lesson: Callable[[Plan], Lesson]) -> None:
    """Train until the plan is done.

    Args:
        plan: how long.
        make_lesson: called in every process; must make the same every time.
    """
    spawn(_learn, args=(plan, make_lesson), nprocs=plan.processes)


def _learn(rank: int, plan: Plan, make_lesson: Callable[[Plan], Lesson]) -> None:
    torch.set_num_threads(1)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29517")
    torch.distributed.init_process_group("gloo", rank=rank, world_size=plan.processes)
    torch.manual_seed(0)
    lesson = make_lesson(plan).to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        lesson, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE), use_buffers=True
    )
    optimizers = optimizers_for(lesson, lr=plan.lr, matrix_lr=plan.matrix_lr, weight_decay=plan.weight_decay)
    first = _resume(plan, lesson, average, optimizers)
    parallel = nn.parallel.DistributedDataParallel(lesson, gradient_as_bucket_view=True, forward_sync_buffers=False)
    for stage in range(first, plan.stages):
        started, shard = time.monotonic(), plan.shard(stage)
        lesson.on_stage()
        loss = _stage(plan, stage, rank, shard, (lesson, parallel, average), optimizers)
        if rank == 0:
            speed = len(shard.pixels) / (time.monotonic() - started)
            print(f"stage {stage + 1}/{plan.stages}: loss {loss:.3f}, {speed:.0f} views/s", flush=True)
            _keep(plan, stage + 1, lesson, average, optimizers)
    torch.distributed.destroy_process_group()


def _stage(
    plan: Plan,
    stage: int,
    rank: int,
    shard: Shard,
    models: tuple[Lesson, nn.Module, torch.optim.swa_utils.AveragedModel],
    optimizers: Sequence[torch.optim.Optimizer],
) -> float:
    """Go through a shard once; the mean error."""
    lesson, parallel, average = models
    steps, losses = len(shard.pixels) // plan.processes // BATCH, []
    for number, batch in enumerate(batches(shard, seed=(stage, 77), rank=rank, processes=plan.processes)):
        done = (stage + number / steps) / plan.stages
        set_rates(optimizers, (plan.matrix_lr, plan.lr), one_cycle(min(1.0, done)))
        seen = F.interpolate(batch.pixels, SMALL_SIZE, mode="area") if done < plan.small_share else batch.pixels
        with torch.autocast("cpu", dtype=torch.bfloat16):
            answer = parallel(seen.contiguous(memory_format=torch.channels_last))
        error = lesson.error(answer, batch)
        error.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        average.update_parameters(lesson)
        losses.append(error.item())
    return float(np.mean(losses))


def _resume(plan: Plan, lesson: nn.Module, average: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> int:
    if not plan.checkpoint.is_file():
        return 0
    kept = torch.load(plan.checkpoint, weights_only=True)
    lesson.load_state_dict(kept["student"])
    average.load_state_dict(kept["average"])
    for optimizer, state in zip(optimizers, kept["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    return int(kept["stage"])


def _keep(
    plan: Plan, stage: int, lesson: nn.Module, average: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> None:
    fresh = plan.checkpoint.with_suffix(".part")
    state = {
        "stage": stage,
        "student": lesson.state_dict(),
        "average": average.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    torch.save(state, fresh)
    fresh.rename(plan.checkpoint)


def read_average(work: Path, name: str) -> dict[str, Tensor]:
    """The averaged weights of a checkpoint, by the lesson's own names."""
    kept = torch.load(work / f"{name}.pt", weights_only=True)["average"]
    return {key.removeprefix("module."): value for key, value in kept.items() if key.startswith("module.")}


def planned(name: str, description: str | None, **defaults: Any) -> Plan:  # noqa: ANN401 - numbers of both kinds
    """A plan from the command line; `defaults` are those of `Plan`."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("work", type=Path)
    for option, value in defaults.items():
        parser.add_argument(f"--{option.replace('_', '-')}", type=type(value), default=value)
    return Plan(name=name, **vars(parser.parse_args()))
