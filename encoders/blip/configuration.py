"""A BLIP folder's own words (config.json, preprocessor_config.json) in core's: task, sizes, preprocessing.

Reads JSON, loads nothing. A folder is as `save_pretrained` of transformers writes it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import ModelError
from core.models import ModelSpec, ModelTask, Preprocess
from encoders.blip.rows import CONTEXT_LENGTH
from encoders.sources import Source

CONFIG_FILE = "config.json"
PREPROCESSOR_FILE = "preprocessor_config.json"

TASKS = {
    "BlipForImageTextRetrieval": ModelTask.RERANK,
    "BlipForConditionalGeneration": ModelTask.CAPTION,
    "BlipForQuestionAnswering": ModelTask.ANSWER,
}

_INTERPOLATIONS: dict[int, Literal["bicubic", "bilinear"]] = {2: "bilinear", 3: "bicubic"}  # pillow's numbers
_UNDONE = ("do_center_crop", "do_pad", "do_thumbnail")  # other models' preprocessing, which BLIP has no use for


@dataclass(frozen=True, slots=True)
class BlipShape:
    """What its configuration says a BLIP is."""

    task: ModelTask
    image_size: int  # pixels
    patch_size: int  # pixels
    width: int  # of the vision tower
    dim: int  # of the ITC vectors
    heads: int  # of the vision tower's attention
    text_heads: int
    vocabulary: int  # [DEC] and [ENC] are its last two

    @property
    def tokens(self) -> int:
        """How many vectors the vision tower makes of a picture: one for each patch, and the class token."""
        return (self.image_size // self.patch_size) ** 2 + 1


def is_blip(path: Path | None) -> bool:
    """True where this config.json describes a BLIP of one of the three tasks."""
    if path is None:
        return False
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return config.get("model_type") == "blip" and _architecture(config) in TASKS
    except (OSError, ValueError, AttributeError):
        return False


def read_shape(path: Path) -> BlipShape:
    """What a BLIP's config.json says.

    Raises:
        ModelError: it cannot be read, or lacks what is needed.
    """
    config = _read(path)
    try:
        vision, text = config.get("vision_config") or {}, config.get("text_config") or {}
        return BlipShape(  # what is left out is transformers' default
            task=TASKS[_architecture(config)],
            image_size=int(vision.get("image_size", 384)),
            patch_size=int(vision.get("patch_size", 16)),
            width=int(vision.get("hidden_size", 768)),
            dim=int(config.get("image_text_hidden_size", 256)),
            heads=int(vision.get("num_attention_heads", 12)),
            text_heads=int(text.get("num_attention_heads", 8)),
            vocabulary=int(text.get("vocab_size", 30524)),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is not a usable BLIP configuration: {type(error).__name__}: {error}") from error


def read_preprocess(path: Path, *, image_size: int) -> Preprocess:
    """How BLIP's image processor fits pictures, in core's words.

    Raises:
        ModelError: it cannot be read, or does to pictures what `search` does not do; says what.
    """
    config = _read(path)
    try:
        height, width = _size(config.get("size", image_size))
        interpolation = _INTERPOLATIONS.get(config.get("resample", 3))
        scale = float(config.get("rescale_factor", 1 / 255))
        mean, std = _three(config, "image_mean"), _three(config, "image_std")
    except (LookupError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be used: {type(error).__name__}: {error}") from error
    refused = [name for name in _UNDONE if config.get(name)]
    refused += [f"{name} false" for name in ("do_resize", "do_rescale") if not config.get(name, True)]
    if interpolation is None:
        refused.append(f"resample {config.get('resample')}")
    if abs(scale * 255 - 1) > 1e-6:
        refused.append(f"rescale_factor {scale}")
    if (height, width) != (image_size, image_size):
        refused.append(f"pictures of {height} × {width} pixels for a model of {image_size} × {image_size}")
    if refused or interpolation is None:
        raise ModelError(f"{path} asks for what `search` does not do to pictures: {', '.join(refused)}")
    if not config.get("do_normalize", True):
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Preprocess(height, width, resize="squash", interpolation=interpolation, mean=mean, std=std)


def spec_of(name: str, folder: Path, *, source: Source, licence: str) -> ModelSpec:
    """The row of a BLIP that is in no catalogue."""
    shape = read_shape(folder / CONFIG_FILE)
    return ModelSpec(
        name=name,
        architecture="blip",
        tag="",
        dim=shape.dim,
        image_size=source.preprocess.height,
        context_length=CONTEXT_LENGTH,
        languages=("en",),
        download_bytes=0,
        licence=licence,
        good_for="a model of your choice",
        task=shape.task,
    )


def source_of(folder: Path, *, repo: str = "") -> Source:
    """Where its files are: in `repo`, whose cached files lie in `folder`, or in the folder itself."""
    shape = read_shape(folder / CONFIG_FILE)
    path = folder / PREPROCESSOR_FILE
    fit = Preprocess(shape.image_size, shape.image_size, resize="squash")
    if path.is_file():  # where it is missing, so are weights: `files_of` says so
        fit = read_preprocess(path, image_size=shape.image_size)
    return Source(fit, repo, folder=None if repo else folder, layout="transformers")


def _architecture(config: dict[str, Any]) -> str:
    return str((config.get("architectures") or [""])[0])


def _read(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} cannot be used: it holds no JSON object")
    return config


def _size(size: object) -> tuple[int, int]:
    if isinstance(size, dict):
        return int(size["height"]), int(size["width"])
    return int(str(size)), int(str(size))


def _three(config: dict[str, Any], name: str) -> tuple[float, float, float]:
    one, two, three = (float(value) for value in config.get(name) or getattr(Preprocess(1, 1), name[6:]))
    return one, two, three
