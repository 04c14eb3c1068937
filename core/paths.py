"""Paths are bytes; people and JSON see text."""

import base64
import os

_SEPARATOR = os.fsencode(os.sep)


def display(path: bytes) -> str:
    """The path as text for people: what is not UTF-8 is shown as �, control characters escaped."""
    text = path.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_path(path: bytes) -> dict[str, str]:
    """`path`, exact where it is UTF-8; else shown as well as it can be, with the exact bytes in `path_b64`."""
    try:
        return {"path": path.decode("utf-8")}
    except UnicodeDecodeError:
        return {"path": path.decode("utf-8", "replace"), "path_b64": base64.b64encode(path).decode("ascii")}


def absolute(path: str | bytes | os.PathLike[str]) -> bytes:
    """os.fsencode of the absolute, normalised path; symbolic links are kept as they are."""
    return os.fsencode(os.path.abspath(os.path.expanduser(os.fspath(path))))  # noqa: PTH100, PTH111 - bytes, too


def is_at_or_below(path: bytes, folder: bytes) -> bool:
    """True where `path` is `folder`, or lies in it by name; both absolute."""
    return path == folder or path.startswith(folder.rstrip(_SEPARATOR) + _SEPARATOR)
