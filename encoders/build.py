"""From files to a model in memory: the one place that calls open_clip's factory.

Never goes to the network: every file is handed over by path. Knows nothing about devices or batches.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from core.models import ModelSpec
from encoders.quiet import quiet
from encoders.sources import ModelFiles, Source

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import torch


@dataclass(frozen=True, slots=True)
class Towers:
    """A model in memory, on the CPU, ready to be asked."""

    model: "torch.nn.Module"  # open_clip's CLIP or CustomTextCLIP, in eval mode
    tokenizer: Any  # called with texts and a context_length, gives int64 (n, context_length)
    logit_scale: float  # already exp'ed


def build_towers(spec: ModelSpec, source: Source, files: ModelFiles) -> Towers:
    """Load a model.

    Raises:
        ModelError: a file is damaged or belongs to another model, or `transformers` is needed and not installed.
    """
    import torch

    try:
        with quiet(), torch.random.fork_rng(devices=[]), _without_random_weights():
            model = _create(spec, files)
            _load_weights(model, files.weights)
            tokenizer = _create_tokenizer(spec, files)
    except ImportError as error:
        raise ModelError(f"{spec.name} needs a library that is not installed: pip install transformers") from error
    except Exception as error:  # readers of damaged files raise anything: RuntimeError, SafetensorError, KeyError, …
        raise ModelError(
            f"{files.weights} cannot be loaded as {spec.name} ({first_line(error)}): {how_to_mend(spec)}"
        ) from error
    _check_size(model, spec, source)
    model.eval()
    return Towers(model=model, tokenizer=tokenizer, logit_scale=math.exp(float(model.logit_scale.detach())))


def how_to_mend(spec: ModelSpec) -> str:
    """What to do about damaged weights, as the end of a sentence."""
    if spec.built_in:
        return "it came with `search`: install that anew"
    return f"fetch it anew with `search models remove {spec.name}` and `search models pull {spec.name}`"


def count_values(architecture: str) -> int:
    """The number of values in the state of one of open_clip's own architectures; nothing is allocated."""
    import open_clip
    import torch

    with quiet(), torch.device("meta"):
        model = open_clip.create_model(architecture, device="meta")
    return sum(value.numel() for value in model.state_dict().values())


def _create(spec: ModelSpec, files: ModelFiles) -> Any:  # noqa: ANN401 - open_clip ships no types
    import open_clip

    name = spec.architecture if files.folder is None else f"local-dir:{files.folder}"
    overrides = {}
    if files.text_config is not None:
        # By path, so that transformers does not ask the hub for the configuration of the text tower.
        text = open_clip.get_model_config(name)["text_cfg"]
        overrides["text_cfg"] = {**text, "hf_model_name": str(files.text_config), "hf_model_pretrained": False}
    return open_clip.create_model(name, load_weights=False, pretrained_text=False, **overrides)


def _create_tokenizer(spec: ModelSpec, files: ModelFiles) -> Any:  # noqa: ANN401 - open_clip ships no types
    import open_clip

    name = spec.architecture if files.folder is None else f"local-dir:{files.folder}"
    if files.tokenizer is None:
        return open_clip.get_tokenizer(name, context_length=spec.context_length)
    from open_clip.tokenizer import HFTokenizer

    text = open_clip.get_model_config(name)["text_cfg"]
    return HFTokenizer(
        str(files.tokenizer),
        context_length=spec.context_length,
        tokenizer_mode=text.get("tokenizer_mode"),
        **text.get("tokenizer_kwargs", {}),
    )


def _load_weights(model: Any, path: Path) -> None:  # noqa: ANN401 - open_clip ships no types
    """Weights into the model: straight from the mapped file where it fits as it is, else through open_clip.

    Mapped weights are read from the disk when a layer first runs and are never copied: with ViT-B-32 a process peaks at
    1.35 GB in place of 2.1 (0.95 of it are the libraries), and one that only sees pictures never holds the text tower.
    """
    from open_clip import load_checkpoint
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        mapped, wanted = load_file(path), model.state_dict()
        if mapped.keys() == wanted.keys() and all(_alike(mapped[name], wanted[name]) for name in wanted):
            model.load_state_dict(mapped, strict=True, assign=True)
            return
    load_checkpoint(model, str(path), strict=True)


def _alike(one: "torch.Tensor", other: "torch.Tensor") -> bool:
    return one.shape == other.shape and one.dtype == other.dtype


def _check_size(model: Any, spec: ModelSpec, source: Source) -> None:  # noqa: ANN401 - open_clip ships no types
    size = model.visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    wanted = source.preprocess
    if (height, width) != (wanted.height, wanted.width):
        raise ModelError(
            f"{spec.name} wants pictures of {height} × {width} pixels, and its configuration says "
            f"{wanted.height} × {wanted.width}: the installed open_clip does not fit this version of `search`"
        )


def _without_random_weights() -> "AbstractContextManager[object]":
    """Skips drawing the random numbers that load_checkpoint (strict) then overwrites: 0.7 s for ViT-B-32, not 2.5 s."""
    from torch.overrides import TorchFunctionMode

    drawn = {"normal_", "uniform_", "trunc_normal_", "erfinv_"}
    drawn |= {f"{kind}_{spread}_" for kind in ("kaiming", "xavier") for spread in ("normal", "uniform")}

    class Skip(TorchFunctionMode):
        """Returns the tensor as it is in place of filling it."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's protocol
            del types
            kwargs = kwargs or {}
            if getattr(func, "__name__", "") in drawn:
                return args[0] if args else kwargs["tensor"]
            return func(*args, **kwargs)

    return Skip()


def first_line(error: BaseException) -> str:
    """What a reader of files said of a damaged one, with the name of its error."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
