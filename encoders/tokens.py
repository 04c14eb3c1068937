"""From texts to token ids without torch: what open_clip's tokenizers give, some milliseconds after the start.

Imports none of torch, open_clip and transformers, and gives a tokenizer only where its ids are sure to be theirs. For
other models there is None, and open_clip's own is needed once: `keep_tokenizer` writes down what it is.
"""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from core.models import ModelSpec
from encoders import hub_tokens
from encoders.bpe import BytePairs
from encoders.cleaning import CLEANERS
from encoders.sources import ModelFiles, Source

Tokens: TypeAlias = NDArray[np.int64]
"""(n, context_length) token ids."""

_VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
_OWN_CONFIG = "open_clip_config.json"
_PAIRS_CLEAN = "lower"  # what open_clip's two kinds of tokenizer do to a text where a configuration says nothing
_HUB_CLEAN = "whitespace"


class Tokenizer(Protocol):
    """Makes token ids of texts; safe to share between threads."""

    def __call__(self, texts: Sequence[str], context_length: int) -> Tokens:
        """N texts to int64 (n, context_length), padded; what does not fit is cut, and the end token kept."""
        ...


def load_tokenizer(spec: ModelSpec, source: Source, files: ModelFiles, *, kept: Path | None = None) -> Tokenizer | None:
    """A model's tokenizer, with open_clip's ids; None where only open_clip's own is sure to have them.

    Args:
        spec: what `resolve` says of the model.
        source: where it comes from, from `resolve` too.
        files: what `files_of` finds.
        kept: a file that `keep_tokenizer` may have written.

    Raises:
        ModelError: a file of the tokenizer is damaged.
    """
    text = _text_config(spec, files) if source.layout == "open_clip" else None
    if text is None or text.get("tokenizer_mode"):
        return None
    options: dict[str, Any] = text.get("tokenizer_kwargs") or {}
    clean = CLEANERS.get(options.get("clean", _HUB_CLEAN if files.tokenizer else _PAIRS_CLEAN))
    if clean is None or options.keys() - {"clean"}:
        return None
    if files.tokenizer is None:
        # By these names open_clip looks for another vocabulary.
        other = text.get("hf_tokenizer_name") or (files.folder is None and "siglip" in spec.architecture.casefold())
        return None if other else BytePairs(_open_clip() / _VOCABULARY, clean)
    if kept is not None and kept.is_file():
        return hub_tokens.read_kept(kept, clean)
    return hub_tokens.read_plain(files.tokenizer, spec.context_length, clean)


def keep_tokenizer(tokenizer: Any, path: Path) -> bool:  # noqa: ANN401 - open_clip ships no types
    """Write open_clip's tokenizer of a model of the hub's to a file that `load_tokenizer` reads.

    Returns:
        Whether there was something to write: its own byte pairs need no file.
    """
    backend = getattr(getattr(tokenizer, "tokenizer", None), "backend_tokenizer", None)
    if backend is None:
        return False
    hub_tokens.keep(tokenizer, path)
    return True


def _text_config(spec: ModelSpec, files: ModelFiles) -> dict[str, Any] | None:
    """What open_clip knows of the model's text tower; None where it has no file about it."""
    if files.folder is not None:
        path = files.folder / _OWN_CONFIG
    else:
        path = _open_clip() / "model_configs" / f"{spec.architecture}.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, Any] = config.get("model_cfg", config)["text_cfg"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    return found


def _open_clip() -> Path:
    """Where open_clip is installed; nothing of it is imported."""
    found = find_spec("open_clip")
    if found is None or not found.submodule_search_locations:
        raise ModelError("open_clip is not installed: pip install open_clip_torch")
    return Path(found.submodule_search_locations[0])
