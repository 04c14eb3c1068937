"""What must be the same at both ends for an answer to be the same: the program, and the settings."""

import os
from functools import cache
from pathlib import Path

from core import program
from core.settings import READERS, Settings

_NOT_COMPARED = frozenset(
    {
        "library",  # named by itself
        *("model", "batch_size", "workers", "max_megapixels", "exact_below", "recall"),  # of indexing
        *("captioner", "answerer"),  # of other commands
        *("serve_idle_minutes", "serve_processes"),  # of the server itself
    }
)
"""No answer depends on these."""

_WHERE_MODELS_ARE = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME")

Said = tuple[tuple[str, str], ...]


@cache
def build() -> str:
    """This installation of the program: its version, and when its files were written."""
    written = Path(program.__file__).stat().st_mtime_ns
    return f"{program.VERSION} of {written}"


def in_force(settings: Settings) -> Said:
    """Every setting that an answer may depend on, and where models are looked for, by name."""
    said = {name: str(getattr(settings, name)) for name in READERS if name not in _NOT_COMPARED}
    said |= {name: os.environ[name] for name in _WHERE_MODELS_ARE if os.environ.get(name)}
    return tuple(sorted(said.items()))


def differing(ours: Said, theirs: Said) -> list[str]:
    """The names of what the two say differently."""
    return sorted({name for name, _ in set(ours) ^ set(theirs)})
