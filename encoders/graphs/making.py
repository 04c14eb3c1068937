"""Making the graphs of a model: build it in torch, convert its towers, compare them with torch's, write them down.

Takes some seconds and a few times the size of the weights in memory, once for a model, a machine and a version. What
cannot be made is written down as well, with the reason, and not tried again.
"""

import errno
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.arrays import Vectors
from core.models import ModelSpec
from encoders.build import Towers, build_towers, first_line
from encoders.graphs.checking import CLOSE, TEXTS, lowest_cosine, pictures
from encoders.graphs.converting import compile_to, convert, scratch, widest_group
from encoders.graphs.cutting import cut
from encoders.graphs.modules import ImageModule, WholeText, text_modules
from encoders.graphs.runtime import GROUP, Arithmetic, CompiledGraph, checksum, has_bfloat16, stamp
from encoders.graphs.store import Graph, Place, Tower
from encoders.quiet import quiet
from encoders.sources import ModelFiles, Source
from encoders.tokens import keep_tokenizer, load_tokenizer

_ROOM = 2  # times the weights: both towers in half of float32, and each once more while it is made
_SMALL_BYTES = 64 << 20  # a run of a smaller model waits for decoders: it may as well be exact
_ROUNDS = 5  # of timing one graph against another
_WORTH_IT = 0.9  # of the time of the more exact one, at most
_WIDE_IS_WORTH_IT = 0.97  # likewise
_NEARLY_AS_CLOSE = 1.5  # times 1 - cosine of the more exact one


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One way of making a graph, and what it is tried on."""

    module: torch.nn.Module
    example: torch.Tensor
    shape: list[int]
    batches: list[NDArray[np.generic]]
    right: Vectors  # torch's rows for all batches, one after the other
    cut: str = ""
    wide: bool = False  # in eight bits, all values of a token may share a scale


@dataclass(frozen=True, slots=True)
class _Made:
    """A compiled graph, and how close its rows come to torch's."""

    path: Path
    arithmetic: Arithmetic
    run: CompiledGraph
    cosine: float
    group: int


@dataclass(frozen=True, slots=True)
class _Model:
    """A model in memory, with what is known of it."""

    spec: ModelSpec
    source: Source
    files: ModelFiles
    built: Towers


def make(place: Place, spec: ModelSpec, source: Source, files: ModelFiles, towers: Sequence[Tower]) -> None:
    """Make the graphs of these towers, and write down what they are or why there are none.

    Raises:
        OSError: the folder cannot be written to, or is full.
        ModelError: the weights are damaged.
    """
    place.folder.mkdir(parents=True, exist_ok=True)
    _check_room(place.folder, files.weights)
    with quiet():
        model = _Model(spec, source, files, build_towers(spec, source, files))
        _keep_tokenizer(model, place)
        for tower in towers:
            attempts = _texts(model, place) if tower is Tower.TEXT else _images(model)
            place.remember(tower, _first_that_does(attempts, _ways(files.weights), tower, place))


def _first_that_does(attempts: Sequence[_Attempt], ways: Sequence[Arithmetic], tower: Tower, place: Place) -> Graph:
    found = Graph(why_not="its tokenizer needs torch", processor=place.processor)
    for attempt in attempts:
        try:
            found = _tried(attempt, ways, tower, place)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - converters raise anything; what they say is kept
            found = Graph(why_not=f"it cannot be converted ({first_line(error)})", processor=place.processor)
        if not found.why_not:
            break
    return found


def _tried(attempt: _Attempt, ways: Sequence[Arithmetic], tower: Tower, place: Place) -> Graph:
    with scratch(place.folder) as folder:
        graph = convert(attempt.module, attempt.example, attempt.shape, folder)
        made = _best(attempt, graph, ways)
        if made.cosine < CLOSE:
            refused = f"its vectors differ from torch's (cosine {made.cosine:.4f})"
            return Graph(why_not=refused, cosine=made.cosine, processor=place.processor)
        with place.fresh(place.blob(tower)) as path:
            made.path.replace(path)
        path = place.blob(tower)
        return Graph(
            arithmetic=made.arithmetic.value,
            group=made.group,
            cut=attempt.cut,
            cosine=made.cosine,
            stamp=stamp(path),
            checksum=checksum(path),
            processor=place.processor,
        )


def _best(attempt: _Attempt, graph: Path, ways: Sequence[Arithmetic]) -> _Made:
    """The quickest way that comes close to torch, the first of them if it is a matter of little; else float32."""
    close = [made for way in ways if (made := _compiled(attempt, graph, way)).cosine >= CLOSE]
    if not close:
        return _compiled(attempt, graph, Arithmetic.FLOAT32)
    times = _least_times([made.run for made in close], attempt.batches)
    quickest = times.index(min(times))
    best = close[quickest if times[quickest] <= _WORTH_IT * times[0] else 0]
    return _widened(attempt, graph, best) if attempt.wide and best.arithmetic is Arithmetic.INT8 else best


def _widened(attempt: _Attempt, graph: Path, best: _Made) -> _Made:
    """In eight bits with one scale for all values of a token, where that is quicker and nearly as close."""
    group = widest_group(graph)
    if group <= GROUP:
        return best
    wide = _compiled(attempt, graph, Arithmetic.INT8, group=group)
    if wide.cosine < CLOSE or 1.0 - wide.cosine > _NEARLY_AS_CLOSE * (1.0 - best.cosine):
        return best
    narrow_s, wide_s = _least_times([best.run, wide.run], attempt.batches)
    return wide if wide_s <= _WIDE_IS_WORTH_IT * narrow_s else best


def _compiled(attempt: _Attempt, graph: Path, arithmetic: Arithmetic, *, group: int = 0) -> _Made:
    path = graph.with_name(f"{arithmetic}.{group}.blob")
    compile_to(path, graph, arithmetic, group=group)
    run = CompiledGraph(path, arithmetic, group=group)
    rows = np.concatenate([run(batch) for batch in attempt.batches])
    return _Made(path, arithmetic, run, lowest_cosine(rows, attempt.right), group)


def _least_times(runs: Sequence[CompiledGraph], batches: Sequence[NDArray[np.generic]]) -> list[float]:
    """Seconds of each for all batches; in turn, so that what else the computer does is every one's."""
    if len(runs) == 1:
        return [0.0]
    times = [math.inf] * len(runs)
    for _ in range(_ROUNDS):
        for i, run in enumerate(runs):
            started = perf_counter()
            for batch in batches:
                run(batch)
            times[i] = min(times[i], perf_counter() - started)
    return times


def _images(model: _Model) -> list[_Attempt]:
    visual: Any = model.built.model.visual
    fit, shown = model.source.preprocess, pictures(model.source.preprocess)
    module = ImageModule(visual, fit)
    rows = _rows(module, torch.from_numpy(shown))
    return [
        _Attempt(
            module,
            torch.from_numpy(shown[:2]),
            [-1, fit.height, fit.width, 3],
            [shown[:2], shown],
            np.concatenate([rows[:2], rows]),
            wide=True,
        )
    ]


def _ways(weights: Path) -> tuple[Arithmetic, ...]:
    """What is tried, the most exact first."""
    if weights.stat().st_size < _SMALL_BYTES:
        return (Arithmetic.FLOAT32,)
    return (Arithmetic.BFLOAT16 if has_bfloat16() else Arithmetic.FLOAT32, Arithmetic.INT8)


def _texts(model: _Model, place: Place) -> list[_Attempt]:
    """None where the ids of the texts would need torch all the same."""
    context = model.spec.context_length
    tokens = model.built.tokenizer(list(TEXTS), context_length=context)
    ours = load_tokenizer(model.spec, model.source, model.files, kept=place.tokenizer)
    if ours is None or not np.array_equal(ours(TEXTS, context), tokens.numpy()):
        return []
    rows = _rows(WholeText(model.built.model), tokens)
    shown = [tokens.numpy()[i : i + 1] for i in range(len(TEXTS))] + [tokens.numpy()]
    return [
        _Attempt(
            module,
            tokens[:2, : context // 2 if rule else context].contiguous(),
            [-1, -1 if rule else context],
            [cut(one, rule) for one in shown],
            np.concatenate([rows, rows]),
            cut=rule,
        )
        for module, rule in text_modules(model.built.model)
    ]


def _rows(module: torch.nn.Module, batch: torch.Tensor) -> Vectors:
    with torch.inference_mode():
        rows: Vectors = module.eval()(batch).numpy()
    return rows


def _keep_tokenizer(model: _Model, place: Place) -> None:
    if model.files.tokenizer is None:
        return
    with scratch(place.folder) as folder:
        path = folder / place.tokenizer.name
        if keep_tokenizer(model.built.tokenizer, path):
            path.replace(place.tokenizer)


def _check_room(folder: Path, weights: Path) -> None:
    if shutil.disk_usage(folder).free < _ROOM * weights.stat().st_size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
