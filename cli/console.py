"""Where words go: results to stdout, notices and progress to stderr; colour on a terminal, plain text in a pipe.

Knows nothing of what is printed.
"""

import json
import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING

from core.paths import display

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from rich.console import Console


def one_line(text: str) -> str:
    """The text on one line, control characters escaped, what is not Unicode shown as �."""
    return display(" ".join(text.split()).encode("utf-8", "surrogateescape"))


def out_is_terminal() -> bool:
    """True where a person reads stdout as it comes."""
    return sys.stdout.isatty()


def err_is_terminal() -> bool:
    """True where a person reads stderr as it comes."""
    return sys.stderr.isatty()


def can_ask() -> bool:
    """True where a question would be seen and could be answered."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def out_console() -> "Console":
    """Rich, on stdout."""
    from rich.console import Console

    return Console(highlight=False, emoji=False)


def err_console() -> "Console":
    """Rich, on stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, emoji=False)


def emit(line: str) -> None:
    """One line of a result."""
    emit_bytes(f"{line}\n".encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def emit_heading(path: bytes) -> None:
    """Whose answer follows: bold on a terminal, with a colon in a pipe."""
    if out_is_terminal():
        from rich.text import Text

        out_console().print(Text(display(path), "bold"), soft_wrap=True)
    else:
        emit(f"{display(path)}:")


def emit_json(value: object) -> None:
    """One JSON value on one line; text stays readable, not escaped to ASCII."""
    emit(json.dumps(value, ensure_ascii=False, allow_nan=False))


def emit_bytes(data: bytes) -> None:
    """Bytes exactly as they are, all of them: with PYTHONUNBUFFERED, one write may take only a part."""
    left = memoryview(data)
    while left:
        left = left[sys.stdout.buffer.write(left) :]


def say(text: str, *, style: str = "dim", indent: int = 0) -> None:
    """One notice on stderr, behind whatever results came before."""
    sys.stdout.flush()
    line = " " * indent + one_line(text)
    if err_is_terminal() and not os.environ.get("NO_COLOR"):
        from rich.text import Text

        err_console().print(Text(line, style), soft_wrap=True)
    else:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def all_said(*, verbose: bool) -> "AbstractContextManager[None]":
    """While this lasts, with `--verbose`, what the encoders say of themselves is said here."""
    if not verbose:
        return nullcontext()
    from cli.hearing import encoders_heard

    return encoders_heard(say, everything=True)


def ask(question: str, *, default: bool) -> bool:
    """Yes or no from the person at the terminal; Enter takes the default.

    Raises:
        EOFError: the terminal was closed instead.
    """
    choices = "[Y/n]" if default else "[y/N]"
    while True:
        sys.stderr.write(f"{one_line(question)} {choices} ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            raise EOFError
        word = answer.strip().lower()
        if not word:
            return default
        if word in {"y", "yes", "n", "no"}:
            return word.startswith("y")
