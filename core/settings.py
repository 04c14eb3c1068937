"""Settings: defaults, then the config file, then environment variables, then what the caller says.

The config file is `config.toml` in the platform's config folder (SEARCH_CONFIG names another one); environment
variables are the field's name in capitals with SEARCH_ in front. Imported only where a library is opened: the
settings library costs 0.15 s of start-up.
"""

import os
import re
from pathlib import Path

from platformdirs import user_config_path, user_data_path
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from core.errors import UsageError
from core.models import Device
from core.program import NAME
from core.recall import DEFAULT_RECALL, LEAST_RECALL, MOST_RECALL

DEFAULT_MODEL = "ViT-B-32-datacomp"
DEFAULT_RERANKER = "blip-itm-base-coco"
DEFAULT_CAPTIONER = "blip-caption-base"
DEFAULT_ANSWERER = "blip-vqa-base"


def config_file() -> Path:
    """Where the config file is, whether or not it exists."""
    named = os.environ.get("SEARCH_CONFIG")
    return Path(named).expanduser() if named else user_config_path(NAME, appauthor=False) / "config.toml"


class Settings(BaseSettings):
    """Every setting, with its default and its reason."""

    model_config = SettingsConfigDict(env_prefix="SEARCH_", env_ignore_empty=True, extra="forbid", frozen=True)

    library: Path = Field(default_factory=lambda: user_data_path(NAME, appauthor=False) / "library")
    # For a library's first index; after that the library decides.
    model: str = Field(default=DEFAULT_MODEL, min_length=1)
    device: Device = Device.AUTO
    exact_below: int = Field(default=50_000, ge=0)  # rows; under it an exact scan is as fast as IVF-PQ and never wrong
    recall: float = Field(default=DEFAULT_RECALL, ge=LEAST_RECALL, le=MOST_RECALL)  # recall@10 of such an index
    batch_size: int = Field(default=16, ge=1, le=4096)  # a CPU is no faster with more, and 32 take 100 MB more
    workers: int = Field(default=0, ge=0, le=256)  # 0: one per core, at most 8
    max_megapixels: int = Field(default=200, ge=1, le=2000)
    # The second stage; each is looked for when it is needed, and fetched only when asked.
    reranker: str = Field(default=DEFAULT_RERANKER, min_length=1)
    captioner: str = Field(default=DEFAULT_CAPTIONER, min_length=1)
    answerer: str = Field(default=DEFAULT_ANSWERER, min_length=1)
    rerank_budget_s: float = Field(default=3.0, ge=0, le=3600, allow_inf_nan=False)  # longer, and people ask again
    feature_cache_mb: int = Field(default=2048, ge=0)  # 2,300 pictures at base size; 0: nothing is kept

    @property
    def asked_model(self) -> str | None:
        """The model that the file, the environment or the caller names, be it the default; None: none of them does."""
        return self.model if "model" in self.model_fields_set else None

    @property
    def asked_recall(self) -> float | None:
        """The recall that the file or the environment names; None: none does, and an index keeps what it aims at."""
        return self.recall if "recall" in self.model_fields_set else None

    @field_validator("library")
    @classmethod
    def _expand_home(cls, library: Path) -> Path:
        """`~` is the shell's, and no shell reads the config file."""
        return library.expanduser()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then the file; neither .env files nor secret folders."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())


def load_settings(**given: object) -> Settings:
    """The settings; arguments that are None count as not given.

    Raises:
        UsageError: a value in the file or the environment is not allowed; says which.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise UsageError(_unusable(error)) from error
    except ValueError as error:  # tomllib
        raise UsageError(f"{config_file()} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"the settings in {config_file()} cannot be read: {error.strerror}") from error


_WANTED = {"path_type": "be the path of a folder", "string_too_short": "not be empty"}
"""Where pydantic's own words (by the type of its error) are not for people: what a setting must be."""


def _unusable(error: ValidationError) -> str:
    """The first thing that is wrong, in one line, and where it may have been said."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    if first["type"] == "extra_forbidden":
        return f"{config_file()} has an unknown setting {name!r}: there are {', '.join(Settings.model_fields)}"
    wanted = _WANTED.get(first["type"]) or re.sub(r"^Input should |, (unable to|got) .*$", "", first["msg"])
    return f"the setting {name} (SEARCH_{name.upper()}, or {config_file()}) must {wanted}, and is {first['input']!r}"
