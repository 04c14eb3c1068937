"""Tags of pictures: words with a source, and which pictures have them. A tag that no picture has is no tag."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np
from sqlalchemy import Connection

from core.arrays import RowNumbers
from core.errors import UsageError
from core.pictures import Tag
from core.tags import USER, TagBlock, TagCount, TagSource, folded, tidy_name
from db.connect import Store, run_many, transaction

_OF_ASSETS = """
    SELECT at.asset_id, t.name, at.source, at.model, at.score FROM json_each(:assets) j
    JOIN asset_tag at ON at.asset_id = j.value JOIN tag t ON t.id = at.tag_id
    ORDER BY at.score IS NOT NULL, at.score DESC, t.folded
"""
_COUNTS = """
    SELECT t.name, at.source, at.model, count(*) AS pictures FROM tag t
    CROSS JOIN asset_tag at ON at.tag_id = t.id CROSS JOIN asset a ON a.id = at.asset_id
    WHERE a.live GROUP BY t.id, at.source, at.model ORDER BY t.folded, at.source
"""
_PICTURES = """
    SELECT t.name, count(DISTINCT at.asset_id) AS pictures FROM tag t
    CROSS JOIN asset_tag at ON at.tag_id = t.id CROSS JOIN asset a ON a.id = at.asset_id
    WHERE a.live GROUP BY t.id
"""
_PUT = """
    INSERT INTO asset_tag (asset_id, tag_id, source, model, score, tagged_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET model = excluded.model, score = excluded.score, tagged_at = excluded.tagged_at
"""
_ROWS = """
    SELECT DISTINCT r.row FROM asset_tag at
    JOIN vector_row r ON r.asset_id = at.asset_id AND r.generation_id = :generation_id
    WHERE at.tag_id = :tag_id
"""


def tags_of(conn: Connection, assets: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
    """Per picture its tags: those that a person gave by name, then the others, the most probable first."""
    tags: dict[int, list[Tag]] = defaultdict(list)
    for row in conn.exec_driver_sql(_OF_ASSETS, {"assets": json.dumps(list(assets))}):
        tags[row.asset_id].append(Tag(row.name, row.source, row.model, row.score))
    return {asset_id: tuple(found) for asset_id, found in tags.items()}


def tag_counts(conn: Connection) -> list[TagCount]:
    """Every tag of pictures that can be found, by name."""
    sources: dict[str, list[TagSource]] = defaultdict(list)
    for row in conn.exec_driver_sql(_COUNTS):
        sources[row.name].append(TagSource(row.source, row.model, row.pictures))
    pictures = {row.name: row.pictures for row in conn.exec_driver_sql(_PICTURES)}
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
    near = [names[one] for one in get_close_matches(wanted, names, 3, 0.6)]
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise UsageError(f"no picture has the tag {tidy_name(name)!r}: {meant}`search tag --list` shows all")


def tagged_rows(conn: Connection, generation_id: int, name: str) -> RowNumbers:
    """The rows of the pictures with this tag, from whatever source, int64 (n,).

    Raises:
        UsageError: there is no such tag.
    """
    values = {"generation_id": generation_id, "tag_id": tag_id(conn, name)}
    return np.fromiter(conn.exec_driver_sql(_ROWS, values).scalars(), np.int64)


def add_tags(store: Store, images: Sequence[int], name: str) -> int:
    """A person gives these pictures this tag; how many had it not from a person before."""
    with transaction(store) as conn:
        number = _put_tag(conn, name)
        having = set(
            conn.exec_driver_sql(
                "SELECT asset_id FROM asset_tag WHERE tag_id = ? AND source = ?", (number, USER)
            ).scalars()
        )
        fresh = sorted(set(images) - having)
        run_many(
            conn,
            "INSERT INTO asset_tag (asset_id, tag_id, source, tagged_at) VALUES (?, ?, ?, ?)",
            [(image_id, number, USER, time.time()) for image_id in fresh],
        )
        drop_unused_tags(conn)
    return len(fresh)


def set_tags(store: Store, source: str, model: str, names: Sequence[str], blocks: Iterable[TagBlock]) -> None:
    """The tags that the pictures of these blocks have from this source are these and no others; all of it, or nothing.

    Pictures in no block keep what they have.

    Args:
        store: of the writer.
        source: the set of labels.
        model: that found them.
        names: the labels, by the numbers that the blocks use.
        blocks: what was found; taken one after the other, so that they may be made meanwhile.
    """
    now = time.time()
    with transaction(store) as conn:
        tags = np.array([_put_tag(conn, name) for name in names], np.int64)
        for block in blocks:
            pairs = zip(
                block.images[block.at].tolist(), tags[block.labels].tolist(), block.scores.tolist(), strict=True
            )
            run_many(conn, _PUT, [(image_id, tag, source, model, score, now) for image_id, tag, score in pairs])
            conn.exec_driver_sql(
                "DELETE FROM asset_tag WHERE asset_id IN (SELECT value FROM json_each(:images))"
                " AND source = :source AND tagged_at <> :now",
                {"images": json.dumps(block.images.tolist()), "source": source, "now": now},
            )
        drop_unused_tags(conn)


def remove_tags(
    store: Store, *, name: str | None = None, source: str | None = None, images: Sequence[int] | None = None
) -> int:
    """Take a tag, or all tags of a source, off these pictures (None: off all); how many pictures had any of it.

    Raises:
        UsageError: there is no such tag, or no tag of that source.
    """
    with transaction(store) as conn:
        values: dict[str, object] = {"source": source}
        if name is not None:
            values["tag_id"] = tag_id(conn, name)
        elif source is not None:
            _require_source(conn, source)
        if images is not None:
            values["images"] = json.dumps(list(images))
        tests = [_TESTS[key] for key, value in values.items() if value is not None]
        which = f"FROM asset_tag WHERE {' AND '.join(tests)}"
        pictures = conn.exec_driver_sql(f"SELECT count(DISTINCT asset_id) {which}", values).scalar_one()
        conn.exec_driver_sql(f"DELETE {which}", values)
        drop_unused_tags(conn)
    return int(pictures)


_TESTS = {
    "source": "source = :source",
    "tag_id": "tag_id = :tag_id",
    "images": "asset_id IN (SELECT value FROM json_each(:images))",
}


def drop_unused_tags(conn: Connection) -> None:
    """Delete the tags that no picture has any more."""
    conn.exec_driver_sql("DELETE FROM tag WHERE NOT EXISTS (SELECT 1 FROM asset_tag at WHERE at.tag_id = tag.id)")


def _put_tag(conn: Connection, name: str) -> int:
    """The id of this tag, known or new; a known one keeps the spelling it has."""
    values = {"name": tidy_name(name), "folded": folded(name)}
    conn.exec_driver_sql("INSERT OR IGNORE INTO tag (name, folded) VALUES (:name, :folded)", values)
    return int(conn.exec_driver_sql("SELECT id FROM tag WHERE folded = :folded", values).scalar_one())


def _require_source(conn: Connection, source: str) -> None:
    known = conn.exec_driver_sql("SELECT DISTINCT source FROM asset_tag ORDER BY source").scalars().all()
    if source not in known:
        there = f"there are tags from {', '.join(known)}" if known else "no picture has a tag"
        raise UsageError(f"no picture has a tag from {source!r}: {there}")
