"""Values of `core` as JSON and back, exactly: what the two ends of a socket say to each other.

What JSON has no word for is an object with one key, its type: {"bytes": …}, {"CopyKind": "similar"}, and a dataclass
with its fields in their order, {"Took": [30.0, 5.5, 0.0, 41.2]}. Both ends are the same version of `search`, so that
nothing here needs to be stable. Sequences come back as tuples.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Any

from core.errors import PictureProblem, ProblemKind, UsageError
from core.indexing import Progress
from core.notices import Notice
from core.pictures import Caption, CaptionSource, Orientation, Picture, PictureFacts, Tag, TakenAt, TakenSource
from core.queries import (
    Alike,
    AlikeKind,
    CopyKind,
    Filters,
    Fusion,
    Hit,
    Near,
    Reranked,
    SearchMode,
    SearchResult,
    Sort,
    Took,
)
from semantic_image_search.warm.messages import Answer, Ask, Hello, LookupQuestion, Refused, SearchQuestion, Welcome

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

_RECORDS: tuple[type, ...] = (
    *(Alike, Caption, Filters, Hit, Near, Picture, PictureFacts, Progress, Reranked, SearchResult, Tag, TakenAt, Took),
    *(Answer, Ask, Hello, LookupQuestion, Refused, SearchQuestion, Welcome),
)
_ENUMS: tuple[type[StrEnum], ...] = (
    *(AlikeKind, CaptionSource, CopyKind, Fusion, Orientation, ProblemKind, SearchMode, Sort, TakenSource),
)
_FIELDS = {record: tuple(field.name for field in fields(record)) for record in _RECORDS}


class Garbled(Exception):
    """What came is no value that this version of `search` knows."""


def pack(value: object) -> Json:
    """What `json.dumps` takes.

    Raises:
        TypeError: a type that never crosses the socket.
    """
    kind = type(value)
    packer = _PACKERS.get(kind)
    if packer is None:
        raise TypeError(f"a {kind.__name__} cannot be sent to another process")
    return packer(value)


def unpack(value: Json) -> object:
    """What was packed.

    Raises:
        Garbled: nothing that `pack` makes.
    """
    try:
        return _unpack(value)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise Garbled(f"{type(error).__name__}: {error}") from error


def _unpack(value: Json) -> object:
    if isinstance(value, list):
        return tuple(_unpack(one) for one in value)
    if isinstance(value, dict):
        ((name, inner),) = value.items()
        return _MAKERS[name](inner)
    return value


def _record(record: type) -> Callable[[Json], object]:
    def make(inner: Json) -> object:
        if not isinstance(inner, list) or len(inner) != len(_FIELDS[record]):
            raise ValueError(f"a {record.__name__} has {len(_FIELDS[record])} fields")
        return record(*map(_unpack, inner))

    return make


def _notice(inner: Json) -> Notice:
    if not isinstance(inner, list):
        raise TypeError("a Notice is a list")
    line, code, *values = map(str, inner)
    return Notice(line, code, dict(zip(values[::2], values[1::2], strict=True)))


def _problem(error: type[Exception]) -> Callable[[Json], object]:
    return lambda inner: error(*map(_unpack, inner))  # type: ignore[arg-type]  # else a TypeError: garbled


def _pack_record(record: object) -> Json:
    kind = type(record)
    return {kind.__name__: [pack(getattr(record, name)) for name in _FIELDS[kind]]}


def _pack_many(many: Iterable[object]) -> Json:
    return [pack(one) for one in many]


_PACKERS: dict[type, Callable[[Any], Json]] = {
    **dict.fromkeys((str, int, float, bool, type(None)), lambda value: value),
    **dict.fromkeys((list, tuple), _pack_many),
    **dict.fromkeys(_RECORDS, _pack_record),
    **dict.fromkeys(_ENUMS, lambda value: {type(value).__name__: value.value}),
    Notice: lambda value: {"Notice": [str(value), value.code, *chain.from_iterable(value.values.items())]},
    bytes: lambda value: {"bytes": value.decode("latin-1")},
    datetime: lambda value: {"datetime": value.isoformat()},
    UsageError: lambda value: {"UsageError": [str(value)]},
    PictureProblem: lambda value: {"PictureProblem": [pack(value.kind), value.reason]},
}

_MAKERS: dict[str, Callable[[Json], object]] = {
    **{record.__name__: _record(record) for record in _RECORDS},
    **{enum.__name__: enum for enum in _ENUMS},
    "Notice": _notice,
    "PictureProblem": _problem(PictureProblem),
    "UsageError": _problem(UsageError),
    "bytes": lambda inner: str(inner).encode("latin-1"),
    "datetime": lambda inner: datetime.fromisoformat(str(inner)),
}
