"""What can be known of a weights file without loading it (or torch): its hash and its logit scale.

The hash says which weights made a vector: sha256 of the file, in hex. The hub names large files in its cache by
exactly that, so most models cost nothing. Other large files are read once and remembered by path, size and
modification time in the user's cache folder.
"""

import contextlib
import hashlib
import json
import math
import os
import re
from pathlib import Path

from core.program import NAME

_SHA256_NAME = re.compile(r"[0-9a-f]{64}")
_REMEMBER_FROM_BYTES = 32 << 20  # under this, reading is quicker than keeping books (20 ms)


def weights_hash(path: Path) -> str:
    """Sha256 of a weights file, 64 hex digits."""
    real = path.resolve()
    if real.parent.name == "blobs" and _SHA256_NAME.fullmatch(real.name):
        return real.name
    stat = real.stat()
    if stat.st_size < _REMEMBER_FROM_BYTES:
        return _read_through(real)
    key = f"{real}|{stat.st_size}|{stat.st_mtime_ns}"
    book = _book()
    known = _read_book(book)
    if key not in known:
        known[key] = _read_through(real)
        _write_book(book, known)
    return known[key]


def read_logit_scale(path: Path) -> float | None:
    """The learned scale, already exp'ed; None where the file does not say it in a way that can be read alone."""
    from safetensors import SafetensorError, safe_open

    if path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, framework="np") as tensors:
            return math.exp(float(tensors.get_tensor("logit_scale").reshape(())))
    except (SafetensorError, TypeError, ValueError):
        return None  # no such tensor, in bfloat16, or a damaged file: loading it says more


def _read_through(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _book() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path(NAME, appauthor=False) / "weights.json"


def _read_book(book: Path) -> dict[str, str]:
    """What is remembered; nothing where the book is missing or torn, since it only saves time."""
    try:
        known = json.loads(book.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in known.items()} if isinstance(known, dict) else {}


def _write_book(book: Path, known: dict[str, str]) -> None:
    with contextlib.suppress(OSError):  # a cache folder that cannot be written to costs time only
        book.parent.mkdir(parents=True, exist_ok=True)
        fresh = book.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
        fresh.replace(book)
