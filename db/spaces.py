"""Spaces and their generations: which model a library is pinned to, and the swap to another one (invariant 8)."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from core.errors import LibraryNotFound, UsageError, WrongModel
from core.models import EncoderInfo, VectorKind
from db.connect import Store, transaction
from db.places import RowsPlace, space_folder
from db.records import GenerationInfo, SpaceInfo, SpaceState
from db.remembered import encoder_from_json, encoder_to_json
from db.vectors.records import IndexRecord
from db.vectors.storage import storage_errors

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Row

_SPACE = "SELECT id, slug, name, identity, dim, encoder, state FROM space"
_GENERATION = """
    SELECT g.*, g.committed_rows - (SELECT count(*) FROM tombstone t WHERE t.generation_id = g.id) AS live_rows
    FROM generation g WHERE
"""


def list_spaces(conn: Connection) -> list[SpaceInfo]:
    """Every space, oldest first."""
    return [_space(row) for row in conn.exec_driver_sql(f"{_SPACE} ORDER BY id")]


def active_space(store: Store) -> SpaceInfo:
    """The space that answers queries.

    Raises:
        LibraryNotFound: there is a library, but nothing was indexed yet.
    """
    found = _space_where(store.conn, "state = 'active'", {})
    if found is None:
        raise LibraryNotFound(f"nothing indexed yet in {store.folder}: run `search index FOLDER`")
    return found


def get_space(conn: Connection, space_id: int) -> SpaceInfo:
    """The space with this id.

    Raises:
        UsageError: there is none.
    """
    found = _space_where(conn, "id = :id", {"id": space_id})
    if found is None:
        raise UsageError(f"the library has no space {space_id}")
    return found


def generation_of(conn: Connection, space_id: int, kind: VectorKind = VectorKind.IMAGE) -> GenerationInfo:
    """The current generation of this kind."""
    found = find_generation(conn, space_id, kind)
    if found is None:
        raise LookupError(f"space {space_id} has no rows of kind {kind}")
    return found


def find_generation(conn: Connection, space_id: int, kind: VectorKind) -> GenerationInfo | None:
    """The current generation of this kind; None where nothing of it was ever embedded."""
    condition = "g.space_id = :space_id AND g.kind = :kind"
    found = conn.exec_driver_sql(_GENERATION + condition, {"space_id": space_id, "kind": kind.value}).one_or_none()
    return None if found is None else _generation(found)


def make_generation(store: Store, space: SpaceInfo, kind: VectorKind) -> GenerationInfo:
    """The first generation of this kind, without rows."""
    folder = space_folder(store.folder, space.slug, kind)
    place = RowsPlace(folder=folder, identity=space.identity, dim=space.dim, number=1)
    place.create()  # before SQLite knows it: at worst a crash leaves a stray file
    with transaction(store) as conn:
        made = conn.exec_driver_sql(
            "INSERT INTO generation (space_id, kind, number) VALUES (?, ?, 1)", (space.id, kind.value)
        ).lastrowid
    return generation_by_id(store.conn, int(made))


def generation_by_id(conn: Connection, generation_id: int) -> GenerationInfo:
    """The generation with this id."""
    return _generation(conn.exec_driver_sql(_GENERATION + "g.id = :id", {"id": generation_id}).one())


def generation_numbers(conn: Connection) -> list[tuple[int, int]]:
    """(id, number) of every current generation: they name the vector files."""
    found = conn.exec_driver_sql("SELECT id, number FROM generation ORDER BY id")
    return [(row.id, row.number) for row in found]


def index_record(conn: Connection, generation_id: int) -> str | None:
    """The index of a generation as SQLite knows it; None where there is none, nor perhaps the generation."""
    query = "SELECT index_record FROM generation WHERE id = :id"
    return conn.exec_driver_sql(query, {"id": generation_id}).scalar_one_or_none()


def _generation(row: Row[tuple[object, ...]]) -> GenerationInfo:
    index = None
    with suppress(ValueError):
        index = None if row.index_record is None else IndexRecord.from_json(row.index_record)
    return GenerationInfo(
        id=row.id,
        space_id=row.space_id,
        kind=VectorKind(row.kind),
        number=row.number,
        committed_rows=row.committed_rows,
        live_rows=row.live_rows,
        index=index,
        columns_rows=row.columns_rows,
        foreign_index=index is None and row.index_record is not None,
    )


def use_space(store: Store, info: EncoderInfo) -> SpaceInfo:
    """The space of this model: the active or the building one; a library's first becomes active.

    Raises:
        WrongModel: the library is pinned to another model.
    """
    found = _space_where(store.conn, "identity = :identity", {"identity": info.identity})
    if found is not None and found.state is not SpaceState.RETIRED:
        return found
    return _first_space(store, info.name, info.identity, info.dim, info)


def use_imported_space(store: Store, name: str, dim: int) -> SpaceInfo:
    """The active space for vectors that come from outside, of a model known by `name` only.

    Raises:
        WrongModel: the library is pinned to another model, or to vectors of another length.
    """
    active = _space_where(store.conn, "state = 'active'", {})
    if active is not None and (active.name, active.dim) == (name, dim):
        return active
    return _first_space(store, name, f"imported:{name}:{dim}", dim, None)


def begin_space(store: Store, info: EncoderInfo) -> SpaceInfo:
    """Start (or go on) building the space of another model beside the active one.

    Raises:
        UsageError: a third model is being built already.
    """
    found = _space_where(store.conn, "identity = :identity", {"identity": info.identity})
    if found is not None and found.state is not SpaceState.RETIRED:
        return found
    building = _space_where(store.conn, "state = 'building'", {})
    if building is not None:
        raise UsageError(
            f"the library is changing to {building.name} already: run `search index` to finish that, "
            "or `search models use` with the present model to give it up"
        )
    if found is None:
        return _insert_space(store, SpaceState.BUILDING, info.name, info.identity, info.dim, info)
    with transaction(store) as conn:
        conn.exec_driver_sql("UPDATE space SET state = 'building' WHERE id = :id", {"id": found.id})
    return get_space(store.conn, found.id)


def unfilled(conn: Connection, space_id: int) -> int:
    """How many pictures that can be found today have no row in this space yet."""
    count = conn.exec_driver_sql(
        """
        SELECT count(*) FROM asset a
        WHERE a.live
          AND EXISTS (SELECT 1 FROM vector_row r JOIN generation g ON g.id = r.generation_id
                      JOIN space s ON s.id = g.space_id
                      WHERE r.asset_id = a.id AND g.kind = 'image' AND s.state = 'active')
          AND NOT EXISTS (SELECT 1 FROM vector_row r JOIN generation g ON g.id = r.generation_id
                          WHERE r.asset_id = a.id AND g.kind = 'image' AND g.space_id = :space_id)
        """,
        {"space_id": space_id},
    ).scalar_one()
    return int(count)


def unfilled_texts(conn: Connection, space_id: int) -> int:
    """How many caption texts that the active space finds have no row in this space yet."""
    count = conn.exec_driver_sql(
        """
        SELECT count(*) FROM caption_row r JOIN generation g ON g.id = r.generation_id JOIN space s ON s.id = g.space_id
        WHERE s.state = 'active'
          AND NOT EXISTS (SELECT 1 FROM tombstone d WHERE d.generation_id = r.generation_id AND d.row = r.row)
          AND NOT EXISTS (SELECT 1 FROM caption_row own JOIN generation o ON o.id = own.generation_id
                          WHERE own.text_id = r.text_id AND o.space_id = :space_id)
        """,
        {"space_id": space_id},
    ).scalar_one()
    return int(count)


def finish_space(store: Store, space_id: int) -> bool:
    """Let the building space answer from now on, if it lacks no picture and no caption; True where it did.

    One transaction.
    """
    with transaction(store) as conn:
        if get_space(conn, space_id).state is not SpaceState.BUILDING:
            return False
        if unfilled(conn, space_id) or unfilled_texts(conn, space_id):
            return False
        conn.exec_driver_sql("UPDATE space SET state = 'retired' WHERE state = 'active'")
        conn.exec_driver_sql("UPDATE space SET state = 'active' WHERE id = :id", {"id": space_id})
    return True


def drop_space(store: Store, space_id: int) -> int:
    """Delete a retired (or a half-built) space with its files; bytes freed.

    Raises:
        UsageError: it is the one that answers.
    """
    space = get_space(store.conn, space_id)
    if space.state is SpaceState.ACTIVE:
        raise UsageError(f"{space.name} answers queries: switch to another model first (`search models use NAME`)")
    of_space = "IN (SELECT id FROM generation WHERE space_id = :id)"
    with transaction(store) as conn:
        for table in ("vector_row", "caption_row", "tombstone", "block", "dirty_asset"):
            conn.exec_driver_sql(f"DELETE FROM {table} WHERE generation_id {of_space}", {"id": space_id})
        conn.exec_driver_sql("DELETE FROM generation WHERE space_id = :id", {"id": space_id})
        conn.exec_driver_sql("DELETE FROM background WHERE space_id = :id", {"id": space_id})
        conn.exec_driver_sql("DELETE FROM space WHERE id = :id", {"id": space_id})
    return _remove_folder(store.folder / "spaces" / space.slug)


def _remove_folder(folder: Path) -> int:
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    with storage_errors(folder), suppress(FileNotFoundError):
        shutil.rmtree(folder)
    return freed


def _first_space(store: Store, name: str, identity: str, dim: int, info: EncoderInfo | None) -> SpaceInfo:
    pinned = _space_where(store.conn, "state = 'active'", {})
    if pinned is not None:
        way = f"leave --model out, or switch with `search models use {name}`"
        if info is None:
            way = "take them into another --library"
        raise WrongModel(
            f"the library {store.folder} holds vectors of {pinned.name} ({pinned.dim} numbers each), not of {name}:"
            f" {way}"
        )
    return _insert_space(store, SpaceState.ACTIVE, name, identity, dim, info)


def _insert_space(
    store: Store, state: SpaceState, name: str, identity: str, dim: int, info: EncoderInfo | None
) -> SpaceInfo:
    slug = _slug(store.conn, name)
    space = {
        "slug": slug,
        "name": name,
        "identity": identity,
        "dim": dim,
        "encoder": None if info is None else encoder_to_json(info),
        "state": state.value,
    }
    place = RowsPlace(folder=space_folder(store.folder, slug, VectorKind.IMAGE), identity=identity, dim=dim, number=1)
    place.create()  # before SQLite knows it: at worst a crash leaves a stray file
    with transaction(store) as conn:
        space_id = conn.exec_driver_sql(
            "INSERT INTO space (slug, name, identity, dim, encoder, state)"
            " VALUES (:slug, :name, :identity, :dim, :encoder, :state)",
            space,
        ).lastrowid
        conn.exec_driver_sql(
            "INSERT INTO generation (space_id, kind, number) VALUES (:id, 'image', 1)", {"id": space_id}
        )
    return get_space(store.conn, space_id)


def _slug(conn: Connection, name: str) -> str:
    """A folder name that says which model, and is still free."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "model"
    taken = set(conn.exec_driver_sql("SELECT slug FROM space").scalars())
    number, slug = 1, plain
    while slug in taken:
        number += 1
        slug = f"{plain}-{number}"
    return slug


def _space_where(conn: Connection, condition: str, values: dict[str, object]) -> SpaceInfo | None:
    row = conn.exec_driver_sql(f"{_SPACE} WHERE {condition}", values).one_or_none()
    return None if row is None else _space(row)


def _space(row: Row[tuple[object, ...]]) -> SpaceInfo:
    return SpaceInfo(
        id=row.id,
        slug=row.slug,
        name=row.name,
        identity=row.identity,
        dim=row.dim,
        encoder=None if row.encoder is None else encoder_from_json(row.encoder),
        state=SpaceState(row.state),
    )
