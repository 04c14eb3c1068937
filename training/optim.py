"""Muon for the matrices, AdamW for the rest.

Muon (Jordan et al., 2024, kellerjordan.github.io/posts/muon) makes the momentum of every weight matrix orthogonal
before it is applied, by a few Newton-Schulz steps; convolutions are taken as matrices of one row a filter. In a short
training from nothing it gets further with the same number of pictures.
"""

import math
from collections.abc import Iterable, Sequence

import torch

# Coefficients of the quintic iteration from the article; they trade accuracy for speed near singular value 1.
QUINTIC = (3.4445, -4.7750, 2.0315)
STEPS = 5
MOMENTUM = 0.95
OUTER = ("trunk.conv1.", "stem", "head", "embedding", "projection")


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum, Nesterov's way.

    Args:
        parameters: tensors of two or more dimensions.
        lr: the size of a step, per unit of the update's root mean square.
        weight_decay: decoupled, times lr.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], *, lr: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step on the gradients there are."""
        del closure
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                momentum = state.setdefault("momentum", torch.zeros_like(parameter))
                momentum.lerp_(parameter.grad, 1 - MOMENTUM)
                update = orthogonal(parameter.grad.lerp(momentum, MOMENTUM).flatten(1))
                scale = math.sqrt(max(1.0, update.shape[0] / update.shape[1]))
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.view_as(parameter), alpha=-group["lr"] * scale)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The nearest matrix with singular values of about 1 (0.7 to 1.2), float32 (rows, columns)."""
    a, b, c = QUINTIC
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    found: torch.Tensor = (x.T if tall else x).float()
    return found


def optimizers_for(
    model: torch.nn.Module, *, lr: float, matrix_lr: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon for the inner matrices; AdamW for the first layer, heads, embeddings, norms and biases.

    Which are outer is told by the name.
    """
    inner: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_inner = parameter.ndim > 1 and not any(part in name for part in OUTER)
        (inner if is_inner else rest).append(parameter)
    return [
        Muon(inner, lr=matrix_lr, weight_decay=weight_decay),
        torch.optim.AdamW(rest, lr=lr, weight_decay=weight_decay, fused=True),
    ]


def set_rates(optimizers: Sequence[torch.optim.Optimizer], tops: Sequence[float], share: float) -> None:
    """Give each optimizer this share of its highest learning rate."""
    for optimizer, top in zip(optimizers, tops, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = top * share


def one_cycle(done: float, *, warmup: float = 0.03) -> float:
    """What the learning rate is multiplied with at this share of the steps: up, then down to 0 in a cosine."""
    if done < warmup:
        return done / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (done - warmup) / (1 - warmup))
