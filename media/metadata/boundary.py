"""The one place where whatever a metadata parser raises is turned into "nothing found"."""

import struct
from collections.abc import Callable
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

# What Pillow, expat, defusedxml and json raise on damaged input (ParseError is a SyntaxError, DefusedXmlException and
# JSONDecodeError are ValueErrors, RecursionError and NotImplementedError are RuntimeErrors). MemoryError and bugs of
# other kinds pass through to the boundary around the whole file.
BAD_METADATA = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


def attempt(read: Callable[P, T], otherwise: T, *arguments: P.args, **options: P.kwargs) -> T:
    """What `read` returns for its arguments, or `otherwise` where the metadata it reads is damaged."""
    try:
        return read(*arguments, **options)
    except BAD_METADATA:
        return otherwise
