"""`clip_like`'s world made by torch, on a GPU: 10 million vectors in seconds, and what exact search finds in them.

The concepts are the same, the pictures drawn from them are others: torch has its own random numbers.
"""

import numpy as np

from benchmarks.clip_like import BRANCHING, MEAN, SHARES, WIDTHS, World, _frequencies
from core.arrays import HalfRows, Vectors

BLOCK = 200_000  # rows at a time: 400 MB of float32 at 512 numbers, several times


def make_rows(world: World, count: int, *, device: str = "cuda") -> HalfRows:
    """float16 (count, dim), unit rows, in the CPU's memory."""
    import torch

    rotation, scale, nodes, widths = world._parts()
    spread = [torch.from_numpy(width).to(device) for width in widths]
    kinds = [torch.from_numpy(node).to(device) for node in nodes]
    turn, wide = torch.from_numpy(rotation).to(device), torch.from_numpy(scale).to(device)
    often = torch.from_numpy(_frequencies(BRANCHING)).float().to(device)
    dice = torch.Generator(device).manual_seed(world.seed + 1)
    rows = np.empty((count, world.dim), np.float16)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        x = torch.zeros((size, world.dim), device=device)
        path = torch.zeros(size, dtype=torch.int64, device=device)
        width = torch.ones((size, 1), device=device)
        for level, share in enumerate(SHARES):
            path = path * BRANCHING + torch.multinomial(often, size, replacement=True, generator=dice)
            x += width * share**0.5 * kinds[level][path]
            if level < WIDTHS:
                width = width * spread[level][path]
        own = torch.randn((size, world.dim), device=device, generator=dice) * wide
        x += width * (1 - sum(SHARES)) ** 0.5 * own
        x = MEAN / world.dim**0.5 + (1 - MEAN**2) ** 0.5 * (x @ turn)
        rows[start : start + size] = torch.nn.functional.normalize(x).half().cpu().numpy()
    return rows


def exact_scores(rows: HalfRows, queries: Vectors, k: int, *, device: str = "cuda") -> Vectors:
    """The k best cosines of each query, best first: float32 (m, k), products in float32."""
    import torch

    asked = torch.from_numpy(queries).to(device)
    best = torch.full((len(queries), k), -2.0, device=device)
    step = BLOCK // 2
    for start in range(0, len(rows), step):
        block = torch.from_numpy(rows[start : start + step]).to(device).float()
        scores = asked @ block.T
        best = torch.cat([best, scores.topk(min(k, len(block)), dim=1).values], dim=1).topk(k, dim=1).values
    found: Vectors = best.cpu().numpy()
    return found
