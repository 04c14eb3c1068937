"""The short way into `search query` and `search lookup`, which people wait for: words read without Typer's parser.

Building the whole program and reading 40 options through it takes longer than a warm answer. What is plain is read
here, by the very declarations that Typer reads; at the first thing that is not (a word that is no option, a number out
of range, `--help`), nothing is said, and Typer reads it all and says it. A test holds the two side by side.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, partial
from inspect import Parameter, signature
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

from cli.routing import NEAR, Grammar, route

COMMANDS = frozenset(
    {
        *("index", "query", "lookup", "describe", "ask", "label", "tag", "serve", "status", "forget", "optimize"),
        *("doctor", "demo", "eval", "models", "captions", "vectors", "duplicates", "mcp"),
    }
)
"""Every command's name; `cli.app` has the commands themselves."""

QUICK = ("query", "lookup")
NOT_PLAIN = frozenset({"--", "-", "--files"})
_WHOLE = re.compile(r"\d{1,9}")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")


class NotPlain(Exception):
    """Typer had better read this."""


@dataclass(frozen=True, slots=True)
class Taker:
    """What one parameter of a command takes.

    Attributes:
        name: the parameter's.
        read: makes a value of a word; None: an option without one.
        many: it may be given several times.
        needed: the command cannot do without.
    """

    name: str
    read: Callable[[str], object] | None
    many: bool
    needed: bool


def read_quickly(words: Sequence[str]) -> Callable[[], None] | None:
    """The command that these words mean, ready to be run; None where Typer has to read them.

    Raises:
        UsageError: a file or folder that was hardly meant as words to look for; as `routing.route`.
    """
    if not words or words[0].startswith("-") or not NOT_PLAIN.isdisjoint(words):
        return None
    first = words[0].lower()
    if words[0] not in QUICK and (first in COMMANDS or get_close_matches(first, COMMANDS, 1, NEAR)):
        return None
    try:
        "".join(words).encode()
        _read(_takers("query"), words)  # all of them are plain, so that routing sees what it would see
        found = route(words, _grammar())
        command, *rest = found.words
        plain = command in QUICK and not found.hint
        return partial(_function(command), **_read(_takers(command), rest)) if plain else None
    except (NotPlain, UnicodeEncodeError):
        return None


def _function(command: str) -> Callable[..., None]:
    if command == "lookup":
        from cli.lookup import lookup

        return lookup
    from cli.query import query

    return query


@cache
def _grammar() -> Grammar:
    takers = _takers("query")
    with_value = frozenset(name for name, taker in takers.items() if taker.read is not None)
    return Grammar(dict.fromkeys(COMMANDS, frozenset()), {}, frozenset(QUICK), with_value)


@cache
def _takers(command: str) -> Mapping[str, Taker]:
    """By option; "" takes the words that are none."""
    takers: dict[str, Taker] = {}
    for parameter in signature(_function(command)).parameters.values():
        info = parameter.annotation.__metadata__[0]
        taker = _taker(parameter, info)
        names = [""] if isinstance(info, ArgumentInfo) else [info.default, *(info.param_decls or ())]
        takers.update(dict.fromkeys(names, taker))
    return takers


def _taker(parameter: Parameter, info: ArgumentInfo | OptionInfo) -> Taker:
    kind = _without_none(parameter.annotation.__origin__)
    many = get_origin(kind) is list
    if many:
        (kind,) = get_args(kind)
    read = None if kind is bool else partial(_READERS[_sort_of(kind)], kind, info)
    return Taker(parameter.name, read, many, parameter.default is Parameter.empty)


def _without_none(kind: Any) -> Any:  # noqa: ANN401 - any annotation
    others = [one for one in get_args(kind) if one is not NoneType]
    return others[0] if NoneType in get_args(kind) and len(others) == 1 else kind


def _sort_of(kind: Any) -> object:  # noqa: ANN401 - any annotation
    if get_origin(kind) is Literal:
        return Literal
    return StrEnum if issubclass(kind, StrEnum) else kind


def _whole(_kind: type, info: OptionInfo, word: str) -> int:
    return int(_within(info, float(word) if _WHOLE.fullmatch(word) else None))


def _number(_kind: type, info: OptionInfo, word: str) -> float:
    return _within(info, float(word) if _NUMBER.fullmatch(word) else None)


def _within(info: OptionInfo, number: float | None) -> float:
    least, most = info.min, info.max
    if number is None or (least is not None and number < least) or (most is not None and number > most):
        raise NotPlain
    return number


def _one_of(kind: Any, _info: OptionInfo, word: str) -> str:  # noqa: ANN401 - a Literal
    if word not in get_args(kind):
        raise NotPlain
    return word


def _member(kind: type[StrEnum], _info: OptionInfo, word: str) -> StrEnum:
    try:
        return kind(word)
    except ValueError as error:
        raise NotPlain from error


_READERS: Mapping[object, Callable[[Any, Any, str], object]] = {
    str: lambda _kind, _info, word: word,
    Path: lambda _kind, _info, word: Path(word),
    int: _whole,
    float: _number,
    Literal: _one_of,
    StrEnum: _member,
}


def _read(takers: Mapping[str, Taker], words: Sequence[str]) -> dict[str, Any]:
    """The values of a command's parameters, those that were given.

    Raises:
        NotPlain: not every word could be read.
    """
    values: dict[str, Any] = {}
    left = list(reversed(words))
    while left:
        word = left.pop()
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        taker = takers.get(option if word.startswith("-") else "")
        if taker is None or (equals and taker.read is None):
            raise NotPlain
        if taker.read is None:
            values[taker.name] = True
            continue
        text = (value if equals else _following(left)) if word.startswith("-") else word
        if not text:
            raise NotPlain
        found = taker.read(text)
        values[taker.name] = [*values.get(taker.name, []), found] if taker.many else found
    if any(taker.needed and taker.name not in values for taker in takers.values()):
        raise NotPlain
    return values


def _following(left: list[str]) -> str:
    if not left or left[-1].startswith("-"):
        raise NotPlain
    return left.pop()
