"""The picture of a comparison: recall against time, a line per rival. Needs matplotlib."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.index_compare_report import Compared
from benchmarks.questions import KINDS

_TICKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
_FLOOR = 0.003  # a recall of 1 is drawn where 0.997 would be on a pure scale of 1 - recall
_MARKERS = "oosD^v*P"


def draw(compared: Compared, path: Path) -> None:
    """Two panels, one per kind of query; up and to the left is better."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(13, 6.2), sharey=True, layout="constrained")
    for kind, panel in zip(KINDS, panels, strict=True):
        for number, rival in enumerate(compared.rivals):
            points = [(asked.kinds[kind].p50_ms, asked.kinds[kind].recall) for asked in rival.asked]
            panel.plot(
                [ms for ms, _ in points],
                _height(np.array([recall for _, recall in points])),
                color=f"C{number}",
                marker=_MARKERS[number % len(_MARKERS)],
                markersize=13 if number < 2 else 7,
                linewidth=1.5,
                zorder=9 - number,
                label=f"{rival.title}: {rival.ram_peak_per_row:,.0f} B of RAM per vector",
            )
        _axes(panel, kind)
    panels[0].set_ylabel("recall@10")
    figure.suptitle(
        f"{compared.rows:,} × {compared.dim} made CLIP-like vectors, one thread, {compared.machine}, {compared.date}"
    )
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _axes(panel: Any, kind: str) -> None:  # noqa: ANN401 - matplotlib's
    from matplotlib.ticker import FuncFormatter

    panel.set_title(f"{kind} queries")
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.set_xlabel("CPU time of a query, median, ms")
    panel.set_yticks(_height(np.array(_TICKS)), [f"{tick:g}" for tick in _TICKS])
    panel.grid(visible=True, alpha=0.3)


def _height(recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a recall is drawn: each halving of what is missed is one step, and 1 has a place."""
    height: NDArray[np.float64] = -np.log2(1 - recall + _FLOOR)
    return height
