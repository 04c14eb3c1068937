"""The lists of an index as they lie in its file, aligned, so that they are searched where they lie.

faiss reads 4-bit codes into memory, list by list: 76 bytes a vector, and another 10 for what each allocation wastes.
In a file of our own order they are mapped: the page cache holds them, opening reads nothing, and they lie one behind
the other. What follows the mean of each list:

    sizes   int64 (lists,): rows of each list
    ids     int64, list after list, from a multiple of 64 bytes on
    codes   packed by faiss in blocks of 32 rows, list after list, from a multiple of 64 bytes on

Leaves to others: what the codes mean, checksums.
"""

import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from core.arrays import RowNumbers
from db.vectors.engine import load_faiss

_ALIGNED = 64  # bytes; the widest registers want it
_NUMBER = np.dtype("<i8")


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where things lie, in bytes from the beginning of the file."""

    sizes: RowNumbers  # rows of each list
    code_bytes: RowNumbers  # of each list
    ids_at: RowNumbers
    codes_at: RowNumbers
    end: int

    @classmethod
    def of(cls, sizes: RowNumbers, lists: Any, after: int) -> Self:  # noqa: ANN401 - faiss ships no types
        """Behind `after` bytes; `lists` say how large their blocks are."""
        code_bytes = -(-sizes // lists.n_per_block) * lists.block_size
        ids_at = _up(after) + np.concatenate([[0], np.cumsum(8 * sizes)])
        codes_at = _up(int(ids_at[-1])) + np.concatenate([[0], np.cumsum(code_bytes)])
        return cls(sizes, code_bytes, ids_at[:-1], codes_at[:-1], int(codes_at[-1]))


class WithoutLists:
    """While this lasts, an IVF index of 4-bit codes has no rows, so that faiss writes it without them."""

    def __init__(self, ivf: Any) -> None:  # noqa: ANN401 - faiss ships no types
        self._ivf, self._own = ivf, ivf.own_invlists
        self._lists = load_faiss().downcast_InvertedLists(ivf.invlists)
        self._none = load_faiss().BlockInvertedLists(ivf.nlist, self._lists.n_per_block, self._lists.block_size)

    def __enter__(self) -> None:
        self._ivf.own_invlists = False
        self._ivf.replace_invlists(self._none, False)

    def __exit__(self, *_: object) -> None:
        self._ivf.replace_invlists(self._lists, self._own)


def in_blocks(ivf: Any) -> bool:  # noqa: ANN401 - faiss ships no types
    """Whether an IVF index has lists of the kind that is laid out here: those of 4-bit codes."""
    return isinstance(load_faiss().downcast_InvertedLists(ivf.invlists), load_faiss().BlockInvertedLists)


def write_lists(file: BinaryIO, ivf: Any) -> None:  # noqa: ANN401
    """Behind what is in the file: sizes, ids, codes."""
    faiss = load_faiss()
    lists = faiss.downcast_InvertedLists(ivf.invlists)
    sizes = sizes_of(lists)
    file.write(sizes.astype(_NUMBER).tobytes())
    layout = _Layout.of(sizes, lists, file.tell())
    filled = np.flatnonzero(sizes).tolist()
    for number in filled:
        _skip_to(file, int(layout.ids_at[number]))
        file.write(faiss.rev_swig_ptr(lists.get_ids(number), int(sizes[number])).astype(_NUMBER).tobytes())
    for number in filled:
        _skip_to(file, int(layout.codes_at[number]))
        file.write(faiss.rev_swig_ptr(lists.get_codes(number), int(layout.code_bytes[number])).tobytes())


def read_lists(file: BufferedReader, ivf: Any, *, mapped: bool) -> None:  # noqa: ANN401
    """Gives `ivf`, read without rows, the lists that follow in the file.

    Args:
        file: at the sizes.
        ivf: its lists tell how blocks are packed.
        mapped: left where they are where that can be; otherwise, and to add rows to, in memory.

    Raises:
        ValueError: the file does not end where its lists do.
    """
    lists = load_faiss().downcast_InvertedLists(ivf.invlists)
    sizes = np.frombuffer(file.read(_NUMBER.itemsize * ivf.nlist), _NUMBER).astype(np.int64)
    if len(sizes) != ivf.nlist or sizes.min(initial=0) < 0 or int(sizes.sum()) != ivf.ntotal:
        raise ValueError(f"the sizes of {ivf.nlist} lists do not say how {ivf.ntotal} rows lie")
    layout = _Layout.of(sizes, lists, file.tell())
    length = os.fstat(file.fileno()).st_size
    if length != layout.end:
        raise ValueError(f"lists that end at {layout.end} in a file of {length} bytes")
    if mapped and _can_map(file.name):
        _adopt(ivf, _map(file.name, layout))
    else:
        _adopt(ivf, _in_memory(file, layout, lists))


def sizes_of(lists: Any) -> RowNumbers:  # noqa: ANN401
    """Rows in each list, int64 (lists,)."""
    return np.fromiter((lists.list_size(number) for number in range(lists.nlist)), np.int64, lists.nlist)


def _can_map(path: object) -> bool:
    """Whether faiss can: it maps files on POSIX only, and takes names in UTF-8 only."""
    if not isinstance(path, str | Path) or not hasattr(load_faiss(), "OnDiskInvertedLists"):
        return False
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _map(path: str | Path, layout: _Layout) -> Any:  # noqa: ANN401
    """The lists on disk, by faiss: of each it keeps where its codes are, and the distance from there to its ids.

    It takes the ids to lie `code_size * capacity` bytes behind the codes. With the code size of packed lists, which is
    -1, that is so many bytes before them.
    """
    faiss = load_faiss()
    count = len(layout.sizes)
    lists = faiss.OnDiskInvertedLists(count, faiss.InvertedLists.INVALID_CODE_SIZE, str(path))
    lists.totsize, lists.read_only = layout.end, True
    lists.do_mmap()
    table = faiss.rev_swig_ptr(faiss.cast_integer_to_idx_t_ptr(int(lists.lists.data().this)), 3 * count)
    columns: RowNumbers = table.reshape(count, 3)  # size, capacity, offset
    columns[:, 0], columns[:, 1], columns[:, 2] = layout.sizes, layout.codes_at - layout.ids_at, layout.codes_at
    return lists


def _in_memory(file: BufferedReader, layout: _Layout, like: Any) -> Any:  # noqa: ANN401
    faiss = load_faiss()
    lists = faiss.BlockInvertedLists(len(layout.sizes), like.n_per_block, like.block_size)
    filled = np.flatnonzero(layout.sizes).tolist()
    for number in filled:
        lists.resize(number, int(layout.sizes[number]))
    for number in filled:
        file.seek(int(layout.ids_at[number]))
        ids = faiss.rev_swig_ptr(lists.get_ids(number), int(layout.sizes[number]))
        ids[:] = np.frombuffer(file.read(8 * len(ids)), _NUMBER)
    for number in filled:
        file.seek(int(layout.codes_at[number]))
        codes = faiss.rev_swig_ptr(lists.get_codes(number), int(layout.code_bytes[number]))
        codes[:] = np.frombuffer(file.read(len(codes)), np.uint8)
    return lists


def _adopt(ivf: Any, lists: Any) -> None:  # noqa: ANN401
    """`ivf` owns `lists` from here on, in the place of those it had."""
    lists.this.disown()
    ivf.replace_invlists(lists, True)


def _skip_to(file: BinaryIO, place: int) -> None:
    file.write(bytes(place - file.tell()))


def _up(place: int) -> int:
    return -(-place // _ALIGNED) * _ALIGNED
