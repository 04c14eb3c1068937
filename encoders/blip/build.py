"""From files to a BLIP in memory, by transformers' own loader; says nothing while it does.

Knows nothing about devices or batches. Never goes to the network: the folder is handed over by path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.errors import ModelError
from core.models import ModelSpec
from encoders.blip.configuration import TASKS
from encoders.build import first_line, how_to_mend
from encoders.quiet import quiet
from encoders.sources import ModelFiles

_CLASSES = {task: name for name, task in TASKS.items()}


def build_blip(spec: ModelSpec, files: ModelFiles) -> Any:  # noqa: ANN401 - transformers ships no types
    """The model of a spec's task, float32 on the CPU, in eval mode.

    Raises:
        ModelError: a file is damaged, lacks values, or belongs to another model.
    """
    import torch
    import transformers

    kind = getattr(transformers, _CLASSES[spec.task])
    try:
        with quiet(), no_bars(), torch.random.fork_rng(devices=[]):
            model, told = kind.from_pretrained(
                files.weights.parent,
                local_files_only=True,
                dtype=torch.float32,
                use_safetensors=files.weights.suffix == ".safetensors",
                output_loading_info=True,
            )
    except Exception as error:  # readers of damaged files raise anything: OSError, SafetensorError, RuntimeError, …
        raise ModelError(
            f"{files.weights} cannot be loaded as {spec.name} ({first_line(error)}): {how_to_mend_blip(spec)}"
        ) from error
    if told["missing_keys"] or told["mismatched_keys"]:
        lacking = sorted([*told["missing_keys"], *(str(key) for key in told["mismatched_keys"])])
        some = f"{lacking[0]} is one of {len(lacking)}"
        raise ModelError(f"{files.weights} lacks weights of {spec.name} ({some}): {how_to_mend_blip(spec)}")
    return model.eval()


def how_to_mend_blip(spec: ModelSpec) -> str:
    """What to do about damaged weights, as the end of a sentence."""
    if spec.name.startswith("local-dir:"):
        return "put a whole model there"
    return how_to_mend(spec)


@contextmanager
def no_bars() -> Iterator[None]:
    """No progress bars of transformers inside; as before outside. Call it within `quiet`, which holds the lock."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars
    from transformers.utils import logging

    shown, hub_shown = logging.is_progress_bar_enabled(), not are_progress_bars_disabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # the hub's too
            if not hub_shown:
                disable_progress_bars()
