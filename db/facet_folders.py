"""How many pictures are in each folder or below it, where one picture may have files in several folders.

A folder that holds none itself is counted, too, where it lies at or below a root and leads to one that does: from each
root down the answer is a whole tree.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from core.browsing import FolderCount
from core.paths import is_at_or_below
from db.connect import plain_rows
from db.roots import root_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from core.arrays import RowMask
    from db.row_fields import RowFields

_NONE = -1


class FolderCounts:
    """The folders of one snapshot; their tree, and who has files where, are found out once.

    Args:
        conn: a reader's.
        fields: of the snapshot's rows.
    """

    def __init__(self, conn: Connection, fields: RowFields) -> None:
        self._conn = conn
        self._fields = fields

    def of(self, mask: RowMask) -> tuple[FolderCount, ...]:
        """The folders with any of these rows in them or below, by path."""
        counts = np.bincount(self._only_node[mask] + 1, minlength=len(self._tree.paths) + 1)[1:]
        self._tree.add_up(counts)
        rows, nodes = self._several
        counts += np.bincount(nodes[mask[rows]], minlength=len(counts))
        found = [FolderCount(self._tree.paths[node], int(counts[node])) for node in np.flatnonzero(counts).tolist()]
        return tuple(sorted(found, key=lambda one: one.path))

    @cached_property
    def _tree(self) -> FolderTree:
        folders = plain_rows(self._conn, "SELECT id, path FROM folder", {})
        return FolderTree(dict(folders), root_paths(self._conn))

    @cached_property
    def _only_node(self) -> NDArray[np.int32]:
        """Per row the folder of its only file; _NONE where it has several, or none."""
        nodes: NDArray[np.int32] = self._tree.node_of[self._fields["folder"]]
        nodes[self._fields["several"]] = _NONE
        return nodes

    @cached_property
    def _several(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows with several files, and each folder that has any of them in it or below, each pair once."""
        copies = self._fields.copies().astype(np.int64)
        rows, nodes = copies[:, 0], self._tree.node_of[copies[:, 1]].astype(np.int64)
        width, pairs = len(self._tree.paths) + 1, []
        while len(rows):
            pairs.append(rows * width + nodes)
            nodes = self._tree.parents[nodes]
            rows, nodes = rows[nodes != _NONE], nodes[nodes != _NONE]
        rows, nodes = np.divmod(np.unique(np.concatenate([*pairs, np.empty(0, np.int64)])), width)
        return rows, nodes


class FolderTree:
    """Folders and those that they lie in, up to the roots.

    Args:
        folders: path by folder.id.
        roots: what is indexed.

    Attributes:
        paths: of every node.
        parents: int64, by node; _NONE at a root, and outside of all.
        node_of: int32, by folder.id; _NONE for ids that are no folder's.
    """

    def __init__(self, folders: dict[int, bytes], roots: Sequence[bytes]) -> None:
        self.paths: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        parents: list[int] = []
        self.node_of = np.full(max(folders, default=0) + 1, _NONE, np.int32)
        for number, path in folders.items():
            self.node_of[number] = self._put(path, roots, parents)
        self.parents = np.array(parents, np.int64)
        self._levels = _levels(self.parents)

    def add_up(self, counts: NDArray[np.int64]) -> None:
        """Add to each folder's count, in place, those of all folders below it."""
        for nodes in self._levels:
            np.add.at(counts, self.parents[nodes], counts[nodes])

    def _put(self, path: bytes, roots: Sequence[bytes], parents: list[int]) -> int:
        """The node of a folder, and of those above it up to its root."""
        chain = [path]
        while chain[-1] not in self._numbers and any(_is_below(chain[-1], root) for root in roots):
            chain.append(os.path.dirname(chain[-1]))  # noqa: PTH120 - bytes
        node = _NONE
        for one in reversed(chain):
            if one not in self._numbers:
                self._numbers[one] = len(self.paths)
                self.paths.append(one)
                parents.append(node)
            node = self._numbers[one]
        return node


def _is_below(path: bytes, root: bytes) -> bool:
    return path != root and is_at_or_below(path, root)


def _levels(parents: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The nodes that have a parent, the deepest first."""
    depths = np.zeros(len(parents), np.int64)
    at = parents.copy()
    while (at != _NONE).any():
        depths[at != _NONE] += 1
        at = np.where(at == _NONE, _NONE, parents[at])
    return [np.flatnonzero(depths == depth) for depth in range(int(depths.max(initial=0)), 0, -1)]
