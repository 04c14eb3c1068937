"""What a setting's value must be, and making it of what a file, a variable or a caller says.

Each function here gives a reader: it takes what was said (TOML has numbers, a variable only text) and returns the
value, or raises Unusable with what it must be.
"""

import math
from collections.abc import Callable
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

N = TypeVar("N", int, float)
Read = Callable[[object], Any]


class Unusable(ValueError):
    """What the value must be, as the end of "must …"; `core.settings` says which setting it is."""


def folder() -> Read:
    """A path; `~` is the shell's, and no shell reads a config file or what a program puts into the environment."""

    def read(said: object) -> Path:
        if not isinstance(said, str | PathLike):
            raise Unusable("be the path of a folder")
        return Path(said).expanduser()

    return read


def words() -> Read:
    """Some text."""

    def read(said: object) -> str:
        if not isinstance(said, str):
            raise Unusable("be a valid string")
        if not said:
            raise Unusable("not be empty")
        return said

    return read


def chosen(kind: type[StrEnum]) -> Read:
    """One of an enumeration's values."""
    values = [repr(one.value) for one in kind]
    must = f"be {', '.join(values[:-1])} or {values[-1]}"

    def read(said: object) -> StrEnum:
        try:
            return kind(str(said))
        except ValueError as error:
            raise Unusable(must) from error

    return read


def whole(least: int, most: int | None = None) -> Read:
    """A whole number in a range."""

    def read(said: object) -> int:
        return _within(_whole(said), least, most)

    return read


def number(least: float, most: float) -> Read:
    """A number in a range."""

    def read(said: object) -> float:
        return _within(_number(said), least, most)

    return read


def _whole(said: object) -> int:
    found = _number(said, "be a valid integer")
    if found != int(found):
        raise Unusable("be a valid integer")
    return int(found)


def _number(said: object, must: str = "be a valid number") -> float:
    if not isinstance(said, str | int | float) or isinstance(said, bool):
        raise Unusable(must)
    try:
        found = float(said)
    except (ValueError, OverflowError) as error:
        raise Unusable(must) from error
    if not math.isfinite(found):
        raise Unusable("be a finite number")
    return found


def _within(value: N, least: float, most: float | None) -> N:
    if value < least:
        raise Unusable(f"be greater than or equal to {least:g}")
    if most is not None and value > most:
        raise Unusable(f"be less than or equal to {most:g}")
    return value
