"""What the first query is measured on: random weights of the default model, and libraries that say it made them.

Random weights take the time that trained ones take, and no download. The vectors of a library are made ones
(`clip_like`): which pictures are found means nothing.
"""

import hashlib
import os
from pathlib import Path

from benchmarks.clip_like import World
from benchmarks.million_library import make_library
from core.settings import load_settings
from db import open_writer
from encoders import load_encoder, weights_cached
from encoders.names import resolve

_COMMIT = "0" * 40
_SEED = 0


def random_weights(model: str) -> None:
    """Put random weights of a model of the catalogue into the hub's cache, where it has none; as the hub lays them."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    from encoders.hub import repository_folder

    spec, source = resolve(model)
    if weights_cached(spec):
        return
    folder = repository_folder(source.repo)
    blobs, snapshot = folder / "blobs", folder / "snapshots" / _COMMIT
    for made in (blobs, snapshot, folder / "refs"):
        made.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(_SEED)
    state = open_clip.create_model(spec.architecture).state_dict()
    part = blobs / "part"
    save_file({name: value.contiguous() for name, value in state.items()}, part)
    with part.open("rb") as file:
        blob = part.rename(blobs / hashlib.file_digest(file, "sha256").hexdigest())
    (snapshot / "open_clip_model.safetensors").symlink_to(os.path.relpath(blob, snapshot))
    (folder / "refs" / "main").write_text(_COMMIT)


def library(folder: Path, rows: int, model: str) -> Path:
    """A library of so many made pictures that `model` is said to have embedded, with index and columns up to date."""
    info = load_encoder(model).info
    if not (folder / "near.npy").exists():
        make_library(folder, World(info.dim).rows(rows), info)
    with open_writer(folder, command="benchmark") as writer:
        writer.refresh_derived(writer.spaces()[0], exact_below=load_settings().exact_below)
    return folder
