"""Which files make a model, whether they are here, fetching them, removing them.

`files_of` never goes to the network; `pull` is the only function that does. What the files mean is `encoders.build`'s
business.
"""

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError, UnknownModel, UsageError, WeightsMissing
from core.models import ModelSpec, ModelTask
from encoders.blip import configuration as blip
from encoders.catalogue import ROWS
from encoders.hub import cache_folder, cached_file, fetch, repository_folder
from encoders.names import CONFIG_FILE, HUB_PREFIX, cached_blip, hub_repository, resolve, resolve_for
from encoders.sources import ModelFiles, Source

# open_clip's own names, safetensors first. In a repository the later ones hold transformers' layout, in a folder not.
HUB_NAMES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
FOLDER_NAMES = (
    *HUB_NAMES,
    "open_clip_pytorch_model.pth",
    "model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.pth",
)
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab*", "merges.txt", "*.model")
_TOKENIZER_SIGNS = ("tokenizer.json", "tokenizer_config.json")
_TEXT_CONFIG = "config.json"
_TRANSFORMERS_NAMES = ("model.safetensors", "pytorch_model.bin")
_BESIDE = (blip.CONFIG_FILE, blip.PREPROCESSOR_FILE)  # what transformers' layout needs with the weights


@dataclass(frozen=True, slots=True)
class CachedModel:
    """A model whose weights are on this machine."""

    name: str
    path: Path  # of the weights
    size_bytes: int


def weights_cached(spec: ModelSpec) -> bool:
    """True where everything the model needs is on this machine."""
    return files_of(spec.name, resolve(spec.name)[1]) is not None


def files_of(name: str, source: Source) -> ModelFiles | None:
    """The files of a model; None where one of them is missing."""
    weights = _find_weights(source)
    if source.layout == "transformers":
        return _files_beside(weights) if weights else None
    tokenizer, text_config = _find_tokenizer(source), _find_text_config(source)
    if weights is None or (source.tokenizer_repo and not tokenizer) or (source.text_repo and not text_config):
        return None
    brings_config = source.folder is not None or name.startswith(HUB_PREFIX)
    return ModelFiles(
        weights=weights,
        folder=weights.parent if brings_config else None,
        tokenizer=tokenizer,
        text_config=text_config,
    )


def find_files(task: ModelTask, name: str, *, download: bool) -> tuple[ModelSpec, Source, ModelFiles]:
    """A model for a task with its files, fetched where they are missing and `download` allows it.

    Raises:
        UnknownModel: no such model.
        UsageError: a model for another task.
        WeightsMissing: its weights are not here (and could not be fetched).
    """
    if download:
        with contextlib.suppress(WeightsMissing):  # of a model of the hub's nothing is known before it is fetched
            resolve_for(task, name)  # first: what is of no use is not fetched
        pull(name)
    spec, source = resolve_for(task, name)
    files = files_of(spec.name, source)
    if files is None:
        raise missing(spec, source)
    return spec, source, files


def pull(name: str) -> Path:
    """Bring a model into the cache; what is there already is not fetched again. Returns the path of its weights.

    Raises:
        UnknownModel: no such model.
        WeightsMissing: they cannot be had; says why, in one line.
    """
    repo = hub_repository(name)
    if repo and cached_file(repo, CONFIG_FILE) is None and not cached_blip(repo):
        _fetch_config(repo, name)
    spec, source = resolve(name)
    if source.layout == "transformers" and source.repo and files_of(spec.name, source) is None:
        beside = (*_BESIDE, *TOKENIZER_FILES)
        fetch(source.repo, one_of=_weight_names(source), patterns=beside, name=spec.name)
    if source.repo and _find_weights(source) is None:
        fetch(source.repo, one_of=_weight_names(source), patterns=(), name=spec.name)
    if source.tokenizer_repo and source.folder is None and not _find_tokenizer(source):
        fetch(source.tokenizer_repo, one_of=_TOKENIZER_SIGNS, patterns=TOKENIZER_FILES, name=spec.name)
    if source.text_repo and not _find_text_config(source):
        fetch(source.text_repo, one_of=(_TEXT_CONFIG,), patterns=(), name=spec.name)
    files = files_of(spec.name, source)
    if files is None:
        raise missing(spec, source)
    return files.weights


def _fetch_config(repo: str, name: str) -> None:
    fetch(repo, one_of=(CONFIG_FILE, blip.CONFIG_FILE), patterns=(), name=name)
    if cached_file(repo, CONFIG_FILE) is None and not cached_blip(repo):
        raise UnknownModel(f"{name} is neither an open_clip model nor a BLIP: see `search models list`")


def remove(name: str) -> int:
    """Delete a model's repository from the cache; return the bytes that this freed. Raises as `removable`.

    Tokenizers that came from other repositories stay: other programs may use them.
    """
    folder = removable(name)
    size = _size_of(folder)
    shutil.rmtree(folder)
    shutil.rmtree(folder.parent / ".locks" / folder.name, ignore_errors=True)
    return size


def removable(name: str) -> Path:
    """The folder that `remove` would delete.

    Raises:
        UsageError: built in, a folder of the user's own, or nothing there to remove.
        UnknownModel: no such model.
    """
    spec, source = resolve(name)
    if spec.built_in:
        raise UsageError(f"{spec.name} is built in: it comes with `search`, and is not removed")
    if not source.repo:
        raise UsageError(f"{spec.name} is a folder of your own: `search` does not delete it")
    folder = repository_folder(source.repo)
    if not folder.is_dir():
        raise UsageError(f"{spec.name} is not in {cache_folder()}: there is nothing to remove")
    return folder


def cached_models() -> list[CachedModel]:
    """The models whose weights are in the cache: those of the catalogue first, then others by their `hf-hub:` name."""
    names = [row.spec.name for row in ROWS if row.source.repo]
    known = {repository_folder(row.source.repo) for row in ROWS if row.source.repo}
    for folder in sorted(cache_folder().glob("models--*--*")):
        repo = folder.name.removeprefix("models--").replace("--", "/", 1)
        if folder not in known and (cached_file(repo, CONFIG_FILE) or cached_blip(repo)):
            names.append(HUB_PREFIX + repo)
    found = []
    for name in names:
        try:
            source = resolve(name)[1]
        except ModelError:
            continue  # a configuration that is no model of ours
        files = files_of(name, source)
        if files is not None:
            found.append(CachedModel(name, files.weights, _size_of(repository_folder(source.repo))))
    return found


def missing(spec: ModelSpec, source: Source) -> WeightsMissing:
    """The one line that says what is not here and how to get it."""
    if spec.built_in:
        broken = f"{spec.name} is built in, and {source.folder} is not whole: install `search` anew"
        return WeightsMissing(broken, fetchable="")
    if source.folder is not None:
        names = (*_TRANSFORMERS_NAMES, *_BESIDE) if source.layout == "transformers" else (*HUB_NAMES, "…")
        bare = f"{spec.name} holds no weights or not all that belongs to them ({', '.join(names)}, the tokenizer)"
        return WeightsMissing(bare, fetchable="")
    size = f" ({spec.download_bytes / 1e6:,.0f} MB)" if spec.download_bytes else ""
    return WeightsMissing(
        f"the weights of {spec.name} are not in {cache_folder()}: run `search models pull {spec.name}`{size}",
        fetchable=spec.name,
    )


def _weight_names(source: Source) -> tuple[str, ...]:
    """The names the weights may have, best first."""
    if source.layout == "transformers":
        return _TRANSFORMERS_NAMES
    if not source.weights:
        return FOLDER_NAMES if source.folder is not None else HUB_NAMES
    safer = str(Path(source.weights).with_suffix(".safetensors"))
    return tuple(dict.fromkeys((safer, source.weights)))


def _files_beside(weights: Path) -> ModelFiles | None:
    """A folder of transformers' layout; None where it is not whole."""
    folder = weights.parent
    whole = all((folder / name).is_file() for name in _BESIDE)
    if not whole or not any((folder / name).is_file() for name in (*_TOKENIZER_SIGNS, "vocab.txt")):
        return None
    return ModelFiles(weights=weights, folder=folder, tokenizer=folder, text_config=folder)


def _find(source: Source, repo: str, names: tuple[str, ...]) -> Path | None:
    """The first of these files in the model's own folder, or else in a repository in the cache."""
    for name in names:
        path = source.folder / name if source.folder is not None else cached_file(repo, name)
        if path is not None and path.is_file():
            return path
    return None


def _find_weights(source: Source) -> Path | None:
    return _find(source, source.repo, _weight_names(source))


def _find_tokenizer(source: Source) -> Path | None:
    if source.tokenizer_repo is None:
        return None
    path = _find(source, source.tokenizer_repo, _TOKENIZER_SIGNS)
    return path.parent if path else None


def _find_text_config(source: Source) -> Path | None:
    path = cached_file(source.text_repo, _TEXT_CONFIG) if source.text_repo else None
    return path.parent if path else None


def _size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
