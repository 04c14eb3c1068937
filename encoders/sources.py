"""What it takes to find and fit a model, beside its catalogue row."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.models import Preprocess


@dataclass(frozen=True, slots=True)
class Source:
    """Where a model's files are and how its pictures are fitted.

    Attributes:
        repo: the hub's "organisation/repository" with the weights; empty where `folder` has them.
        weights: the file's name in the repository; empty for open_clip's usual names.
        tokenizer_repo: whose tokenizer files to use; None for the BPE vocabulary that open_clip brings along.
        text_repo: whose config.json describes a text tower of `transformers`; None for open_clip's own towers.
        layout: whose files they are. "transformers" has config.json, preprocessor_config.json and the tokenizer beside
            the weights, and is BLIP's.
    """

    preprocess: Preprocess
    repo: str = ""
    folder: Path | None = None
    weights: str = ""
    tokenizer_repo: str | None = None
    text_repo: str | None = None
    layout: Literal["open_clip", "transformers"] = "open_clip"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a model's files lie on this machine."""

    weights: Path
    folder: Path | None  # holds the open_clip_config.json of a model that brings its own; None: open_clip knows it
    tokenizer: Path | None  # a folder; None: the BPE vocabulary that open_clip brings along
    text_config: Path | None  # a folder; None: open_clip's own text tower
