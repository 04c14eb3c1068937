"""Tokenizers of the hub's models, read by the `tokenizers` package alone.

`transformers` makes of a tokenizer.json what its class for the model thinks right: other normalisation, other special
tokens. So only a folder that leaves it no choice is read as it lies; of the others, what `transformers` made is kept
once (`keep`) and read from then on.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelError
from encoders.cleaning import Cleaner

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_FILE = "tokenizer.json"
_CONFIG = "tokenizer_config.json"
_NAMED = "special_tokens_map.json"
_OTHERS = ("config.json", "added_tokens.json")  # by these `transformers` would choose another class, or add tokens
_PLAIN_CLASSES = {"PreTrainedTokenizerFast", "TokenizersBackend"}
_TOKEN_KEYS = {f"{name}_token" for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask")}
_HARMLESS_KEYS = {"tokenizer_class", "model_max_length", "clean_up_tokenization_spaces"}
_MENDED_ABOVE = 100_000  # larger vocabularies are looked through by `transformers`, and sometimes mended


class HubTokens:
    """Texts to ids with a tokenizer of the hub's; safe to share between threads.

    Args:
        tokenizer: truncates and pads, to whatever length; it belongs to this object from now on.
        clean: what is done to a text first.
    """

    def __init__(self, tokenizer: "Tokenizer", clean: Cleaner) -> None:
        self._tokenizer = tokenizer
        self._clean = clean
        self._truncation: dict[str, Any] = tokenizer.truncation or {}
        self._padding: dict[str, Any] = tokenizer.padding or {}
        self._context_length = 0
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str], context_length: int) -> NDArray[np.int64]:
        """N texts to int64 (n, context_length), padded; what does not fit is cut, and the end token kept."""
        with self._lock:
            if context_length != self._context_length:
                self._tokenizer.enable_truncation(**self._truncation | {"max_length": context_length})
                self._tokenizer.enable_padding(**self._padding | {"length": context_length})
                self._context_length = context_length
            # One by one: for a batch the package starts threads, and then warns when the process forks.
            ids = [self._tokenizer.encode(self._clean(text)).ids for text in texts]
        return np.array(ids, np.int64).reshape(len(texts), context_length)


def read_plain(folder: Path, context_length: int, clean: Cleaner) -> HubTokens | None:
    """The tokenizer of a folder that `transformers` would read as it lies; None where it might change something.

    Raises:
        ModelError: a file is damaged.
    """
    config, named = _read_json(folder / _CONFIG), _read_json(folder / _NAMED)
    if (
        config.get("tokenizer_class") not in _PLAIN_CLASSES
        or not config.keys() <= _TOKEN_KEYS | _HARMLESS_KEYS
        or not named.keys() <= _TOKEN_KEYS
        or any(config.get(key) != token for key, token in named.items())
        or any((folder / name).exists() for name in _OTHERS)
        or not (folder / _FILE).is_file()
    ):
        return None
    tokenizer = _read(folder / _FILE)
    plain = {
        token.content
        for token in tokenizer.get_added_tokens_decoder().values()
        if token.special and not (token.normalized or token.lstrip or token.rstrip or token.single_word)
    }
    special = {key: token for key, token in config.items() if key in _TOKEN_KEYS}
    padding = special.get("pad_token")
    if padding is None or not plain.issuperset(special.values()) or tokenizer.get_vocab_size() > _MENDED_ABOVE:
        return None
    tokenizer.enable_truncation(context_length)
    tokenizer.enable_padding(length=context_length, pad_token=padding, pad_id=tokenizer.token_to_id(padding))
    return HubTokens(tokenizer, clean)


def keep(tokenizer: Any, path: Path) -> None:  # noqa: ANN401 - open_clip ships no types
    """Write what `transformers` made of a tokenizer to a file for `read_kept`.

    Args:
        tokenizer: open_clip's HFTokenizer.
        path: of the file.
    """
    tokenizer([""])  # from the first text on it truncates and pads as it is asked to
    path.write_text(tokenizer.tokenizer.backend_tokenizer.to_str(), encoding="utf-8")


def read_kept(path: Path, clean: Cleaner) -> HubTokens:
    """What `keep` wrote. Raises ModelError where it is damaged."""
    return HubTokens(_read(path), clean)


def _read(path: Path) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises Exception itself
        raise ModelError(f"{path} is not a tokenizer: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    """The file's object; empty where there is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} cannot be read: it holds no object")
    return found
