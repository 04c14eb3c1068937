"""Settings: defaults, then the config file, then environment variables, then what the caller says.

The config file is `config.toml` in the platform's config folder (SEARCH_CONFIG names another one); environment
variables are the field's name in capitals with SEARCH_ in front. What a value must be is in `core.values`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path

from core.errors import UsageError
from core.models import Device
from core.program import NAME
from core.recall import DEFAULT_RECALL, LEAST_RECALL, MOST_RECALL
from core.values import Read, Unusable, chosen, folder, number, whole, words

DEFAULT_MODEL = "ViT-B-32-datacomp"
DEFAULT_RERANKER = "blip-itm-base-coco"
DEFAULT_CAPTIONER = "blip-caption-base"
DEFAULT_ANSWERER = "blip-vqa-base"

_PREFIX = "SEARCH_"
_READ = "read"  # in a field's metadata: what makes a value of what was said


def config_file() -> Path:
    """Where the config file is, whether or not it exists."""
    named = os.environ.get("SEARCH_CONFIG")
    return Path(named).expanduser() if named else user_config_path(NAME, appauthor=False) / "config.toml"


def default_library() -> Path:
    """Where the library is, if nobody says."""
    return user_data_path(NAME, appauthor=False) / "library"


def _setting(default: object, read: Read) -> Any:  # noqa: ANN401 - as dataclasses.field, any field's default
    return field(default=default, metadata={_READ: read})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, with its default and its reason."""

    library: Path = field(default_factory=default_library, metadata={_READ: folder()})
    # For a library's first index; after that the library decides.
    model: str = _setting(DEFAULT_MODEL, words())
    device: Device = _setting(Device.AUTO, chosen(Device))  # noqa: RUF009 - makes a field
    exact_below: int = _setting(50_000, whole(least=0))  # rows; under it exact is as fast as IVF-PQ, and never wrong
    recall: float = _setting(DEFAULT_RECALL, number(LEAST_RECALL, MOST_RECALL))  # recall@10 of such an index
    batch_size: int = _setting(0, whole(0, 4096))  # 0: 16 on a CPU, and on GPUs what keeps all of them busy
    workers: int = _setting(0, whole(0, 256))  # 0: one per core, at most 32
    max_megapixels: int = _setting(200, whole(1, 2000))
    # The second stage; each is looked for when it is needed, and fetched only when asked.
    reranker: str = _setting(DEFAULT_RERANKER, words())
    captioner: str = _setting(DEFAULT_CAPTIONER, words())
    answerer: str = _setting(DEFAULT_ANSWERER, words())
    rerank_budget_s: float = _setting(3.0, number(0, 3600))  # longer, and people ask again
    feature_cache_mb: int = _setting(2048, whole(least=0))  # 2,300 pictures at base size; 0: nothing is kept
    # What the page shows of 60,000 pictures, at 35 kB each; 0: nothing is kept
    thumbnail_cache_mb: int = _setting(2048, whole(least=0))
    # `search serve`: as long as somebody searches; a model and an index are a good part of a laptop's memory
    serve_idle_minutes: float = _setting(10.0, number(0, 525_600))
    serve_processes: int = _setting(0, whole(0, 64))  # that search while many ask; 0: one per core, at most 4

    asked: frozenset[str] = frozenset()
    """The settings that the file, the environment or the caller names, be it with the default."""

    @property
    def asked_model(self) -> str | None:
        """The model that somebody names, be it the default; None: nobody does."""
        return self.model if "model" in self.asked else None

    @property
    def asked_recall(self) -> float | None:
        """The recall that somebody names; None: nobody does, and an index keeps what it aims at."""
        return self.recall if "recall" in self.asked else None


READERS: Mapping[str, Read] = {one.name: one.metadata[_READ] for one in fields(Settings) if _READ in one.metadata}
"""By the name of each setting, what makes its value of what was said."""


def load_settings(**given: object) -> Settings:
    """The settings; arguments that are None count as not given.

    Raises:
        UsageError: a value in the file or the environment is not allowed; says which.
    """
    said = _in_file() | _in_environment() | {name: value for name, value in given.items() if value is not None}
    return Settings(**{name: _read(name, value) for name, value in said.items()}, asked=frozenset(said))


def _in_file() -> dict[str, object]:
    path = config_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"the settings in {path} cannot be read: {why}") from error
    import tomllib

    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    for name in found:
        if name not in READERS:
            raise UsageError(f"{path} has an unknown setting {name!r}: there are {', '.join(READERS)}")
    return found


def _in_environment() -> dict[str, object]:
    """The variables of settings, in whatever case; an empty one counts as unset."""
    found = {name.upper(): value for name, value in os.environ.items() if value}
    return {name: found[variable] for name in READERS if (variable := f"{_PREFIX}{name.upper()}") in found}


def _read(name: str, said: object) -> Any:  # noqa: ANN401 - the type of any setting
    try:
        return READERS[name](said)
    except Unusable as error:
        where = f"{_PREFIX}{name.upper()}, or {config_file()}"
        raise UsageError(f"the setting {name} ({where}) must {error}, and is {said!r}") from error
