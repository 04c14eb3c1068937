"""Which command is meant: `search a red car` is a query, `search photo.jpg` a lookup, `search idnex DIR` a slip.

Turns the words typed into words Typer understands, and does nothing else. Commands and their options are read from
the app itself, so that a new option needs no second mention here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from typer.core import TyperArgument, TyperGroup, TyperOption

from cli.console import one_line
from core.errors import UsageError

NEAR = 0.72  # difflib's ratio; idnex, statue and qeury are 0.8, "state" for "status" 0.73
PICTURE_NAME = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".heic", ".heif", ".avif", ".jp2")
TAKES_PATHS = frozenset({"index", "lookup", "forget", "describe", "ask", "label", "tag", "eval"})
OF_THE_PROGRAM = frozenset({"--help", "-h", "--version", "--install-completion", "--show-completion"})


@dataclass(frozen=True, slots=True)
class Route:
    """The words for Typer, and a hint worth a line on stderr."""

    words: tuple[str, ...]
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Grammar:
    """The commands of the app, as far as routing needs to know them."""

    subcommands: Mapping[str, frozenset[str]]  # by command; empty where it has none
    options: Mapping[str, frozenset[str]]  # by command
    with_words: frozenset[str]  # commands that take words behind them
    with_value: frozenset[str]  # options that take one, of commands that are often misspelt or left out

    @classmethod
    def of(cls, program: TyperGroup) -> "Grammar":
        """Read it from the app."""
        commands = {name: list(_options(command.params)) for name, command in program.commands.items()}
        often = ("query", "lookup", "index", "label", "tag", "serve", "duplicates", "mcp")
        leading = [option for name in often for option in commands[name]]
        return cls(
            {name: frozenset(getattr(command, "commands", ())) for name, command in program.commands.items()},
            {name: frozenset(o for option in options for o in option.opts) for name, options in commands.items()},
            frozenset(name for name, command in program.commands.items() if _takes_words(command.params)),
            frozenset(name for option in leading if not option.is_flag for name in option.opts),
        )


def route(words: Sequence[str], grammar: Grammar) -> Route:
    """The words with their command in front.

    Raises:
        UsageError: what was typed is most likely a slip; says what may have been meant.
    """
    words = spread_files(words)
    asked = _help(words, grammar)
    if asked is not None:
        return Route(asked)
    where = _first_word(words, grammar)
    if where is None:
        return Route(tuple(words) if words[0] in OF_THE_PROGRAM else ("query", *words))
    first, rest = words[where], [*words[:where], *words[where + 1 :]]
    others = _plain(rest, grammar)
    if first in grammar.subcommands:
        _refuse_words_behind(first, others, grammar)
        if grammar.subcommands[first] and not others:
            return Route((first, "--help"))
        return Route((first, *rest), _hint_at_words(first, others))
    near = next(iter(get_close_matches(first.lower(), grammar.subcommands, 1, NEAR)), None)
    if near is not None and _looks_like(near, others, rest, grammar):
        raise UsageError(f"there is no command {one_line(first)!r}: did you mean `search {near}`?")
    if first == "-" or _is_lookup(first, others):
        return Route(("lookup", *words))
    _refuse_slip(first, others)
    return Route(("query", *words), f"to run the command: search {near}" if near is not None and not others else None)


def spread_files(words: Sequence[str]) -> list[str]:
    """`--files a b c` as `--files a --files b --files c`: an option of Typer takes one value, and this one many.

    Raises:
        UsageError: no name follows; Typer would take the next option for one.
    """
    spread: list[str] = []
    taking = False
    for position, word in enumerate(words):
        if word == "--":
            return [*spread, *words[position:]]
        if word.startswith("-") and word != "-":
            taking = word == "--files"
            if not taking:
                spread.append(word)
            elif position + 1 == len(words) or words[position + 1].startswith("-"):
                raise UsageError("--files needs the names of pictures behind it: search TEXT --files A.png B.png")
        elif taking:
            spread += ["--files", word]
        else:
            spread.append(word)
    return spread


def _help(words: Sequence[str], grammar: Grammar) -> tuple[str, ...] | None:
    """The page that nothing at all, `help`, or `help COMMAND` asks for; None where it is something else."""
    behind = words[1:]
    if words and (words[0] != "help" or len(behind) > 1 or not set(behind) <= set(grammar.subcommands)):
        return None
    return (*behind, "--help")


def _options(params: Iterable[object]) -> Iterator[TyperOption]:
    return (param for param in params if isinstance(param, TyperOption))


def _takes_words(params: Iterable[object]) -> bool:
    return any(isinstance(param, TyperArgument) for param in params)


def _first_word(words: Sequence[str], grammar: Grammar) -> int | None:
    """Where the first word stands that is neither an option nor an option's value; None before a `--`, too."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "--":
            return None
        if word == "-" or not word.startswith("-"):
            return position
        position += 2 if word in grammar.with_value else 1
    return None


def _plain(words: Sequence[str], grammar: Grammar) -> list[str]:
    """The words that are neither options nor their values."""
    plain: list[str] = []
    left = list(words)
    while (where := _first_word(left, grammar)) is not None:
        plain.append(left[where])
        left = left[where + 1 :]
    return plain


def _refuse_words_behind(command: str, others: Sequence[str], grammar: Grammar) -> None:
    """`search status of liberty` is hardly the command.

    Raises:
        UsageError: says how to look for the words instead.
    """
    known = sorted(grammar.subcommands[command])
    if not others or command in grammar.with_words or others[0] in known:
        return
    instead = f"to look for these words, type: search query {one_line(' '.join([command, *others]))}"
    if known:
        raise UsageError(f"search {command} has no {one_line(others[0])!r}, only {', '.join(known)}; {instead}")
    raise UsageError(f"search {command} takes no words; {instead}")


def _hint_at_words(command: str, others: Sequence[str]) -> str | None:
    """`search index finger`: a command that takes paths, with words that are none."""
    if command not in TAKES_PATHS or not others:
        return None
    if any(os.sep in word or "." in word or word == "-" or os.path.exists(_home(word)) for word in others):  # noqa: PTH110
        return None
    return f"to look for these words, type: search query {one_line(' '.join([command, *others]))}"


def _looks_like(near: str, others: Sequence[str], rest: Sequence[str], grammar: Grammar) -> bool:
    """True where what follows a near miss fits that command: a subcommand, a path, an option that only it has."""
    if grammar.subcommands[near]:
        return bool(others) and others[0] in grammar.subcommands[near]
    asked = {word.partition("=")[0] for word in rest if word.startswith("--")}
    if asked & (grammar.options[near] - grammar.options["query"]):
        return True
    return near in TAKES_PATHS and any(os.path.exists(_home(word)) for word in others)  # noqa: PTH110 - text


def _is_lookup(first: str, others: Sequence[str]) -> bool:
    """An existing file, and nothing behind it that can only be words."""
    if not os.path.isfile(_home(first)):  # noqa: PTH113 - text that may not be UTF-8
        return False
    return all(os.path.exists(_home(word)) or os.sep in word or _named_like_picture(word) for word in others)  # noqa: PTH110


def _refuse_slip(first: str, others: Sequence[str]) -> None:
    """A file or folder that was hardly meant as words to look for.

    Raises:
        UsageError: says what to type instead.
    """
    shown = one_line(first)
    if _named_like_picture(first) and others and os.path.isfile(_home(first)):  # noqa: PTH113
        raise UsageError(f"{shown} is a file and words follow it: to mix them, type search --image {shown} TEXT")
    if _named_like_picture(first) and not others:
        raise UsageError(f"no such file: {shown} (to look for these words, type: search query {shown})")
    if os.sep in first and not others and os.path.isdir(_home(first)):  # noqa: PTH112
        raise UsageError(f"{shown} is a folder: to make it searchable, type search index {shown}")


def _named_like_picture(word: str) -> bool:
    return word.lower().endswith(PICTURE_NAME)


def _home(word: str) -> str:
    return os.path.expanduser(word)  # noqa: PTH111 - text that may not be UTF-8
