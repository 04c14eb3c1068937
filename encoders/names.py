"""From what a person types to a ModelSpec and its Source, without loading weights.

Four kinds of name: one of the catalogue ("ViT-B-32"), open_clip's "ARCHITECTURE:TAG", "hf-hub:ORGANISATION/REPOSITORY"
and "local-dir:FOLDER". Only "ARCHITECTURE:TAG" imports open_clip (and with it torch). Nothing here goes to the
network: an `hf-hub:` name is known once its configuration is in the cache.
"""

import difflib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import ModelError, UnknownModel, UsageError, WeightsMissing
from core.models import ModelSpec, ModelTask, Preprocess
from encoders.blip import configuration as blip
from encoders.build import count_values
from encoders.catalogue import BUILT_IN, BYTES_PER_VALUE, CATALOGUE, ENGLISH, MOST, ROWS
from encoders.hub import cache_folder, cached_file
from encoders.sources import Source

HUB_PREFIX = "hf-hub:"
FOLDER_PREFIX = "local-dir:"
CONFIG_FILE = "open_clip_config.json"

_MULTILINGUAL_SIGNS = ("siglip2", "i18n", "xlm", "nllb", "worldwide", "mt5", "multilingual")
_DOES = {
    ModelTask.CLIP: "indexes and searches pictures",
    ModelTask.RERANK: "reranks results",
    ModelTask.CAPTION: "writes captions",
    ModelTask.ANSWER: "answers questions",
}
_DEFAULT_CONTEXT_LENGTH = 77  # open_clip's, where a configuration says nothing


def find_model(name: str) -> ModelSpec:
    """The spec of a model by any of its names; a catalogue name in whatever case.

    Raises:
        UnknownModel: nothing of this name; names that look like it are suggested.
        WeightsMissing: an `hf-hub:` model whose configuration was never fetched.
        ModelError: its configuration cannot be read, or asks for preprocessing that `search` does not do.
    """
    return resolve(name)[0]


def resolve(name: str) -> tuple[ModelSpec, Source]:
    """The spec and the source of a model. Raises what `find_model` raises."""
    name = name.strip()
    for row in ROWS:
        if row.spec.name.casefold() == name.casefold():
            return row.spec, row.source
    if name.startswith(FOLDER_PREFIX):
        return _from_folder(_folder(name))
    if name.startswith(HUB_PREFIX):
        return _from_hub(name.removeprefix(HUB_PREFIX).strip("/"))
    architecture, colon, tag = name.partition(":")
    if colon:
        return _from_open_clip(architecture.replace("/", "-"), tag)
    raise UnknownModel(
        f"there is no model {name!r}{_near(name, [spec.name for spec in CATALOGUE])}; see `search models list`"
    )


def resolve_for(task: ModelTask, name: str) -> tuple[ModelSpec, Source]:
    """As `resolve`, and the model is made for this task.

    Raises:
        UsageError: it is made for another.
    """
    spec, source = resolve(name)
    if spec.task is not task:
        raise UsageError(
            f"{spec.name} {_DOES[spec.task]}, and here a model is needed that {_DOES[task]}: see `search models list`"
        )
    return spec, source


def canonical_name(name: str) -> str:
    """The one spelling of a name that a space is called by; looks nothing up, and lets unknown names be."""
    name = name.strip()
    if name.startswith(FOLDER_PREFIX):
        return f"{FOLDER_PREFIX}{_folder(name)}"
    if name.startswith(HUB_PREFIX):
        return f"{HUB_PREFIX}{hub_repository(name)}"
    return next((row.spec.name for row in ROWS if row.spec.name.casefold() == name.casefold()), name)


def is_built_in(name: str) -> bool:
    """Whether this is a name of the model that comes with the program."""
    return canonical_name(name) == BUILT_IN


def hub_repository(name: str) -> str | None:
    """The repository an `hf-hub:` name means; None for other names."""
    return name.strip().removeprefix(HUB_PREFIX).strip("/") if name.strip().startswith(HUB_PREFIX) else None


def cached_blip(repo: str) -> Path | None:
    """The folder of a repository in the cache whose config.json is a BLIP's; None where there is none."""
    path = cached_file(repo, blip.CONFIG_FILE)
    return path.parent if path is not None and blip.is_blip(path) else None


def _near(name: str, names: list[str]) -> str:
    by_fold = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), by_fold, n=3, cutoff=0.5)
    return f" (did you mean {', '.join(by_fold[match] for match in close)}?)" if close else ""


def _folder(name: str) -> Path:
    return Path(name.removeprefix(FOLDER_PREFIX)).expanduser().absolute()


def _from_folder(folder: Path) -> tuple[ModelSpec, Source]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        if blip.is_blip(folder / blip.CONFIG_FILE):
            source = blip.source_of(folder)
            return blip.spec_of(f"{FOLDER_PREFIX}{folder}", folder, source=source, licence="your own folder"), source
        raise UnknownModel(
            f"{folder} holds neither an open_clip model ({CONFIG_FILE}) nor a BLIP of transformers ({blip.CONFIG_FILE})"
        )
    config = _read_config(path)
    source = _source_from(config, folder=folder, own=str(folder))
    return _spec_from(f"{FOLDER_PREFIX}{folder}", config["model_cfg"], source, licence="your own folder"), source


def _from_hub(repo: str) -> tuple[ModelSpec, Source]:
    if repo.count("/") != 1:
        raise UnknownModel(f"hf-hub:{repo} is not a model: write hf-hub:ORGANISATION/REPOSITORY")
    path = cached_file(repo, CONFIG_FILE)
    if path is None and (folder := cached_blip(repo)):
        source = blip.source_of(folder, repo=repo)
        licence = f"see https://huggingface.co/{repo}"
        return blip.spec_of(f"{HUB_PREFIX}{repo}", folder, source=source, licence=licence), source
    if path is None:
        raise WeightsMissing(
            f"hf-hub:{repo} is not in {cache_folder()}: run `search models pull hf-hub:{repo}` while online",
            fetchable=f"{HUB_PREFIX}{repo}",
        )
    config = _read_config(path)
    source = _source_from(config, repo=repo)
    licence = f"see https://huggingface.co/{repo}"
    return _spec_from(f"{HUB_PREFIX}{repo}", config["model_cfg"], source, licence=licence), source


def _read_config(path: Path) -> dict[str, Any]:
    """open_clip_config.json, with the parts that are needed known to be there."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        _ = config["model_cfg"]["embed_dim"], config["model_cfg"]["vision_cfg"]["image_size"]
        _ = config["model_cfg"]["text_cfg"].get
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a usable open_clip configuration: {type(error).__name__}: {error}") from error
    found: dict[str, Any] = config
    return found


def _source_from(config: dict[str, Any], *, repo: str = "", folder: Path | None = None, own: str = "") -> Source:
    text = config["model_cfg"]["text_cfg"]
    tokenizer = text.get("hf_tokenizer_name") or None
    return Source(
        preprocess=preprocess_from(config.get("preprocess_cfg") or {}, config["model_cfg"]["vision_cfg"]["image_size"]),
        repo=repo,
        folder=folder,
        # In a folder of its own a model keeps its tokenizer beside the weights, whatever its name says.
        tokenizer_repo=own if tokenizer and own else tokenizer,
        text_repo=text.get("hf_model_name") or None,
    )


def _spec_from(name: str, model: dict[str, Any], source: Source, *, licence: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        architecture=name,
        tag="",
        dim=int(model["embed_dim"]),
        image_size=source.preprocess.height,
        context_length=int(model["text_cfg"].get("context_length") or _DEFAULT_CONTEXT_LENGTH),
        languages=_languages(name, source),
        download_bytes=0,  # nothing to fetch, or not known before
        licence=licence,
        good_for="a model of your choice",
    )


def _languages(name: str, source: Source) -> tuple[str, ...]:
    signs = f"{name} {source.repo} {source.tokenizer_repo or ''}".casefold()
    return MOST if any(sign in signs for sign in _MULTILINGUAL_SIGNS) else ENGLISH


def preprocess_from(config: dict[str, Any], image_size: int | list[int] | tuple[int, int]) -> Preprocess:
    """open_clip's preprocessing configuration in core's words; what it leaves out is open_clip's default.

    Raises:
        ModelError: an interpolation or a resize mode that `media` does not do.
    """
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    default = Preprocess(height=int(height), width=int(width))
    interpolation = config.get("interpolation") or default.interpolation
    resize = config.get("resize_mode") or default.resize
    if interpolation not in {"bicubic", "bilinear"} or resize not in {"shortest", "squash", "longest"}:
        raise ModelError(f"pictures fitted by {resize!r} with {interpolation!r} interpolation are not supported")
    red, green, blue = (float(value) for value in config.get("mean") or default.mean)
    red_std, green_std, blue_std = (float(value) for value in config.get("std") or default.std)
    return Preprocess(
        height=default.height,
        width=default.width,
        resize=resize,
        interpolation=interpolation,
        mean=(red, green, blue),
        std=(red_std, green_std, blue_std),
        fill=int(config.get("fill_color") or 0),
    )


def _from_open_clip(architecture: str, tag: str) -> tuple[ModelSpec, Source]:
    import open_clip

    name = f"{architecture}:{tag}"
    trained = open_clip.get_pretrained_cfg(architecture, tag)
    model = open_clip.get_model_config(architecture)
    if not trained or model is None or not trained.get("hf_hub"):
        near = _near(name, open_clip.list_pretrained(as_str=True))
        raise UnknownModel(f"open_clip has no weights called {name!r}{near}; see `search models list`")
    quick = f"{architecture}-quickgelu"
    if trained.get("quick_gelu") and not model.get("quick_gelu") and open_clip.get_model_config(quick):
        architecture = quick  # these weights were trained with QuickGELU: the plain architecture would be wrong
    repo, _, weights = trained["hf_hub"].rpartition("/")
    source = replace(_source_from({"model_cfg": model, "preprocess_cfg": trained}, repo=repo), weights=weights)
    spec = _spec_from(name, model, source, licence=f"see https://huggingface.co/{repo}")
    # 0, "not known", where the text tower is described by a file that has to be fetched first.
    size = 0 if source.text_repo else count_values(architecture) * BYTES_PER_VALUE
    return replace(spec, architecture=architecture, tag=tag, download_bytes=size), source
