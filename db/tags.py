"""Tags of pictures: words with a source, and which pictures have them. A tag that no picture has is no tag."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from core.errors import UsageError
from core.pictures import Tag
from core.tags import USER, TagBlock, TagCount, TagSource, folded, tidy_name
from db.connect import Store, plain_rows, run_many, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

# CROSS JOIN: SQLite keeps the order of the tables, and so never walks all pictures or all rows for a few tags.
_OF_ASSETS = """
    SELECT at.asset_id, t.name, at.source, at.model, at.score FROM json_each(:assets) j
    CROSS JOIN asset_tag at ON at.asset_id = j.value CROSS JOIN tag t ON t.id = at.tag_id
    ORDER BY at.score IS NOT NULL, at.score DESC, t.folded
"""
_OF_ALL = "tag t CROSS JOIN asset_tag at ON at.tag_id = t.id"
_OF_SOME = "json_each(:images) j CROSS JOIN asset_tag at ON at.asset_id = j.value CROSS JOIN tag t ON t.id = at.tag_id"
_COUNTS = """
    SELECT t.name, at.source, at.model, count(*) AS pictures FROM {tags} CROSS JOIN asset a ON a.id = at.asset_id
    WHERE a.live GROUP BY t.id, at.source, at.model ORDER BY t.folded, at.source
"""
_PICTURES = """
    SELECT t.name, count(DISTINCT at.asset_id) AS pictures FROM {tags} CROSS JOIN asset a ON a.id = at.asset_id
    WHERE a.live GROUP BY t.id
"""
_PUT = """
    INSERT INTO asset_tag (asset_id, tag_id, source, model, score, tagged_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET model = excluded.model, score = excluded.score, tagged_at = excluded.tagged_at
"""
_DROP_OLD = """
    DELETE FROM asset_tag WHERE asset_id IN (SELECT value FROM json_each(:images))
        AND source = :source AND tagged_at <> :now
"""
_OF_THESE = " AND tag_id IN (SELECT value FROM json_each(:tags))"
_TAGGED = """
    SELECT max(asset_id), group_concat(asset_id) FROM
        (SELECT DISTINCT asset_id FROM asset_tag WHERE tag_id = :tag AND asset_id > :last ORDER BY asset_id LIMIT :page)
"""
_EVERY = """
    SELECT t.name, group_concat(asset_id) FROM (SELECT DISTINCT tag_id, asset_id FROM asset_tag) CROSS JOIN tag t
    ON t.id = tag_id GROUP BY tag_id
"""
_TAGGED_PAGE = 1_000_000  # far from the longest text that SQLite makes


def tags_of(conn: Connection, assets: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
    """Per picture its tags: those that a person gave by name, then the others, the most probable first."""
    tags: dict[int, list[Tag]] = defaultdict(list)
    for row in conn.exec_driver_sql(_OF_ASSETS, {"assets": json.dumps(list(assets))}):
        tags[row.asset_id].append(Tag(row.name, row.source, row.model, row.score))
    return {asset_id: tuple(found) for asset_id, found in tags.items()}


def tag_counts(conn: Connection, images: Sequence[int] | None = None) -> list[TagCount]:
    """Every tag of pictures that can be found, by name; only of these pictures where they are given."""
    tags = _OF_ALL if images is None else _OF_SOME
    values = {} if images is None else {"images": json.dumps(list(images))}
    sources: dict[str, list[TagSource]] = defaultdict(list)
    for row in conn.exec_driver_sql(_COUNTS.format(tags=tags), values):
        sources[row.name].append(TagSource(row.source, row.model, row.pictures))
    pictures = {row.name: row.pictures for row in conn.exec_driver_sql(_PICTURES.format(tags=tags), values)}
    return [TagCount(name, pictures[name], tuple(found)) for name, found in sources.items()]


def tag_id(conn: Connection, name: str) -> int:
    """The id of a tag that there is.

    Raises:
        UsageError: there is none of this name; names the nearest.
    """
    wanted = folded(name)
    found = conn.exec_driver_sql("SELECT id FROM tag WHERE folded = ?", (wanted,)).scalar_one_or_none()
    if found is not None:
        return int(found)
    names = {row.folded: row.name for row in conn.exec_driver_sql("SELECT folded, name FROM tag")}
    if not names:
        raise UsageError(f"no picture has the tag {tidy_name(name)!r}, nor any other: `search tag` gives tags")
    near = [names[one] for one in get_close_matches(wanted, names, 3, 0.7)]
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"no picture has the tag {tidy_name(name)!r}: {meant}`search tag --list` shows all")


def tagged_assets(conn: Connection, name: str) -> NDArray[np.int64]:
    """The pictures with this tag, int64 (n,), ascending, each once.

    A text of numbers, read by numpy: 15 ms for 100,000 of them, where rows of Python objects take 40.

    Raises:
        UsageError: there is no such tag.
    """
    tag, last, parts = tag_id(conn, name), -1, [np.empty(0, np.int64)]
    while True:
        values = {"tag": tag, "last": last, "page": _TAGGED_PAGE}
        last, numbers = conn.exec_driver_sql(_TAGGED, values).one()
        if numbers is None:
            return np.concatenate(parts)
        parts.append(np.fromstring(numbers, np.int64, sep=","))


def every_tag(conn: Connection) -> list[tuple[str, NDArray[np.int64]]]:
    """Every tag with its pictures, int64 (n,), each once; read as in `tagged_assets`."""
    return [(name, np.fromstring(numbers, np.int64, sep=",")) for name, numbers in plain_rows(conn, _EVERY, {})]


def add_tags(store: Store, images: Sequence[int], names: Sequence[str]) -> list[int]:
    """A person gives these pictures these tags; per tag how many had it not from a person before. All, or nothing."""
    with transaction(store) as conn:
        added = [_add(conn, images, _put_tag(conn, name)) for name in names]
        drop_unused_tags(conn)
    return added


def _add(conn: Connection, images: Sequence[int], number: int) -> int:
    held = conn.exec_driver_sql("SELECT asset_id FROM asset_tag WHERE tag_id = ? AND source = ?", (number, USER))
    fresh = sorted(set(images) - set(held.scalars()))
    run_many(
        conn,
        "INSERT INTO asset_tag (asset_id, tag_id, source, tagged_at) VALUES (?, ?, ?, ?)",
        [(image_id, number, USER, time.time()) for image_id in fresh],
    )
    return len(fresh)


def set_tags(
    store: Store, source: str, model: str, names: Sequence[str], blocks: Iterable[TagBlock], *, whole: bool = True
) -> None:
    """The tags that the pictures of these blocks have from this source are these and no others; all of it, or nothing.

    Pictures in no block keep what they have.

    Args:
        store: of the writer.
        source: the set of labels.
        model: that found them.
        names: the labels, by the numbers that the blocks use.
        blocks: what was found; taken one after the other, so that they may be made meanwhile.
        whole: the labels are all that the set has; False: it may have given other tags before, and these stay.
    """
    now = time.time()
    with transaction(store) as conn:
        tags = np.array([_put_tag(conn, name) for name in names], np.int64)
        judged = json.dumps(tags.tolist())
        for block in blocks:
            pairs = zip(
                block.images[block.at].tolist(), tags[block.labels].tolist(), block.scores.tolist(), strict=True
            )
            run_many(conn, _PUT, [(image_id, tag, source, model, score, now) for image_id, tag, score in pairs])
            old = {"images": json.dumps(block.images.tolist()), "source": source, "now": now, "tags": judged}
            conn.exec_driver_sql(_DROP_OLD if whole else _DROP_OLD + _OF_THESE, old)
        drop_unused_tags(conn)


def remove_tags(
    store: Store, *, names: Sequence[str] = (), sources: Sequence[str] = (), images: Sequence[int] | None = None
) -> list[int]:
    """Take these tags, and all tags of these sources, off these pictures (None: off all); all of it, or nothing.

    Returns:
        For each name, then for each source, how many pictures had it.

    Raises:
        UsageError: there is no such tag, or no tag of such a source.
    """
    with transaction(store) as conn:
        tests: list[tuple[str, int | str]] = [("tag_id = :what", tag_id(conn, name)) for name in names]
        tests += [("source = :what", _known_source(conn, source)) for source in sources]
        removed = [_remove(conn, test, {"what": what, "images": images}) for test, what in tests]
        drop_unused_tags(conn)
    return removed


def _remove(conn: Connection, test: str, values: dict[str, object]) -> int:
    if values["images"] is not None:
        values["images"] = json.dumps(values["images"])
        test += " AND asset_id IN (SELECT value FROM json_each(:images))"
    which = f"FROM asset_tag WHERE {test}"
    pictures = conn.exec_driver_sql(f"SELECT count(DISTINCT asset_id) {which}", values).scalar_one()
    conn.exec_driver_sql(f"DELETE {which}", values)
    return int(pictures)


def drop_unused_tags(conn: Connection) -> None:
    """Delete the tags that no picture has any more."""
    conn.exec_driver_sql("DELETE FROM tag WHERE NOT EXISTS (SELECT 1 FROM asset_tag at WHERE at.tag_id = tag.id)")


def _put_tag(conn: Connection, name: str) -> int:
    """The id of this tag, known or new; a known one keeps the spelling it has."""
    values = {"name": tidy_name(name), "folded": folded(name)}
    conn.exec_driver_sql("INSERT OR IGNORE INTO tag (name, folded) VALUES (:name, :folded)", values)
    return int(conn.exec_driver_sql("SELECT id FROM tag WHERE folded = :folded", values).scalar_one())


def _known_source(conn: Connection, source: str) -> str:
    known = conn.exec_driver_sql("SELECT DISTINCT source FROM asset_tag ORDER BY source").scalars().all()
    if source not in known:
        there = f"there are tags from {', '.join(known)}" if known else "no picture has a tag"
        raise UsageError(f"no picture has a tag from {source!r}: {there}")
    return source
